"""Read what an endpoint answered, without trusting a byte of it.

An answer is read whole or not at all: `{"outputs": [{"id": …, "prediction": …}, …]}` with exactly
the ids that were asked, each once, in any order.  What is wrong is told by one word of a closed
set.  Other members are passed over.  A text is data, whatever it looks like: `=1+1` is three
characters, and a number is kept as it is written.
"""

import json
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NoReturn

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.metrics.samples import MAGNITUDE_MAX

OUTPUTS: Final = "outputs"
ID: Final = "id"
DEPTH_MAX: Final = 8
VALUES_MAX: Final = 1_000
"""For each row that is asked: a comma takes one byte here, and a hundred once it is read."""
FIELD_LENGTH_MAX: Final = 1_000
"""Characters of a prediction, the same as in a file."""

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]},]', re.DOTALL)
# The closing quote is optional: a text that never ends is passed over once, and not tried again
# from each of its quotes, which would take the square of its length.  And nothing in it is given
# back once it was taken, so the way through it is not remembered.
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


class Problem(StrEnum):
    """What is wrong with an answer; the values are stable and are shown to the solver."""

    TOO_LARGE = "too_large"
    BYTE_ORDER_MARK = "byte_order_mark"
    WRONG_ENCODING = "wrong_encoding"
    """Not UTF-8."""
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    TOO_MANY_VALUES = "too_many_values"
    KEY_TWICE = "key_twice"
    NOT_A_NUMBER = "not_a_number"
    """NaN or Infinity, which JSON does not know."""
    NUMBER_TOO_LARGE = "number_too_large"
    """More digits than any metric reads, or an exponent beyond every double."""
    WRONG_SHAPE = "wrong_shape"
    """Not an object with a list of objects."""
    ID_TWICE = "id_twice"
    ID_FOREIGN = "id_foreign"
    """An id that was not asked in this request."""
    ID_MISSING = "id_missing"
    FIELD_MISSING = "field_missing"
    EMPTY_FIELD = "empty_field"
    NESTED = "nested"
    """A list or an object where a text or a number is wanted."""
    FIELD_TOO_LONG = "field_too_long"
    UNFIT_TEXT = "unfit_text"
    """A zero character, or half of a surrogate pair."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer counts for nothing, and where it was seen."""

    problem: Problem
    at: str = ""
    """An id of the request, or the start of what stands in its place; empty for the whole."""


class _Wrong(Exception):
    def __init__(self, problem: Problem, at: str = "") -> None:
        super().__init__(problem)
        self.fault = Fault(problem, short(at))


def read_answer(
    data: bytes, asked: Collection[str], *, column: str = "prediction", bytes_max: int = 1 << 20
) -> dict[str, str] | Fault:
    """Read one prediction for each id that was asked, or say what is wrong.

    Shape    UTF-8 JSON without a mark; numbers as they are written, truth values as `true` and
             `false`, like the JSON Lines of a prediction file.
    Refuses  nothing by raising: every broken answer is a Fault.

    >>> read_answer(b'{"outputs":[{"id":"k","prediction":0.50}]}', ["k"])
    {'k': '0.50'}
    >>> read_answer(b'{"outputs":[]}', ["k"])
    Fault(problem=<Problem.ID_MISSING: 'id_missing'>, at='k')
    """
    try:
        return _predictions(_document(data, bytes_max, len(asked)), asked, column)
    except _Wrong as wrong:
        return wrong.fault


def _document(data: bytes, bytes_max: int, rows: int) -> Any:
    if len(data) > bytes_max:
        raise _Wrong(Problem.TOO_LARGE)
    if data.startswith((BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE)):
        raise _Wrong(Problem.BYTE_ORDER_MARK)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise _Wrong(Problem.WRONG_ENCODING) from broken
    _check_structure(data, VALUES_MAX * (rows + 1))
    try:
        return json.loads(
            text,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as broken:
        raise _Wrong(Problem.NOT_JSON) from broken


def _check_structure(data: bytes, values_max: int) -> None:
    """Count brackets and commas before anything is built of them."""
    depth = values = 0
    for token in _TOKEN.finditer(data):
        sign = data[token.start()]
        if sign in b"[{,":
            values += 1
            depth += sign in b"[{"
            if depth > DEPTH_MAX:
                raise _Wrong(Problem.TOO_DEEP)
            if values > values_max:
                raise _Wrong(Problem.TOO_MANY_VALUES)
        elif sign in b"]}":
            depth -= 1


class _Number(str):
    """A number as it is written, told apart from a text."""

    __slots__ = ()


def _number(text: str) -> _Number:
    value = numbers.parse_measured(text)
    if value is None or value.copy_abs() > MAGNITUDE_MAX:
        raise _Wrong(Problem.NUMBER_TOO_LARGE, text)
    return _Number(text)


def _constant(word: str) -> NoReturn:
    raise _Wrong(Problem.NOT_A_NUMBER, word)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Wrong(Problem.KEY_TWICE)
    return fields


def _predictions(document: Any, asked: Collection[str], column: str) -> dict[str, str]:
    outputs = document.get(OUTPUTS) if isinstance(document, dict) else None
    if not isinstance(outputs, list):
        raise _Wrong(Problem.WRONG_SHAPE)
    wanted = frozenset(asked)
    found: dict[str, str] = {}
    for output in outputs:
        if not isinstance(output, dict) or not _is_text(output.get(ID)):
            raise _Wrong(Problem.WRONG_SHAPE)
        name = output[ID]
        if name not in wanted:
            raise _Wrong(Problem.ID_FOREIGN, name)
        if name in found:
            raise _Wrong(Problem.ID_TWICE, name)
        if column not in output:
            raise _Wrong(Problem.FIELD_MISSING, name)
        found[name] = _text(output[column], name)
    for name in asked:
        if name not in found:
            raise _Wrong(Problem.ID_MISSING, name)
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, _Number)


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        raise _Wrong(Problem.EMPTY_FIELD, name)
    if not isinstance(value, str):
        raise _Wrong(Problem.NESTED, name)
    if len(value) > FIELD_LENGTH_MAX:
        raise _Wrong(Problem.FIELD_TOO_LONG, name)
    if _UNFIT.search(value):
        raise _Wrong(Problem.UNFIT_TEXT, name)
    return str(value)
