"""Suspensions: which bar what at a moment, and which are not in the deadline yet."""

import datetime as dt
from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlmodel import col, or_, select

from marketplace.kit.database import ReadSession
from marketplace.scenarios.errors import Suspended, SuspensionUnknown
from marketplace.scenarios.rules.suspensions import Block, Order
from marketplace.scenarios.tables import Suspension


def order_of(row: Suspension) -> Order:
    """Read a suspension as time and scope see it."""
    return Order(
        blocks=frozenset(map(Block, row.blocks)),
        from_at=row.from_at,
        until_at=row.until_at,
        lifted_at=row.lifted_at,
    )


def blocks_of(rows: Iterable[Suspension]) -> frozenset[Block]:
    """Put together what suspensions bar."""
    return frozenset(Block(one) for row in rows for one in row.blocks)


async def suspension(session: ReadSession, scenario_id: UUID, suspension_id: UUID) -> Suspension:
    """Find one suspension of a call."""
    found = await session.exec(
        select(Suspension)
        .where(Suspension.id == suspension_id)
        .where(Suspension.scenario_id == scenario_id)
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise SuspensionUnknown(suspension_id=str(suspension_id))
    return row


async def suspensions_of(
    session: ReadSession, scenario_id: UUID, *, after: UUID, limit: int
) -> Sequence[Suspension]:
    """List the suspensions of a call, in the order in which they began."""
    found = await session.exec(
        select(Suspension)
        .where(Suspension.scenario_id == scenario_id)
        .where(col(Suspension.id) > after)
        .order_by(col(Suspension.id))
        .limit(limit)
    )
    return found.all()


async def in_force(
    session: ReadSession, scenario_id: UUID, *, now: dt.datetime
) -> Sequence[Suspension]:
    """List what bars moves of a call at a moment."""
    found = await session.exec(
        select(Suspension)
        .where(Suspension.scenario_id == scenario_id)
        .where(col(Suspension.lifted_at).is_(None))
        .where(or_(col(Suspension.until_at).is_(None), col(Suspension.until_at) > now))
        .order_by(col(Suspension.id))
        .execution_options(populate_existing=True)
    )
    return found.all()


async def refuse_if_barred(
    session: ReadSession, scenario_id: UUID, block: Block, *, now: dt.datetime
) -> None:
    """Refuse a move that a suspension bars; ask it with the call locked.

    A suspension is written under the same lock, so that none can slip in between.
    """
    for row in await in_force(session, scenario_id, now=now):
        if block in row.blocks:
            raise barred(row)


def barred(row: Suspension) -> Suspended:
    """Say which suspension bars a move."""
    return Suspended(
        suspension_id=str(row.id),
        cause=row.cause.value,
        since=row.from_at.isoformat(),
        until=None if row.until_at is None else row.until_at.isoformat(),
        blocks=sorted(row.blocks),
    )


async def uncounted(session: ReadSession, scenario_id: UUID) -> Sequence[Suspension]:
    """List the suspensions of a call whose time is not in its deadline."""
    found = await session.exec(
        select(Suspension)
        .where(Suspension.scenario_id == scenario_id)
        .where(col(Suspension.counted_at).is_(None))
        .order_by(col(Suspension.id))
        .execution_options(populate_existing=True)
    )
    return found.all()


async def ended(
    session: ReadSession, scenario_id: UUID, *, now: dt.datetime
) -> Sequence[Suspension]:
    """List the suspensions of a call that time has ended and nobody has written down."""
    found = await session.exec(
        select(Suspension)
        .where(Suspension.scenario_id == scenario_id)
        .where(col(Suspension.lifted_at).is_(None))
        .where(col(Suspension.until_at) <= now)
        .order_by(col(Suspension.id))
        .execution_options(populate_existing=True)
    )
    return found.all()
