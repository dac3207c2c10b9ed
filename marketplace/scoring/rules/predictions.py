"""From the bytes of a prediction file to one text per row id, without trusting a byte of it.

Everything is bounded: bytes before and after unpacking, rows, length of a field.  A refusal names
the line, and says what is wrong in one word of a closed set.  This is the careful reader, of CSV;
`reading.tables` chooses among the forms of files.
"""

import codecs
import csv
import io
import mmap
from collections.abc import Collection, Iterator, Mapping, Sequence
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
from marketplace.scoring.rules.unpacking import unpacked

LINE_LENGTH_MAX: Final = 100_000
LINE_BYTES_MAX: Final = 4 * LINE_LENGTH_MAX
"""No character takes more than four."""
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
             packed with gzip or Zstandard.
    Refuses  what `read_columns` refuses; what `unpacking.unpacked` refuses; PredictionIdRepeated
             with both lines.

    >>> read(b"id,prediction\nr1,yes\n")
    {'r1': 'yes'}
    """
    columns, lines = read_columns(unpacked(data, limits.bytes_max), (ID_COLUMN, column), limits)
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    for row_id, value, line in zip(columns[ID_COLUMN], columns[column], lines, strict=True):
        if row_id in values:
            raise PredictionIdRepeated(line=line, id=short(row_id), first_line=places[row_id])
        values[row_id] = value
        places[row_id] = line
    return values


def read_columns(
    data: bytes, names: Sequence[str], limits: Limits
) -> tuple[dict[str, list[str]], list[int]]:
    """Read columns of an unpacked CSV file, and the line on which each row begins.

    Refuses  PredictionsTooLarge for rows, a line or a field beyond `limits`;
             PredictionColumnMissing; PredictionsUnreadable with the line and one of: empty,
             wrong_encoding, nul, broken_csv, column_count, empty_field.
    """
    refuse_endless_lines(data)
    rows = _rows(decoded(data), limits)
    line, header = next(rows, (1, []))
    if not header:
        raise PredictionsUnreadable(line=line, problem="empty")
    for name in names:
        if header.count(name) != 1:
            raise PredictionColumnMissing(
                line=line,
                column=name,
                times=header.count(name),
                found=[short(name) for name in header[:LISTED_MAX]],
            )
    places = [(header.index(name), name) for name in names]
    columns: dict[str, list[str]] = {name: [] for name in names}
    lines: list[int] = []
    for line, row in rows:
        if len(row) != len(header):
            raise PredictionsUnreadable(
                line=line, problem="column_count", columns=len(row), wanted=len(header)
            )
        if len(lines) >= limits.rows_max:
            raise PredictionsTooLarge(line=line, rows_max=limits.rows_max)
        for place, name in places:
            if not row[place]:
                raise PredictionsUnreadable(line=line, problem="empty_field", column=name)
            columns[name].append(row[place])
        lines.append(line)
    if not lines:
        raise PredictionsUnreadable(line=line, problem="empty")
    return columns, lines


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


def refuse_endless_lines(data: bytes | mmap.mmap) -> None:
    """Refuse a file with a line that is far too long before anything is made of it.

    Refuses  PredictionsTooLarge with the line.  A line that is only a little too long passes here.
    """
    start = 0
    while len(data) - start > LINE_BYTES_MAX:
        end = start + LINE_BYTES_MAX + 1
        last = data.rfind(b"\n", start, end)
        if last < 0:
            last = data.rfind(b"\r", start, end)
        if last < 0:
            before = data[:start]
            feeds, returns, both = (before.count(end) for end in (b"\n", b"\r", b"\r\n"))
            raise PredictionsTooLarge(
                line=feeds + returns - both + 1, line_length_max=LINE_LENGTH_MAX
            )
        start = last + 1


def decoded(data: bytes) -> str:
    """Read UTF-8.  Refuses PredictionsUnreadable with the line and wrong_encoding or nul."""
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
