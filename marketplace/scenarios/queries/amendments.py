"""Amendments: the one that waits for confirmation, and those that were made."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.kit.database import ReadSession
from marketplace.scenarios.errors import AmendmentUnknown
from marketplace.scenarios.rules.amendments import AmendmentState
from marketplace.scenarios.tables import Amendment


async def amendment(session: ReadSession, scenario_id: UUID, amendment_id: UUID) -> Amendment:
    """Find one amendment of a call."""
    found = await session.exec(
        select(Amendment)
        .where(Amendment.id == amendment_id)
        .where(Amendment.scenario_id == scenario_id)
    )
    row = found.first()
    if row is None:
        raise AmendmentUnknown(amendment_id=str(amendment_id))
    return row


async def waiting(session: ReadSession, scenario_id: UUID) -> Amendment | None:
    """Find the amendment of a call that waits for confirmation; there is one at most."""
    found = await session.exec(
        select(Amendment)
        .where(Amendment.scenario_id == scenario_id)
        .where(col(Amendment.open_mark).is_not(None))
        .execution_options(populate_existing=True)
    )
    return found.first()


async def amendments(
    session: ReadSession, scenario_id: UUID, *, from_inside: bool, after: UUID, limit: int
) -> Sequence[Amendment]:
    """List the amendments of a call: outside, those that became part of it."""
    statement = (
        select(Amendment)
        .where(Amendment.scenario_id == scenario_id)
        .where(col(Amendment.id) > after)
        .order_by(col(Amendment.id))
        .limit(limit)
    )
    if not from_inside:
        statement = statement.where(Amendment.state == AmendmentState.CONFIRMED)
    return (await session.exec(statement)).all()
