"""The digest of content in a header, both ways."""

import base64
import binascii
import re
from typing import Final

from marketplace.datasets.errors import PartDigestMissing

_SHA256: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")


def sha256_announced(header: str | None) -> str:
    """Read the SHA-256 out of a Content-Digest header, as hexadecimal.

    Refuses  PartDigestMissing without one.
    Source   RFC 9530.

    >>> sha256_announced("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")[:8]
    'e3b0c442'
    """
    found = _SHA256.search(header or "")
    if found is None:
        raise PartDigestMissing(received=(header or "")[:80])
    try:
        return base64.b64decode(found.group(1), validate=True).hex()
    except binascii.Error as broken:
        raise PartDigestMissing(received=(header or "")[:80]) from broken


def digest_header(sha256: str) -> str:
    """Write a SHA-256 as Content-Digest and Repr-Digest have it.

    >>> digest_header("00" * 32)
    'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'
    """
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
