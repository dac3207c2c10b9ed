"""Year calendars: what each day is, which documents are refused, and rolling."""

import copy
import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from marketplace.profiles.errors import (
    CalendarMalformed,
    CalendarYearNotLoaded,
    PeriodNotCountable,
)
from marketplace.profiles.rules.calendar import DayKind, WorkCalendar, YearCalendar

FOLDER = Path(__file__).parents[3] / "seeds/calendars"


def document(year: int) -> dict[str, Any]:
    """Read the announced calendar of a year."""
    return tomllib.loads((FOLDER / f"{year}.toml").read_text(encoding="utf-8"))


def day(text: str) -> dt.date:
    """Read a date."""
    return dt.date.fromisoformat(text)


YEAR_2025, YEAR_2026 = (YearCalendar.from_document(document(year)) for year in (2025, 2026))
CALENDAR = WorkCalendar((YEAR_2025, YEAR_2026))

DAYS = [
    ("2026-03-04", DayKind.WORKING),
    ("2026-03-07", DayKind.WEEKEND),
    ("2026-10-01", DayKind.STATUTORY),
    ("2026-10-05", DayKind.DAY_OFF),
    ("2026-10-10", DayKind.MAKE_UP),
    ("2025-10-06", DayKind.STATUTORY),  # Mid-Autumn within the National Day run
    ("2025-10-08", DayKind.DAY_OFF),
    ("2025-01-26", DayKind.MAKE_UP),
    ("2026-04-05", DayKind.STATUTORY),  # a Sunday that is a public holiday
    ("2026-01-04", DayKind.MAKE_UP),
]


@pytest.mark.parametrize(("text", "kind"), DAYS)
def test_says_what_each_day_is(text: str, kind: DayKind) -> None:
    """An announcement outranks the day of the week, in both directions."""
    assert CALENDAR.kind_of(day(text)) is kind
    assert CALENDAR.is_working_day(day(text)) == (kind in (DayKind.WORKING, DayKind.MAKE_UP))


@pytest.mark.parametrize(
    ("calendar", "off", "working_days"), [(YEAR_2025, 28, 248), (YEAR_2026, 33, 248)]
)
def test_holds_a_whole_announced_year(calendar: YearCalendar, off: int, working_days: int) -> None:
    """Thirteen public holidays, and as many working days as the law leaves: 365 - 104 - 13."""
    assert len(calendar.statutory) == 13
    assert len(calendar.holidays) == off
    assert calendar.working_days_total == working_days


def test_reads_back_what_it_writes() -> None:
    """The stored form of a calendar is the calendar."""
    for calendar in (YEAR_2025, YEAR_2026):
        assert YearCalendar.from_document(calendar.to_document()) == calendar


def test_rolls_to_the_next_day_on_which_people_work() -> None:
    """A working day stays, a holiday rolls over its whole run, a make-up day is a working day."""
    ends = {"2026-10-08": "2026-10-08", "2026-10-01": "2026-10-08", "2026-10-10": "2026-10-10"}

    for start, end in ends.items():
        assert CALENDAR.roll(day(start)) == day(end)


def test_counts_backwards_over_a_holiday() -> None:
    """A draw two working days before 9 October may not be earlier than 30 September."""
    assert CALENDAR.subtract_working_days(day("2026-10-09"), 2) == day("2026-09-30")


def test_refuses_to_know_a_year_that_is_not_loaded() -> None:
    """Asking about 2027 is refused in every way of asking."""
    new_year = day("2027-01-01")
    asking = (
        lambda: CALENDAR.is_working_day(new_year),
        lambda: CALENDAR.roll(new_year),
        lambda: CALENDAR.add_working_days(day("2026-12-31"), 1),
        lambda: CALENDAR.subtract_working_days(day("2025-01-02"), 1),
        lambda: CALENDAR.editions(day("2026-12-31"), new_year),
    )

    for ask in asking:
        with pytest.raises(CalendarYearNotLoaded):
            ask()


def test_refuses_a_count_below_one() -> None:
    """Zero working days from a holiday has no answer."""
    with pytest.raises(PeriodNotCountable):
        CALENDAR.add_working_days(day("2026-10-01"), 0)


def test_refuses_one_year_given_twice() -> None:
    """Two editions of a year would make the answer depend on their order."""
    with pytest.raises(CalendarMalformed) as refusal:
        WorkCalendar((YEAR_2026, YEAR_2026))

    assert refusal.value.facts["problem"] == "year_given_twice"


def broken(**changes: object) -> dict[str, Any]:
    """Spoil the first festival of 2026, or a field of the document."""
    spoiled = copy.deepcopy(document(2026))
    for key, value in changes.items():
        target = spoiled if key in spoiled else spoiled["festivals"][0]
        target[key] = value
    return spoiled


MALFORMED = [
    ({"year": "2026"}, "not_a_whole_number"),
    ({"year": 1066}, "year_out_of_range"),
    ({"version": 0}, "version_out_of_range"),
    ({"unverified": 1}, "not_true_or_false"),
    ({"source": " "}, "not_a_text"),
    ({"festivals": {}}, "not_a_list"),
    ({"festivals": ["x"]}, "not_a_table"),
    ({"first_on": "yesterday"}, "not_a_date"),
    ({"last_on": "2025-12-31"}, "run_of_days_off_backwards_or_too_long"),
    ({"last_on": "2026-12-31"}, "run_of_days_off_backwards_or_too_long"),
    ({"statutory": ["2026-01-05"]}, "statutory_day_not_off"),
    ({"make_up": ["2026-01-05"]}, "make_up_day_not_a_working_weekend"),
    ({"make_up": ["2026-01-03"]}, "make_up_day_not_a_working_weekend"),
    ({"make_up": ["2025-12-27"]}, "day_of_another_year"),
    ({"make_up": "2026-01-04"}, "not_a_list"),
    ({"makeup": []}, "field_unknown"),
    ({"title": {"zh": "元旦"}}, "field_missing"),
]


@pytest.mark.parametrize(("changes", "problem"), MALFORMED)
def test_refuses_a_calendar_that_contradicts_itself(
    changes: dict[str, object], problem: str
) -> None:
    """Each mistake has its own name, so that whoever typed it finds it."""
    with pytest.raises(CalendarMalformed) as refusal:
        YearCalendar.from_document(broken(**changes))

    assert refusal.value.facts["problem"] == problem
