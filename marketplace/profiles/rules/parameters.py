"""One parameter of a rule profile: its value, its unit, and where it is stated.

A number without a source is an opinion, so each parameter carries the article it comes from and
whether that article was read (`unverified = false`) or is quoted from memory or from a
programme's custom.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from marketplace.profiles.errors import ProfileMalformed
from marketplace.profiles.rules.definitions import DEFINITIONS, Definition, Unit
from marketplace.profiles.rules.documents import Reader
from marketplace.profiles.rules.periods import COUNT_MAX

Value = int | bool | str | dt.date | tuple[int, int] | tuple[str, ...]

CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
BPS_WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One thing a rule profile states, and where it is stated."""

    name: str
    value: Value
    unit: Unit
    source: str
    unverified: bool

    @property
    def definition(self) -> Definition:
        """Look up what this parameter means."""
        return DEFINITIONS[self.name]

    def to_document(self) -> dict[str, object]:
        """Write this parameter as plain JSON values."""
        return {
            "value": _plain(self.value),
            "unit": self.unit.value,
            "source": self.source,
            "unverified": self.unverified,
        }


def parameter_from(name: str, reader: Reader) -> Parameter:
    """Read one parameter from a document.

    Refuses  ProfileMalformed for a name, a unit or a value that the definitions do not allow.
    """
    definition = DEFINITIONS.get(name)
    if definition is None:
        raise ProfileMalformed(problem="parameter_unknown", pointer=reader.pointer)
    reader.only("value", "unit", "source", "unverified")
    unit = next((unit for unit in definition.units if unit == reader.text("unit")), None)
    if unit is None:
        raise reader.refusal("unit_not_of_this_parameter", "unit")
    value = _READERS[unit](reader.value("value"))
    if value is None:
        raise reader.refusal(f"value_is_not_{unit}", "value")
    return Parameter(
        name=name,
        value=value,
        unit=unit,
        source=reader.text("source"),
        unverified=reader.flag("unverified"),
    )


def _whole(lowest: int, highest: int) -> Callable[[object], int | None]:
    def read(value: object) -> int | None:
        return value if type(value) is int and lowest <= value <= highest else None

    return read


def _pair(value: object) -> tuple[int, int] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = value
    return (low, high) if type(low) is int and type(high) is int else None


def _bps_range(value: object) -> tuple[int, int] | None:
    pair = _pair(value)
    return pair if pair and 0 <= pair[0] <= pair[1] <= BPS_WHOLE else None


def _fraction(value: object) -> tuple[int, int] | None:
    pair = _pair(value)
    return pair if pair and 0 < pair[0] <= pair[1] else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _code(value: object) -> str | None:
    return value if isinstance(value, str) and CODE.fullmatch(value) else None


def _codes(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or not value:
        return None
    codes = tuple(code for code in map(_code, value) if code is not None)
    return codes if len(codes) == len(value) == len(set(codes)) else None


def _date(value: object) -> dt.date | None:
    if isinstance(value, dt.date):
        return None if isinstance(value, dt.datetime) else value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _plain(value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, dt.date) else value


_READERS: Mapping[Unit, Callable[[object], Value | None]] = MappingProxyType(
    {
        Unit.WORKING_DAYS: _whole(1, COUNT_MAX),
        Unit.CALENDAR_DAYS: _whole(1, COUNT_MAX),
        Unit.YEARS: _whole(1, 100),
        Unit.COUNT: _whole(0, 1_000_000),
        Unit.FEN: _whole(0, 10**15),
        Unit.BPS: _whole(0, BPS_WHOLE),
        Unit.BPS_RANGE: _bps_range,
        Unit.FRACTION: _fraction,
        Unit.FLAG: _flag,
        Unit.CODE: _code,
        Unit.CODES: _codes,
        Unit.DATE: _date,
    }
)
