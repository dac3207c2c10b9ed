"""Files that come in parts: how a part looks on the wire, and how its bytes are taken.

One protocol for every room that takes files: begin with what is announced, send parts one after the
other, each with its digest, ask where to go on after an interruption, complete.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from litestar.exceptions import InternalServerException
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Parameter,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.operation import Operation

from marketplace.kit.errors import MarketplaceError
from marketplace.wire.answers import AnyRequest

OFFSET: Final = "Upload-Offset"
LENGTH: Final = "Upload-Length"


@dataclass
class PartUpload(Operation):
    """Describes a body that is a part of a file, and the header with its digest."""

    def __post_init__(self) -> None:
        part = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            content={"application/octet-stream": part},
            required=True,
            description="The bytes of the file from `offset` on.",
        )
        digest = Parameter(
            name="Content-Digest",
            param_in="header",
            required=True,
            description="RFC 9530, as in `sha-256=:…base64…:`, of this part.",
            schema=Schema(type=OpenAPIType.STRING),
        )
        self.parameters = [*(self.parameters or []), digest]


@dataclass
class FileAnswer(Operation):
    """Describes an answer that is a file and not JSON."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        assert self.responses is not None
        self.responses["200"] = OpenAPIResponse(
            description="The whole file.", content={"application/octet-stream": file}
        )


def place(offset: int, size: int) -> dict[str, str]:
    """Tell in headers where the next part begins and where the file ends."""
    return {OFFSET: str(offset), LENGTH: str(size)}


async def chunks_of(
    request: AnyRequest, *, broken_off: type[MarketplaceError]
) -> AsyncGenerator[bytes, None]:
    """Give the bytes of a part as they arrive.

    Refuses  `broken_off` when the sender hangs up.
    """
    try:
        async with aclosing(request.stream()) as stream:
            async for chunk in stream:
                yield chunk
    except InternalServerException as gone:
        raise broken_off() from gone
