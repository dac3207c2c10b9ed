"""A period: so many working days or calendar days, and the rule that says so."""

from dataclasses import dataclass
from typing import Literal, TypeGuard

from marketplace.profiles.errors import PeriodNotCountable

DayUnit = Literal["working_days", "calendar_days"]
COUNT_MAX = 3650
"""Ten years of days: longer terms are written in years and have no day to roll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length in days, with its origin where a rule profile states it.

    Units    `count` whole days, 1 to 3650; `rule` as `profile@version/parameter`, empty if typed
             in; `roll_weekends` says whether a calendar-day period that ends on an ordinary
             weekend moves on; one that is `backward` is counted back from the event, and its
             end is not moved at all.
    Refuses  PeriodNotCountable for anything else.
    """

    count: int
    unit: DayUnit
    rule: str = ""
    source: str = ""
    unverified: bool = False
    roll_weekends: bool = True
    backward: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        if type(self.count) is not int or not is_day_unit(self.unit):
            raise PeriodNotCountable(count=repr(self.count), unit=str(self.unit))
        if not 1 <= self.count <= COUNT_MAX:
            raise PeriodNotCountable(count=self.count, unit=self.unit)

    def to_document(self) -> dict[str, object]:
        """Write this period as plain JSON values."""
        return {
            "count": self.count,
            "unit": self.unit,
            "rule": self.rule,
            "source": self.source,
            "unverified": self.unverified,
            "roll_weekends": self.roll_weekends,
            "backward": self.backward,
        }


def is_day_unit(text: str) -> TypeGuard[DayUnit]:
    """Say whether `text` names one of the two ways to count days."""
    return text in ("working_days", "calendar_days")
