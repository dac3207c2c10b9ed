"""Signatures of the installation: Ed25519 over bytes that say themselves what they are.

What is signed is canonical JSON with a `kind`, such as "jiebang/receipt/1": a signature of one kind
of document is worth nothing under another.  Whoever has the public key checks it offline, with this
program or any other that knows RFC 8032.
"""

import base64
import binascii
import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from marketplace.kit.errors import Unacceptable

ALGORITHM: Final = "Ed25519"
KEY_BYTES: Final = 32
KEY_ID_LENGTH: Final = 16


class SignatureWrong(Unacceptable):
    """This signature is not one of this key over these bytes."""

    code = "signing.signature_wrong"
    title_zh = "签名与内容或公钥不符。"


def new_pair() -> tuple[bytes, bytes]:
    """Make a private key and its public key, 32 bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def key_id(public_key: bytes) -> str:
    """Name a public key by 16 hexadecimal digits of its digest."""
    return hashlib.sha256(b"jiebang/signing-key/1\0" + public_key).hexdigest()[:KEY_ID_LENGTH]


def sign(content: bytes, *, private_key: bytes) -> bytes:
    """Sign bytes."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(content)


def verify(content: bytes, signature: bytes, *, public_key: bytes) -> None:
    """Accept a signature, or refuse with SignatureWrong."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError) as wrong:
        raise SignatureWrong(key_id=key_id(public_key)) from wrong


def to_text(raw: bytes) -> str:
    """Write a key or a signature as base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """Read what `to_text` wrote; refuses SignatureWrong for anything else."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as unreadable:
        raise SignatureWrong() from unreadable
