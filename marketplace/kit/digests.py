"""One canonical form for everything that is hashed: rankings, receipts, events."""

import base64
import binascii
import hashlib
import json
import re
from typing import Final, NoReturn

_SHA256: Final = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")


class NotCanonical(TypeError):
    """This value has no single byte form, so it may not be hashed."""


def canonical_json(value: object) -> bytes:
    """Write `value` as the one JSON text that stands for it.

    Shape    keys sorted by code point, no blanks, UTF-8 unescaped; the same on every machine.
    Refuses  NotCanonical for floats, Decimals, dates and anything else that JSON could write in
    more
             than one way: turn them into text first, where their scale is known.

    >>> canonical_json({"b": 1, "a": "榜"}).decode()
    '{"a":"榜","b":1}'
    """
    _check(value)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def sha256_hex(data: bytes) -> str:
    """Hash bytes to 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: object) -> str:
    """Hash the canonical form of `value`."""
    return sha256_hex(canonical_json(value))


def sha256_in(header: str | None) -> str | None:
    """Read the SHA-256 out of a Content-Digest header, as hexadecimal; None: it has none.

    Source   RFC 9530.

    >>> sha256_in("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")[:8]
    'e3b0c442'
    """
    found = _SHA256.search(header or "")
    if found is None:
        return None
    try:
        return base64.b64decode(found.group(1), validate=True).hex()
    except binascii.Error:
        return None


def _check(value: object) -> None:
    if value is None or isinstance(value, str | bool | int):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                _refuse(key)
            _check(item)
        return
    if isinstance(value, list | tuple):
        for item in value:
            _check(item)
        return
    _refuse(value)


def _refuse(value: object) -> NoReturn:
    raise NotCanonical(f"{type(value).__name__} has no canonical JSON form")
