"""Encode an answer once, give it a strong ETag, and say 304 when the caller has it already."""

import hashlib
import re
from typing import Any, TypeVar, cast

import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import State

from marketplace.kit.errors import Malformed, PreconditionMissing

T = TypeVar("T")
AnyRequest = Request[Any, Any, State]

_encoder = msgspec.json.Encoder(decimal_format="string")
_ETAG = re.compile(r'^"v(\d{1,9})\.[0-9a-f]{16}"$')


class EtagUnreadable(Malformed):
    """If-Match must be one ETag as it was read here, quotes included."""

    code = "wire.etag_unreadable"
    title_zh = "If-Match 须为本接口返回的 ETag(含引号)。"


def answer(
    request: AnyRequest,
    body: T,
    *,
    version: int = 0,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[T]:
    """Encode `body` with a strong ETag of its version and bytes.

    Shape    304 without a body when If-None-Match names these very bytes.
    """
    return answer_bytes(
        request,
        encoded(body),
        version=version,
        status=status,
        headers=headers,
        kind=type(body),
    )


def encoded(body: object) -> bytes:
    """Write a body down as `answer` does."""
    return _encoder.encode(body)


def answer_bytes(
    request: AnyRequest,
    content: bytes,
    *,
    version: int = 0,
    status: int = 200,
    headers: dict[str, str] | None = None,
    kind: type[T] | None = None,
    media_type: str = MediaType.JSON,
) -> Response[T]:
    """Serve bytes that are already written, under the same rules as `answer`."""
    etag = f'"v{version}.{hashlib.sha256(content).hexdigest()[:16]}"'
    found = dict(headers or {}) | {"ETag": etag}
    # What you may see depends on who you are: a shared cache must not mix callers.
    found.setdefault("Cache-Control", "private, no-cache")
    found.setdefault("Vary", "Authorization, Cookie, Accept-Language")
    asked = request.headers.get("if-none-match", "")
    if request.method == "GET" and etag in {part.strip() for part in asked.split(",")}:
        return cast("Response[T]", Response(None, status_code=304, headers=found))
    return cast(
        "Response[T]", Response(content, status_code=status, headers=found, media_type=media_type)
    )


def expected_version(request: AnyRequest) -> int:
    """Read from If-Match which version the caller wants to change.

    Refuses  PreconditionMissing without the header, EtagUnreadable for anything but one of our
    ETags.
    """
    header = request.headers.get("if-match")
    if header is None:
        raise PreconditionMissing()
    match = _ETAG.match(header.strip())
    if match is None:
        raise EtagUnreadable(received=header[:80])
    return int(match.group(1))


def address_of(request: AnyRequest) -> str:
    """Tell where a request came from, as the proxies that are believed say."""
    return request.client.host if request.client is not None else ""


def prefers_english(request: AnyRequest) -> bool:
    """Tell which language the caller reads; Chinese unless English is asked for first."""
    header = request.headers.get("accept-language", "")
    first = header.split(",")[0].strip().lower()
    return first.startswith("en")
