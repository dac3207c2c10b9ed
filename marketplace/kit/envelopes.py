"""Envelopes: bytes that only the holders of some private keys can read, closed with public keys.

Whoever closes an envelope needs no secret, so a server that takes bids in holds nothing that opens
them.  An envelope carries a data key of its own, wrapped once for each recipient::

    "jbe" 0x01 │ recipients, 1 byte │ (recipient id, 8 bytes │ wrapped key, 80 bytes) each
               │ nonce, 12 bytes │ ciphertext and tag

The data key encrypts with AES-256-GCM; it is wrapped by HPKE (RFC 9180: X25519, HKDF-SHA256,
AES-256-GCM, base mode).  Both are bound to a context, so that an envelope moved to another place
does not open there, and the ciphertext is bound to the head as well.
"""

import base64
import hashlib
import os
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from marketplace.kit.errors import Conflict, Unacceptable

FORM: Final = b"jbe\x01"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
RECIPIENT_ID_BYTES: Final = 8
WRAPPED_BYTES: Final = 80
RECIPIENTS_MAX: Final = 16
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_WRAPPING: Final = b"jiebang/envelope/1\0"


class CannotOpenEnvelope(Conflict):
    """This envelope was closed for another key, or was changed afterwards."""

    code = "envelopes.cannot_open"
    title_zh = "该密封件不是为此密钥封存的,或已被篡改,无法开启。"


class KeyUnfit(Unacceptable):
    """A key is 32 bytes of X25519, written as base64url or hexadecimal."""

    code = "envelopes.key_unfit"
    title_zh = "密钥须为 32 字节的 X25519 密钥(base64url 或十六进制)。"


def new_pair() -> tuple[bytes, bytes]:
    """Make a private key and its public key, 32 bytes each."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private_key: bytes) -> bytes:
    """Compute the public key of a private one; refuses KeyUnfit."""
    return _private(private_key).public_key().public_bytes_raw()


def check_public(public_key: bytes) -> None:
    """Refuse what is no public key; refuses KeyUnfit.

    Not every 32 bytes are: with a point of small order everybody would know the shared secret, and
    nothing can be closed for it.
    """
    close(b"", recipients=(public_key,), context=b"check")


def from_text(text: str) -> bytes:
    """Read a key, public or private, from base64url or hexadecimal; refuses KeyUnfit."""
    text = text.strip()
    try:
        if len(text) == 2 * KEY_BYTES:
            return bytes.fromhex(text)
        padded = text + "=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError as unreadable:
        raise KeyUnfit() from unreadable
    if len(raw) != KEY_BYTES:
        raise KeyUnfit()
    return raw


def to_text(key: bytes) -> str:
    """Write a key as base64url without padding.

    >>> from_text(to_text(bytes(32))) == bytes(32)
    True
    """
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


def recipient_id(public_key: bytes) -> bytes:
    """Name a public key by eight bytes of its digest."""
    return hashlib.sha256(b"jiebang/recipient/1\0" + public_key).digest()[:RECIPIENT_ID_BYTES]


def close(plaintext: bytes, *, recipients: Sequence[bytes], context: bytes) -> bytes:
    """Encrypt for every recipient's public key, bound to `context`.

    Refuses  KeyUnfit for a recipient that is no X25519 public key.
    """
    assert 0 < len(recipients) <= RECIPIENTS_MAX
    data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
    head = FORM + bytes([len(recipients)])
    for public in recipients:
        head += recipient_id(public) + _wrapped(data_key, public, context)
    nonce = os.urandom(NONCE_BYTES)
    return head + nonce + AESGCM(data_key).encrypt(nonce, plaintext, _bound(head, context))


def open_(envelope: bytes, *, private_key: bytes, context: bytes) -> bytes:
    """Decrypt with the private key of one recipient.

    Refuses  CannotOpenEnvelope when key, context or any byte is not the same.
    """
    private = _private(private_key)
    wanted = recipient_id(private.public_key().public_bytes_raw())
    head, wrapped_keys = _head(envelope)
    wrapped = wrapped_keys.get(wanted)
    if wrapped is None:
        raise CannotOpenEnvelope()
    body = envelope[len(head) :]
    try:
        data_key = _SUITE.decrypt(wrapped, private, _WRAPPING + context)
        nonce, sealed = body[:NONCE_BYTES], body[NONCE_BYTES:]
        return AESGCM(data_key).decrypt(nonce, sealed, _bound(head, context))
    except (InvalidTag, ValueError) as broken:
        raise CannotOpenEnvelope() from broken


def is_envelope(content: bytes, *, recipients: Sequence[bytes]) -> bool:
    """Tell whether bytes have the form of an envelope closed for exactly these public keys.

    Shape    says nothing about what is inside: that is known only when it is opened.
    """
    try:
        head, wrapped = _head(content)
    except CannotOpenEnvelope:
        return False
    tag_bytes = 16
    whole = len(content) >= len(head) + NONCE_BYTES + tag_bytes
    return whole and set(wrapped) == {recipient_id(one) for one in recipients}


def is_closed_to(content: bytes, public_key: bytes) -> bool:
    """Tell whether bytes have the form of an envelope of which this key is a recipient."""
    try:
        return recipient_id(public_key) in _head(content)[1]
    except CannotOpenEnvelope:
        return False


def overhead_bytes(recipients: int) -> int:
    """Count by how much an envelope is longer than what is inside."""
    each = RECIPIENT_ID_BYTES + WRAPPED_BYTES
    return len(FORM) + 1 + recipients * each + NONCE_BYTES + 16


def _head(envelope: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Read the head of an envelope: its bytes, and each recipient's wrapped key."""
    start = len(FORM) + 1
    if len(envelope) < start or not envelope.startswith(FORM):
        raise CannotOpenEnvelope()
    count, each = envelope[len(FORM)], RECIPIENT_ID_BYTES + WRAPPED_BYTES
    end = start + count * each
    if not 0 < count <= RECIPIENTS_MAX or len(envelope) < end:
        raise CannotOpenEnvelope()
    places = range(start, end, each)
    return envelope[:end], {
        envelope[at : at + RECIPIENT_ID_BYTES]: envelope[at + RECIPIENT_ID_BYTES : at + each]
        for at in places
    }


def _wrapped(data_key: bytes, public_key: bytes, context: bytes) -> bytes:
    try:
        public = X25519PublicKey.from_public_bytes(public_key)
        return bytes(_SUITE.encrypt(data_key, public, _WRAPPING + context))
    except ValueError as unfit:
        raise KeyUnfit() from unfit


def _private(private_key: bytes) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(private_key)
    except ValueError as unfit:
        raise KeyUnfit() from unfit


def _bound(head: bytes, context: bytes) -> bytes:
    return head + b"\0" + context
