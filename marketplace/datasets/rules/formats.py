"""What a file is by its first bytes, compared with what it was announced as."""

import zlib
from enum import StrEnum
from typing import Final

from marketplace.datasets.errors import FileNotItsFormat

HEAD_BYTES: Final = 64 * 1024
"""How much of a file is looked at when it arrives; its profile reads the rest."""
GZIP_MAGIC: Final = b"\x1f\x8b\x08"
_BINARY: Final = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"%PDF": "pdf",
    b"\x7fELF": "program",
    b"MZ": "program",
    b"\x89PNG": "png",
    b"\xff\xd8\xff": "jpeg",
    b"PAR1": "parquet",
    b"\xd0\xcf\x11\xe0": "office",
    b"SQLite format 3": "sqlite",
}
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<script", b"<svg")


class Format(StrEnum):
    """What a file of a dataset may be."""

    CSV = "csv"
    CSV_GZ = "csv_gz"
    JSONL = "jsonl"
    JSONL_GZ = "jsonl_gz"
    PARQUET = "parquet"
    ZIP = "zip"
    OPAQUE = "opaque"
    """Anything else: kept and given out, never looked into."""


PROFILED: Final = frozenset({Format.CSV, Format.CSV_GZ, Format.JSONL, Format.JSONL_GZ})

MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.CSV_GZ: "application/gzip",
    Format.JSONL: "application/jsonl; charset=utf-8",
    Format.JSONL_GZ: "application/gzip",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.ZIP: "application/zip",
    Format.OPAQUE: "application/octet-stream",
}


def check(kind: Format, head: bytes, tail: bytes) -> None:
    """Look at both ends of a file.

    Refuses  FileNotItsFormat with one word for what was found instead.
    """
    problem = _problem(kind, head, tail)
    if problem:
        raise FileNotItsFormat(format=kind.value, problem=problem)


def _problem(kind: Format, head: bytes, tail: bytes) -> str | None:
    match kind:
        case Format.OPAQUE:
            return None
        case Format.ZIP:
            return None if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else "not_zip"
        case Format.PARQUET:
            return None if head.startswith(b"PAR1") and tail.endswith(b"PAR1") else "not_parquet"
        case Format.CSV_GZ | Format.JSONL_GZ:
            if not head.startswith(GZIP_MAGIC):
                return "not_gzip"
            return _text_problem(kind, _unpacked(head))
        case _:
            return _text_problem(kind, head)


def _unpacked(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b"\0"


def _text_problem(kind: Format, head: bytes) -> str | None:
    for magic, name in _BINARY.items():
        if head.startswith(magic):
            return f"is_{name}"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "not_utf8"
    if b"\0" in head:
        return "nul"
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:20].lower().startswith(_MARKUP):
        return "is_markup"
    if not body:
        return "blank"
    # The last character of a piece may be cut in the middle: up to three bytes of it are missing.
    if not any(_is_utf8(head[: len(head) - cut]) for cut in range(4)):
        return "not_utf8"
    if kind in {Format.JSONL, Format.JSONL_GZ} and not body.startswith(b"{"):
        return "not_json_lines"
    return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
