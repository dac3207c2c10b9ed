"""Deadlines: the worked example of the rule book, a dated table, the refusals, the reasons."""

import datetime as dt
import tomllib
from pathlib import Path

import pytest

from marketplace.kit.digests import canonical_json
from marketplace.profiles.errors import (
    AnchorWithoutZone,
    CalendarYearNotLoaded,
    PeriodNotCountable,
)
from marketplace.profiles.rules.calendar import WorkCalendar, YearCalendar
from marketplace.profiles.rules.deadlines import (
    amended_closing,
    deadline,
    earliest_bid_deadline,
    end_of,
    local_date,
)
from marketplace.profiles.rules.periods import DayUnit, Period
from marketplace.profiles.rules.profile import RuleProfile

SEEDS = Path(__file__).parents[3] / "seeds"


def day(text: str) -> dt.date:
    """Read a date."""
    return dt.date.fromisoformat(text)


def announced(*years: int) -> WorkCalendar:
    """Load the announced calendars of some years."""
    texts = [(SEEDS / f"calendars/{year}.toml").read_text(encoding="utf-8") for year in years]
    return WorkCalendar(tuple(YearCalendar.from_document(tomllib.loads(text)) for text in texts))


def profile(code: str) -> RuleProfile:
    """Load a rule profile."""
    text = (SEEDS / f"rule_profiles/{code}.toml").read_text(encoding="utf-8")
    return RuleProfile.from_document(tomllib.loads(text))


CALENDAR = announced(2025, 2026)
TENDER = profile("procurement_tender")
CONSULTATION = profile("procurement_consultation")
COOPERATIVE = profile("cooperative_innovation")


def ends_on(anchor: str, count: int, unit: DayUnit, *, roll_weekends: bool = True) -> dt.date:
    """Compute the last day of a period."""
    period = Period(count=count, unit=unit)
    return deadline(day(anchor), period, CALENDAR, roll_weekends=roll_weekends).on


class TestWorkedExample:
    """Result notice of 2026-09-28 around the National Day holiday."""

    def test_chains_notice_challenge_reply_and_complaint(self) -> None:
        """Each period starts at the last day of the one before and counts make-up days."""
        notice = deadline(day("2026-09-28"), TENDER.period("publicity"), CALENDAR)
        challenge = deadline(notice.on, TENDER.period("challenge"), CALENDAR)
        reply = deadline(challenge.on, TENDER.period("reply"), CALENDAR)
        complaint = deadline(reply.on, TENDER.period("complaint"), CALENDAR)

        ends = [one.on.isoformat() for one in (notice, challenge, reply, complaint)]
        assert ends == ["2026-09-29", "2026-10-14", "2026-10-23", "2026-11-13"]

    def test_ends_the_challenge_at_midnight_in_beijing(self) -> None:
        """24:00 of 14 October is 16:00 UTC, and the zone is said."""
        challenge = deadline(day("2026-09-29"), TENDER.period("challenge"), CALENDAR)

        assert challenge.at == dt.datetime(2026, 10, 14, 16, tzinfo=dt.UTC)
        assert challenge.at.tzinfo is dt.UTC
        assert challenge.zone == "Asia/Shanghai"

    def test_differs_from_counting_monday_to_friday(self) -> None:
        """Without the announced holiday the same period would end on 8 October: a week too soon."""
        empty = frozenset[dt.date]()
        bare = YearCalendar(
            year=2026,
            version=1,
            source="none",
            unverified=True,
            holidays=empty,
            statutory=empty,
            make_up_days=empty,
        )

        naive = deadline(day("2026-09-29"), TENDER.period("challenge"), WorkCalendar((bare,)))

        assert naive.on == day("2026-10-08")
        assert naive.unverified

    def test_rolls_the_tender_window_over_the_holiday(self) -> None:
        """Published on 14 September, twenty days end on 4 October and roll to the 8th."""
        window = earliest_bid_deadline(day("2026-09-14"), TENDER, CALENDAR)

        assert (window.counted_on, window.on) == (day("2026-10-04"), day("2026-10-08"))
        assert window.rolled


WORKING = [
    ("2024-12-31", 1, "2025-01-02"),  # the day of the event needs no calendar
    ("2025-01-24", 1, "2025-01-26"),  # a Sunday, worked for the Spring Festival
    ("2025-01-26", 2, "2025-02-05"),
    ("2025-01-27", 1, "2025-02-05"),
    ("2025-02-07", 1, "2025-02-08"),
    ("2025-02-07", 2, "2025-02-10"),
    ("2025-04-03", 1, "2025-04-07"),
    ("2025-04-25", 1, "2025-04-27"),
    ("2025-04-25", 5, "2025-05-06"),
    ("2025-05-30", 1, "2025-06-03"),
    ("2025-09-26", 3, "2025-09-30"),
    ("2025-09-26", 4, "2025-10-09"),
    ("2025-09-30", 7, "2025-10-16"),
    ("2025-10-10", 1, "2025-10-11"),
    ("2025-12-31", 1, "2026-01-04"),  # over New Year, into a make-up Sunday
    ("2025-12-24", 7, "2026-01-05"),
    ("2025-12-22", 30, "2026-02-03"),
    ("2026-02-13", 1, "2026-02-14"),
    ("2026-02-13", 2, "2026-02-24"),
    ("2026-02-27", 1, "2026-02-28"),
    ("2026-04-03", 1, "2026-04-07"),
    ("2026-04-30", 4, "2026-05-09"),
    ("2026-04-30", 5, "2026-05-11"),
    ("2026-06-18", 1, "2026-06-22"),
    ("2026-09-18", 1, "2026-09-20"),
    ("2026-09-24", 1, "2026-09-28"),
    ("2026-09-30", 10, "2026-10-20"),
    ("2026-10-03", 1, "2026-10-08"),  # an event on a holiday
    ("2026-12-30", 1, "2026-12-31"),
]

CALENDAR_DAYS = [
    ("2025-01-15", 15, "2025-02-05"),
    ("2025-04-07", 20, "2025-04-27"),  # a make-up Sunday does not roll
    ("2025-05-10", 20, "2025-05-30"),
    ("2025-05-12", 20, "2025-06-03"),
    ("2025-09-18", 10, "2025-09-28"),
    ("2025-09-21", 10, "2025-10-09"),
    ("2025-12-17", 15, "2026-01-04"),
    ("2026-02-04", 10, "2026-02-14"),
    ("2026-02-05", 10, "2026-02-24"),
    ("2026-03-16", 20, "2026-04-07"),
    ("2026-05-04", 5, "2026-05-09"),
    ("2026-03-01", 20, "2026-03-23"),
    ("2026-06-10", 10, "2026-06-22"),
    ("2026-12-01", 30, "2026-12-31"),
]


@pytest.mark.parametrize(("anchor", "count", "expected"), WORKING)
def test_counts_working_days_as_announced(anchor: str, count: int, expected: str) -> None:
    """Days off are passed over and make-up weekends are counted, across months and years."""
    assert ends_on(anchor, count, "working_days") == day(expected)


@pytest.mark.parametrize(("anchor", "count", "expected"), CALENDAR_DAYS)
def test_counts_calendar_days_and_rolls_the_end(anchor: str, count: int, expected: str) -> None:
    """Every day counts; only the end moves, to the next day on which people work."""
    assert ends_on(anchor, count, "calendar_days") == day(expected)


def test_keeps_an_ordinary_weekend_end_when_told_so() -> None:
    """Without weekend roll a Saturday stays, but a Saturday within a holiday still moves."""
    assert ends_on("2026-03-01", 20, "calendar_days", roll_weekends=False) == day("2026-03-21")
    assert ends_on("2026-06-10", 10, "calendar_days", roll_weekends=False) == day("2026-06-22")


class TestAnchors:
    """On which day an event falls."""

    def test_takes_the_day_in_beijing(self) -> None:
        """One second decides between 28 and 29 September."""
        last_second = dt.datetime(2026, 9, 28, 15, 59, 59, tzinfo=dt.UTC)

        assert local_date(last_second) == day("2026-09-28")
        assert local_date(last_second + dt.timedelta(seconds=1)) == day("2026-09-29")

    def test_reads_any_zone_alike(self) -> None:
        """The same instant gives the same deadline, however it was written."""
        noon = dt.datetime(2026, 9, 28, 4, tzinfo=dt.UTC)
        elsewhere = noon.astimezone(dt.timezone(dt.timedelta(hours=-7)))
        period = Period(count=1, unit="working_days")

        assert deadline(noon, period, CALENDAR) == deadline(elsewhere, period, CALENDAR)

    def test_refuses_a_moment_without_a_zone(self) -> None:
        """A naive time could be either day, so none is chosen."""
        with pytest.raises(AnchorWithoutZone):
            local_date(dt.datetime.fromisoformat("2026-09-28T12:00"))

    def test_is_over_at_the_first_instant_of_the_next_day(self) -> None:
        """The end is exclusive: 23:59:59 is in time, 24:00:00 is late."""
        last_second = dt.datetime(2026, 10, 14, 15, 59, 59, tzinfo=dt.UTC)

        assert last_second < end_of(day("2026-10-14"))
        assert not last_second + dt.timedelta(seconds=1) < end_of(day("2026-10-14"))


class TestRefusals:
    """A year without a calendar is refused, never guessed."""

    @pytest.mark.parametrize(
        ("anchor", "count", "unit"),
        [
            ("2026-12-31", 1, "working_days"),
            ("2026-12-23", 7, "working_days"),
            ("2026-12-02", 30, "calendar_days"),
            ("2027-03-01", 5, "working_days"),
        ],
    )
    def test_refuses_a_deadline_in_2027(self, anchor: str, count: int, unit: DayUnit) -> None:
        """The refusal names the year that is missing and those that are there."""
        with pytest.raises(CalendarYearNotLoaded) as refusal:
            ends_on(anchor, count, unit)

        assert refusal.value.facts == {"year": 2027, "loaded": [2025, 2026]}

    def test_needs_no_calendar_for_the_day_after_the_end(self) -> None:
        """A period may end at 24:00 of the last loaded day."""
        end = deadline(day("2026-12-30"), Period(count=1, unit="working_days"), CALENDAR)

        assert end.at == dt.datetime(2026, 12, 31, 16, tzinfo=dt.UTC)

    def test_refuses_the_far_future_the_same_way(self) -> None:
        """The last day that dates know is not an error of arithmetic."""
        for anchor in (dt.date.max, dt.datetime.max.replace(tzinfo=dt.UTC)):
            for unit in ("working_days", "calendar_days"):
                with pytest.raises(CalendarYearNotLoaded):
                    deadline(anchor, Period(count=1, unit=unit), CALENDAR)

    @pytest.mark.parametrize("count", [0, -1, 3651])
    def test_refuses_a_period_that_cannot_be_counted(self, count: int) -> None:
        """Nothing, less than nothing, and more than ten years are not periods of days."""
        with pytest.raises(PeriodNotCountable):
            Period(count=count, unit="calendar_days")


class TestBidWindow:
    """How early a call may close."""

    def test_gives_each_track_its_own_window(self) -> None:
        """Twenty days, ten days, ten working days."""
        published = dt.datetime(2026, 11, 2, 1, tzinfo=dt.UTC)
        profiles = (TENDER, CONSULTATION, COOPERATIVE)

        ends = [earliest_bid_deadline(published, one, CALENDAR).on for one in profiles]

        assert ends == [day("2026-11-23"), day("2026-11-12"), day("2026-11-16")]

    def test_never_closes_while_the_file_must_be_on_offer(self) -> None:
        """Before a long holiday five working days outlast ten calendar days, and decide."""
        window = earliest_bid_deadline(day("2026-09-30"), CONSULTATION, CALENDAR)

        assert window.on == day("2026-10-13")
        assert window.period.rule == "procurement_consultation@1/file_available"


class TestAmendment:
    """When a call closes after it was amended."""

    def test_extends_a_call_amended_three_days_before_it_closes(self) -> None:
        """Fifteen days from the amendment are needed, so the closing moves."""
        closes = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
        amended = dt.datetime(2026, 11, 17, 2, tzinfo=dt.UTC)

        closing = amended_closing(closes, amended, TENDER, CALENDAR)

        assert closing.extended
        assert closing.at == end_of(day("2026-12-02"))

    def test_keeps_a_closing_that_is_late_enough(self) -> None:
        """An amendment never brings the closing forward."""
        closes = dt.datetime(2026, 12, 10, 9, tzinfo=dt.UTC)
        amended = dt.datetime(2026, 11, 17, 2, tzinfo=dt.UTC)

        closing = amended_closing(closes, amended, TENDER, CALENDAR)

        assert (closing.at, closing.extended) == (closes, False)
        assert closing.required is not None

    def test_rolls_the_lead_time(self) -> None:
        """Fifteen days from 18 September end within the National Day holiday."""
        closes = dt.datetime(2026, 9, 21, 9, tzinfo=dt.UTC)

        closing = amended_closing(closes, closes - dt.timedelta(days=3), TENDER, CALENDAR)

        assert closing.at == end_of(day("2026-10-08"))

    def test_leaves_it_to_the_file_where_the_profile_is_silent(self) -> None:
        """Cooperative innovation has no fixed lead time."""
        closes = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)

        closing = amended_closing(closes, closes - dt.timedelta(days=1), COOPERATIVE, CALENDAR)

        assert (closing.at, closing.extended, closing.required) == (closes, False, None)


class TestExplanation:
    """A deadline tells how it was found."""

    def test_names_every_exceptional_day(self) -> None:
        """The holiday, the make-up Saturday and the weekend are each in the explanation."""
        challenge = deadline(day("2026-09-29"), TENDER.period("challenge"), CALENDAR)

        codes = [step.code for step in challenge.steps]
        assert codes == [
            "anchor_not_counted",
            "counted",
            "days_off_skipped",
            "make_up_counted",
            "weekends_skipped",
            "ends",
        ]
        assert challenge.steps[2].days == tuple(
            day("2026-10-01") + dt.timedelta(days=number) for number in range(7)
        )
        assert "国庆节" in challenge.steps[2].zh
        assert "National Day" in challenge.steps[2].en
        assert "2026-10-10(星期六)" in challenge.steps[3].zh

    def test_says_why_an_end_moved_or_stayed(self) -> None:
        """A roll names what it rolled over; an ordinary weekend that stays says so."""
        twenty = Period(count=20, unit="calendar_days")

        moved = deadline(day("2026-09-14"), twenty, CALENDAR)
        kept = deadline(day("2026-03-01"), twenty, CALENDAR, roll_weekends=False)

        assert [step.code for step in moved.steps][2:] == ["rolled", "ends"]
        assert "2026-10-08" in moved.steps[2].en
        assert [step.code for step in kept.steps][2:] == ["weekend_kept", "ends"]

    def test_records_rule_and_calendar_in_a_document_that_can_be_hashed(self) -> None:
        """What is stored beside a deadline is enough to repeat it."""
        over_new_year = deadline(day("2025-12-24"), TENDER.period("challenge"), CALENDAR)

        document = over_new_year.to_document()

        assert document["period"] == {
            "count": 7,
            "unit": "working_days",
            "rule": "procurement_tender@1/challenge",
            "source": "政府采购法 第52条;政府采购法实施条例 第53条",
            "unverified": False,
            "roll_weekends": True,
            "backward": False,
        }
        assert document["calendar_versions"] == [
            {"year": 2025, "version": 1, "unverified": False},
            {"year": 2026, "version": 1, "unverified": False},
        ]
        assert canonical_json(document)

    def test_says_when_a_figure_awaits_confirmation(self) -> None:
        """One unconfirmed figure makes the whole date unconfirmed."""
        confirmed = deadline(day("2026-09-29"), TENDER.period("challenge"), CALENDAR)
        from_memory = deadline(day("2026-09-28"), TENDER.period("publicity"), CALENDAR)

        assert (confirmed.unverified, from_memory.unverified) == (False, True)
