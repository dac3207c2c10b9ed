"""Secrets at rest: AES-256-GCM under a key from the settings; what is not in the settings cannot
be read.
"""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.kit.errors import Conflict

NONCE_BYTES = 12


class CannotUnseal(Conflict):
    """This was sealed under another key, or was changed afterwards."""

    code = "secrets.cannot_unseal"
    title_zh = "密文由其他密钥加密或已被篡改,无法解密。"


def new_key() -> bytes:
    """Make a key of 256 random bits."""
    return AESGCM.generate_key(bit_length=256)


def new_token(bytes_count: int = 24) -> str:
    """Make a URL-safe random text."""
    return secrets.token_urlsafe(bytes_count)


def seal(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """Encrypt and bind to `context`, so that a ciphertext moved to another row does not open
    there.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, context)


def unseal(key: bytes, sealed: bytes, *, context: bytes) -> bytes:
    """Decrypt, or refuse with CannotUnseal when key, context or any byte is not the same."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as broken:
        raise CannotUnseal() from broken


@dataclass(frozen=True, slots=True)
class Keeper:
    """Holds the installation's master key and never shows it."""

    master_key: bytes = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> "Keeper":
        """Derive the master key from the settings' text of at least 32 characters."""
        return cls(hashlib.sha256(b"jiebang/master/1\0" + text.encode()).digest())

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt under the master key."""
        return seal(self.master_key, plaintext, context=context.encode())

    def fingerprint(self, text: str, *, context: str) -> str:
        """Hash a text so that only whoever holds the master key can recognise it."""
        return hmac.new(self.master_key, f"{context}\0{text}".encode(), "sha256").hexdigest()

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt under the master key."""
        return unseal(self.master_key, sealed, context=context.encode())
