"""A rule profile: one dated version of every number and choice of one legal track.

Other rooms ask it by name and type (`profile.period("bid_window")`), never by track: there is no
`if track == ...` where a parameter can say the same.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeVar

from marketplace.profiles.errors import ParameterNotSet, ParameterOfOtherKind, ProfileMalformed
from marketplace.profiles.rules.definitions import DAYS, DEFINITIONS, REQUIRED, Unit
from marketplace.profiles.rules.documents import VERSION_MAX, Reader
from marketplace.profiles.rules.parameters import BPS_WHOLE, Parameter, parameter_from
from marketplace.profiles.rules.periods import Period, is_day_unit

T = TypeVar("T")
PROFILE_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Track(StrEnum):
    """The legal path a call takes; chosen before publication and never switched once bids exist."""

    SUBSIDY = "subsidy"
    PROCUREMENT_TENDER = "procurement_tender"
    PROCUREMENT_CONSULTATION = "procurement_consultation"
    COOPERATIVE_INNOVATION = "cooperative_innovation"
    SCI_PLAN = "sci_plan"
    PRIVATE = "private"

    @property
    def is_procurement(self) -> bool:
        """Say whether procurement law governs the call."""
        return self in PROCUREMENT_TRACKS


PROCUREMENT_TRACKS = frozenset(
    {Track.PROCUREMENT_TENDER, Track.PROCUREMENT_CONSULTATION, Track.COOPERATIVE_INNOVATION}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProfile:
    """Everything that is a number or a choice on one track, in one version.

    Shape    `code` and `version` name it for ever; a call pins both when it is published.
    Refuses  ParameterNotSet for a parameter this profile does not state, ParameterOfOtherKind for
             one that is measured in another unit; ProfileMalformed when a required parameter is
             missing.
    """

    code: str
    track: Track
    version: int
    title_zh: str
    title_en: str
    effective_from: dt.date
    parameters: tuple[Parameter, ...]
    _by_name: dict[str, Parameter] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the parameters, and refuse a profile that lacks one everybody may ask for."""
        by_name = {parameter.name: parameter for parameter in self.parameters}
        missing = sorted(REQUIRED - by_name.keys())
        if missing:
            raise ProfileMalformed(problem="parameters_missing", profile=self.code, names=missing)
        if len(by_name) != len(self.parameters):
            raise ProfileMalformed(problem="parameter_given_twice", profile=self.code)
        if not PROFILE_CODE.fullmatch(self.code) or not 1 <= self.version <= VERSION_MAX:
            raise ProfileMalformed(problem="code_or_version", profile=self.code)
        object.__setattr__(self, "_by_name", by_name)

    def has(self, name: str) -> bool:
        """Say whether this profile states the parameter; a name nobody defined is refused."""
        if name not in DEFINITIONS:
            raise self._not_set(name)
        return name in self._by_name

    def parameter(self, name: str) -> Parameter:
        """Find a parameter with its source."""
        if name not in self._by_name:
            raise self._not_set(name)
        return self._by_name[name]

    def period(self, name: str) -> Period:
        """Read a length in working days or calendar days, with the rule it comes from."""
        found = self._measured(name, *DAYS)
        unit = found.unit.value
        if not is_day_unit(unit):
            raise self._of_other_kind(found, *DAYS)
        return Period(
            count=self._typed(found, int),
            unit=unit,
            rule=f"{self.code}@{self.version}/{name}",
            source=found.source,
            unverified=found.unverified,
            roll_weekends=self.roll_weekends,
            backward=found.definition.backward,
        )

    @property
    def only_by_name(self) -> bool:
        """Say whether this profile is never what its track stands for, unless it is named."""
        return self.has("only_by_name") and self.flag("only_by_name")

    @property
    def roll_weekends(self) -> bool:
        """Say whether an end on an ordinary weekend moves on; a silent profile lets it."""
        return not self.has("weekend_roll") or self.flag("weekend_roll")

    def integer(self, name: str) -> int:
        """Read a whole number that is not a length in days."""
        units = (Unit.COUNT, Unit.BPS, Unit.FEN, Unit.YEARS)
        return self._typed(self._measured(name, *units), int)

    def flag(self, name: str) -> bool:
        """Read a yes or no."""
        return self._typed(self._measured(name, Unit.FLAG), bool)

    def chosen(self, name: str) -> str:
        """Read the one choice that was made."""
        return self._typed(self._measured(name, Unit.CODE), str)

    def allowed(self, name: str) -> tuple[str, ...]:
        """Read the choices from which a call may take one."""
        choices = self._typed(self._measured(name, Unit.CODES), tuple)
        return tuple(str(choice) for choice in choices)

    def bps_range(self, name: str) -> tuple[int, int]:
        """Read a range in basis points, lowest and highest."""
        return self._pair(self._measured(name, Unit.BPS_RANGE))

    def share(self, name: str) -> Fraction:
        """Read an exact share, such as two thirds, which basis points cannot express."""
        return Fraction(*self._pair(self._measured(name, Unit.FRACTION)))

    def day(self, name: str) -> dt.date:
        """Read a date."""
        return self._typed(self._measured(name, Unit.DATE), dt.date)

    def price_weight_bounds_bps(self, category: Literal["goods", "services"]) -> tuple[int, int]:
        """Find the lowest and highest lawful weight of price; 0 and 10 000 where none is set."""
        floor, ceiling = (
            f"price_weight_floor_{category}_bps",
            f"price_weight_ceiling_{category}_bps",
        )
        return (
            self.integer(floor) if self.has(floor) else 0,
            self.integer(ceiling) if self.has(ceiling) else BPS_WHOLE,
        )

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "RuleProfile":
        """Read a profile from a seed file or from its stored form.

        Refuses  ProfileMalformed with a pointer to the field.
        """
        reader = Reader(document, ProfileMalformed)
        reader.only("code", "track", "version", "title", "effective_from", "parameters")
        track = next((track for track in Track if track == reader.text("track")), None)
        if track is None:
            raise reader.refusal("track_unknown", "track")
        title_zh, title_en = reader.title("title")
        parameters = reader.part("parameters").named_parts()
        return cls(
            code=reader.text("code"),
            track=track,
            version=reader.integer("version"),
            title_zh=title_zh,
            title_en=title_en,
            effective_from=reader.day("effective_from"),
            parameters=tuple(
                sorted(
                    (parameter_from(name, part) for name, part in parameters),
                    key=lambda parameter: _PLACES[parameter.name],
                )
            ),
        )

    def to_document(self) -> dict[str, object]:
        """Write this profile as plain JSON values; `from_document` reads it back unchanged."""
        return {
            "code": self.code,
            "track": self.track.value,
            "version": self.version,
            "title": {"zh": self.title_zh, "en": self.title_en},
            "effective_from": self.effective_from.isoformat(),
            "parameters": {one.name: one.to_document() for one in self.parameters},
        }

    def _measured(self, name: str, *units: Unit) -> Parameter:
        found = self.parameter(name)
        if found.unit not in units:
            raise self._of_other_kind(found, *units)
        return found

    def _typed(self, found: Parameter, kind: type[T]) -> T:
        if not isinstance(found.value, kind):
            raise self._of_other_kind(found)
        return found.value

    def _pair(self, found: Parameter) -> tuple[int, int]:
        match found.value:
            case (int() as low, int() as high):
                return low, high
        raise self._of_other_kind(found)

    def _of_other_kind(self, found: Parameter, *units: Unit) -> ParameterOfOtherKind:
        return ParameterOfOtherKind(
            profile=self.code,
            version=self.version,
            parameter=found.name,
            unit=found.unit.value,
            wanted=[unit.value for unit in units],
        )

    def _not_set(self, name: str) -> ParameterNotSet:
        return ParameterNotSet(
            profile=self.code, version=self.version, parameter=name, defined=name in DEFINITIONS
        )


_PLACES = {name: place for place, name in enumerate(DEFINITIONS)}
