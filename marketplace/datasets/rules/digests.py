"""The digest of content in a header, both ways."""

import base64

from marketplace.datasets.errors import PartDigestMissing
from marketplace.kit.digests import sha256_in


def sha256_announced(header: str | None) -> str:
    """Read the SHA-256 out of a Content-Digest header, as hexadecimal.

    Refuses  PartDigestMissing without one.
    Source   RFC 9530.

    >>> sha256_announced("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")[:8]
    'e3b0c442'
    """
    found = sha256_in(header)
    if found is None:
        raise PartDigestMissing(received=(header or "")[:80])
    return found


def digest_header(sha256: str) -> str:
    """Write a SHA-256 as Content-Digest and Repr-Digest have it.

    >>> digest_header("00" * 32)
    'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'
    """
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
