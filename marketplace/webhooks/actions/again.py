"""Owe an endpoint events once more, whatever has become of their deliveries."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from marketplace.kit.database import WriteSession
from marketplace.webhooks.actions import batches, lines
from marketplace.webhooks.actions.batches import Owed
from marketplace.webhooks.queries import workers
from marketplace.webhooks.rules import lifecycle
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Delivery, Endpoint

FINISHED = tuple(
    state for state in DeliveryState if "resend" in lifecycle.DELIVERY.verbs_from(state)
)


async def owe_again(
    session: WriteSession, endpoint: Endpoint, event_ids: Sequence[UUID], *, now: dt.datetime
) -> None:
    """Start finished deliveries again, make those that are missing, and leave alone what is owed.

    The caller holds the endpoint, so that nobody records or removes any of them meanwhile, and has
    judged that the events may be heard and were fanned out: else the fan-out would find its own
    deliveries made already.
    """
    if not event_ids:
        return
    connection = await session.connection()
    await connection.execute(
        update(Delivery)
        .where(col(Delivery.endpoint_id) == endpoint.id)
        .where(col(Delivery.event_id).in_(event_ids))
        .where(col(Delivery.state).in_(FINISHED))
        .values(state=DeliveryState.PENDING, next_at=now, failures=0, finished_at=None)
    )
    missing = await workers.events_without_delivery(session, endpoint.id, event_ids)
    owed = (Owed(event.id, endpoint.id, event.type, None, None) for event in missing)
    await batches.owe(session, owed, now=now)
    if endpoint.ordered:
        await lines.put_in_line(session, endpoint.id, event_ids)
