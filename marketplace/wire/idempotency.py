"""Idempotency-Key: the same request twice is done once and answered twice with the same bytes.

The answer is stored in the transaction of the change itself, so there is no moment in which one
exists without the other; a refused request rolls everything back, its key included, and may be
tried again.  Two requests with one key at the same time: the second waits for the first at the
unique constraint and then repeats its answer.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from litestar import Response
from litestar.di import NamedDependency
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, select, update

from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.errors import Malformed, Unacceptable
from marketplace.kit.ids import new_id
from marketplace.wire.answers import AnyRequest
from marketplace.wire.tables import IdempotentAnswer

KEY_LENGTH_MAX = 200
_KEPT_HEADERS = ("etag", "location", "cache-control", "vary")
F = TypeVar("F", bound=Callable[..., Awaitable[Response[Any]]])


class IdempotencyKeyMissing(Malformed):
    """This request needs an Idempotency-Key header, so that repeating it is safe."""

    code = "wire.idempotency_key_missing"
    title_zh = "此请求必须携带 Idempotency-Key,以便安全重试。"


class IdempotencyKeyInvalid(Malformed):
    """An Idempotency-Key has 1 to 200 visible ASCII characters."""

    code = "wire.idempotency_key_invalid"
    title_zh = "Idempotency-Key 应为 1–200 个可见 ASCII 字符。"


class IdempotencyKeyReused(Unacceptable):
    """This Idempotency-Key was used for another request: choose a new one."""

    code = "wire.idempotency_key_reused"
    title_zh = "该 Idempotency-Key 已用于其他请求:请换一个新的。"


class Person(Protocol):
    """What is needed to know of the caller: keys of different people never meet."""

    @property
    def person_id(self) -> UUID:
        """The person."""

    @property
    def organization_id(self) -> UUID:
        """Whom they act for."""

    @property
    def is_nobody(self) -> bool:
        """Tell that no credential came with the request."""


class Memory:
    """How a request is recognised and its answer kept: as they are."""

    def name(self, key: str) -> str:
        """Say under which name the key is remembered."""
        return key

    async def digest(self, request: AnyRequest) -> str:
        """Describe a request so that the same one is recognised."""
        head = f"{request.method} {request.url.path} {request.headers.get('if-match', '')}\n"
        return sha256_hex(head.encode() + await request.body())

    def kept(self, content: bytes, *, who: Person, key: str) -> dict[str, bytes | None]:
        """Write the columns that keep an answer."""
        return {"body": content, "sealed_body": None}

    def open(self, earlier: IdempotentAnswer) -> bytes:
        """Read a kept answer, before the request is compared with the one that it answered."""
        return earlier.body


def once(
    *, required: bool = False, memory: Callable[[Any], Memory] | None = None
) -> Callable[[F], F]:
    """Make a handler that writes repeatable under an Idempotency-Key.

    The handler must take `request` and `writer` and answer with bytes (`wire.answers.answer`).
    `memory` makes, from the handler's arguments, what remembers; without it: a plain `Memory`.
    """

    def wrap(handler: F) -> F:
        signature = inspect.signature(handler)
        added = inspect.Parameter(
            "clock", inspect.Parameter.KEYWORD_ONLY, annotation=NamedDependency[Clock]
        )
        has_clock = "clock" in signature.parameters

        @functools.wraps(handler)
        async def repeatable(*args: Any, **kwargs: Any) -> Response[Any]:
            request, writer, clock = kwargs["request"], kwargs["writer"], kwargs["clock"]
            remembers = memory(kwargs) if memory else Memory()
            if not has_clock:
                del kwargs["clock"]
            key = _key_of(request, required=required)
            # A stranger has nothing to repeat; the handler itself will refuse them.
            if key is None or request.user.is_nobody:
                return await handler(*args, **kwargs)
            key = remembers.name(key)
            digest = await remembers.digest(request)
            earlier = await _claim(writer, request.user, key, digest, clock)
            if earlier is not None:
                # Nothing is done this time, so nothing is witnessed either.
                request.scope.setdefault("state", {})["replayed"] = True
                return await _replay(earlier, request, remembers)
            response = await handler(*args, **kwargs)
            await _keep(writer, request.user, key, response, remembers)
            return response

        if not has_clock:
            parameters = [*signature.parameters.values(), added]
            repeatable.__signature__ = signature.replace(  # type: ignore[attr-defined]
                parameters=parameters
            )
            repeatable.__annotations__ = {
                **handler.__annotations__,
                "clock": NamedDependency[Clock],
            }
            del repeatable.__wrapped__
        return cast("F", repeatable)

    return wrap


def _key_of(request: AnyRequest, *, required: bool) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        if required and not request.user.is_nobody:
            raise IdempotencyKeyMissing()
        return None
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid(length=len(key))
    return key


async def _claim(
    session: WriteSession, who: Person, key: str, digest: str, clock: Clock
) -> IdempotentAnswer | None:
    """Take the key for this request, or find what it was answered before."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = (
        insert(IdempotentAnswer)
        .values(
            id=new_id(),
            person_id=who.person_id,
            organization_id=who.organization_id,
            key=key,
            request_sha256=digest,
            status=0,
            headers={},
            body=b"",
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["person_id", "organization_id", "key"])
        .returning(col(IdempotentAnswer.id))
    )
    connection = await session.connection()
    taken = (await connection.execute(statement)).first()
    if taken is not None:
        return None
    found = await session.exec(
        select(IdempotentAnswer)
        .where(IdempotentAnswer.person_id == who.person_id)
        .where(IdempotentAnswer.organization_id == who.organization_id)
        .where(IdempotentAnswer.key == key)
    )
    return found.one()


async def _replay(
    earlier: IdempotentAnswer, request: AnyRequest, remembers: Memory
) -> Response[bytes]:
    # Opened first: what a sealed answer was recognised by is inside.
    content = remembers.open(earlier)
    if earlier.request_sha256 != await remembers.digest(request):
        raise IdempotencyKeyReused()
    return Response(
        content,
        status_code=earlier.status,
        headers=earlier.headers | {"Idempotency-Replayed": "true"},
        media_type="application/json",
    )


async def _keep(
    session: WriteSession, who: Person, key: str, response: Response[Any], remembers: Memory
) -> None:
    kept = {
        name: value for name, value in response.headers.items() if name.lower() in _KEPT_HEADERS
    }
    content = response.content
    assert isinstance(content, bytes), "a repeatable handler answers with bytes"
    await session.exec(
        update(IdempotentAnswer)
        .where(col(IdempotentAnswer.person_id) == who.person_id)
        .where(col(IdempotentAnswer.organization_id) == who.organization_id)
        .where(col(IdempotentAnswer.key) == key)
        .values(
            status=response.status_code,
            headers=kept,
            **remembers.kept(content, who=who, key=key),
        )
    )
