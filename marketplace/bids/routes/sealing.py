"""Repeat a sealed offer safely, and keep no trace of it.

What makes a request repeatable is kept with it: a digest of the request and the bytes of the
answer.  For a sealed offer both would tell.  A price can be guessed against a plain digest, and the
salt in the answer makes the digest of the receipt guessable as well.  So the digest kept for an
offer is keyed and the answer is kept encrypted, and both are worthless without the master key.

The key of the digest is drawn for each answer and lies in front of it under the same seal.  Derived
from the master key it would be another one after that was changed, and no repeat be recognised.
"""

import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from litestar import Response

from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.wire.answers import AnyRequest
from marketplace.wire.idempotency import IdempotencyKeyReused, Memory, Person, once
from marketplace.wire.tables import IdempotentAnswer

F = TypeVar("F", bound=Callable[..., Awaitable[Response[Any]]])
DIGEST_KEY_BYTES = 32


class _Sealed(Memory):
    """Keeps an answer encrypted, and recognises its request without being able to describe it."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.digest_key = os.urandom(DIGEST_KEY_BYTES)

    async def digest(self, request: AnyRequest) -> str:
        plain = await super().digest(request)
        return hmac.digest(self.digest_key, plain.encode(), "sha256").hex()

    def kept(self, content: bytes, *, who: Person, key: str) -> dict[str, bytes | None]:
        context = sealed_context(
            IdempotentAnswer,
            "sealed_body",
            person_id=who.person_id,
            organization_id=who.organization_id,
            key=key,
        )
        sealed = self.keeper.seal(self.digest_key + content, context=context)
        return {"body": b"", "sealed_body": sealed}

    def open(self, earlier: IdempotentAnswer) -> bytes:
        if earlier.sealed_body is None:
            # Kept by another operation, or by a release that sealed in another way.
            raise IdempotencyKeyReused()
        context = sealed_context(IdempotentAnswer, "sealed_body", **earlier.model_dump())
        opened = self.keeper.unseal(earlier.sealed_body, context=context)
        self.digest_key = opened[:DIGEST_KEY_BYTES]
        return opened[DIGEST_KEY_BYTES:]


def sealed_once(handler: F) -> F:
    """Make a handler that takes a sealed offer repeatable; the Idempotency-Key is required.

    The handler must take `request`, `writer`, `clock` and `keeper` and answer with bytes.
    """
    return once(required=True, memory=lambda arguments: _Sealed(arguments["keeper"]))(handler)
