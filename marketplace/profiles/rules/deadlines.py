"""Deadlines: when a period ends, computed with an announced calendar and explained day by day.

The day of the event is not counted.  A period ends at 24:00, Beijing time, of its last day; that
instant is kept in UTC and compared with the clock, so that no status and no late job can be more
lenient than the rule.  Working days are counted one by one; calendar days are counted through
and, if nobody works on the last one, the end moves to the next day on which somebody does.
"""

import datetime as dt
import functools
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from marketplace.kit.days import SHANGHAI, ZONE_NAME
from marketplace.profiles.errors import AnchorWithoutZone, CalendarYearNotLoaded
from marketplace.profiles.rules import explanations
from marketplace.profiles.rules.calendar import (
    ONE_DAY,
    CalendarVersion,
    WorkCalendar,
)
from marketplace.profiles.rules.explanations import Step
from marketplace.profiles.rules.periods import Period
from marketplace.profiles.rules.profile import RuleProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The end of a period, and how it was found.

    Units    `at` is the instant at which `on` is over (24:00 in `zone`, or close of business),
             aware and in UTC: at that instant it is too late.  `counted_on` is the last day before
             any roll.
    """

    at: dt.datetime
    on: dt.date
    anchor_on: dt.date
    counted_on: dt.date
    period: Period
    calendar_versions: tuple[CalendarVersion, ...]
    steps: tuple[Step, ...]
    zone: str = ZONE_NAME

    @property
    def rolled(self) -> bool:
        """Say whether the end was moved off a day on which nobody works."""
        return self.on != self.counted_on

    @property
    def unverified(self) -> bool:
        """Say whether a figure or a calendar behind this date still awaits confirmation."""
        return self.period.unverified or any(used.unverified for used in self.calendar_versions)

    def to_document(self) -> dict[str, object]:
        """Write the deadline and its reasons as plain JSON, to be stored beside what it governs."""
        return {
            "at": self.at.isoformat(),
            "on": self.on.isoformat(),
            "anchor_on": self.anchor_on.isoformat(),
            "counted_on": self.counted_on.isoformat(),
            "zone": self.zone,
            "period": self.period.to_document(),
            "calendar_versions": [
                {"year": used.year, "version": used.version, "unverified": used.unverified}
                for used in self.calendar_versions
            ],
            "steps": [step.to_document() for step in self.steps],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendedClosing:
    """When a call closes after an amendment; `required` is None where no lead time is set."""

    at: dt.datetime
    extended: bool
    required: Deadline | None


def local_date(anchor: dt.datetime | dt.date) -> dt.date:
    """Find the day in Beijing on which a moment falls; a date is taken as it is.

    Refuses  AnchorWithoutZone for a moment that does not know its zone.

    >>> local_date(dt.datetime(2026, 9, 28, 16, 0, tzinfo=dt.UTC)).isoformat()
    '2026-09-29'
    """
    if not isinstance(anchor, dt.datetime):
        return anchor
    if anchor.tzinfo is None:
        raise AnchorWithoutZone(anchor=anchor.isoformat())
    try:
        return anchor.astimezone(SHANGHAI).date()
    except OverflowError:
        raise CalendarYearNotLoaded(year=anchor.year) from None


def end_of(day: dt.date) -> dt.datetime:
    """Find the instant at which `day` is over in Beijing, in UTC.

    >>> end_of(dt.date(2026, 10, 14)).isoformat()
    '2026-10-14T16:00:00+00:00'
    """
    return moment_of(day + ONE_DAY, dt.time.min)


def moment_of(day: dt.date, time: dt.time) -> dt.datetime:
    """Find the instant at which a clock in Beijing shows `time` on `day`, in UTC.

    >>> moment_of(dt.date(2026, 10, 14), dt.time(17, 30)).isoformat()
    '2026-10-14T09:30:00+00:00'
    """
    return dt.datetime.combine(day, time, SHANGHAI).astimezone(dt.UTC)


def deadline(
    anchor: dt.datetime | dt.date,
    period: Period,
    calendar: WorkCalendar,
    *,
    roll_weekends: bool | None = None,
    suspended: AbstractSet[dt.date] = frozenset(),
    ends_at: dt.time | None = None,
) -> Deadline:
    """Find the end of a period that an event sets off.

    Shape    a Deadline whose last day is a working day, except that an ordinary weekend end of a
             calendar-day period stays where it is without `roll_weekends`; None leaves that to
             the period.  Days in `suspended` are neither counted nor ends.  The period ends at
             24:00, or at `ends_at` on its last day where the receiving body closes then.  A
             period that is counted back ends on the day it leads to, and is not rolled: a later
             day would cut it short.
    Refuses  CalendarYearNotLoaded if a day must be known that no calendar covers;
             AnchorWithoutZone.
    Source   Civil Code articles 201 and 203; the State Council's yearly notice on days off.
    """
    anchor_on = local_date(anchor)
    if period.backward:
        return _counted_back(anchor_on, period, calendar, suspended=suspended, ends_at=ends_at)
    rolls = period.roll_weekends if roll_weekends is None else roll_weekends
    if period.unit == "working_days":
        on = counted_on = calendar.add_working_days(anchor_on, period.count, without=suspended)
        explain = functools.partial(explanations.working_days, anchor_on, on, period.count)
        editions = calendar.editions(anchor_on + ONE_DAY, on)
    else:
        counted_on = calendar.add_calendar_days(anchor_on, period.count, without=suspended)
        on = calendar.roll(counted_on, weekends=rolls, without=suspended)
        explain = functools.partial(explanations.calendar_days, anchor_on, counted_on, on)
        editions = calendar.editions(counted_on, on)
    return Deadline(
        at=end_of(on) if ends_at is None else moment_of(on, ends_at),
        on=on,
        anchor_on=anchor_on,
        counted_on=counted_on,
        period=period,
        calendar_versions=editions,
        steps=explain(calendar, suspended=suspended, ends_at=ends_at),
    )


def _counted_back(
    anchor_on: dt.date,
    period: Period,
    calendar: WorkCalendar,
    *,
    suspended: AbstractSet[dt.date],
    ends_at: dt.time | None,
) -> Deadline:
    """Find the day that lies a period before an event; the day of the event is not counted."""
    working = period.unit == "working_days"
    count = calendar.subtract_working_days if working else calendar.subtract_calendar_days
    on = count(anchor_on, period.count, without=suspended)
    return Deadline(
        at=end_of(on) if ends_at is None else moment_of(on, ends_at),
        on=on,
        anchor_on=anchor_on,
        counted_on=on,
        period=period,
        calendar_versions=calendar.editions(on, anchor_on - ONE_DAY),
        steps=explanations.counted_back(
            anchor_on, on, period, calendar, suspended=suspended, ends_at=ends_at
        ),
    )


def earliest_bid_deadline(
    published_at: dt.datetime | dt.date,
    profile: RuleProfile,
    calendar: WorkCalendar,
    *,
    roll_weekends: bool | None = None,
) -> Deadline:
    """Find the earliest moment at which a call published then may close.

    Shape    the later of the profile's bid window and, where it has one, the time for which the
             bid file must be on offer: a call that closed sooner would cut that time short.  A
             closing time is lawful from `at` on.
    """
    windows = [profile.period("bid_window")]
    if profile.has("file_available"):
        windows.append(profile.period("file_available"))
    ends = [deadline(published_at, one, calendar, roll_weekends=roll_weekends) for one in windows]
    return max(ends, key=lambda end: end.at)


def amended_closing(
    closes_at: dt.datetime,
    amended_at: dt.datetime,
    profile: RuleProfile,
    calendar: WorkCalendar,
    *,
    roll_weekends: bool | None = None,
) -> AmendedClosing:
    """Find when a call closes after an amendment that may affect how bids are written.

    Shape    the later of the old closing time and the end of the profile's lead time, counted
             from the amendment and rolled; the old one unchanged where the profile sets no lead
             time.
    Source   procurement regulations, article 31; worked example in docs/algorithms/deadlines.md.
    """
    if not profile.has("amendment_lead"):
        return AmendedClosing(at=closes_at, extended=False, required=None)
    lead = profile.period("amendment_lead")
    required = deadline(amended_at, lead, calendar, roll_weekends=roll_weekends)
    at = max(closes_at, required.at)
    return AmendedClosing(at=at, extended=at > closes_at, required=required)
