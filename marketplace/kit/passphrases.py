"""A private key that a passphrase opens: Argon2id makes the key that locks it.

    "jbp" 0x01 │ memory in KiB, 4 bytes │ passes, 4 bytes │ salt, 16 bytes │ nonce, 12 bytes
               │ ciphertext and tag

The cost stands in front of what it was locked with, so that it can be raised for new ones.
"""

import os
import struct
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from marketplace.kit.errors import Conflict
from marketplace.kit.passwords import LANES, SALT_BYTES, normalized

FORM: Final = b"jbp\x01"
_HEAD: Final = struct.Struct(f">{len(FORM)}sII{SALT_BYTES}s")
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class PassphraseWrong(Conflict):
    """This is not the passphrase that locks this key."""

    code = "passphrases.wrong"
    title_zh = "口令短语不正确。"


def lock(secret: bytes, passphrase: str, *, context: bytes, memory_kib: int, passes: int) -> bytes:
    """Encrypt under a passphrase, bound to `context`; slow on purpose."""
    head = _HEAD.pack(FORM, memory_kib, passes, os.urandom(SALT_BYTES))
    nonce = os.urandom(_NONCE_BYTES)
    return head + nonce + _cipher(head, passphrase).encrypt(nonce, secret, head + context)


def unlock(locked: bytes, passphrase: str, *, context: bytes) -> bytes:
    """Decrypt with the passphrase; refuses PassphraseWrong."""
    head, rest = locked[: _HEAD.size], locked[_HEAD.size :]
    try:
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        return _cipher(head, passphrase).decrypt(nonce, sealed, head + context)
    except (InvalidTag, struct.error, ValueError) as wrong:
        raise PassphraseWrong() from wrong


def _cipher(head: bytes, passphrase: str) -> AESGCM:
    _, memory_kib, passes, salt = _HEAD.unpack(head)
    key = hash_secret_raw(
        normalized(passphrase).encode(),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=LANES,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )
    return AESGCM(key)
