"""Suspensions: a stopped clock pushes a deadline out by what was stopped, and never twice."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.profiles.errors import AnchorWithoutZone, SuspensionBackwards
from marketplace.profiles.rules.suspensions import (
    Suspension,
    runs,
    shifted,
    stretches,
    suspended_days,
)

DEADLINE = dt.datetime(2026, 10, 14, 16, tzinfo=dt.UTC)
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def pause(start: int, end: int | None) -> Suspension:
    """A suspension between two hours, counted from the deadline."""
    until = None if end is None else DEADLINE + HOUR * end
    return Suspension(from_at=DEADLINE + HOUR * start, until_at=until)


CASES = {
    "none": ([], 0),
    "one in between": ([pause(-48, -24)], 24),
    "over the deadline": ([pause(-2, 10)], 12),
    "after the deadline": ([pause(1, 10)], 0),
    "from the deadline on": ([pause(0, 10)], 0),
    "two apart": ([pause(-48, -40), pause(-10, -5)], 13),
    "twice the same": ([pause(-48, -24), pause(-48, -24)], 24),
    "one inside another": ([pause(-48, -24), pause(-40, -30)], 24),
    "overlapping": ([pause(-48, -24), pause(-30, -20)], 28),
    "touching": ([pause(-48, -24), pause(-24, -20)], 28),
    "out of order": ([pause(-10, -5), pause(-48, -40)], 13),
    # The first moves the end past the beginning of the second, so the second counts as well.
    "one brings the next in": ([pause(-10, -5), pause(3, 6)], 8),
    "and no further": ([pause(-10, -5), pause(3, 6), pause(8, 9)], 8),
    "no length": ([pause(-5, -5)], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_moves_a_deadline_by_what_was_suspended_before_it(name: str) -> None:
    """Hours that were suspended before the end are given back, each of them once."""
    suspensions, hours = CASES[name]

    found = shifted(DEADLINE, suspensions, now=LATER)

    assert (found.at, found.by) == (DEADLINE + HOUR * hours, HOUR * hours)
    assert found.moved == bool(hours) == bool(found.steps)


class TestOpen:
    """A suspension that nobody has lifted yet."""

    def test_keeps_the_deadline_ahead_of_the_clock(self) -> None:
        """Six hours were left when it began, and six hours are left however long it lasts."""
        for lasting in (0, 1, 100, 10_000):
            now = DEADLINE - HOUR * 6 + HOUR * lasting

            assert shifted(DEADLINE, [pause(-6, None)], now=now).at - now == HOUR * 6

    def test_says_that_it_still_lasts(self) -> None:
        """The reader must know that the date is not the last word."""
        found = shifted(DEADLINE, [pause(-6, None)], now=DEADLINE)

        assert "尚未恢复" in found.steps[0].zh and "still lasting" in found.steps[0].en

    def test_does_not_count_before_it_begins(self) -> None:
        """One that is only announced moves nothing yet."""
        assert shifted(DEADLINE, [pause(-6, None)], now=DEADLINE - HOUR * 7).by == HOUR * 0

    def test_ends_with_a_longer_one_that_says_when(self) -> None:
        """Of two at once, the one that reaches further decides what is said."""
        (stretch,) = stretches([pause(-6, None), pause(-5, 48)], now=DEADLINE)

        assert (stretch.until_at, stretch.open) == (DEADLINE + HOUR * 48, False)


def test_leaves_out_what_lay_before_the_period() -> None:
    """A suspension that was over before the period began took nothing from it."""
    before, across = pause(-90, -80), pause(-75, -65)

    found = shifted(DEADLINE, [before, across], now=LATER, since=DEADLINE - HOUR * 70)

    assert found.by == HOUR * 5


def test_says_in_words_which_part_was_suspended() -> None:
    """From, to, how long and where the end is now, in Beijing time and both languages."""
    found = shifted(
        DEADLINE,
        [
            Suspension(
                from_at=dt.datetime(2026, 10, 9, 1, 30, tzinfo=dt.UTC),
                until_at=dt.datetime(2026, 10, 12, 4, tzinfo=dt.UTC),
            )
        ],
        now=LATER,
    )

    (step,) = found.steps
    assert step.code == "suspended"
    assert step.zh == (
        "2026-10-09 09:30 至 2026-10-12 12:00 中止,计 3天2小时30分,"
        "期限顺延至 2026-10-18 02:30(北京时间)。"
    )
    assert "Suspended from 2026-10-09 09:30 to 2026-10-12 12:00: 3 d 2 h 30 min" in step.en
    assert [day.isoformat() for day in step.days] == [
        f"2026-10-{number:02}" for number in range(9, 13)
    ]
    assert found.to_document()["by_seconds"] == 3 * 86_400 + 9_000


def test_a_day_is_suspended_if_any_moment_of_it_was() -> None:
    """An end at 24:00 does not touch the next day; a minute more does."""
    midnight = dt.datetime(2026, 10, 9, 16, tzinfo=dt.UTC)
    to_midnight = Suspension(from_at=midnight - HOUR, until_at=midnight)
    beyond = Suspension(from_at=midnight - HOUR, until_at=midnight + dt.timedelta(minutes=1))

    assert suspended_days([to_midnight], now=LATER) == {dt.date(2026, 10, 9)}
    assert suspended_days([beyond], now=LATER) == {dt.date(2026, 10, 9), dt.date(2026, 10, 10)}


def test_refuses_what_is_no_stretch_of_time() -> None:
    """Backwards, or without a zone."""
    with pytest.raises(SuspensionBackwards):
        pause(2, 1)
    with pytest.raises(AnchorWithoutZone):
        Suspension(from_at=dt.datetime.fromisoformat("2026-10-09T12:00"))


hours = st.integers(-300, 300)
pauses = st.lists(
    st.tuples(hours, st.integers(0, 100)).map(lambda pair: pause(pair[0], pair[0] + pair[1])),
    max_size=6,
)
quick = settings(deadline=None, max_examples=200)


def running(until: dt.datetime, suspensions: list[Suspension]) -> int:
    """Count, hour by hour, the time that was not suspended before a moment."""
    start = DEADLINE - HOUR * 400
    moments = [start + HOUR * number for number in range(int((until - start) / HOUR))]
    stopped = [(one.from_at, one.until_at) for one in suspensions]
    return sum(
        not any(first <= moment < (last or LATER) for first, last in stopped) for moment in moments
    )


@quick
@given(pauses)
def test_as_much_time_has_run_as_without_any(suspensions: list[Suspension]) -> None:
    """Counted independently: up to the moved end, the clock ran for the whole period."""
    found = shifted(DEADLINE, suspensions, now=LATER)

    assert running(found.at, suspensions) == running(DEADLINE, [])


@quick
@given(pauses, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(suspensions: list[Suspension], random: object) -> None:
    """The same suspensions, shuffled and told twice, give the same answer in the same words."""
    again = [*suspensions, *suspensions]
    random.shuffle(again)  # type: ignore[attr-defined]

    assert shifted(DEADLINE, again, now=LATER) == shifted(DEADLINE, suspensions, now=LATER)


@quick
@given(pauses, pauses, st.integers(0, 50))
def test_more_suspension_or_a_later_deadline_never_ends_sooner(
    some: list[Suspension], more: list[Suspension], later: int
) -> None:
    """The shift is monotone in both."""
    at = shifted(DEADLINE, some, now=LATER).at

    assert at >= DEADLINE
    assert shifted(DEADLINE, [*some, *more], now=LATER).at >= at
    assert shifted(DEADLINE + HOUR * later, some, now=LATER).at >= at


@quick
@given(st.sets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 3, 1))))
def test_runs_hold_every_day_once_and_have_no_gaps(days: set[dt.date]) -> None:
    """Splitting into runs loses nothing, and two runs never touch."""
    found = runs(days)

    assert [day for run in found for day in run] == sorted(days)
    assert all(run[-1] - run[0] == DAY * (len(run) - 1) for run in found)
    assert all(second[0] - first[-1] > DAY for first, second in itertools.pairwise(found))
