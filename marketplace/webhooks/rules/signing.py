"""Signatures after the Standard Webhooks specification, version 1.0.0, symmetric scheme `v1`.

What is signed is `{id}.{timestamp}.{body}`: the id so that it can be trusted for de-duplication,
the timestamp of this attempt so that an old capture can be told, the body as the very bytes that
are sent. While a secret is rotated the message carries one signature per secret, and a receiver
accepts any. Source   https://www.standardwebhooks.com, "Signature scheme".
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Sequence

from marketplace.webhooks import errors

PREFIX = "whsec_"
KEY_BYTES_MIN = 24
KEY_BYTES_MAX = 64

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def secret_of(entropy: bytes) -> str:
    """Write random bytes as a secret, the way it is shown to the owner of an endpoint.

    Refuses  SecretUnusable for fewer than 24 or more than 64 bytes.

    >>> secret_of(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    if not KEY_BYTES_MIN <= len(entropy) <= KEY_BYTES_MAX:
        raise errors.SecretUnusable()
    return PREFIX + base64.b64encode(entropy).decode("ascii")


def key_of(secret: str) -> bytes:
    """Read the signing key out of a secret.

    Refuses  SecretUnusable for a wrong prefix, broken base64 or a wrong length; the refusal does
             not
             repeat the secret.
    """
    encoded = secret.removeprefix(PREFIX)
    if encoded == secret:
        raise errors.SecretUnusable()
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as broken:
        raise errors.SecretUnusable() from broken
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise errors.SecretUnusable()
    return key


def signature(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign one attempt with one key.

    Units    timestamp in whole Unix seconds, of this attempt.

    >>> signature(bytes(24), message_id="msg_1", timestamp=1_700_000_000, body=b"{}")
    'v1,LzeNxZHo3O8fwpFJpLh/0B99ugILNFJw+/9lTgx0APs='
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise errors.MessageIdUnusable(message_id=message_id[:128])
    content = b"%b.%d.%b" % (message_id.encode("ascii"), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")


def signed_headers(
    secrets: Sequence[str], *, message_id: str, at: dt.datetime, body: bytes
) -> dict[str, str]:
    """Make the three headers of one attempt, with one signature per secret in the given order.

    Shape    id, timestamp and signature; several signatures are separated by blanks.
    Refuses  SecretUnusable if there is no secret at all: an unsigned message must not leave.
    """
    return headers_signed_with(
        [key_of(secret) for secret in secrets],
        message_id=message_id,
        timestamp=int(at.timestamp()),
        body=body,
    )


def headers_signed_with(
    keys: Sequence[bytes], *, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Make the three headers of one attempt with keys that were read out of their secrets before.

    Units    timestamp in whole Unix seconds, of this attempt.
    Refuses  SecretUnusable if there is no key at all: an unsigned message must not leave.
    """
    if not keys:
        raise errors.SecretUnusable()
    signatures = (
        signature(key, message_id=message_id, timestamp=timestamp, body=body) for key in keys
    )
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: " ".join(signatures),
    }
