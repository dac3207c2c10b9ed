"""Files that somebody sends who wishes us ill, or whose program is broken; made by code.

Each has the refusals that may meet it.  Every one is far below the size that is accepted as sent.
"""

import gzip
import io
import json
import zlib
from collections.abc import Callable
from typing import Final

import polars as pl
import zstandard

HEAD: Final = b"id,prediction\n"
GOOD: Final = HEAD + b"".join(b"r%d,yes\n" % at for at in range(50))
READ: Final = "scoring.predictions_unreadable"
LARGE: Final = "scoring.predictions_too_large"
COLUMN: Final = "scoring.prediction_column_missing"
TWICE: Final = "scoring.prediction_id_repeated"
OTHER: Final = "scoring.prediction_ids_differ"
NUMBER: Final = "scoring.number_unreadable"
STOPPED: Final = "scoring.measuring_stopped"


def gzip_bomb(megabytes: int) -> bytes:
    """Zeros beyond all measure in a few kilobytes."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    piece = b"0" * 1_000_000
    return b"".join([*(packer.compress(piece) for _ in range(megabytes)), packer.flush()])


def _zstd_bomb(megabytes: int) -> bytes:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    piece = bytes(1_000_000)
    return b"".join([*(packer.compress(piece) for _ in range(megabytes)), packer.flush()])


def _zstd_window() -> bytes:
    """A frame that asks its reader for a window of two gigabytes."""
    return b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + b"\x01\x00\x00"


def parquet(frame: pl.DataFrame) -> bytes:
    """A frame as a file."""
    packed = io.BytesIO()
    frame.write_parquet(packed)
    return packed.getvalue()


def _of(values: list[object], name: str = "prediction") -> bytes:
    ids = [f"r{at}" for at in range(len(values))]
    return parquet(pl.DataFrame({"id": ids, name: values}, strict=False))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _whole(value: int) -> bytes:
    return _varint(value << 1)


def _text(text: bytes) -> bytes:
    return _varint(len(text)) + text


def _list(kind: int, items: list[bytes]) -> bytes:
    return bytes([0xF0 | kind]) + _varint(len(items)) + b"".join(items)


def _footer(*, rows: int, columns: int = 2, chunk_bytes: int = 100) -> bytes:
    """A file that is nothing but a footer, which says what it is told to say."""
    names = [b"id", b"prediction", *(b"c%d" % at for at in range(columns - 2))]
    root = b"\x48" + _text(b"root") + b"\x15" + _whole(columns) + b"\x00"
    schema = [root, *(b"\x15" + _whole(6) + b"\x38" + _text(name) + b"\x00" for name in names)]
    chunks = [
        *(
            b"\x3c\x15\x0c\x19\x15\x00\x19\x18"
            + _text(name)
            + b"\x15\x00\x16"
            + _whole(rows)
            + b"\x16"
            + _whole(chunk_bytes)
            + b"\x16"
            + _whole(chunk_bytes)
            + b"\x26"
            + _whole(4)
            + b"\x00\x00"
            for name in names
        )
    ]
    group = b"\x19" + _list(12, chunks) + b"\x16" + _whole(columns * chunk_bytes)
    group += b"\x16" + _whole(rows) + b"\x00"
    body = b"\x15" + _whole(2) + b"\x19" + _list(12, schema) + b"\x16" + _whole(rows)
    body += b"\x19" + _list(12, [group]) + b"\x00"
    return b"PAR1" + bytes(100) + body + len(body).to_bytes(4, "little") + b"PAR1"


def _corrupt(data: bytes, *, at: int, by: bytes) -> bytes:
    place = at if at >= 0 else len(data) + at
    return data[:place] + by + data[place + len(by) :]


def _lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


_FRAME: Final = pl.DataFrame({"id": [f"r{at}" for at in range(50)], "prediction": ["yes"] * 50})
_PARQUET: Final = parquet(_FRAME)

FILES: Final[dict[str, tuple[Callable[[], bytes], set[str]]]] = {
    "empty": (lambda: b"", {READ}),
    "header only": (lambda: HEAD, {READ}),
    "a bomb of gzip": (lambda: gzip_bomb(150), {LARGE}),
    "a bomb of zstd": (lambda: _zstd_bomb(1_000), {LARGE}),
    "a bomb of gzip in gzip": (lambda: gzip.compress(gzip_bomb(100), mtime=0), {READ}),
    "a bomb of zstd in gzip": (lambda: gzip.compress(_zstd_bomb(200), mtime=0), {READ}),
    "millions of empty members": (lambda: gzip.compress(b"", mtime=0) * 200_000, {LARGE}),
    "a window of gigabytes": (_zstd_window, {READ}),
    "gzip cut short": (lambda: gzip.compress(GOOD, mtime=0)[:-9], {READ}),
    "zstd cut short": (lambda: zstandard.compress(GOOD)[:-9], {READ}),
    "gzip with a tail": (lambda: gzip.compress(GOOD, mtime=0) + b"tail", {READ}),
    "not what its magic says": (lambda: b"\x1f\x8b" + GOOD, {READ}),
    "zstd by its magic only": (lambda: b"\x28\xb5\x2f\xfd" + GOOD, {READ}),
    "a zip archive": (lambda: b"PK\x03\x04" + bytes(200), {READ}),
    "an executable": (lambda: b"\x7fELF\x02\x01\x01" + bytes(200), {READ}),
    "one line without end": (lambda: b"a" * 30_000_000, {LARGE}),
    "one field without end": (lambda: HEAD + b"r0," + b"a" * 30_000_000, {LARGE}),
    "a quote that never ends": (lambda: HEAD + b'r0,"' + b"a\n" * 2_000_000, {READ, LARGE}),
    "a million columns": (lambda: b"id,prediction" + b",x" * 1_000_000 + b"\n1,2\n", {LARGE}),
    "nul bytes": (lambda: HEAD + b"r0,y\0s\n", {READ}),
    "bytes that are no UTF-8": (lambda: HEAD + b"r0,\xff\xfe\xfd\n", {READ}),
    "UTF-16": (lambda: GOOD.decode().encode("utf-16"), {READ}),
    "GB 18030": (lambda: "id,prediction\nr0,内涝\n".encode("gb18030"), {READ}),
    "more rows than any set": (lambda: HEAD + b"1,a\n" * 1_000_001, {LARGE}),
    "an id twice": (lambda: GOOD + b"r7,yes\n", {TWICE}),
    "a row missing": (lambda: GOOD.replace(b"r7,yes\n", b""), {OTHER}),
    "a row too many": (lambda: GOOD + b"r50,yes\n", {OTHER}),
    "a name like a path": (lambda: GOOD.replace(b"r7,", b"../../etc/passwd,"), {OTHER}),
    "another column": (lambda: GOOD.replace(b"prediction", b"=cmd|' /C calc'!A0"), {COLUMN}),
    "a column twice": (lambda: GOOD.replace(b"id,", b"id,id,", 1), {COLUMN, READ}),
    "a ragged line": (lambda: GOOD + b"r50,yes,more\n", {READ}),
    "deep JSON": (lambda: b'{"id":' + b"[" * 90_000 + b"\n", {READ}),
    "a JSON object inside": (lambda: _lines({"id": "r0", "prediction": {"a": 1}}), {READ}),
    "a JSON key twice": (lambda: b'{"id":"r0","prediction":"a","id":"r1"}\n', {READ}),
    "NaN in JSON": (lambda: b'{"id":"r0","prediction":NaN}\n', {READ}),
    "a JSON array": (lambda: b'{"id":"r0","prediction":"a"}\n[1]\n', {READ}),
    "a JSON line without end": (lambda: b'{"id":"' + b"a" * 9_000_000, {LARGE}),
    "a billion rows by the footer": (lambda: _footer(rows=10**9), {LARGE}),
    "a huge group by the footer": (lambda: _footer(rows=50, chunk_bytes=1 << 40), {LARGE}),
    "many columns by the footer": (lambda: _footer(rows=50, columns=100_000), {LARGE, READ}),
    "a footer over nothing": (lambda: _footer(rows=50), {READ}),
    "a footer beyond the file": (
        lambda: _corrupt(_PARQUET, at=-8, by=b"\xff\xff\x3f\x00"),
        {READ},
    ),
    "a footer of noise": (lambda: _corrupt(_PARQUET, at=-90, by=b"\xff" * 60), {READ}),
    "pages of noise": (lambda: _corrupt(_PARQUET, at=4, by=b"\xa5" * 80), {READ, OTHER, STOPPED}),
    "parquet cut short": (lambda: _PARQUET[:-20], {READ}),
    "parquet by its magic only": (lambda: b"PAR1" + bytes(40) + b"PAR1", {READ}),
    "a dictionary of one long text": (
        lambda: parquet(_FRAME.select("id", pl.lit("x" * 900_000).alias("prediction"))),
        {LARGE},
    ),
    "a list column": (lambda: _of([[1, 2]] * 50), {READ, COLUMN}),
    "an empty cell in parquet": (lambda: _of(["yes"] * 49 + [None]), {READ}),
}
"""By name: how it is made, and which refusals are right."""

NUMBERS: Final[dict[str, bytes]] = {
    "NaN": b"NaN",
    "infinity": b"inf",
    "minus infinity": b"-Infinity",
    "beyond any double": b"1e400",
    "a formula": b"=1+1",
    "a formula that calls": b"=cmd|'/C calc'!A0",
    "other digits": "１".encode(),
    "a thousand digits": b"9" * 900,
    "a sign only": b"-",
    "an underscore": b"1_0",
}
"""What stands where a number should; each is refused with its line."""
