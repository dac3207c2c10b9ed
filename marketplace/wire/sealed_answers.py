"""Repeat a request that must leave no trace: what is kept of it opens to whoever asked, alone.

What makes a request repeatable is kept with it: its Idempotency-Key, a digest of the request and
the bytes of the answer.  For a sealed offer, a passphrase or a reading key each of them would tell.
So of these requests is kept

    the name     a digest of the Idempotency-Key, never the key itself;
    the answer   encrypted under a key that is derived (HKDF-SHA256) from the Idempotency-Key and
                 the credential of the request, and that once more under the master key;
    the digest   keyed with random bytes that lie in front of the answer, under the same seals.

A credential (API key or session) is 192 random bits or more of which the database has a digest
only.  Whoever has the database and the master key therefore has neither answer nor digest, and can
guess nothing against them, however simple the Idempotency-Key was.  The price: a repeat under
another credential cannot be answered, and is told so.
"""

import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from litestar import Response

from marketplace.kit.errors import Conflict
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.wire.answers import AnyRequest
from marketplace.wire.idempotency import IdempotencyKeyReused, Memory, Person, once
from marketplace.wire.tables import IdempotentAnswer

F = TypeVar("F", bound=Callable[..., Awaitable[Response[Any]]])
DIGEST_KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
_PURPOSE: Final = b"jiebang/sealed-answer/1\0"


class AnswerNotYours(Conflict):
    """This was done under another API key or session, which alone can read the answer again."""

    code = "wire.answer_not_yours"
    title_zh = "该请求已用另一密钥或会话完成:其答复只能由原凭证重读。"


class SealedMemory(Memory):
    """Keeps an answer for whoever can send the same request again, and for nobody else."""

    def __init__(self, keeper: Keeper, request: AnyRequest) -> None:
        self.keeper = keeper
        self.digest_key = os.urandom(DIGEST_KEY_BYTES)
        self.secret = f"{request.headers.get('idempotency-key', '')}\0{request.auth or ''}"

    def name(self, key: str) -> str:
        """Name a key by its digest."""
        return "sha256:" + hashlib.sha256(b"jiebang/answer-name/1\0" + key.encode()).hexdigest()

    async def digest(self, request: AnyRequest) -> str:
        """Describe a request in a way that tells nothing about it."""
        plain = await super().digest(request)
        return hmac.digest(self.digest_key, plain.encode(), "sha256").hex()

    def kept(self, content: bytes, *, who: Person, key: str) -> dict[str, bytes | None]:
        """Encrypt the answer twice."""
        salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
        inner = self._cipher(salt).encrypt(nonce, self.digest_key + content, _PURPOSE)
        context = sealed_context(
            IdempotentAnswer,
            "sealed_body",
            person_id=who.person_id,
            organization_id=who.organization_id,
            key=key,
        )
        sealed = self.keeper.seal(salt + nonce + inner, context=context)
        return {"body": b"", "sealed_body": sealed}

    def open(self, earlier: IdempotentAnswer) -> bytes:
        """Decrypt an answer, or refuse with AnswerNotYours."""
        if earlier.sealed_body is None:
            raise IdempotencyKeyReused()
        context = sealed_context(IdempotentAnswer, "sealed_body", **earlier.model_dump())
        kept = self.keeper.unseal(earlier.sealed_body, context=context)
        salt, rest = kept[:SALT_BYTES], kept[SALT_BYTES:]
        nonce, inner = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        try:
            opened = self._cipher(salt).decrypt(nonce, inner, _PURPOSE)
        except InvalidTag as broken:
            raise AnswerNotYours() from broken
        self.digest_key = opened[:DIGEST_KEY_BYTES]
        return opened[DIGEST_KEY_BYTES:]

    def _cipher(self, salt: bytes) -> AESGCM:
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_PURPOSE)
        return AESGCM(derived.derive(self.secret.encode()))


def sealed_once(*, required: bool = True) -> Callable[[F], F]:
    """Make a handler that takes or gives a secret repeatable.

    The handler must take `request`, `writer`, `clock` and `keeper` and answer with bytes.
    """

    def memory(arguments: dict[str, Any]) -> Memory:
        return SealedMemory(arguments["keeper"], arguments["request"])

    return once(required=required, memory=memory)
