"""What is told about an event: one document with one form."""

import datetime as dt
import hashlib
import json
from uuid import UUID

import pytest

from marketplace.events.rules.record import Record, owner_digest, record_bytes
from marketplace.kit.digests import NotCanonical


def a_record(**changes: object) -> Record:
    """A record about a published call."""
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
        "owner_sha256": "0" * 64,
    }
    return Record(**(values | changes))  # type: ignore[arg-type]  # as written above


def test_a_record_is_a_cloud_event_in_utc() -> None:
    """Required attributes of CloudEvents 1.0, Chinese unescaped, times in UTC."""
    body = record_bytes(a_record())
    document = json.loads(body)

    assert document["specversion"] == "1.0"
    assert document["time"] == "2026-03-02T01:00:00.000000Z"
    assert document["subject"] == f"scenario/{UUID(int=9)}"
    assert "榜".encode() in body
    extensions = set(document) - {"data"}
    assert all(name.islower() and name.isalnum() and len(name) <= 20 for name in extensions)


def test_the_same_event_gives_the_same_bytes() -> None:
    """The order in which data was built, and the zone of the clock, leave no trace."""
    later = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
    one = record_bytes(a_record(data={"a": 1, "b": 2}))
    other = record_bytes(a_record(data={"b": 2, "a": 1}, occurred_at=later))

    assert one == other


def test_a_float_never_gets_into_a_record() -> None:
    """What JSON could write in several ways has no place in bytes that are signed."""
    with pytest.raises(NotCanonical):
        record_bytes(a_record(data={"score": 0.1}))


def test_the_first_of_a_subject_follows_nothing_and_the_next_names_it() -> None:
    """The chain is in the bytes themselves: whoever holds two records can check it."""
    first = record_bytes(a_record())
    digest = hashlib.sha256(first).hexdigest()
    second = json.loads(record_bytes(a_record(sequence=4, previous_sha256=digest)))

    assert "previoushash" not in json.loads(first)
    assert second["previoushash"] == digest


def test_an_owner_is_committed_to_and_not_told() -> None:
    """Another owner, another call, another salt or a swapped pair give another digest."""
    one, two = UUID(int=1), UUID(int=2)
    ids = [(one, two, None), (two, one, None), (one, None, two), (None, one, two), (one, two, one)]
    digests = {
        owner_digest(salt, organization_id=a, scenario_id=b, organizer_id=c)
        for salt in (bytes(16), b"1" * 16)
        for a, b, c in ids
    }

    assert len(digests) == 2 * len(ids)
