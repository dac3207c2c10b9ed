"""What is removed from the delivery log when its time is over; the events themselves stay for ever.

A delivery is over a while after it was finished, so what is still owed is never removed, however
old. Its endpoint is its lock here as everywhere: who is about to send it again keeps it.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col

from marketplace.kit.database import WriteSession
from marketplace.webhooks.queries import keeping
from marketplace.webhooks.tables import Attempt, Delivery, Removal

REMOVED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What one batch removed."""

    deliveries: int = 0
    attempts: int = 0

    @property
    def anything(self) -> bool:
        """Tell whether it is worth asking again."""
        return bool(self.deliveries or self.attempts)

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            deliveries=self.deliveries + other.deliveries,
            attempts=self.attempts + other.attempts,
        )


async def remove_over(
    session: WriteSession,
    *,
    before: dt.datetime,
    now: dt.datetime,
    limit: int = REMOVED_AT_ONCE,
) -> Removed:
    """Remove deliveries that were finished before a moment, with their attempts, and attempts from
    before it of whatever is still owed; at most `limit` of each.

    Shape    nothing where another process holds all of it: it will be asked again.
    """
    over = await keeping.over(session, before=before, limit=limit)
    free = await keeping.endpoints_free(session, set(over.values())) if over else frozenset()
    ids = [one for one, endpoint_id in over.items() if endpoint_id in free]
    removed = await _deliveries(session, ids, before=before) if ids else Removed()
    removed += await _attempts(session, before=before, limit=limit)
    if removed.anything:
        await _count(session, removed, now=now)
    return removed


async def _deliveries(session: WriteSession, ids: list[UUID], *, before: dt.datetime) -> Removed:
    connection = await session.connection()
    # Chosen before the endpoints were held: what was sent again since then is owed.
    still_over = await keeping.over_among(session, ids, before=before)
    attempts = await connection.execute(
        delete(Attempt).where(col(Attempt.delivery_id).in_(still_over))
    )
    deliveries = await connection.execute(delete(Delivery).where(col(Delivery.id).in_(still_over)))
    return Removed(deliveries=deliveries.rowcount, attempts=attempts.rowcount)


async def _attempts(session: WriteSession, *, before: dt.datetime, limit: int) -> Removed:
    old = await keeping.old_attempts(session, before=before, limit=limit)
    if not old:
        return Removed()
    connection = await session.connection()
    done = await connection.execute(delete(Attempt).where(col(Attempt.id).in_(old)))
    return Removed(attempts=done.rowcount)


async def _count(session: WriteSession, removed: Removed, *, now: dt.datetime) -> None:
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    counted = (
        insert(Removal)
        .values(
            id=keeping.REMOVAL_ID,
            deliveries=removed.deliveries,
            attempts=removed.attempts,
            last_at=now,
        )
        .on_conflict_do_update(
            index_elements=["id"],
            set_={
                "deliveries": col(Removal.deliveries) + removed.deliveries,
                "attempts": col(Removal.attempts) + removed.attempts,
                "last_at": now,
            },
        )
    )
    await (await session.connection()).execute(counted)
