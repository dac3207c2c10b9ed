"""Secrets at rest: AES-256-GCM under a key from the settings; what is not in the settings cannot
be read.

A sealed value says under which master key it was made::

    "jbs" 0x02 │ key id, 4 bytes │ nonce, 12 bytes │ ciphertext and tag

The id is a digest of the key, no secret, and authenticated with the rest.  It is there so that the
master key can be changed: what an older key sealed is found by comparing eight bytes, and opens
while that key is still in the settings.  Values without this head are of the first form (nonce and
ciphertext alone); they open under whichever key fits.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.kit.errors import Conflict

NONCE_BYTES = 12
KEY_ID_BYTES = 4
FORM = b"jbs\x02"
HEAD_BYTES = len(FORM) + KEY_ID_BYTES


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


def key_id(master_key: bytes) -> bytes:
    """Name a master key by four bytes from which it cannot be computed."""
    return hmac.digest(master_key, b"jiebang/key-id/1", "sha256")[:KEY_ID_BYTES]


def key_id_of(sealed: bytes) -> bytes | None:
    """Read under which key a value was sealed; None: it is of the first form, and does not say."""
    if len(sealed) < HEAD_BYTES or not sealed.startswith(FORM):
        return None
    return sealed[len(FORM) : HEAD_BYTES]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Holds the installation's master keys and never shows them: one seals, older ones open."""

    master_key: bytes = field(repr=False)
    older_keys: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    def from_text(cls, text: str, *older: str) -> "Keeper":
        """Derive the master keys from the settings' texts of at least 32 characters."""
        return cls(_derived(text), tuple(_derived(one) for one in older))

    @property
    def head(self) -> bytes:
        """What every value sealed under the current key begins with."""
        return FORM + key_id(self.master_key)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, in hexadecimal, the current one first."""
        return tuple(key_id(key).hex() for key in self._keys)

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt under the current master key."""
        head = self.head
        return head + seal(self.master_key, plaintext, context=head + context.encode())

    def fingerprint(self, text: str, *, context: str) -> str:
        """Hash a text so that only whoever holds the master key can recognise it."""
        return hmac.new(self.master_key, f"{context}\0{text}".encode(), "sha256").hexdigest()

    def unseal(self, sealed: bytes, *, context: str) -> bytes:
        """Decrypt under the key that the value names, or under any that fits if it names none.

        Refuses  CannotUnseal, with the id of the key when it is not among those of the settings.
        """
        named, head = key_id_of(sealed), sealed[:HEAD_BYTES]
        for key in self._keys:
            if named == key_id(key):
                with suppress(CannotUnseal):
                    return unseal(key, sealed[HEAD_BYTES:], context=head + context.encode())
        # A value of the first form begins with a random nonce, which may look like a head: whether
        # it is one is decided by what opens.
        for key in self._keys:
            with suppress(CannotUnseal):
                return unseal(key, sealed, context=context.encode())
        if named is not None and named.hex() not in self.ids:
            raise CannotUnseal(sealed_under=named.hex())
        raise CannotUnseal()

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether a value was sealed under the current key."""
        return sealed.startswith(self.head)

    def derive(self, purpose: str) -> bytes:
        """Make a key for one purpose, from which neither the master key nor another one follows."""
        return hmac.digest(self.master_key, b"jiebang/derived/" + purpose.encode(), "sha256")

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Make what `derive` makes from every key of the settings, the present one first."""
        label = b"jiebang/derived/" + purpose.encode()
        return tuple(hmac.digest(key, label, "sha256") for key in self._keys)

    @property
    def _keys(self) -> tuple[bytes, ...]:
        return (self.master_key, *self.older_keys)


def _derived(text: str) -> bytes:
    return hashlib.sha256(b"jiebang/master/1\0" + text.encode()).digest()
