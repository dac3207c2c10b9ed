"""The profile of a file: rows, columns, types, gaps, labels, pairs and freshness.

Read once from a stream, with bounds on everything a file could grow without end: bytes it unpacks
to, lines, columns, fields, rows.  A cell is text and stays text: what a spreadsheet would take for
a formula is counted as text and never computed.  A file that is not what it says is told by line
and by one word of a closed set.
"""

import codecs
import csv
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from marketplace.datasets.rules.formats import Format
from marketplace.kit.money import BPS_WHOLE

PIECE_BYTES: Final = 64 * 1024
LINE_BYTES_MAX: Final = 1024 * 1024
COLUMNS_MAX: Final = 2_000
FIELD_LENGTH_MAX: Final = 131_072
NAME_LENGTH_MAX: Final = 200
RATIO_MAX: Final = 200
"""How many times its size a compressed file may unpack to, beyond its first megabytes."""
UNPACKED_FREE: Final = 64 * 1024 * 1024
MEMBERS_MAX: Final = 10_000
MISSING: Final = frozenset({"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"})
"""What stands for a value that is not there; blanks around it do not count."""

_TYPES: Final = (
    ("boolean", re.compile(r"true|false|True|False|TRUE|FALSE")),
    ("integer", re.compile(r"[+-]?[0-9]{1,18}")),
    ("decimal", re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")),
    ("date", re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")),
    (
        "datetime",
        re.compile(
            r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9]"
            r"(:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
        ),
    ),
)
_WIDER: Final = {"integer": "decimal", "date": "datetime"}
_MOMENT: Final = _TYPES[4][1]


class Unfit(Exception):
    """The file cannot be read as what it was announced as."""

    def __init__(self, problem: str, **facts: object) -> None:
        self.problem = problem
        self.facts = facts
        super().__init__(problem)


@dataclass(slots=True)
class Column:
    """What is known of one column so far."""

    name: str
    kind: str = ""
    filled: int = 0

    def see(self, value: str) -> None:
        """Learn from a value that is there."""
        self.filled += 1
        if self.kind != "text" and not _is_a(self.kind, value):
            self.kind = _kind_of(self.kind, value)


@dataclass(slots=True)
class Counts:
    """What is known of the whole file so far."""

    label: str | None
    pair: tuple[str, str] | None
    date: str | None
    columns: dict[str, Column] = field(default_factory=dict)
    rows: int = 0
    paired: int = 0
    newest: str = ""

    def see(self, row: dict[str, str]) -> None:
        """Learn from a row: the values that are there, by column."""
        self.rows += 1
        for name, value in row.items():
            self.columns[name].see(value)
        if self.pair is not None and self.pair[0] in row and self.pair[1] in row:
            self.paired += 1
        if self.date is not None:
            self._freshen(row.get(self.date, ""))

    def add(self, name: str) -> None:
        """Begin a column."""
        if len(self.columns) >= COLUMNS_MAX:
            raise Unfit("too_many_columns", columns_max=COLUMNS_MAX)
        self.columns[name] = Column(name)

    def _freshen(self, value: str) -> None:
        if value[:10] > self.newest and (_TYPES[3][1].fullmatch(value) or _MOMENT.fullmatch(value)):
            self.newest = value[:10]


def profile_stream(stream: BinaryIO, task: dict[str, Any]) -> dict[str, Any]:
    """Profile a file, or say why it cannot be.

    Shape    `{"profile": …}`, or `{"problem": word, …facts}`; the task names the format, the
             columns asked for, and the most rows.
    """
    pair = task.get("paired_columns")
    counts = Counts(
        label=task.get("label_column"),
        pair=(pair[0], pair[1]) if pair else None,
        date=task.get("date_column"),
    )
    kind = Format(task["format"])
    try:
        content = _pieces(stream)
        if kind in {Format.CSV_GZ, Format.JSONL_GZ}:
            content = _unpacked(content)
        lines = _lines(content)
        reader = _csv if kind in {Format.CSV, Format.CSV_GZ} else _jsonl
        rows = reader(lines, counts)
        for row in rows:
            if counts.rows >= task["rows_max"]:
                raise Unfit("too_many_rows", rows_max=task["rows_max"])
            counts.see(row)
        if counts.rows == 0:
            raise Unfit("no_rows")
        return {"profile": _written(counts, tuple(task.get("fields", ())))}
    except Unfit as unfit:
        return {"problem": unfit.problem, **unfit.facts}


def _written(counts: Counts, declared: tuple[str, ...]) -> dict[str, Any]:
    for name in (counts.label, counts.date, *(counts.pair or ())):
        if name is not None and name not in counts.columns:
            raise Unfit("column_missing", column=name[:NAME_LENGTH_MAX])
    label = counts.columns[counts.label] if counts.label is not None else None
    return {
        "rows": counts.rows,
        "columns": [
            {
                "name": column.name,
                "type": column.kind or "empty",
                "missing": counts.rows - column.filled,
            }
            for column in counts.columns.values()
        ],
        "label_coverage_bps": None if label is None else _share(label.filled, counts.rows),
        "paired_bps": None if counts.pair is None else _share(counts.paired, counts.rows),
        "newest_on": counts.newest or None,
        "undeclared_columns": [name for name in counts.columns if name not in declared]
        if declared
        else [],
        "absent_columns": [name for name in declared if name not in counts.columns],
    }


def _share(part: int, whole: int) -> int:
    """Compute a share in basis points, rounded down: full only if nothing is missing."""
    return part * BPS_WHOLE // whole


def _is_a(kind: str, value: str) -> bool:
    return any(name == kind and pattern.fullmatch(value) for name, pattern in _TYPES)


def _kind_of(before: str, value: str) -> str:
    """Find the narrowest kind that holds for this value and for all before it."""
    kind = next((name for name, pattern in _TYPES if pattern.fullmatch(value)), "text")
    if not before or before == kind:
        return kind
    pair = {before, kind}
    return next((wide for narrow, wide in _WIDER.items() if pair == {narrow, wide}), "text")


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(PIECE_BYTES):
        yield piece


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packed = unpacked = members = 0
    unpacker = None
    for piece in pieces:
        packed += len(piece)
        rest = piece
        while rest:
            # A gzip file may hold several members one after another; each needs a fresh unpacker.
            if unpacker is None or unpacker.eof:
                members += 1
                unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            try:
                content = unpacker.decompress(rest, PIECE_BYTES)
            except zlib.error:
                raise Unfit("broken_gzip") from None
            unpacked += len(content)
            if unpacked > UNPACKED_FREE + packed * RATIO_MAX or members > MEMBERS_MAX:
                raise Unfit("gzip_bomb", ratio_max=RATIO_MAX, members_max=MEMBERS_MAX)
            if content:
                yield content
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if unpacker is None or not unpacker.eof:
        raise Unfit("truncated_gzip")


def _lines(pieces: Iterator[bytes]) -> Iterator[tuple[int, str]]:
    """Cut the content into lines with their numbers, ends included."""
    number, held = 0, b""
    for piece in pieces:
        held += piece
        *lines, held = held.split(b"\n")
        for line in lines:
            number += 1
            yield number, _text(line + b"\n", number)
        if len(held) > LINE_BYTES_MAX:
            raise Unfit("line_too_long", line=number + 1, line_bytes_max=LINE_BYTES_MAX)
    if held:
        yield number + 1, _text(held, number + 1)


def _text(line: bytes, number: int) -> str:
    if len(line) > LINE_BYTES_MAX:
        raise Unfit("line_too_long", line=number, line_bytes_max=LINE_BYTES_MAX)
    if b"\0" in line:
        raise Unfit("nul", line=number)
    if number == 1:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise Unfit("not_utf8", line=number) from None


def _csv(lines: Iterator[tuple[int, str]], counts: Counts) -> Iterator[dict[str, str]]:
    csv.field_size_limit(FIELD_LENGTH_MAX)
    # A quote left open takes every line that follows; the limit of a field ends that.
    reader = csv.reader((line for _, line in lines), strict=True)
    header = _next_row(reader)
    if header is None:
        raise Unfit("no_rows")
    _check_header(header)
    for name in header:
        counts.add(name)
    while (row := _next_row(reader)) is not None:
        if not row:
            continue
        if len(row) != len(header):
            raise Unfit("column_count", line=reader.line_num, columns=len(row), wanted=len(header))
        yield {name: value for name, value in zip(header, row, strict=True) if _is_there(value)}


def _next_row(reader: Any) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as broken:
        problem = "field_too_long" if "field larger" in str(broken) else "broken_csv"
        raise Unfit(problem, line=reader.line_num) from None
    return row


def _check_header(header: list[str]) -> None:
    if len(header) > COLUMNS_MAX:
        raise Unfit("too_many_columns", line=1, columns_max=COLUMNS_MAX)
    for name in header:
        if not name.strip() or len(name) > NAME_LENGTH_MAX:
            raise Unfit("column_name", line=1, column=name[:80])
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise Unfit("column_twice", line=1, column=twice[:80])


def _is_there(value: str) -> bool:
    return value.strip() not in MISSING


def _jsonl(lines: Iterator[tuple[int, str]], counts: Counts) -> Iterator[dict[str, str]]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            raise Unfit("broken_json", line=number) from None
        if not isinstance(row, dict):
            raise Unfit("not_an_object", line=number)
        for name in row:
            if len(name) > NAME_LENGTH_MAX:
                raise Unfit("column_name", line=number)
            if name not in counts.columns:
                counts.add(name)
        yield {name: text for name, value in row.items() if (text := _plain(value)) is not None}


def _plain(value: object) -> str | None:
    """Write a value of JSON as the text it would be in a table; None where nothing is there."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value if _is_there(value) else None
    return "{}" if value else None
