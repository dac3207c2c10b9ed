"""Hidden inputs: one row for each row of the hidden set, in a form that can be sent as it is.

They come as JSON Lines, an object a line with `id` and whatever an endpoint needs, or as CSV, every
column a text.  They are read once, by a worker that can do nothing else, and written again in the
one canonical form, one line a row; whoever sends them reads only that.
"""

import csv
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NoReturn, overload

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.errors.endpoints import EndpointInputsUnfit
from marketplace.scoring.rules import predictions
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.endpoints import (
    REQUEST_BYTES_MAX,
    ROWS_MAX,
    Input,
    Row,
    request_body,
)
from marketplace.scoring.rules.predictions import ID_COLUMN, Limits
from marketplace.scoring.rules.unpacking import unpacked

LIMITS: Final = Limits(rows_max=ROWS_MAX, field_length_max=100_000)
DIGITS_MAX: Final = 40
"""Of a number: more than any model reads, and few enough to be read in no time."""
EXPONENT_MAX: Final = 300
"""Beyond it, most readers see infinity."""
_HEAD: Final = b'{"inputs":['
_TAIL: Final = b"]}"


class _Unfit(ValueError):
    """Something that JSON does not know, or that means two things."""


def canonical(data: bytes, truth_ids: Sequence[str]) -> bytes:
    """Read a file of inputs and write it in the order of the hidden set, one line a row.

    Refuses  EndpointInputsUnfit with the line and one of: broken_json, key_twice, nested, no_id,
             no_fields, line_too_long; what reading CSV refuses; PredictionIdRepeated with both
             lines, PredictionIdsDiffer where the ids are not exactly those of the hidden set.
    """
    plain = unpacked(data, LIMITS.bytes_max)
    is_json = plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    lines: dict[str, bytes] = {}
    places: dict[str, int] = {}
    for place, row in _from_json(plain) if is_json else _from_csv(plain):
        if row.id in lines:
            raise errors.PredictionIdRepeated(
                line=place, id=short(row.id), first_line=places[row.id]
            )
        lines[row.id], places[row.id] = _written(row), place
    predictions.require_ids(dict.fromkeys(lines, ""), truth_ids)
    return b"".join(lines[row_id] + b"\n" for row_id in truth_ids)


def _written(row: Row) -> bytes:
    return request_body([row])[len(_HEAD) : -len(_TAIL)]


def _from_json(plain: bytes) -> Iterator[tuple[int, Row]]:
    for place, line in enumerate(predictions.decoded(plain).split("\n"), start=1):
        if not line.strip():
            continue
        if len(line) > REQUEST_BYTES_MAX:
            raise EndpointInputsUnfit(line=place, problem="line_too_long")
        if place > 2 * ROWS_MAX:
            raise EndpointInputsUnfit(rows_max=ROWS_MAX)
        fields = _object(line, place)
        row_id = fields.pop(ID_COLUMN, None)
        if not isinstance(row_id, str) or not 0 < len(row_id) <= Limits().field_length_max:
            raise EndpointInputsUnfit(line=place, problem="no_id")
        if not fields:
            raise EndpointInputsUnfit(line=place, problem="no_fields")
        yield place, Row(id=row_id, fields=fields)


def _from_csv(plain: bytes) -> Iterator[tuple[int, Row]]:
    head = next(csv.reader(predictions.decoded(plain).splitlines()[:1]), [])
    names = [name for name in dict.fromkeys(head) if name != ID_COLUMN]
    if not names:
        raise EndpointInputsUnfit(line=1, problem="no_fields")
    columns, places = predictions.read_columns(plain, (ID_COLUMN, *names), LIMITS)
    for at, place in enumerate(places):
        fields: dict[str, Input] = {name: columns[name][at] for name in names}
        yield place, Row(id=columns[ID_COLUMN][at], fields=fields)


def _object(line: str, place: int) -> dict[str, Any]:
    try:
        found = _read(line)
    except _Unfit as unfit:
        raise EndpointInputsUnfit(line=place, problem=str(unfit)) from unfit
    except (ValueError, RecursionError) as broken:
        raise EndpointInputsUnfit(line=place, problem="broken_json") from broken
    if not isinstance(found, dict):
        raise EndpointInputsUnfit(line=place, problem="nested")
    return found


def fields_of(text: str) -> dict[str, Input]:
    """Read what an endpoint is told of one input, numbers exactly as they are written.

    >>> fields_of('{"mm": 0.50}')
    {'mm': Decimal('0.50')}
    """
    found: dict[str, Input] = _read(text)
    return found


def _read(text: str) -> Any:
    return json.loads(
        text,
        parse_int=_whole,
        parse_float=_decimal,
        parse_constant=_constant,
        object_pairs_hook=_pairs,
    )


def _whole(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise _Unfit("number_too_long")
    return int(text)


def _decimal(text: str) -> Decimal:
    if len(text) > DIGITS_MAX:
        raise _Unfit("number_too_long")
    value = Decimal(text)
    if abs(value.adjusted()) > EXPONENT_MAX:
        raise _Unfit("number_too_large")
    return value


def _constant(word: str) -> NoReturn:
    raise _Unfit("not_a_number")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Unfit("key_twice")
    return fields


class Inputs(Sequence[Row]):
    """A file in the canonical form, of which a row is made when it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._lines = data.splitlines()

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self._row(line) for line in self._lines[place]]
        return self._row(self._lines[place])

    @staticmethod
    def _row(line: bytes) -> Row:
        fields = _read(line.decode())
        return Row(id=fields.pop(ID_COLUMN), fields=fields)
