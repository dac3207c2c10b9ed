"""What has been kept for long enough, and how far back the delivery log goes."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from marketplace.kit.database import ReadSession, WriteSession
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint, Removal

REMOVAL_ID = 1

COUNTED_MAX = 10_000


async def over(session: ReadSession, *, before: dt.datetime, limit: int) -> dict[UUID, UUID]:
    """Name the deliveries that were finished longest ago, each with its endpoint."""
    found = await session.exec(
        select(Delivery.id, Delivery.endpoint_id)
        .where(col(Delivery.finished_at) < before)
        .order_by(col(Delivery.finished_at))
        .limit(limit)
    )
    return dict(found.all())


async def over_among(
    session: WriteSession, delivery_ids: Collection[UUID], *, before: dt.datetime
) -> list[UUID]:
    """Name those of some deliveries that are over; whoever asks holds their endpoints."""
    found = await session.exec(
        select(Delivery.id)
        .where(col(Delivery.id).in_(delivery_ids))
        .where(col(Delivery.finished_at) < before)
    )
    return list(found.all())


async def endpoints_free(session: WriteSession, endpoint_ids: Collection[UUID]) -> frozenset[UUID]:
    """Hold those of some endpoints that nobody else holds, and say which."""
    found = await session.exec(
        select(Endpoint.id)
        .where(col(Endpoint.id).in_(endpoint_ids))
        .order_by(col(Endpoint.id))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return frozenset(found.all())


async def old_attempts(session: ReadSession, *, before: dt.datetime, limit: int) -> list[UUID]:
    """Name the oldest attempts from before a moment; those of finished deliveries go with them."""
    found = await session.exec(
        select(Attempt.id).where(Attempt.at < before).order_by(col(Attempt.at)).limit(limit)
    )
    return list(found.all())


async def anything_over(session: ReadSession, *, before: dt.datetime) -> bool:
    """Tell whether there is a finished delivery or an attempt from before a moment."""
    if await over(session, before=before, limit=1):
        return True
    return bool(await old_attempts(session, before=before, limit=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is left of the delivery log, and what is not."""

    deliveries_removed: int
    attempts_removed: int
    removed_at: dt.datetime | None
    oldest_delivery_at: dt.datetime | None
    oldest_attempt_at: dt.datetime | None
    over: int
    """Finished deliveries whose time is over and which are still there, counted up to 10,000."""


async def kept(session: ReadSession, *, before: dt.datetime) -> Kept:
    """Say how far back the delivery log goes, and how much was removed."""
    removal = await session.get(Removal, REMOVAL_ID)
    # Ids sort by creation, so the first is the oldest.
    oldest = await session.exec(select(Delivery.created_at).order_by(col(Delivery.id)).limit(1))
    attempt = await session.exec(select(Attempt.at).order_by(col(Attempt.at)).limit(1))
    some = select(Delivery.id).where(col(Delivery.finished_at) < before).limit(COUNTED_MAX)
    left = await session.exec(select(func.count()).select_from(some.subquery()))
    return Kept(
        deliveries_removed=removal.deliveries if removal else 0,
        attempts_removed=removal.attempts if removal else 0,
        removed_at=removal.last_at if removal else None,
        oldest_delivery_at=oldest.first(),
        oldest_attempt_at=attempt.first(),
        over=left.one(),
    )
