"""Say it in the transaction that made it true."""

import datetime as dt
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col

from marketplace.events.rules.envelope import Event
from marketplace.events.tables import EventRow, EventSequence
from marketplace.kit.database import WriteSession


async def record(
    session: WriteSession,
    event: Event,
    *,
    by: str,
    now: dt.datetime,
    organization_id: UUID | None = None,
    scenario_id: UUID | None = None,
) -> EventRow:
    """Write one event as the next of its subject.

    Shape    `by` is the kind of actor; `organization_id` is whose event it is (may hear OWNER
    events),
             `scenario_id` the call it belongs to (its participants may hear PARTICIPANTS events).
    """
    row = EventRow(
        type=event.TYPE,
        schema_version=event.VERSION,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        sequence=await _next_sequence(session, event.subject_id),
        visibility=event.VISIBILITY,
        organization_id=organization_id,
        scenario_id=scenario_id,
        actor=by,
        data=event.body(),
        occurred_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def _next_sequence(session: WriteSession, subject_id: UUID) -> int:
    """Count the subject up by one; the row stays locked, so two events can never share a number."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    counted = (
        insert(EventSequence)
        .values(subject_id=subject_id, last=1)
        .on_conflict_do_update(
            index_elements=["subject_id"], set_={"last": col(EventSequence.last) + 1}
        )
        .returning(col(EventSequence.last))
    )
    connection = await session.connection()
    return int((await connection.execute(counted)).scalar_one())
