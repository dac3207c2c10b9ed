"""What holds for every deadline, whatever the dates: order, addition, where it may end."""

import datetime as dt
import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.profiles.rules.calendar import DayKind, WorkCalendar, YearCalendar
from marketplace.profiles.rules.deadlines import deadline
from marketplace.profiles.rules.periods import DayUnit, Period

FILES = sorted((Path(__file__).parents[3] / "seeds/calendars").glob("202[56].toml"))
CALENDAR = WorkCalendar(
    tuple(
        YearCalendar.from_document(tomllib.loads(file.read_text(encoding="utf-8")))
        for file in FILES
    )
)
ONE_DAY = dt.timedelta(days=1)

anchors = st.dates(dt.date(2025, 1, 1), dt.date(2026, 6, 30))
counts = st.integers(1, 60)
units: st.SearchStrategy[DayUnit] = st.sampled_from(("working_days", "calendar_days"))
quick = settings(deadline=None, max_examples=150)


def last_day(anchor: dt.date, count: int, unit: DayUnit, *, roll_weekends: bool = True) -> dt.date:
    """Compute the last day of a period."""
    period = Period(count=count, unit=unit)
    return deadline(anchor, period, CALENDAR, roll_weekends=roll_weekends).on


@quick
@given(anchors, anchors, counts, counts, units)
def test_a_later_event_or_a_longer_period_never_ends_sooner(
    first: dt.date, second: dt.date, short: int, long: int, unit: DayUnit
) -> None:
    """Deadlines keep the order of their anchors and of their lengths."""
    earlier, later = sorted((first, second))
    short, long = sorted((short, long))

    assert last_day(earlier, short, unit) <= last_day(later, long, unit)


@quick
@given(anchors, counts, units)
def test_a_period_never_ends_on_a_day_off(anchor: dt.date, count: int, unit: DayUnit) -> None:
    """With the default roll the last day is always one on which people work."""
    assert CALENDAR.is_working_day(last_day(anchor, count, unit))


@quick
@given(anchors, counts, counts)
def test_working_days_add_up(anchor: dt.date, first: int, second: int) -> None:
    """Counting n and then m working days is counting n + m."""
    there = CALENDAR.add_working_days(anchor, first)

    assert CALENDAR.add_working_days(there, second) == CALENDAR.add_working_days(
        anchor, first + second
    )


@quick
@given(anchors, counts)
def test_exactly_so_many_working_days_lie_in_the_period(anchor: dt.date, count: int) -> None:
    """Counted one by one, the days after the event up to the end hold `count` working days."""
    end = CALENDAR.add_working_days(anchor, count)

    days = [anchor + ONE_DAY * number for number in range(1, (end - anchor).days + 1)]
    assert sum(CALENDAR.is_working_day(day) for day in days) == count


@quick
@given(anchors, counts)
def test_counting_back_undoes_counting_on(anchor: dt.date, count: int) -> None:
    """From a working day, n back from n on is the day itself."""
    start = CALENDAR.roll(anchor)
    end = CALENDAR.add_working_days(start, count)

    assert CALENDAR.subtract_working_days(end, count) == start


@quick
@given(anchors, counts)
def test_a_roll_passes_over_days_off_only(anchor: dt.date, count: int) -> None:
    """Between the counted end and the rolled end nobody works, so no day is given away."""
    counted = anchor + ONE_DAY * count
    end = last_day(anchor, count, "calendar_days")

    passed = [counted + ONE_DAY * number for number in range((end - counted).days)]
    assert end >= counted
    assert not any(CALENDAR.is_working_day(day) for day in passed)


@quick
@given(anchors, counts)
def test_the_weekend_flag_matters_for_ordinary_weekends_only(anchor: dt.date, count: int) -> None:
    """Without it a period ends sooner only where it would end on an ordinary weekend day."""
    rolled = last_day(anchor, count, "calendar_days")
    kept = last_day(anchor, count, "calendar_days", roll_weekends=False)

    assert kept <= rolled
    assert (kept == rolled) != (CALENDAR.kind_of(kept) is DayKind.WEEKEND)


@quick
@given(anchors, counts, units)
def test_the_explanation_accounts_for_every_day(anchor: dt.date, count: int, unit: DayUnit) -> None:
    """In working days, calendar days passed = days counted + days the steps say were skipped."""
    found = deadline(anchor, Period(count=count, unit=unit), CALENDAR)

    skipped_codes = ("days_off_skipped", "weekends_skipped", "rolled")
    skipped = sum(len(step.days) for step in found.steps if step.code in skipped_codes)
    assert (found.on - found.anchor_on).days == count + skipped
