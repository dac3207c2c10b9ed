"""Repeat a sealed offer safely, and keep no trace of it.

What makes a request repeatable is kept with it: a digest of the request and the bytes of the
answer.  For a sealed offer both would tell.  A price can be guessed against a plain digest, and the
salt in the answer makes the digest of the receipt guessable as well.  So the digest kept for an
offer is keyed and the answer is kept encrypted, and both are worthless without the master key.
"""

import functools
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from litestar import Request, Response
from litestar.datastructures import State

from marketplace.identity.rules.access import Actor
from marketplace.kit.secrets import Keeper
from marketplace.wire.idempotency import once

F = TypeVar("F", bound=Callable[..., Awaitable[Response[Any]]])


class _Blinded(Request[Actor, None, State]):
    """The same request, whose body can be recognised but not guessed by whoever remembers it."""

    keeper: Keeper

    async def body(self) -> bytes:
        """Give the keyed digest of the body in its place."""
        return hmac.digest(self.keeper.master_key, await super().body(), "sha256")


def sealed_once(handler: F) -> F:
    """Make a handler that takes a sealed offer repeatable; the Idempotency-Key is required.

    The handler must take `request`, `writer`, `clock` and `keeper` and answer with bytes.
    """

    @functools.wraps(handler)
    async def encrypted(*args: Any, **kwargs: Any) -> Response[Any]:
        response = await handler(*args, **kwargs)
        keeper: Keeper = kwargs["keeper"]
        response.content = keeper.seal(response.content, context=_context(kwargs["request"]))
        return response

    repeatable = once(required=True)(encrypted)

    @functools.wraps(handler)
    async def readable(*args: Any, **kwargs: Any) -> Response[Any]:
        request, keeper = kwargs["request"], kwargs["keeper"]
        blinded = _Blinded(request.scope, request.receive, request.send)
        blinded.keeper = keeper
        response = await repeatable(*args, **(kwargs | {"request": blinded}))
        response.content = keeper.unseal(response.content, context=_context(request))
        return response

    return cast("F", readable)


def _context(request: Request[Actor, Any, State]) -> str:
    return f"idempotent_answer/{request.user.person_id}/{request.url.path}"
