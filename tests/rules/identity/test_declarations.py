"""F18: the day that a policy names decides which declaration counts."""

import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.identity.errors.organizations import DeclaredAhead
from marketplace.identity.rules.declarations import (
    Declared,
    check_not_ahead,
    in_force,
    startup_on,
)

EARLY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
LATE = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
FOUNDED, GROWN = dt.date(2025, 1, 1), dt.date(2026, 6, 1)
APPLIED, PAID = dt.date(2026, 3, 2), dt.date(2026, 9, 1)
HISTORY = (
    Declared(value=True, since=FOUNDED, recorded_at=EARLY),
    Declared(value=False, since=GROWN, recorded_at=LATE),
)

days = st.dates(dt.date(2025, 1, 1), dt.date(2025, 1, 20))
moments = st.integers(0, 500).map(lambda hours: EARLY + dt.timedelta(hours=hours))
histories = st.lists(
    st.builds(Declared, value=st.integers(), since=days, recorded_at=moments), max_size=6
)


def test_two_policies_give_one_claim_two_answers() -> None:
    """A policy as of the application finds a startup, one as of the payment does not."""
    assert startup_on(HISTORY, APPLIED) is True
    assert startup_on(HISTORY, PAID) is False


@pytest.mark.parametrize(
    ("on", "is_startup"),
    [
        (FOUNDED - dt.timedelta(days=1), False),
        (FOUNDED, True),
        (GROWN - dt.timedelta(days=1), True),
        (GROWN, False),
    ],
)
def test_a_declaration_counts_from_its_day(on: dt.date, is_startup: bool) -> None:
    """The first day counts, the day before does not; before the first nothing was declared."""
    assert startup_on(HISTORY, on) is is_startup


def test_the_order_of_entry_does_not_matter() -> None:
    """A history is sorted by what it says, not by how it was read."""
    for history in itertools.permutations(HISTORY):
        assert startup_on(history, PAID) is False


def test_a_correction_of_a_day_wins_over_what_it_corrects() -> None:
    """Of two statements about one day the later one counts."""
    corrected = Declared(value=False, since=FOUNDED, recorded_at=LATE)

    assert startup_on((corrected, HISTORY[0]), APPLIED) is False


def test_a_decision_is_judged_by_what_it_could_know() -> None:
    """A statement that was made afterwards about an earlier day is left out on request."""
    corrected = Declared(value=False, since=FOUNDED, recorded_at=LATE)

    assert startup_on((*HISTORY, corrected), APPLIED, known_at=EARLY) is True
    assert startup_on((*HISTORY, corrected), APPLIED, known_at=LATE) is False


@settings(deadline=None, max_examples=200)
@given(histories, days)
def test_the_entry_in_force_is_the_latest_that_has_begun(
    history: list[Declared[int]], on: dt.date
) -> None:
    """None began later and is in force; and there is one exactly if one has begun."""
    found = in_force(history, on)
    begun = [one for one in history if one.since <= on]

    assert (found is None) == (not begun)
    if found is not None:
        assert found in begun
        assert all(
            (one.since, one.recorded_at) <= (found.since, found.recorded_at) for one in begun
        )


def test_tomorrow_cannot_be_declared() -> None:
    """Today can."""
    check_not_ahead(APPLIED, APPLIED)
    with pytest.raises(DeclaredAhead):
        check_not_ahead(APPLIED + dt.timedelta(days=1), APPLIED)
