"""Unpack gzip and Zstandard piece by piece, and drop what becomes too much at its first byte.

Both formats can say gigabytes in kilobytes, so pieces are small and what they unpack to is counted.
A packed file inside a packed file is refused: nobody needs it, and bombs are built so.
"""

import zlib
from collections.abc import Callable
from typing import Any, Final

import zstandard

from marketplace.scoring.errors.rounds import PredictionsTooLarge, PredictionsUnreadable

GZIP_MAGIC: Final = b"\x1f\x8b"
ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
PIECE_BYTES: Final = 64 * 1024
ZSTD_PIECE_BYTES: Final = 512
"""Four bytes can stand for 128 KiB, so these few for 16 MiB at most."""
ZSTD_WINDOW_BYTES_MAX: Final = 8 * 1024 * 1024
"""What the format asks every reader to support; a header may ask for gigabytes."""
MEMBERS_MAX: Final = 10_000
"""Of one file: a file of millions of empty members would only burn time."""


def unpacked(data: bytes, bytes_max: int) -> bytes:
    """Give the bytes of a file as they were before packing.

    Refuses  PredictionsTooLarge beyond `bytes_max`, packed or unpacked; PredictionsUnreadable with
             one of: not_gzip, not_zstd (broken, cut short, followed by something else),
             packed_twice.
    """
    if len(data) > bytes_max:
        raise PredictionsTooLarge(bytes=len(data), bytes_max=bytes_max)
    if data.startswith(GZIP_MAGIC):
        plain = _all_members(data, bytes_max, _gzip_member, PIECE_BYTES, "not_gzip")
    elif data.startswith(ZSTD_MAGIC):
        plain = _all_members(data, bytes_max, _zstd_member, ZSTD_PIECE_BYTES, "not_zstd")
    else:
        return data
    if plain.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        raise PredictionsUnreadable(line=1, problem="packed_twice")
    return plain


def _gzip_member() -> Any:
    return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)


def _zstd_member() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX).decompressobj()


def _all_members(
    data: bytes, bytes_max: int, member: Callable[[], Any], piece_bytes: int, problem: str
) -> bytes:
    """Unpack the members of a file, which may be several, one after another."""
    plain = bytearray()
    members = 0
    unpacker = None
    for start in range(0, len(data), piece_bytes):
        rest = data[start : start + piece_bytes]
        while rest:
            if unpacker is None or unpacker.eof:
                members += 1
                unpacker = member()
            try:
                # Only gzip stops at a number of bytes; the other's pieces are small instead.
                bounds = (PIECE_BYTES,) if problem == "not_gzip" else ()
                plain += unpacker.decompress(rest, *bounds)
            except (zlib.error, zstandard.ZstdError) as broken:
                raise PredictionsUnreadable(line=1, problem=problem) from broken
            if len(plain) > bytes_max or members > MEMBERS_MAX:
                raise PredictionsTooLarge(bytes_max=bytes_max, members_max=MEMBERS_MAX)
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if unpacker is None or not unpacker.eof:
        raise PredictionsUnreadable(line=1, problem=problem)
    return bytes(plain)
