"""The door out: whole files or a range of one, streamed, with a validator that is the digest."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Request, Response, get, head
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Schema,
)
from litestar.openapi.spec.operation import Operation
from litestar.params import FromPath, HeaderParameter
from litestar.response import Stream

from marketplace.datasets.actions import downloading
from marketplace.datasets.actions.downloading import Admitted, Wanted
from marketplace.datasets.rules.digests import digest_header
from marketplace.datasets.rules.formats import MEDIA_TYPES
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage

AnyRequest = Request[Actor, None, State]
KEPT_BY_304 = frozenset({"ETag", "Cache-Control", "Vary"})
CONTENT = "/v1/dataset-files/{file_id:uuid}/content"


@dataclass
class FileDownload(Operation):
    """Describes an answer that is a file, whole or in part, and not JSON."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        content = {"application/octet-stream": file}
        for status, told in (("200", "The whole file."), ("206", "The bytes asked for.")):
            assert self.responses is not None
            self.responses[status] = OpenAPIResponse(description=told, content=content)


Token = Annotated[
    str | None,
    HeaderParameter(
        name="Dataset-Token",
        max_length=200,
        description="The token of the calling person; not needed for unconditional data.",
    ),
]


@get(
    CONTENT,
    operation_id="dataset_files_download",
    tags=["datasets"],
    operation_class=FileDownload,
)
async def download(
    request: AnyRequest,
    file_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    database: NamedDependency[Database],
    storage: NamedDependency[Storage],
    keeper: NamedDependency[Keeper],
    clock: NamedDependency[Clock],
    dataset_token: Token = None,
) -> Response[Any]:
    """Download a file, or with `Range` a part of it; every answer is written down beforehand."""
    access.signed_in(actor)
    wanted = _wanted(request, keeper, dataset_token)
    now = await clock.decisive(writer)
    admitted = await downloading.begin(writer, actor, file_id, wanted, now=now)
    if admitted.download_id is None:
        known = {name: told for name, told in _headers(admitted).items() if name in KEPT_BY_304}
        return Response(None, status_code=304, headers=known)
    pieces: AsyncGenerator[bytes, None] = downloading.bytes_of(
        database, storage, admitted, clock=clock
    )
    return Stream(
        pieces,
        status_code=200 if admitted.span is None else 206,
        headers=_headers(admitted),
        media_type=MEDIA_TYPES[admitted.file.format],
    )


@head(CONTENT, operation_id="dataset_files_head", tags=["datasets"])
async def look(
    request: AnyRequest,
    file_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    keeper: NamedDependency[Keeper],
    clock: NamedDependency[Clock],
    dataset_token: Token = None,
) -> Response[None]:
    """Tell size, validator and digest of a file to whoever may download it."""
    access.signed_in(actor)
    wanted = Wanted(token=dataset_token, address_digest="")
    now = await clock.decisive(reader)
    admitted = await downloading.admit(reader, actor, file_id, wanted, now=now)
    return Response(None, headers=_headers(admitted), media_type=MEDIA_TYPES[admitted.file.format])


def _wanted(request: AnyRequest, keeper: Keeper, token: str | None) -> Wanted:
    address = request.client.host if request.client is not None else ""
    return Wanted(
        token=token,
        range_header=request.headers.get("range"),
        if_range=request.headers.get("if-range"),
        if_none_match=request.headers.get("if-none-match", ""),
        address_digest=keeper.fingerprint(address, context="dataset_download/address"),
    )


def _headers(admitted: Admitted) -> dict[str, str]:
    file = admitted.file
    headers = {
        "ETag": downloading.etag_of(file),
        "Accept-Ranges": "bytes",
        "Content-Length": str(admitted.length),
        "Repr-Digest": digest_header(file.sha256),
        # A file of strangers is saved and never shown: whatever it pretends to be, it does not run.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
        "Vary": "Authorization, Dataset-Token",
    }
    if admitted.span is not None:
        headers["Content-Range"] = admitted.span.content_range
    return headers
