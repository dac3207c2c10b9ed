"""What was said: about one thing, or since a place in the log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select as select_columns
from sqlmodel import col, func, select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import LOG_ID, EventCheckpoint, EventLog, EventRow, EventSequence
from marketplace.kit.database import ReadSession, WriteSession

COUNTED_MAX = 10_000
INVITATION = "invitation"
LEFT = frozenset({"withdrawn", "lapsed"})
"""States of a bid in which its bidder no longer takes part."""


async def about(session: ReadSession, subject_id: UUID) -> Sequence[EventRow]:
    """List everything said about one thing, in its own order."""
    found = await session.exec(
        select(EventRow).where(EventRow.subject_id == subject_id).order_by(col(EventRow.sequence))
    )
    return found.all()


@dataclass(frozen=True, slots=True)
class News:
    """An event for which no deliveries were made yet, with what decides who may hear it."""

    position: int
    id: UUID
    type: str
    subject_id: UUID
    sequence: int
    visibility: Visibility
    organization_id: UUID | None
    organizer_id: UUID | None
    scenario_id: UUID | None


_NEWS = [col(getattr(EventRow, one)) for one in News.__dataclass_fields__]


async def unfanned(session: ReadSession, *, limit: int) -> list[News]:
    """List numbered events for which no deliveries were made yet, oldest first.

    The mark on the row decides, not a remembered number: a ping is marked before it has any.
    """
    connection = await session.connection()
    found = await connection.execute(
        select_columns(*_NEWS)
        .where(col(EventRow.fanned_out_at).is_(None))
        .where(col(EventRow.number).is_not(None))
        .order_by(col(EventRow.number))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [News(*row) for row in found]


async def waiting_for_fan_out(session: ReadSession) -> int:
    """Count the events without deliveries that are not sealed, up to 10,000."""
    some = (
        select(EventRow.id)
        .where(col(EventRow.fanned_out_at).is_(None))
        .where(EventRow.visibility != Visibility.SEALED)
        .limit(COUNTED_MAX)
    )
    found = await session.exec(select(func.count()).select_from(some.subquery()))
    return found.one()


async def description_of(session: ReadSession, scenario_id: UUID) -> tuple[UUID | None, str | None]:
    """Say who organises a call and which rules are pinned for it, as far as it was noted."""
    found = await session.exec(
        select(EventSequence.organizer_id, EventSequence.rule_profile).where(
            EventSequence.subject_id == scenario_id
        )
    )
    return found.first() or (None, None)


async def log_locked(session: WriteSession) -> EventLog | None:
    """Find and hold the one row that knows the last number; None before the first was given."""
    found = await session.exec(
        select(EventLog)
        .where(EventLog.id == LOG_ID)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.first()


async def last_number(session: ReadSession) -> int:
    """Say the last number that was given."""
    found = await session.exec(select(EventLog.last_number).where(EventLog.id == LOG_ID))
    return found.first() or 0


async def event(session: ReadSession, event_id: UUID) -> EventRow | None:
    """Find one event."""
    return (await session.exec(select(EventRow).where(EventRow.id == event_id))).first()


async def between(session: ReadSession, first: int, last: int) -> Sequence[EventRow]:
    """List the events from one number to another, in that order."""
    found = await session.exec(
        select(EventRow)
        .where(col(EventRow.number) >= first)
        .where(col(EventRow.number) <= last)
        .order_by(col(EventRow.number))
    )
    return found.all()


async def digests(session: ReadSession, first: int, last: int) -> Sequence[str]:
    """List the digests of the events from one number to another."""
    found = await session.exec(
        select(EventRow.sha256)
        .where(col(EventRow.number) >= first)
        .where(col(EventRow.number) <= last)
        .order_by(col(EventRow.number))
    )
    return found.all()


async def latest_checkpoint(session: ReadSession) -> EventCheckpoint | None:
    """Find the last checkpoint."""
    found = await session.exec(
        select(EventCheckpoint).order_by(col(EventCheckpoint.number).desc()).limit(1)
    )
    return found.first()


async def checkpoint_over(session: ReadSession, number: int) -> EventCheckpoint | None:
    """Find the checkpoint that vouches for the event of a number."""
    found = await session.exec(
        select(EventCheckpoint)
        .where(EventCheckpoint.first_event <= number)
        .where(EventCheckpoint.last_event >= number)
    )
    return found.first()


async def checkpoints_after(
    session: ReadSession, number: int, *, limit: int
) -> Sequence[EventCheckpoint]:
    """List checkpoints after one, oldest first."""
    found = await session.exec(
        select(EventCheckpoint)
        .where(EventCheckpoint.number > number)
        .order_by(col(EventCheckpoint.number))
        .limit(limit)
    )
    return found.all()


async def calls_told_of(session: ReadSession, organization_id: UUID) -> frozenset[UUID]:
    """Name the calls in which an organisation takes part, as far as the log tells."""
    found = await session.exec(
        select(EventRow.scenario_id)
        .where(EventRow.organization_id == organization_id)
        .where(col(EventRow.scenario_id).is_not(None))
        .distinct()
    )
    known = [one for one in found.all() if one is not None]
    taking_part = await participants(session, known)
    return frozenset(one for one in known if organization_id in taking_part.get(one, ()))


async def participants(
    session: ReadSession, scenario_ids: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """Name the organisations that take part in each call: those of which the log tells so.

    Whoever has an event of their own in a call takes part in it; the rooms that know why are above.
    Whoever took their bid back, or let it lapse, does not any more, and being asked to join a
    consortium is not taking part.
    """
    if not scenario_ids:
        return {}
    gone = await _gone(session, scenario_ids)
    found = await session.exec(
        select(EventRow.scenario_id, EventRow.organization_id)
        .where(col(EventRow.scenario_id).in_(scenario_ids))
        .where(col(EventRow.organization_id).is_not(None))
        .where(col(EventRow.subject_type) != INVITATION)
        .distinct()
    )
    taking_part: dict[UUID, set[UUID]] = {}
    for scenario_id, organization_id in found.all():
        assert scenario_id is not None and organization_id is not None
        if (scenario_id, organization_id) not in gone:
            taking_part.setdefault(scenario_id, set()).add(organization_id)
    return {scenario_id: frozenset(ids) for scenario_id, ids in taking_part.items()}


async def _gone(
    session: ReadSession, scenario_ids: Collection[UUID]
) -> frozenset[tuple[UUID | None, UUID | None]]:
    """Name who has left a call: the last that was said of a bid of theirs is that it is over."""
    found = await session.exec(
        select(EventRow)
        .where(col(EventRow.scenario_id).in_(scenario_ids))
        .where(EventRow.subject_type == "bid")
        .order_by(col(EventRow.position))
    )
    # A later bid of the same organisation overwrites an earlier one that was taken back.
    last = {(row.scenario_id, row.organization_id): row.data.get("state") for row in found.all()}
    return frozenset(place for place, state in last.items() if state in LEFT)
