"""Unpack gzip and Zstandard piece by piece, and drop what becomes too much at its first byte.

Both formats can say gigabytes in kilobytes, so pieces are small and what they unpack to is counted,
before it is kept where a file says far more than it is long: memory that is never touched costs
neither this process nor those beside it.  A packed file inside a packed file is refused: nobody
needs it, and bombs are built so.
"""

import mmap
import zlib
from collections.abc import Iterator
from typing import Final

import zstandard

from marketplace.scoring.errors.rounds import PredictionsTooLarge, PredictionsUnreadable

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
PIECE_BYTES: Final = 64 * 1024
ZSTD_PIECE_BYTES: Final = (16, 512)
"""The smallest and the largest.  Four bytes can stand for 128 KiB, so the smallest for 512 KiB."""
ZSTD_WINDOW_BYTES_MAX: Final = 8 * 1024 * 1024
"""What the format asks every reader to support; a header may ask for gigabytes."""
MEMBERS_MAX: Final = 10_000
"""Of one file: a file of millions of empty members would only burn time."""
RATIO_MAX: Final = 16
"""Beyond this, a file is counted before it is kept.  Tables of predictions pack to a third or a
tenth; one that is all the same is unpacked twice, which is quick just because it is.
"""


def is_packed(data: bytes | mmap.mmap) -> bool:
    """Whether a file says that it is packed."""
    return data[: len(ZSTD_MAGIC)].startswith((GZIP_MAGIC, ZSTD_MAGIC))


def unpacked(data: bytes | mmap.mmap, bytes_max: int) -> bytes:
    """Give the bytes of a file as they were before packing.

    Refuses  PredictionsTooLarge beyond `bytes_max`, packed or unpacked; PredictionsUnreadable with
             one of: not_gzip, not_zstd (broken, cut short, followed by something else),
             packed_twice.
    """
    if len(data) > bytes_max:
        raise PredictionsTooLarge(bytes=len(data), bytes_max=bytes_max)
    if not is_packed(data):
        return bytes(data)
    found = bytearray()
    counted = False
    for piece in _bounded(data, bytes_max):
        if not counted and len(found) > RATIO_MAX * len(data):
            for _ in _bounded(data, bytes_max):
                pass
            counted = True
        found += piece
    plain = bytes(found)
    if is_packed(plain):
        raise PredictionsUnreadable(line=1, problem="packed_twice")
    return plain


def _bounded(data: bytes | mmap.mmap, bytes_max: int) -> Iterator[bytes]:
    """Give the pieces of a file as long as there are neither too many nor too much of them."""
    pieces = _gzip(data) if data[: len(GZIP_MAGIC)] == GZIP_MAGIC else _zstd(data)
    size = 0
    for members, piece in pieces:
        size += len(piece)
        if size > bytes_max or members > MEMBERS_MAX:
            raise PredictionsTooLarge(bytes_max=bytes_max, members_max=MEMBERS_MAX)
        yield piece


def _gzip(data: bytes | mmap.mmap) -> Iterator[tuple[int, bytes]]:
    """Unpack the members of a file one after another, each piece with the number of its member."""
    members, unpacker = 0, None
    for start in range(0, len(data), PIECE_BYTES):
        rest = data[start : start + PIECE_BYTES]
        while rest:
            if unpacker is None or unpacker.eof:
                members += 1
                unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            try:
                piece = unpacker.decompress(rest, PIECE_BYTES)
            except zlib.error as broken:
                raise PredictionsUnreadable(line=1, problem="not_gzip") from broken
            yield members, piece
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if unpacker is None or not unpacker.eof:
        raise PredictionsUnreadable(line=1, problem="not_gzip")


def _zstd(data: bytes | mmap.mmap) -> Iterator[tuple[int, bytes]]:
    """Do the same with frames; this unpacker knows no bound, so it is fed in bits where it swells.

    How large the next bit is follows from what the last one gave.
    """
    smallest, largest = ZSTD_PIECE_BYTES
    members, unpacker, step, start = 0, None, smallest, 0
    while start < len(data):
        rest = data[start : start + step]
        start += len(rest)
        while rest:
            if unpacker is None or unpacker.eof:
                members += 1
                unpacker = zstandard.ZstdDecompressor(
                    max_window_size=ZSTD_WINDOW_BYTES_MAX
                ).decompressobj()
            try:
                piece = unpacker.decompress(rest)
            except zstandard.ZstdError as broken:
                raise PredictionsUnreadable(line=1, problem="not_zstd") from broken
            step = smallest if len(piece) > PIECE_BYTES else min(step * 2, largest)
            yield members, piece
            rest = unpacker.unused_data if unpacker.eof else b""
    if unpacker is None or not unpacker.eof:
        raise PredictionsUnreadable(line=1, problem="not_zstd")
