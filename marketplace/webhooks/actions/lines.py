"""The order of a subject: of what is said of it, only the first that is owed may be taken.

What waits for the one before it has no `next_at`, so that whoever looks for what is due does not
walk over all that waits; it gets one when the one before it ends.  So that neither overlooks the
other, who ends deliveries and who makes them hold an endpoint that asked for order.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import UTCDateTime, col

from marketplace.events.tables import EventRow
from marketplace.kit.database import WriteSession
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Delivery


async def let_first_go(
    session: WriteSession, event_ids: Sequence[UUID], *, now: dt.datetime
) -> None:
    """Let go, of what was just made for some events, whatever is the first of its line."""
    connection = await session.connection()
    await connection.execute(_first_of_events(), {"ids": event_ids, "now": now})


@cache
def _first_of_events() -> Any:
    return (
        update(Delivery)
        .where(col(Delivery.event_id).in_(bindparam("ids", expanding=True)))
        .where(col(Delivery.state) == DeliveryState.PENDING)
        .where(col(Delivery.next_at).is_(None))
        .where(~_one_before())
        .values(next_at=bindparam("now", type_=UTCDateTime()))
    )


async def let_next_go(
    session: WriteSession, delivery_ids: Sequence[UUID], *, now: dt.datetime
) -> None:
    """Let go what waited for deliveries that have ended."""
    connection = await session.connection()
    await connection.execute(_next_in_line(), {"ids": delivery_ids, "now": now})


@cache
def _next_in_line() -> Any:
    ended, first = aliased(Delivery), aliased(Delivery)
    in_line = (
        select_columns(col(first.id))
        .where(col(first.endpoint_id) == col(ended.endpoint_id))
        .where(col(first.line_id) == col(ended.line_id))
        .where(col(first.line_id).is_not(None))
        .where(col(first.state) == DeliveryState.PENDING)
        .order_by(col(first.line_number))
        .limit(1)
        .scalar_subquery()
    )
    firsts = select_columns(in_line).where(col(ended.id).in_(bindparam("ids", expanding=True)))
    return (
        update(Delivery)
        .where(col(Delivery.id).in_(firsts))
        .where(col(Delivery.next_at).is_(None))
        .values(next_at=bindparam("now", type_=UTCDateTime()))
    )


async def put_in_line(
    session: WriteSession, endpoint_id: UUID, event_ids: Sequence[UUID] | None = None
) -> None:
    """Give what an endpoint is owed, of all events or of some, its place in its subject's order.

    The caller holds the endpoint.  What is under way is left alone.
    """
    connection = await session.connection()
    owed = (
        col(Delivery.endpoint_id) == endpoint_id,
        col(Delivery.state) == DeliveryState.PENDING,
    )
    line = (
        update(Delivery)
        .where(*owed)
        .where(col(EventRow.id) == col(Delivery.event_id))
        .values(line_id=col(EventRow.subject_id), line_number=col(EventRow.sequence))
    )
    wait = (
        update(Delivery)
        .where(*owed)
        .where(col(Delivery.lease_token).is_(None))
        .where(_one_before())
        .values(next_at=None)
    )
    for change in (line, wait):
        these = change if event_ids is None else change.where(col(Delivery.event_id).in_(event_ids))
        await connection.execute(these)


async def dissolve(session: WriteSession, endpoint_id: UUID, *, now: dt.datetime) -> None:
    """Let everything go that waits in a line; the caller holds the endpoint."""
    connection = await session.connection()
    await connection.execute(
        update(Delivery)
        .where(col(Delivery.endpoint_id) == endpoint_id)
        .where(col(Delivery.state) == DeliveryState.PENDING)
        .where(col(Delivery.next_at).is_(None))
        .values(next_at=now)
    )


def _one_before() -> Any:
    """Tell whether something of the same line, said earlier, is still owed."""
    before = aliased(Delivery)
    return (
        select_columns(col(before.id))
        .where(col(before.endpoint_id) == col(Delivery.endpoint_id))
        .where(col(before.line_id) == col(Delivery.line_id))
        .where(col(before.line_id).is_not(None))
        .where(col(before.state) == DeliveryState.PENDING)
        .where(col(before.line_number) < col(Delivery.line_number))
        .exists()
    )
