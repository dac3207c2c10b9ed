"""Working days: what the State Council announced for each year, and counting with it.

A day is a working day if it is announced as a make-up day, or if it is Monday to Friday and not
announced as a day off.  Nothing is derived from a rule of thumb: next year's bridge days are
known only when they are announced, so a year that is not loaded is refused.
"""

import datetime as dt
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn

from marketplace.profiles.errors import CalendarMalformed, CalendarYearNotLoaded, PeriodNotCountable
from marketplace.profiles.rules import documents

YEAR_FIRST, YEAR_LAST = 1992, 2199
ONE_DAY = dt.timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    """Why a day counts as a working day, or why it does not."""

    WORKING = "working"
    MAKE_UP = "make_up"
    WEEKEND = "weekend"
    DAY_OFF = "day_off"
    STATUTORY = "statutory"

    @property
    def works(self) -> bool:
        """Say whether the day counts."""
        return self in (DayKind.WORKING, DayKind.MAKE_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Festival:
    """One announced run of days off, under the name people know it by."""

    title_zh: str
    title_en: str
    first_on: dt.date
    last_on: dt.date
    statutory: frozenset[dt.date] = frozenset()
    make_up_days: frozenset[dt.date] = frozenset()

    @property
    def days(self) -> frozenset[dt.date]:
        """List every day of the run."""
        length = (self.last_on - self.first_on).days + 1
        return frozenset(self.first_on + ONE_DAY * number for number in range(length))


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarVersion:
    """Which edition of which year a deadline was computed with."""

    year: int
    version: int
    unverified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class YearCalendar:
    """The working days of one year, in one edition.

    Shape    `holidays` are all announced days off (weekend days inside a run included),
             `statutory` the public holidays among them, `make_up_days` the Saturdays and Sundays
             that are worked instead.
    Refuses  CalendarMalformed for a day of another year, a statutory day that is not a day off, a
             make-up day that is a day off or no weekend day.
    """

    year: int
    version: int
    source: str
    unverified: bool
    holidays: frozenset[dt.date]
    statutory: frozenset[dt.date]
    make_up_days: frozenset[dt.date]
    festivals: tuple[Festival, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a calendar that contradicts itself."""
        if not YEAR_FIRST <= self.year <= YEAR_LAST:
            self._refuse("year_out_of_range")
        if not 1 <= self.version <= documents.VERSION_MAX:
            self._refuse("version_out_of_range")
        for day in sorted(self.holidays | self.statutory | self.make_up_days):
            if day.year != self.year:
                self._refuse("day_of_another_year", day)
            if day in self.statutory and day not in self.holidays:
                self._refuse("statutory_day_not_off", day)
            if day in self.make_up_days and (day in self.holidays or day.weekday() < SATURDAY):
                self._refuse("make_up_day_not_a_working_weekend", day)

    def kind_of(self, day: dt.date) -> DayKind:
        """Say what kind of day this is; `day` lies in this year."""
        if day in self.make_up_days:
            return DayKind.MAKE_UP
        if day in self.holidays:
            return DayKind.STATUTORY if day in self.statutory else DayKind.DAY_OFF
        return DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKING

    def festival_of(self, day: dt.date) -> Festival | None:
        """Find the named run of days off that `day` lies in."""
        return next((run for run in self.festivals if run.first_on <= day <= run.last_on), None)

    @property
    def working_days_total(self) -> int:
        """Count the days of the year on which people work."""
        day, total = dt.date(self.year, 1, 1), 0
        while day.year == self.year:
            total += self.kind_of(day).works
            day += ONE_DAY
        return total

    @property
    def edition(self) -> CalendarVersion:
        """Name this edition for the record of a deadline."""
        return CalendarVersion(year=self.year, version=self.version, unverified=self.unverified)

    def _refuse(self, problem: str, day: dt.date | None = None) -> NoReturn:
        facts = {} if day is None else {"day": day.isoformat()}
        raise CalendarMalformed(year=self.year, problem=problem, **facts)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> "YearCalendar":
        """Read a calendar from a seed file or from its stored form."""
        reader = documents.Reader(document, CalendarMalformed)
        festivals = tuple(_festival(part) for part in reader.parts("festivals"))
        reader.only("year", "version", "source", "unverified", "festivals")
        return cls(
            year=reader.integer("year"),
            version=reader.integer("version"),
            source=reader.text("source"),
            unverified=reader.flag("unverified"),
            holidays=frozenset().union(*(run.days for run in festivals)),
            statutory=frozenset().union(*(run.statutory for run in festivals)),
            make_up_days=frozenset().union(*(run.make_up_days for run in festivals)),
            festivals=festivals,
        )

    def to_document(self) -> dict[str, object]:
        """Write this calendar as plain JSON values; `from_document` reads it back unchanged."""
        return {
            "year": self.year,
            "version": self.version,
            "source": self.source,
            "unverified": self.unverified,
            "festivals": [
                {
                    "title": {"zh": run.title_zh, "en": run.title_en},
                    "first_on": run.first_on.isoformat(),
                    "last_on": run.last_on.isoformat(),
                    "statutory": [day.isoformat() for day in sorted(run.statutory)],
                    "make_up": [day.isoformat() for day in sorted(run.make_up_days)],
                }
                for run in self.festivals
            ],
        }


def _festival(reader: documents.Reader) -> Festival:
    reader.only("title", "first_on", "last_on", "statutory", "make_up")
    title_zh, title_en = reader.title("title")
    first_on, last_on = reader.day("first_on"), reader.day("last_on")
    if not dt.timedelta(0) <= last_on - first_on <= ONE_DAY * 30:
        raise reader.refusal("run_of_days_off_backwards_or_too_long", "last_on")
    return Festival(
        title_zh=title_zh,
        title_en=title_en,
        first_on=first_on,
        last_on=last_on,
        statutory=frozenset(reader.days("statutory")),
        make_up_days=frozenset(reader.days("make_up")),
    )


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Every loaded year together: the only thing that can count working days.

    Refuses  CalendarYearNotLoaded as soon as a day must be known that lies in a year without a
             calendar; CalendarMalformed if one year is given twice.
    Source   periods and their ends: Civil Code articles 201 and 203.
    """

    years: tuple[YearCalendar, ...]
    _by_year: dict[int, YearCalendar] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the years, and refuse one that comes twice."""
        by_year = {calendar.year: calendar for calendar in self.years}
        if len(by_year) != len(self.years):
            raise CalendarMalformed(problem="year_given_twice")
        object.__setattr__(self, "_by_year", by_year)

    def year_of(self, day: dt.date) -> YearCalendar:
        """Find the calendar that knows `day`."""
        calendar = self._by_year.get(day.year)
        if calendar is None:
            raise CalendarYearNotLoaded(year=day.year, loaded=sorted(self._by_year))
        return calendar

    def kind_of(self, day: dt.date) -> DayKind:
        """Say what kind of day this is."""
        return self.year_of(day).kind_of(day)

    def is_working_day(self, day: dt.date) -> bool:
        """Say whether offices work on `day`."""
        return self.kind_of(day).works

    def add_working_days(
        self, day: dt.date, count: int, *, without: AbstractSet[dt.date] = frozenset()
    ) -> dt.date:
        """Find the last day of a period of `count` working days that an event on `day` sets off.

        Shape    always a working day after `day`; the day of the event is not counted, and none
                 of the days in `without` is.
        Refuses  PeriodNotCountable below one; CalendarYearNotLoaded.
        """
        return self._step(day, count, ONE_DAY, without)

    def add_calendar_days(
        self, day: dt.date, count: int, *, without: AbstractSet[dt.date] = frozenset()
    ) -> dt.date:
        """Find the day `count` days after `day`, days in `without` not counted, before any roll."""
        return self._through(day, count, ONE_DAY, without)

    def subtract_calendar_days(
        self, day: dt.date, count: int, *, without: AbstractSet[dt.date] = frozenset()
    ) -> dt.date:
        """Find the day `count` days before `day`, days in `without` not counted."""
        return self._through(day, count, -ONE_DAY, without)

    def working_days_between(self, after: dt.date, until: dt.date) -> int:
        """Count the working days after one day up to and including another.

        Shape    below zero, counted the other way round, if `until` lies before `after`.
        """
        if until < after:
            return -self.working_days_between(until, after)
        days = (after + ONE_DAY * number for number in range(1, (until - after).days + 1))
        return sum(map(self.is_working_day, days))

    def subtract_working_days(
        self, day: dt.date, count: int, *, without: AbstractSet[dt.date] = frozenset()
    ) -> dt.date:
        """Find the working day `count` working days before `day`, which is not counted."""
        return self._step(day, count, -ONE_DAY, without)

    def roll(
        self,
        day: dt.date,
        *,
        weekends: bool = True,
        without: AbstractSet[dt.date] = frozenset(),
    ) -> dt.date:
        """Move the end of a calendar-day period off a day on which nobody works.

        Shape    `day` itself, or the first later day on which the period may end.  Announced days
                 off always roll; an ordinary Saturday or Sunday rolls only with `weekends`,
                 because the law speaks of statutory holidays and its reading for weekends is
                 disputed.  No day in `without` is an end.
        """
        while day in without or not self._may_end(day, weekends):
            day += ONE_DAY
        return day

    def editions(self, first_on: dt.date, last_on: dt.date) -> tuple[CalendarVersion, ...]:
        """Name the editions that know the days from `first_on` to `last_on`."""
        years = range(first_on.year, last_on.year + 1)
        return tuple(self.year_of(dt.date(year, 1, 1)).edition for year in years)

    def _may_end(self, day: dt.date, weekends: bool) -> bool:
        kind = self.kind_of(day)
        return kind.works or (kind is DayKind.WEEKEND and not weekends)

    def _step(
        self,
        day: dt.date,
        count: int,
        step: dt.timedelta,
        without: AbstractSet[dt.date] = frozenset(),
    ) -> dt.date:
        if count < 1:
            raise PeriodNotCountable(count=count, unit="working_days")
        while count:
            day = self._shifted(day, step)
            count -= self.is_working_day(day) and day not in without
        return day

    def _through(
        self, day: dt.date, count: int, step: dt.timedelta, without: AbstractSet[dt.date]
    ) -> dt.date:
        passed, end = day, self._shifted(day, step * count)
        while missing := sum(passed < one <= end or end <= one < passed for one in without):
            passed, end = end, self._shifted(end, step * missing)
        return end

    def _shifted(self, day: dt.date, step: dt.timedelta) -> dt.date:
        try:
            return day + step
        except OverflowError:
            beyond = dt.MAXYEAR + 1 if step > dt.timedelta(0) else dt.MINYEAR - 1
            raise CalendarYearNotLoaded(year=beyond, loaded=sorted(self._by_year)) from None
