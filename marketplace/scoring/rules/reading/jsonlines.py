"""Read JSON Lines: one flat object a line, numbers kept as they are written."""

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from marketplace.scoring.errors.rounds import (
    PredictionColumnMissing,
    PredictionsTooLarge,
    PredictionsUnreadable,
)
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.predictions import LINE_LENGTH_MAX, LISTED_MAX, Limits

FIELDS_MAX: Final = 1_000


class _Twice(Exception):
    """One object names a key twice: which of the two counts depends on the reader."""


class _Word(ValueError):
    """NaN or Infinity, which JSON does not know."""


def read_columns(
    text: str, names: Sequence[str], limits: Limits
) -> tuple[dict[str, list[str]], list[int]]:
    """Read fields of every line, and the number of each line.

    Refuses  PredictionsUnreadable with the line and one of: broken_json, key_twice, not_a_number,
             nested (also for a line that is no object), empty_field, empty;
             PredictionColumnMissing; PredictionsTooLarge.
    """
    columns: dict[str, list[str]] = {name: [] for name in names}
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        if len(line) > LINE_LENGTH_MAX:
            raise PredictionsTooLarge(line=number, line_length_max=LINE_LENGTH_MAX)
        if len(lines) >= limits.rows_max:
            raise PredictionsTooLarge(line=number, rows_max=limits.rows_max)
        fields = _object(line, number)
        for name in names:
            if name not in fields:
                found = [short(found) for found in list(fields)[:LISTED_MAX]]
                raise PredictionColumnMissing(line=number, column=name, times=0, found=found)
            columns[name].append(_text(fields[name], name, number, limits))
        lines.append(number)
    if not lines:
        raise PredictionsUnreadable(line=1, problem="empty")
    return columns, lines


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(
            line,
            parse_float=str,
            parse_int=str,
            parse_constant=_constant,
            object_pairs_hook=_pairs,
        )
    except _Twice as twice:
        raise PredictionsUnreadable(line=number, problem="key_twice") from twice
    except _Word as word:
        raise PredictionsUnreadable(line=number, problem="not_a_number") from word
    except RecursionError as deep:
        raise PredictionsUnreadable(line=number, problem="nested") from deep
    except ValueError as broken:
        raise PredictionsUnreadable(line=number, problem="broken_json") from broken
    if not isinstance(found, dict):
        raise PredictionsUnreadable(line=number, problem="nested")
    return found


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Twice
    return fields


def _constant(word: str) -> NoReturn:
    raise _Word(word)


def _text(value: object, name: str, line: int, limits: Limits) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        raise PredictionsUnreadable(line=line, problem="empty_field", column=name)
    if not isinstance(value, str):
        raise PredictionsUnreadable(line=line, problem="nested", column=name)
    if len(value) > limits.field_length_max:
        raise PredictionsTooLarge(line=line, field_length_max=limits.field_length_max)
    if "\0" in value:
        raise PredictionsUnreadable(line=line, problem="nul", column=name)
    return value
