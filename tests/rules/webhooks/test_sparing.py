"""How a failing endpoint is spared, and which moves an endpoint makes."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.webhooks.rules import circuit, lifecycle


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 10_000))
def test_rests_grow_and_are_bounded(failures: int) -> None:
    """More failures never mean less rest, and never more than half an hour."""
    assert circuit.rest_after(failures) <= circuit.rest_after(failures + 1)
    assert circuit.rest_after(failures) <= dt.timedelta(minutes=30)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 100), st.integers(0, 100))
def test_room_is_never_negative_nor_beyond_the_most(failures: int, in_flight: int) -> None:
    """However much is under way already, room is what is left."""
    room = circuit.room_for(failures, mine=in_flight, others=0)

    assert 0 <= room <= circuit.CONCURRENCY_DEFAULT
    assert room + in_flight <= max(circuit.CONCURRENCY_DEFAULT, in_flight)


def test_an_endpoint_is_abandoned_after_five_days_to_the_second() -> None:
    """Four days and a bit is not five."""
    begun = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)

    assert not circuit.is_abandoned(begun, begun + dt.timedelta(days=5, seconds=-1))
    assert circuit.is_abandoned(begun, begun + dt.timedelta(days=5))


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("active", {"pause", "disable"}),
        ("paused", {"resume", "disable"}),
        ("disabled", {"resume"}),
    ],
)
def test_an_endpoint_makes_only_the_moves_of_its_table(state: str, verbs: set[str]) -> None:
    """Every other verb is refused with what would be possible."""
    assert lifecycle.ENDPOINT.verbs_from(state) == verbs
    for verb in {"pause", "resume", "disable", "register"} - verbs:
        with pytest.raises(MoveNotAllowed):
            lifecycle.ENDPOINT.check(state, verb)
