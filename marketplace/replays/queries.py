"""What the replay room can answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from marketplace.events import queries as events
from marketplace.events.rules.hearing import Hearer
from marketplace.events.tables import EventRow
from marketplace.feed.queries import log
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.replays.errors import ReplayNotFound
from marketplace.replays.rules.lifecycle import ReplayState
from marketplace.replays.tables import Replay
from marketplace.webhooks.rules.statements import Pinged
from marketplace.webhooks.tables import Endpoint


@dataclass(frozen=True, slots=True)
class Place:
    """One event that is heard again, and where it stands."""

    number: int
    event_id: UUID


async def replay(session: ReadSession, replay_id: UUID, *, organization_id: UUID) -> Replay:
    """Find a replay to one of an organisation's endpoints."""
    return await _owned(session, replay_id, organization_id, hold=False)


async def replay_locked(session: WriteSession, replay_id: UUID, *, organization_id: UUID) -> Replay:
    """Find a replay to one of an organisation's endpoints and hold it."""
    return await _owned(session, replay_id, organization_id, hold=True)


async def _owned(
    session: ReadSession, replay_id: UUID, organization_id: UUID, *, hold: bool
) -> Replay:
    statement = (
        select(Replay)
        .join(Endpoint, col(Endpoint.id) == col(Replay.endpoint_id))
        .where(Replay.id == replay_id)
        .where(Endpoint.organization_id == organization_id)
    )
    if hold:
        statement = statement.with_for_update(of=Replay)
    row = (await session.exec(statement)).first()
    if row is None:
        raise ReplayNotFound(replay_id=str(replay_id))
    return row


async def replays_of(
    session: ReadSession, endpoint_id: UUID, *, before: UUID, limit: int
) -> Sequence[Replay]:
    """List the replays of an endpoint, newest first, below the id `before` unless it is nil."""
    statement = select(Replay).where(Replay.endpoint_id == endpoint_id)
    if before.int:
        statement = statement.where(col(Replay.id) < before)
    return (await session.exec(statement.order_by(col(Replay.id).desc()).limit(limit))).all()


async def running_of(session: ReadSession, endpoint_id: UUID) -> int:
    """Count the running replays of an endpoint."""
    found = await session.exec(
        select(func.count())
        .select_from(Replay)
        .where(Replay.endpoint_id == endpoint_id)
        .where(Replay.state == ReplayState.RUNNING)
    )
    return found.one()


async def anything_running(session: ReadSession) -> bool:
    """Tell whether there is a replay to work on."""
    found = await session.exec(
        select(Replay.id).where(Replay.state == ReplayState.RUNNING).limit(1)
    )
    return found.first() is not None


async def next_to_work_on(session: WriteSession) -> Replay | None:
    """Find and hold the running replay that waited longest and that nobody else holds."""
    found = await session.exec(
        select(Replay)
        .where(Replay.state == ReplayState.RUNNING)
        .order_by(col(Replay.worked_at), col(Replay.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return found.first()


async def last_told(session: ReadSession) -> int:
    """Say up to where every event of the log has been fanned out: what stands behind it is told
    anyhow, and must not be told by a replay first.
    """
    found = await session.exec(
        select(func.min(EventRow.number)).where(col(EventRow.fanned_out_at).is_(None))
    )
    first_untold = found.one()
    return await events.last_number(session) if first_untold is None else first_untold - 1


async def to_hear(session: ReadSession, row: Replay, endpoint: Endpoint, hearer: Hearer) -> int:
    """Count what a replay has still to tell."""
    found = await session.exec(
        select(func.count())
        .select_from(EventRow)
        .where(*await _in_range(session, row, endpoint, hearer))
    )
    return found.one()


async def next_to_hear(
    session: ReadSession, row: Replay, endpoint: Endpoint, hearer: Hearer, *, limit: int
) -> list[Place]:
    """List what a replay tells next, in the order of the log."""
    found = await session.exec(
        select(EventRow.number, EventRow.id)
        .where(*await _in_range(session, row, endpoint, hearer))
        .order_by(col(EventRow.number))
        .limit(limit)
    )
    return [Place(number or 0, event_id) for number, event_id in found.all()]


async def _in_range(
    session: ReadSession, row: Replay, endpoint: Endpoint, hearer: Hearer
) -> list[ColumnElement[bool]]:
    """Say in SQL what is in the range, wanted, and may be heard at this moment."""
    number, occurred_at = col(EventRow.number), col(EventRow.occurred_at)
    conditions = [
        number > row.read_up_to,
        number <= row.last_number,
        await log.may_hear(session, hearer),
        *log.of_types(endpoint.event_types),
        *log.of_types(row.event_types),
        # A ping is for the endpoint that was pinged, then.
        col(EventRow.type) != Pinged.TYPE,
    ]
    if row.from_at is not None:
        conditions.append(occurred_at >= row.from_at)
    if row.to_at is not None:
        conditions.append(occurred_at < row.to_at)
    return conditions
