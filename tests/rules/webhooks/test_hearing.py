"""Who may hear an event and who wants to; how a failing endpoint is spared; what a message says."""

import datetime as dt
import json
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.events.rules.envelope import Visibility
from marketplace.kit.digests import NotCanonical
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.webhooks.rules import circuit, hearing, lifecycle
from marketplace.webhooks.rules.hearing import Hearer, Said
from marketplace.webhooks.rules.messages import Message, body_of

OWNER, PARTICIPANT, STRANGER, BUREAU = (UUID(int=number) for number in range(1, 5))

WHO_HEARS = {
    Visibility.PUBLIC: {OWNER, PARTICIPANT, STRANGER, BUREAU},
    Visibility.PARTICIPANTS: {OWNER, PARTICIPANT, BUREAU},
    Visibility.OWNER: {OWNER, BUREAU},
    Visibility.INTERNAL: {BUREAU},
    Visibility.SEALED: {OWNER},
}


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("who", [OWNER, PARTICIPANT, STRANGER, BUREAU])
def test_visibility_decides_who_hears(visibility: Visibility, who: UUID) -> None:
    """The whole table, every kind of hearer against every visibility."""
    said = Said(visibility=visibility, organization_id=OWNER, participants=frozenset({PARTICIPANT}))
    hearer = Hearer(organization_id=who, hears_all=who == BUREAU)

    assert hearing.may_hear(hearer, said) == (who in WHO_HEARS[visibility])


@pytest.mark.parametrize("visibility", set(Visibility) - {Visibility.PUBLIC})
def test_what_belongs_to_nobody_is_told_to_no_stranger(visibility: Visibility) -> None:
    """An event without an owner does not match an organisation by accident."""
    said = Said(visibility=visibility, organization_id=None, participants=frozenset())

    assert not hearing.may_hear(Hearer(organization_id=STRANGER, hears_all=False), said)


@pytest.mark.parametrize(
    ("patterns", "event_type", "wanted"),
    [
        ([], "bid.submitted", True),
        (["bid.submitted"], "bid.submitted", True),
        (["bid.submitted"], "bid.submitted_late", False),
        (["bid.*"], "bid.submitted", True),
        (["bid.*"], "bids.opened", False),
        (["bid.*"], "bid", False),
        (["scenario.*", "bids.opened"], "bids.opened", True),
        (["webhook.endpoint.*"], "webhook.endpoint_moved", False),
    ],
)
def test_a_filter_takes_types_and_prefixes(
    patterns: list[str], event_type: str, wanted: bool
) -> None:
    """A prefix ends at a dot; nothing else is cut."""
    assert hearing.wants(patterns, event_type) is wanted


@pytest.mark.parametrize("text", ["bid.submitted", "bid.*", "a", "webhook.endpoint_moved", "a.b.*"])
def test_knows_what_can_stand_in_a_filter(text: str) -> None:
    """Types as they are written, and prefixes."""
    assert hearing.is_pattern(text)


@pytest.mark.parametrize(
    "text", ["", "*", ".*", "Bid.*", "bid.", "bid*", "bid.*.x", "bid..x", "榜", "a b", "a" * 65]
)
def test_knows_what_cannot_stand_in_a_filter(text: str) -> None:
    """Whatever could never match is refused when it is written, not noticed when nothing comes."""
    assert not hearing.is_pattern(text)


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
    room = circuit.room_for(failures, in_flight)

    assert 0 <= room <= circuit.IN_FLIGHT_MAX
    assert room + in_flight <= max(circuit.IN_FLIGHT_MAX, in_flight)


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


def a_message(**changes: object) -> Message:
    """A message about a published call."""
    values: dict[str, object] = {
        "event_id": UUID(int=7),
        "type": "scenario.published",
        "schema_version": 1,
        "subject_type": "scenario",
        "subject_id": UUID(int=9),
        "sequence": 3,
        "occurred_at": dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8))),
        "visibility": "public",
        "actor": "poster",
        "data": {"title": {"zh": "榜"}},
    }
    return Message(**(values | changes))  # type: ignore[arg-type]  # as written above


def test_a_message_is_a_cloud_event_in_utc() -> None:
    """Required attributes of CloudEvents 1.0, Chinese unescaped, times in UTC."""
    body = body_of(a_message())
    document = json.loads(body)

    assert document["specversion"] == "1.0"
    assert document["time"] == "2026-03-02T01:00:00.000Z"
    assert document["subject"] == f"scenario/{UUID(int=9)}"
    assert "榜".encode() in body
    extensions = set(document) - {"data"}
    assert all(name.islower() and name.isalnum() and len(name) <= 20 for name in extensions)


def test_the_same_event_gives_the_same_bytes() -> None:
    """The order in which data was built, and the zone of the clock, leave no trace."""
    later = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
    one = body_of(a_message(data={"a": 1, "b": 2}))
    other = body_of(a_message(data={"b": 2, "a": 1}, occurred_at=later))

    assert one == other


def test_a_float_never_gets_into_a_message() -> None:
    """What JSON could write in several ways has no place in bytes that are signed."""
    with pytest.raises(NotCanonical):
        body_of(a_message(data={"score": 0.1}))
