"""Say it in the transaction that made it true; number it afterwards; vouch for it now and then."""

import datetime as dt
import os
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col

from marketplace.events import queries
from marketplace.events.rules import checkpoints, merkle
from marketplace.events.rules.checkpoints import Checkpoint
from marketplace.events.rules.envelope import Event
from marketplace.events.rules.record import SALT_BYTES, Record, owner_digest, record_bytes
from marketplace.events.tables import LOG_ID, EventCheckpoint, EventLog, EventRow, EventSequence
from marketplace.kit.database import WriteSession, announce
from marketplace.kit.digests import sha256_hex
from marketplace.kit.ids import new_id

NUMBERED_AT_ONCE = 5_000
FILL_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event stands among those of its subject, and what is known of its call."""

    sequence: int
    previous_sha256: str | None
    organizer_id: UUID | None
    rule_profile: str | None


async def record(
    session: WriteSession,
    event: Event,
    *,
    by: str,
    now: dt.datetime,
    organization_id: UUID | None = None,
    scenario_id: UUID | None = None,
) -> EventRow:
    """Write one event as the next of its subject, chained to the one before.

    Shape    `by` is the kind of actor; `organization_id` is whose event it is (may hear OWNER
             events), `scenario_id` the call it belongs to (its participants may hear PARTICIPANTS
             events).
    """
    # Whose bureau may hear it hangs on the call, also where its participants may not.
    call_id = scenario_id or getattr(event, "scenario_id", None)
    place = await _next_place(session, event.subject_id, call_id)
    event_id, salt = new_id(), os.urandom(SALT_BYTES)
    owner = owner_digest(
        salt,
        organization_id=organization_id,
        scenario_id=scenario_id,
        organizer_id=place.organizer_id,
    )
    written = record_bytes(
        Record(
            event_id=event_id,
            type=event.TYPE,
            schema_version=event.VERSION,
            subject_type=event.subject_type,
            subject_id=event.subject_id,
            sequence=place.sequence,
            occurred_at=now,
            visibility=event.VISIBILITY.value,
            actor=by,
            data=event.body(),
            owner_sha256=owner,
            previous_sha256=place.previous_sha256,
            rule_profile=place.rule_profile,
        )
    )
    row = EventRow(
        id=event_id,
        type=event.TYPE,
        schema_version=event.VERSION,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        sequence=place.sequence,
        visibility=event.VISIBILITY,
        organization_id=organization_id,
        scenario_id=scenario_id,
        organizer_id=place.organizer_id,
        actor=by,
        record=written,
        sha256=sha256_hex(written),
        previous_sha256=place.previous_sha256,
        owner_salt=salt,
        occurred_at=now,
    )
    session.add(row)
    announce(session)
    await session.flush()
    connection = await session.connection()
    await connection.execute(
        update(EventSequence)
        .where(col(EventSequence.subject_id) == event.subject_id)
        .values(last_sha256=row.sha256)
    )
    return row


async def describe_call(
    session: WriteSession,
    scenario_id: UUID,
    *,
    organizer_id: UUID,
    rule_profile: str | None = None,
) -> None:
    """Note who organises a call and which rules are pinned for it: every later event of the call
    says so.
    """
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    known = {"organizer_id": organizer_id, "rule_profile": rule_profile}
    noted = (
        insert(EventSequence)
        .values(subject_id=scenario_id, last=0, **known)
        .on_conflict_do_update(index_elements=["subject_id"], set_=known)
    )
    await (await session.connection()).execute(noted)


async def _next_place(session: WriteSession, subject_id: UUID, scenario_id: UUID | None) -> _Place:
    """Count the subject up by one; the row stays locked, so two events can never share a number."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    counted = (
        insert(EventSequence)
        .values(subject_id=subject_id, last=1)
        .on_conflict_do_update(
            index_elements=["subject_id"], set_={"last": col(EventSequence.last) + 1}
        )
        .returning(
            col(EventSequence.last),
            col(EventSequence.last_sha256),
            col(EventSequence.organizer_id),
            col(EventSequence.rule_profile),
        )
    )
    connection = await session.connection()
    place = _Place(*(await connection.execute(counted)).one())
    if scenario_id is None or scenario_id == subject_id:
        return place
    organizer_id, rule_profile = await queries.description_of(session, scenario_id)
    return _Place(place.sequence, place.previous_sha256, organizer_id, rule_profile)


_NUMBER = text(
    "UPDATE event SET number = given.number FROM ("
    " SELECT position, :last + ROW_NUMBER() OVER (ORDER BY position) AS number"
    " FROM event WHERE number IS NULL ORDER BY position LIMIT :limit"
    ") AS given WHERE event.position = given.position AND event.number IS NULL"
)


async def number_events(session: WriteSession, *, limit: int = NUMBERED_AT_ONCE) -> int:
    """Give numbers to committed events that have none, and say to how many.

    Whoever gives numbers waits for whoever is giving some: so a number is never given behind one
    that was already read.  An event that is committed late gets a late number and is not lost.
    Of one subject, the earlier event was committed before the later one took its place, and stands
    before it in the order of writing: so numbers follow the order of each subject.
    """
    log = await queries.log_locked(session)
    last = 0 if log is None else log.last_number
    if log is None:
        log = EventLog(id=LOG_ID, last_number=0)
        session.add(log)
    connection = await session.connection()
    done = (await connection.execute(_NUMBER, {"last": last, "limit": limit})).rowcount
    log.last_number = last + done
    await session.flush()
    return done


async def mark_fanned_out(
    session: WriteSession, positions: Collection[int], *, now: dt.datetime
) -> None:
    """Note that deliveries were made for events, so that they are made once."""
    connection = await session.connection()
    await connection.execute(
        update(EventRow).where(col(EventRow.position).in_(positions)).values(fanned_out_at=now)
    )


@dataclass(frozen=True, slots=True)
class Signature:
    """What was signed, by which key, and the signature."""

    content: bytes
    key_id: str
    signature: bytes


Sign = Callable[[dict[str, Any]], Awaitable[Signature]]
"""Writes a document canonically and signs it with the installation's present key."""


async def close_checkpoint(
    session: WriteSession, *, sign: Sign, now: dt.datetime
) -> EventCheckpoint | None:
    """Number what was committed and vouch for everything said since the last checkpoint.

    Shape    None when nothing was; at most EVENTS_MAX events, so ask again until it is None.
    """
    await number_events(session)
    log = await queries.log_locked(session)
    before = await queries.latest_checkpoint(session)
    first = 1 if before is None else before.last_event + 1
    if log is None or log.last_number < first:
        return None
    last = min(log.last_number, first + checkpoints.EVENTS_MAX - 1)
    fill_key = os.urandom(FILL_KEY_BYTES)
    said = await queries.digests(session, first, last)
    leaves = checkpoints.leaves_of(said, fill_key)
    document = Checkpoint(
        number=1 if before is None else before.number + 1,
        root_sha256=merkle.root_of(leaves).hex(),
        leaves=len(leaves),
        order_hmac=checkpoints.order_of(said, fill_key),
        previous_sha256=None if before is None else before.sha256,
        closed_at=now,
    )
    signed = await sign(document.document())
    row = EventCheckpoint(
        number=document.number,
        first_event=first,
        last_event=last,
        fill_key=fill_key,
        document=signed.content,
        sha256=sha256_hex(signed.content),
        key_id=signed.key_id,
        signature=signed.signature,
        closed_at=now,
    )
    session.add(row)
    await session.flush()
    return row
