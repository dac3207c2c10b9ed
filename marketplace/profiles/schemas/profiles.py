"""Rule profiles, calendars and deadlines on the wire."""

import datetime as dt
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from marketplace.profiles import queries
from marketplace.profiles.errors import PeriodOrRule
from marketplace.profiles.rules.calendar import Festival
from marketplace.profiles.rules.deadlines import Deadline
from marketplace.profiles.rules.documents import VERSION_MAX
from marketplace.profiles.rules.parameters import Parameter
from marketplace.profiles.rules.periods import COUNT_MAX, DayUnit, Period
from marketplace.profiles.rules.suspensions import Suspension, suspended_days
from marketplace.profiles.tables import CalendarYearRow, RuleProfileRow
from marketplace.wire.shapes import BilingualOut, Code, In, Moment, Out, WholeNumber

SUSPENSIONS_MAX = 20
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Hours and minutes, as in 17:30."""


class ParameterOut(Out, frozen=True, kw_only=True):
    """One thing a rule profile states, where it is stated, and whether that was checked."""

    name: str
    title: BilingualOut
    value: int | bool | str | list[int | str]
    unit: str
    source: str
    unverified: bool

    @classmethod
    def of(cls, parameter: Parameter) -> "ParameterOut":
        """Read one parameter."""
        value = parameter.value
        if isinstance(value, dt.date):
            value = value.isoformat()
        return cls(
            name=parameter.name,
            title=BilingualOut(zh=parameter.definition.title_zh, en=parameter.definition.title_en),
            value=list(value) if isinstance(value, tuple) else value,
            unit=parameter.unit.value,
            source=parameter.source,
            unverified=parameter.unverified,
        )


class RuleProfileOut(Out, frozen=True, kw_only=True):
    """One version of a rule profile, without its parameters."""

    code: str
    version: int
    track: str
    title: BilingualOut
    effective_from: dt.date
    active: bool
    """Whether new calls may be published under this version."""
    sha256: str
    loaded_at: dt.datetime
    parameters_total: int
    parameters_unverified: int
    """How many figures still have to be checked against the text of the rule."""

    @classmethod
    def of(cls, row: RuleProfileRow) -> "RuleProfileOut":
        """Read one version."""
        return cls(**_profile_facts(row))


class RuleProfileDetailOut(Out, frozen=True, kw_only=True):
    """One version of a rule profile with everything it states."""

    code: str
    version: int
    track: str
    title: BilingualOut
    effective_from: dt.date
    active: bool
    sha256: str
    loaded_at: dt.datetime
    parameters_total: int
    parameters_unverified: int
    parameters: list[ParameterOut]

    @classmethod
    def of(cls, row: RuleProfileRow) -> "RuleProfileDetailOut":
        """Read one version with its parameters."""
        parameters = queries.profile_of(row.document).parameters
        return cls(**_profile_facts(row), parameters=[ParameterOut.of(one) for one in parameters])


def _profile_facts(row: RuleProfileRow) -> dict[str, Any]:
    profile = queries.profile_of(row.document)
    return {
        "code": row.code,
        "version": row.version,
        "track": row.track.value,
        "title": BilingualOut(zh=profile.title_zh, en=profile.title_en),
        "effective_from": row.effective_from,
        "active": row.active,
        "sha256": row.sha256,
        "loaded_at": row.loaded_at,
        "parameters_total": len(profile.parameters),
        "parameters_unverified": sum(one.unverified for one in profile.parameters),
    }


class FestivalOut(Out, frozen=True, kw_only=True):
    """One announced run of days off, and the weekend days worked for it."""

    title: BilingualOut
    first_on: dt.date
    last_on: dt.date
    statutory: list[dt.date]
    make_up_days: list[dt.date]

    @classmethod
    def of(cls, festival: Festival) -> "FestivalOut":
        """Read one run."""
        return cls(
            title=BilingualOut(zh=festival.title_zh, en=festival.title_en),
            first_on=festival.first_on,
            last_on=festival.last_on,
            statutory=sorted(festival.statutory),
            make_up_days=sorted(festival.make_up_days),
        )


class CalendarOut(Out, frozen=True, kw_only=True):
    """The working days of one year, in one edition."""

    year: int
    version: int
    source: str
    unverified: bool
    sha256: str
    loaded_at: dt.datetime
    working_days: int
    """How many days of the year are worked."""
    festivals: list[FestivalOut]

    @classmethod
    def of(cls, row: CalendarYearRow) -> "CalendarOut":
        """Read one edition."""
        calendar = queries.calendar_of(row.document)
        return cls(
            year=row.year,
            version=row.version,
            source=calendar.source,
            unverified=calendar.unverified,
            sha256=row.sha256,
            loaded_at=row.loaded_at,
            working_days=calendar.working_days_total,
            festivals=[FestivalOut.of(festival) for festival in calendar.festivals],
        )


class SuspensionIn(In):
    """A stretch in which the clock stands; both ends are known."""

    from_at: Moment
    until_at: Moment

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        # Longer than any period that can be counted, so no honest question is cut off.
        if self.until_at - self.from_at > dt.timedelta(days=COUNT_MAX):
            raise ValueError(f"must not be longer than {COUNT_MAX} days")
        return self

    def suspension(self) -> Suspension:
        """Read it.

        Refuses  SuspensionBackwards.
        """
        return Suspension(from_at=self.from_at, until_at=self.until_at)


class DeadlineIn(In):
    """A period to count: typed in, or named as a parameter of a rule profile."""

    anchor_at: Moment
    """When the event happens that sets the period off."""
    count: Annotated[WholeNumber, Field(ge=1, le=COUNT_MAX)] | None = None
    unit: DayUnit | None = None
    profile: Code | None = None
    """The code of a rule profile; without `version`, the one in force on the day of the event."""
    version: Annotated[WholeNumber, Field(ge=1, le=VERSION_MAX)] | None = None
    parameter: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    roll_weekends: bool | None = None
    """Whether a calendar-day period that ends on an ordinary weekend moves on, too; without it as
    the profile says, and by default it does."""
    ends_at: TimeOfDay | None = None
    """When the receiving body closes, in Beijing; without it the day ends at 24:00."""
    suspensions: list[SuspensionIn] = Field(default_factory=list, max_length=SUSPENSIONS_MAX)
    """Stretches in which the clock stood: a day that one of them touches is not counted."""

    def suspended(self) -> frozenset[dt.date]:
        """List the days on which the clock stood."""
        # Every suspension says when it ends, so what time it is now does not matter.
        suspensions = [one.suspension() for one in self.suspensions]
        return suspended_days(suspensions, now=self.anchor_at)

    def closing_time(self) -> dt.time | None:
        """Read when the receiving body closes."""
        return None if self.ends_at is None else dt.time.fromisoformat(self.ends_at)

    def typed_period(self) -> Period | None:
        """Read the period that was typed in; None if a parameter was named instead.

        Refuses  PeriodOrRule for both, for neither, and for half of one.
        """
        if self.count is not None and self.unit is not None and not self._names_rule:
            return Period(count=self.count, unit=self.unit)
        self.rule()
        return None

    def rule(self) -> tuple[str, str]:
        """Read the profile and the parameter that were named."""
        typed = self.count is not None or self.unit is not None
        if typed or self.profile is None or self.parameter is None:
            raise PeriodOrRule()
        return self.profile, self.parameter

    @property
    def _names_rule(self) -> bool:
        return not (self.profile is None and self.parameter is None and self.version is None)


class PeriodOut(Out, frozen=True, kw_only=True):
    """The length that was counted, and the rule that sets it."""

    count: int
    unit: str
    rule: str
    """`profile@version/parameter`; empty if the period was typed in."""
    source: str
    unverified: bool


class CalendarVersionOut(Out, frozen=True, kw_only=True):
    """An edition of a year that was counted with."""

    year: int
    version: int
    unverified: bool


class StepOut(Out, frozen=True, kw_only=True):
    """One sentence of the explanation, and the days it is about."""

    code: str
    days: list[dt.date]
    text: BilingualOut


class DeadlineOut(Out, frozen=True, kw_only=True):
    """The end of a period, and how it was found."""

    at: dt.datetime
    """The instant at which `on` is over: at that instant it is too late."""
    on: dt.date
    zone: str
    anchor_on: dt.date
    """The day of the event in that zone; it is not counted."""
    counted_on: dt.date
    """The last day before it was moved off a day on which nobody works."""
    rolled: bool
    unverified: bool
    period: PeriodOut
    calendar_versions: list[CalendarVersionOut]
    steps: list[StepOut]

    @classmethod
    def of(cls, found: Deadline) -> "DeadlineOut":
        """Read one deadline."""
        period = found.period
        return cls(
            at=found.at,
            on=found.on,
            zone=found.zone,
            anchor_on=found.anchor_on,
            counted_on=found.counted_on,
            rolled=found.rolled,
            unverified=found.unverified,
            period=PeriodOut(
                count=period.count,
                unit=period.unit,
                rule=period.rule,
                source=period.source,
                unverified=period.unverified,
            ),
            calendar_versions=[
                CalendarVersionOut(year=one.year, version=one.version, unverified=one.unverified)
                for one in found.calendar_versions
            ],
            steps=[
                StepOut(
                    code=step.code,
                    days=list(step.days),
                    text=BilingualOut(zh=step.zh, en=step.en),
                )
                for step in found.steps
            ],
        )
