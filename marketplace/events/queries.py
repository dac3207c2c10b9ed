"""What was said: about one thing, or since a place in the log."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.kit.database import ReadSession


async def about(session: ReadSession, subject_id: UUID) -> Sequence[EventRow]:
    """List everything said about one thing, in its own order."""
    found = await session.exec(
        select(EventRow).where(EventRow.subject_id == subject_id).order_by(col(EventRow.sequence))
    )
    return found.all()


async def unfanned(session: ReadSession, *, limit: int) -> Sequence[EventRow]:
    """List events for which no deliveries were made yet, oldest first.

    The mark on the row decides, not a remembered position: on PostgreSQL an event with a lower
    position may be committed later than one with a higher.
    """
    found = await session.exec(
        select(EventRow)
        .where(col(EventRow.fanned_out_at).is_(None))
        .order_by(col(EventRow.position))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return found.all()
