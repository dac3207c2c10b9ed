"""From the bytes of a prediction file to one text per row id, without trusting a byte of it.

Everything is bounded: bytes before and after unpacking, rows, length of a field.  A compressed
file is unpacked piece by piece and dropped at the first byte too many, so a small file that
unpacks to gigabytes costs no memory.  A refusal names the line, and says what is wrong in one
word of a closed set.
"""

import codecs
import csv
import io
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.scoring.errors.rounds import (
    PredictionColumnMissing,
    PredictionIdRepeated,
    PredictionIdsDiffer,
    PredictionsTooLarge,
    PredictionsUnreadable,
)
from marketplace.scoring.rules.documents import short

GZIP_MAGIC: Final = b"\x1f\x8b"
PIECE_BYTES: Final = 64 * 1024
MEMBERS_MAX: Final = 10_000
"""Of one gzip file: a file of millions of empty members would only burn time."""
LINE_LENGTH_MAX: Final = 100_000
LISTED_MAX: Final = 20
ID_COLUMN: Final = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is read before it is refused."""

    bytes_max: int = 64 * 1024 * 1024
    """Of the file as it came, and again of what it unpacks to."""
    rows_max: int = 1_000_000
    field_length_max: int = 1_000
    """Characters of an id or of a prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdMatch:
    """How the ids of a file compare with those asked for: counts, and the first few of each."""

    missing_count: int
    missing: tuple[str, ...]
    extra_count: int
    extra: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Whether every id is there and no other."""
        return self.missing_count == 0 and self.extra_count == 0


def read(data: bytes, *, column: str = "prediction", limits: Limits = Limits()) -> dict[str, str]:
    r"""Read the ids and one column of a prediction file.

    Shape    UTF-8 with or without a byte order mark, comma-separated, quoted where needed, a header
             with `id` and `column`; other columns are passed over, blank lines too.  May be
             gzip-compressed.
    Refuses  PredictionsTooLarge for bytes, rows or a field beyond `limits`;
             PredictionColumnMissing; PredictionIdRepeated with both lines; PredictionsUnreadable
             with the line and one of: empty, not_gzip, wrong_encoding, nul, broken_csv,
             column_count, empty_field.

    >>> read(b"id,prediction\nr1,yes\n")
    {'r1': 'yes'}
    """
    text = _decoded(_unpacked(data, limits.bytes_max))
    rows = _rows(text, limits)
    line, header = next(rows, (1, []))
    if not header:
        raise PredictionsUnreadable(line=line, problem="empty")
    for name in (ID_COLUMN, column):
        if header.count(name) != 1:
            raise PredictionColumnMissing(
                line=line,
                column=name,
                times=header.count(name),
                found=[short(name) for name in header[:LISTED_MAX]],
            )
    id_place, value_place = header.index(ID_COLUMN), header.index(column)
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, row in rows:
        if len(row) != len(header):
            raise PredictionsUnreadable(
                line=line, problem="column_count", columns=len(row), wanted=len(header)
            )
        row_id, value = row[id_place], row[value_place]
        if not row_id or not value:
            name = ID_COLUMN if not row_id else column
            raise PredictionsUnreadable(line=line, problem="empty_field", column=name)
        if row_id in values:
            raise PredictionIdRepeated(line=line, id=short(row_id), first_line=lines[row_id])
        if len(values) >= limits.rows_max:
            raise PredictionsTooLarge(line=line, rows_max=limits.rows_max)
        values[row_id] = value
        lines[row_id] = line
    if not values:
        raise PredictionsUnreadable(line=line, problem="empty")
    return values


def match_ids(predictions: Mapping[str, str], truth_ids: Collection[str]) -> IdMatch:
    """Compare the ids of a file with those that were asked for, in the order of their texts."""
    wanted = frozenset(truth_ids)
    missing = sorted(wanted.difference(predictions))
    extra = sorted(row_id for row_id in predictions if row_id not in wanted)
    return IdMatch(
        missing_count=len(missing),
        missing=tuple(missing[:LISTED_MAX]),
        extra_count=len(extra),
        extra=tuple(extra[:LISTED_MAX]),
    )


def require_ids(predictions: Mapping[str, str], truth_ids: Collection[str]) -> None:
    """Refuse a file whose ids are not exactly those that were asked for."""
    match = match_ids(predictions, truth_ids)
    if not match.exact:
        raise PredictionIdsDiffer(
            missing_count=match.missing_count,
            missing=[short(row_id) for row_id in match.missing],
            extra_count=match.extra_count,
            extra=[short(row_id) for row_id in match.extra],
        )


def _unpacked(data: bytes, bytes_max: int) -> bytes:
    if len(data) > bytes_max:
        raise PredictionsTooLarge(bytes=len(data), bytes_max=bytes_max)
    if not data.startswith(GZIP_MAGIC):
        return data
    unpacked = bytearray()
    members = 0
    unpacker = None
    for start in range(0, len(data), PIECE_BYTES):
        rest = data[start : start + PIECE_BYTES]
        while rest:
            # A gzip file may hold several members one after another; each needs a fresh unpacker.
            if unpacker is None or unpacker.eof:
                members += 1
                unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            try:
                unpacked += unpacker.decompress(rest, PIECE_BYTES)
            except zlib.error as broken:
                raise PredictionsUnreadable(line=1, problem="not_gzip") from broken
            if len(unpacked) > bytes_max or members > MEMBERS_MAX:
                raise PredictionsTooLarge(bytes_max=bytes_max, members_max=MEMBERS_MAX)
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if unpacker is None or not unpacker.eof:
        raise PredictionsUnreadable(line=1, problem="not_gzip")
    return bytes(unpacked)


def _decoded(data: bytes) -> str:
    body = data.removeprefix(codecs.BOM_UTF8)
    place = body.find(b"\0")
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise PredictionsUnreadable(line=1, problem="wrong_encoding", wanted="utf-8")
    if place >= 0:
        raise PredictionsUnreadable(line=body.count(b"\n", 0, place) + 1, problem="nul")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as broken:
        line = body.count(b"\n", 0, broken.start) + 1
        raise PredictionsUnreadable(line=line, problem="wrong_encoding", wanted="utf-8") from broken


def _rows(text: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the line on which it begins."""
    reader = csv.reader(_lines(text), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as broken:
            raise PredictionsUnreadable(line=line, problem="broken_csv") from broken
        if row is None:
            return
        if any(len(field) > limits.field_length_max for field in row):
            raise PredictionsTooLarge(line=line, field_length_max=limits.field_length_max)
        if row:
            yield line, row


def _lines(text: str) -> Iterator[str]:
    # Kept with their own line ends, so that a line break inside quotes stays what it was.
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > LINE_LENGTH_MAX:
            raise PredictionsTooLarge(line=number, line_length_max=LINE_LENGTH_MAX)
        yield line
