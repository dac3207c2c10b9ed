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


@quick
@given(anchors, anchors, anchors)
def test_working_days_between_days_add_up(first: dt.date, second: dt.date, third: dt.date) -> None:
    """From one day to another over a third, in any order; backwards is the same, negative."""
    between = CALENDAR.working_days_between

    assert between(first, second) + between(second, third) == between(first, third)
    assert between(first, second) == -between(second, first)
    assert first > second or between(first, second) >= 0


@quick
@given(anchors, counts)
def test_counting_the_days_of_a_period_gives_its_length(anchor: dt.date, count: int) -> None:
    """Adding working days and counting them are inverse to each other."""
    end = CALENDAR.add_working_days(anchor, count)

    assert CALENDAR.working_days_between(anchor, end) == count
    assert CALENDAR.working_days_between(anchor, end - ONE_DAY) == count - 1


suspended_days = st.sets(st.dates(dt.date(2025, 1, 1), dt.date(2026, 6, 30)), max_size=40)


@quick
@given(anchors, counts, units, suspended_days)
def test_a_suspension_takes_no_day_from_a_period(
    anchor: dt.date, count: int, unit: DayUnit, suspended: set[dt.date]
) -> None:
    """As many days count as without it, none of them suspended; the end is not suspended either."""
    found = deadline(anchor, Period(count=count, unit=unit), CALENDAR, suspended=suspended)

    passed = (found.counted_on - anchor).days
    days = [anchor + ONE_DAY * number for number in range(1, passed + 1)]
    counted = [
        day
        for day in days
        if day not in suspended and (unit == "calendar_days" or CALENDAR.is_working_day(day))
    ]
    assert len(counted) == count
    assert found.on not in suspended
    assert found.on >= last_day(anchor, count, unit)


@quick
@given(anchors, counts, units, suspended_days)
def test_the_explanation_accounts_for_suspended_days_too(
    anchor: dt.date, count: int, unit: DayUnit, suspended: set[dt.date]
) -> None:
    """Days passed = days counted + days that the steps say were skipped, suspended or rolled."""
    found = deadline(anchor, Period(count=count, unit=unit), CALENDAR, suspended=suspended)

    codes = ("days_off_skipped", "weekends_skipped", "suspended", "rolled")
    skipped = [day for step in found.steps if step.code in codes for day in step.days]
    assert len(skipped) == len(set(skipped))
    assert (found.on - found.anchor_on).days == count + len(skipped)


@quick
@given(anchors.filter(lambda day: day > dt.date(2025, 6, 1)), counts, units)
def test_a_lead_counted_back_is_undone_by_counting_on(
    anchor: dt.date, count: int, unit: DayUnit
) -> None:
    """From a working day back and on again: the day itself; nothing is rolled on the way back."""
    event = CALENDAR.roll(anchor)
    back = deadline(event, Period(count=count, unit=unit, backward=True), CALENDAR)

    assert back.on < event
    if unit == "working_days":
        assert CALENDAR.add_working_days(back.on, count) == event
    else:
        assert back.on + ONE_DAY * count == event
