"""What owners of endpoints can ask: their endpoints, and what was sent to them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select as select_columns
from sqlmodel import col, select

from marketplace.events.queries import participants
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Said, may_hear
from marketplace.events.tables import EventRow
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.webhooks.errors import DeliveryNotFound, EndpointNotFound
from marketplace.webhooks.queries import workers
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint


async def endpoint(session: ReadSession, endpoint_id: UUID, *, organization_id: UUID) -> Endpoint:
    """Find an endpoint of one organisation; anybody else's does not exist for it."""
    row = await session.get(Endpoint, endpoint_id)
    if row is None or row.organization_id != organization_id:
        raise EndpointNotFound(endpoint_id=str(endpoint_id))
    return row


async def endpoint_locked(
    session: WriteSession, endpoint_id: UUID, *, organization_id: UUID
) -> Endpoint:
    """Find an endpoint of one organisation and hold it, and with it its deliveries."""
    statement = select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update(key_share=True)
    row = (await session.exec(statement)).first()
    if row is None or row.organization_id != organization_id:
        raise EndpointNotFound(endpoint_id=str(endpoint_id))
    return row


async def endpoints_of(session: ReadSession, organization_id: UUID) -> Sequence[Endpoint]:
    """List the endpoints of an organisation, oldest first; there are few."""
    found = await session.exec(
        select(Endpoint)
        .where(Endpoint.organization_id == organization_id)
        .order_by(col(Endpoint.id))
    )
    return found.all()


async def deliveries_of(
    session: ReadSession,
    endpoint_id: UUID,
    *,
    state: DeliveryState | None,
    before: UUID,
    limit: int,
) -> Sequence[Delivery]:
    """List the deliveries of an endpoint, newest first, below the id `before` unless it is nil."""
    statement = select(Delivery).where(Delivery.endpoint_id == endpoint_id)
    if state is not None:
        statement = statement.where(Delivery.state == state)
    if before.int:
        statement = statement.where(col(Delivery.id) < before)
    return (await session.exec(statement.order_by(col(Delivery.id).desc()).limit(limit))).all()


async def delivery(session: ReadSession, delivery_id: UUID, *, organization_id: UUID) -> Delivery:
    """Find a delivery to one of an organisation's endpoints."""
    found = await session.exec(
        select(Delivery)
        .join(Endpoint, col(Endpoint.id) == col(Delivery.endpoint_id))
        .where(Delivery.id == delivery_id)
        .where(Endpoint.organization_id == organization_id)
    )
    row = found.first()
    if row is None:
        raise DeliveryNotFound(delivery_id=str(delivery_id))
    return row


async def body_of(session: ReadSession, row: Delivery) -> bytes | None:
    """Read the bytes that are sent; None: they were not sent, and its owner may not hear them."""
    connection = await session.connection()
    found = await connection.execute(
        select_columns(
            *(col(EventRow.record), col(EventRow.visibility), col(EventRow.organization_id)),
            *(col(EventRow.organizer_id), col(EventRow.scenario_id)),
        ).where(col(EventRow.id) == row.event_id)
    )
    record, visibility, organization_id, organizer_id, scenario_id = found.one()
    if row.state is DeliveryState.DELIVERED:
        return bytes(record)
    taking_part = await participants(session, {scenario_id} if scenario_id else set())
    said = Said(
        visibility=Visibility(visibility),
        organization_id=organization_id,
        organizer_id=organizer_id,
        participants=taking_part.get(scenario_id, frozenset()) if scenario_id else frozenset(),
    )
    hearer = await workers.hearer_for(session, row.endpoint_id)
    return bytes(record) if may_hear(hearer, said) else None


async def attempts_of(
    session: ReadSession, delivery_ids: Collection[UUID]
) -> dict[UUID, list[Attempt]]:
    """List the attempts of deliveries, each in order."""
    found = await session.exec(
        select(Attempt)
        .where(col(Attempt.delivery_id).in_(delivery_ids))
        .order_by(col(Attempt.delivery_id), col(Attempt.number))
    )
    made: dict[UUID, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
    for row in found.all():
        made[row.delivery_id].append(row)
    return made
