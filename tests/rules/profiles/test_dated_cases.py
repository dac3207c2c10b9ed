"""Dates to check with a finger on the calendar: the announced years 2025 and 2026, line by line.

The last days were found with a program that shares nothing with this one, and are data here.
"""

import datetime as dt
from collections.abc import Iterator

import pytest

from marketplace.kit.days import SHANGHAI
from marketplace.profiles.rules.deadlines import amended_closing, deadline, end_of
from tests.rules.profiles.test_deadlines import CALENDAR, TENDER
from tests.rules.profiles.test_time_limits import PROFILES

CODES = {
    "tender": "procurement_tender",
    "consultation": "procurement_consultation",
    "cooperative": "cooperative_innovation",
    "subsidy": "subsidy",
    "tendering_law": "tendering_law",
}
TABLE = """
# oracle 3
2026-09-28 10:00    | tender/publicity         | 2026-09-29 | the result notice stands for a day
2026-09-29 10:00    | tender/challenge         | 2026-10-14 | challenge over National Day 2026
2026-10-14 23:59    | tender/reply             | 2026-10-23 | reply to one filed on the last day
2026-10-23 10:00    | tender/complaint         | 2026-11-13 | complaint after the reply period
2026-09-14 09:00    | tender/bid_window        | 2026-10-08 | a tender of 14 September
# F09
2026-11-17 10:00    | tender/amendment_lead    | 2026-12-02 | three days before 20 November
2026-09-28 10:00    | tender/amendment_lead    | 2026-10-13 | three days before National Day 2026
2026-09-18 10:00    | tender/amendment_lead    | 2026-10-08 | the lead ends in the holiday
2026-02-03 10:00    | tender/amendment_lead    | 2026-02-24 | amended before Spring Festival 2026
2025-01-16 10:00    | tender/amendment_lead    | 2025-02-05 | amended before Spring Festival 2025
# F01
2026-03-29 10:00    | tender/amendment_lead    | 2026-04-13 | weights corrected on 29 March 2026
2026-03-09 10:00    | consultation/amendment_lead | 2026-03-16 | consultation, over a weekend
# National Day 2025
2025-09-26 10:00    | tender/challenge         | 2025-10-13 | challenge, make-up 28 September
2025-09-30 10:00    | tender/challenge         | 2025-10-16 | challenge, make-up 11 October
2025-09-30 18:00    | tender/file_available    | 2025-10-14 | file on offer from the eve
2025-09-15 09:00    | tender/bid_window        | 2025-10-09 | a tender of 15 September
2025-09-08 09:00    | tender/bid_window        | 2025-09-28 | ends on the make-up Sunday
2025-09-05 09:00    | tender/sign_contract     | 2025-10-09 | to sign within thirty days
2025-09-29 09:00    | subsidy/publicity        | 2025-10-13 | publicity of a grant
# National Day 2026
2026-09-18 10:00    | tender/result_notice     | 2026-09-21 | make-up 20 September counts
2026-09-24 10:00    | tender/contract_notice   | 2026-09-29 | Mid-Autumn is passed over
2026-09-30 10:00    | consultation/file_available | 2026-10-13 | five days for the file
2026-09-22 10:00    | cooperative/bid_window   | 2026-10-13 | cooperative window
2026-10-03 10:00    | tender/enquiry_reply     | 2026-10-10 | event on a day off
2026-09-21 10:00    | tender/complaint_decision | 2026-11-09 | authority decides in thirty
# Spring Festival 2025
2025-01-24 10:00    | tender/publicity         | 2025-01-26 | make-up Sunday 26 January
2025-01-24 10:00    | tender/challenge         | 2025-02-10 | challenge over the holiday
2025-02-05 10:00    | tender/enquiry_reply     | 2025-02-08 | make-up Saturday 8 February
2025-01-10 10:00    | tender/bid_window        | 2025-02-05 | a tender ends within
# Spring Festival 2026
2026-02-13 10:00    | tender/publicity         | 2026-02-14 | make-up Saturday 14 February
2026-02-12 10:00    | tender/challenge         | 2026-02-28 | challenge over the holiday
2026-02-26 10:00    | tender/report_to_decision | 2026-02-28 | make-up Saturday 28 February
2026-01-28 10:00    | tender/bid_window        | 2026-02-24 | a tender ends within
2026-01-25 10:00    | tender/bid_window        | 2026-02-14 | ends on the make-up Saturday
# year end 2025
2025-12-31 10:00    | tender/publicity         | 2026-01-04 | over New Year to a make-up Sunday
2025-12-24 10:00    | tender/challenge         | 2026-01-05 | a week of working days
2025-12-12 10:00    | tender/bid_window        | 2026-01-04 | twenty days to New Year's Day
2025-12-03 10:00    | tender/sme_payment       | 2026-01-04 | to pay a small firm
# year end 2026
2026-12-30 10:00    | tender/publicity         | 2026-12-31 | the last day that is loaded
2026-12-01 10:00    | tender/sign_contract     | 2026-12-31 | thirty days to the very last
# Qingming 2025
2025-03-31 10:00    | subsidy/publicity        | 2025-04-08 | publicity of a grant
# Qingming 2026
2026-03-15 10:00    | tender/bid_window        | 2026-04-07 | a tender ends on the Saturday
# Labour Day 2025
2025-04-25 10:00    | tender/result_notice     | 2025-04-28 | make-up Sunday 27 April
# Labour Day 2026
2026-04-30 10:00    | tender/file_available    | 2026-05-11 | make-up Saturday 9 May
# Dragon Boat 2025
2025-05-11 10:00    | tender/bid_window        | 2025-06-03 | a tender ends on the Saturday
# Dragon Boat 2026
2026-06-17 10:00    | tendering_law/publicity  | 2026-06-22 | three days of publicity end in it
# 24:00
2026-09-28 23:59:59 | tender/publicity         | 2026-09-29 | the last second of the 28th
2026-09-29 00:00:00 | tender/publicity         | 2026-09-30 | the first second of the 29th
2026-10-09 23:59:59 | tender/publicity         | 2026-10-10 | last second before the make-up day
2026-10-10 00:00:00 | tender/publicity         | 2026-10-12 | first second of the make-up day
# roll
2026-03-01 10:00    | tender/bid_window        | 2026-03-23 | an ordinary Saturday moves
# roll off
2026-03-01 10:00    | tender/bid_window        | 2026-03-21 | it stays
# roll
2026-03-02 10:00    | tender/bid_window        | 2026-03-23 | an ordinary Sunday moves
# roll off
2026-03-02 10:00    | tender/bid_window        | 2026-03-22 | it stays on the Sunday
2026-03-15 10:00    | tender/bid_window        | 2026-04-07 | a Saturday in a festival moves, too
2026-05-01 10:00    | tendering_law/publicity  | 2026-05-06 | an end within a festival moves
2026-03-05 10:00    | tender/publicity         | 2026-03-06 | working days end on no weekend
2025-04-07 10:00    | tender/bid_window        | 2025-04-27 | a make-up Sunday is a working day
"""
"""Event (Beijing time), rule, last day, what it shows; under `roll off` weekends do not roll."""


def cases() -> Iterator[tuple[str, str, str, str]]:
    """Read the table: event, rule, last day, and a name with its group."""
    group = ""
    for line in TABLE.strip().splitlines():
        if line.startswith("# "):
            group = line[2:]
            continue
        event, rule, last_day, shows = (cell.strip() for cell in line.split("|"))
        yield event, rule, last_day, f"{group}: {shows}"


CASES = list(cases())


@pytest.mark.parametrize(
    ("event", "rule", "last_day", "name"), CASES, ids=[name for *_, name in CASES]
)
def test_a_period_ends_on_the_day_of_the_table(
    event: str, rule: str, last_day: str, name: str
) -> None:
    """The last day, 24:00 of it as the instant, and an explanation that begins and ends there."""
    code, parameter = rule.split("/")
    at = dt.datetime.fromisoformat(event).replace(tzinfo=SHANGHAI)
    period = PROFILES[CODES[code]].period(parameter)

    found = deadline(at, period, CALENDAR, roll_weekends=not name.startswith("roll off"))

    assert found.on.isoformat() == last_day
    assert found.at == end_of(found.on)
    assert found.steps[0].days == (at.date(),)
    assert found.steps[-1].days == (found.on,)


def test_the_table_is_long_enough_to_mean_something() -> None:
    """At least forty cases, each of them another one, over both years and with both flags."""
    assert len({(event, rule, name[:8]) for event, rule, _, name in CASES}) == len(CASES) >= 40
    assert {event[:4] for event, *_ in CASES} == {"2025", "2026"}
    assert {name[:8] for *_, name in CASES} >= {"oracle 3", "F01: wei", "F09: thr", "roll off"}


@pytest.mark.parametrize(
    ("closes_on", "amended_on", "closes_again_on"),
    [
        ("2026-11-20", "2026-11-17", "2026-12-02"),
        ("2026-10-01", "2026-09-28", "2026-10-13"),
        ("2026-02-06", "2026-02-03", "2026-02-24"),
        ("2026-12-10", "2026-11-17", "2026-12-10"),
        ("2026-12-02", "2026-11-17", "2026-12-02"),
    ],
)
def test_an_amendment_leaves_its_lead_and_never_brings_the_closing_forward(
    closes_on: str, amended_on: str, closes_again_on: str
) -> None:
    """F09: the later of the old closing and fifteen days from the amendment, rolled."""
    closes, again = (end_of(dt.date.fromisoformat(day)) for day in (closes_on, closes_again_on))

    amended_at = dt.datetime.fromisoformat(f"{amended_on}T10:00:00+08:00")

    closing = amended_closing(closes, amended_at, TENDER, CALENDAR)

    assert (closing.at, closing.extended) == (again, closes_on != closes_again_on)
