"""What the webhook room can answer."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, func
from sqlalchemy import select as select_columns
from sqlmodel import UTCDateTime, col, select

from marketplace.events.queries import participants
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Hearer, Said, may_hear
from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.ears import hearer_of
from marketplace.identity.tables.people import Member
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.webhooks.errors import DeliveryNotFound, EndpointNotFound
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint, Removal

ENDPOINTS_SERVED_AT_ONCE = 32
REMOVAL_ID = 1
COUNTED_MAX = 10_000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An endpoint that is owed events, as far as the fan-out is concerned."""

    endpoint_id: UUID
    event_types: Sequence[str]
    ordered: bool
    hearer: Hearer


_WHO = (
    col(Endpoint.id),
    col(Endpoint.organization_id),
    col(Endpoint.registered_by),
    col(Endpoint.hears_all),
    col(Member.roles),
)
"""What decides what an endpoint may hear, in the order of `_hearer`."""


async def listeners(session: ReadSession) -> list[Listener]:
    """List every endpoint that is owed events, with what it may hear at this moment."""
    connection = await session.connection()
    found = await connection.execute(
        _with_member(select_columns(*_WHO, col(Endpoint.event_types), col(Endpoint.ordered)))
        .where(col(Endpoint.state) != EndpointState.DISABLED)
        .order_by(col(Endpoint.id))
    )
    return [
        Listener(endpoint_id=row[0], event_types=row[5], ordered=row[6], hearer=_hearer(*row[1:5]))
        for row in found
    ]


def _with_member(statement: Any) -> Any:
    """Join the registering person: their right to hear everything ends with their membership."""
    return statement.select_from(Endpoint).outerjoin(
        Member,
        (col(Member.organization_id) == col(Endpoint.organization_id))
        & (col(Member.person_id) == col(Endpoint.registered_by))
        & col(Member.left_at).is_(None),
    )


def _hearer(
    organization_id: UUID, registered_by: UUID | None, hears_all: bool, roles: list[str] | None
) -> Hearer:
    if not hears_all:
        return Hearer(organization_id=organization_id)
    if registered_by is None:
        return Hearer(organization_id=organization_id, hears_all=True)
    return hearer_of(organization_id, frozenset(Role(role) for role in roles or ()))


async def hearer_for(session: ReadSession, endpoint_id: UUID) -> Hearer:
    """Say what one endpoint may hear at this moment."""
    connection = await session.connection()
    found = await connection.execute(
        _with_member(select_columns(*_WHO)).where(col(Endpoint.id) == endpoint_id)
    )
    return _hearer(*found.one()[1:5])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An endpoint with something due, held; all that a worker has to know of it."""

    id: UUID
    hearer: Hearer
    url: str
    sealed_secret: bytes
    sealed_secret_before: bytes | None
    before_until: dt.datetime | None
    failures: int
    concurrency_max: int
    rate_per_second: int | None
    paced_until: dt.datetime | None
    ordered: bool


_SERVED = [name for name in Waiting.__dataclass_fields__ if name != "hearer"]


async def endpoints_to_serve(session: WriteSession, *, now: dt.datetime) -> list[Waiting]:
    """Find and hold the endpoints with something due, who waited longest first.

    An endpoint held by another worker is skipped, not waited for.
    """
    connection = await session.connection()
    found = await connection.execute(_to_serve(), {"now": now})
    return [
        Waiting(hearer=_hearer(*row[:4]), **dict(zip(_SERVED, row[4:], strict=True)))
        for row in found
    ]


@cache
def _to_serve() -> Any:
    """Write the statement once: it is asked in every turn of every worker."""
    now = bindparam("now", type_=UTCDateTime())
    something_due = (
        select(Delivery.id)
        .where(Delivery.endpoint_id == Endpoint.id)
        .where(Delivery.state == DeliveryState.PENDING)
        .where(Delivery.next_at <= now)
        .exists()
    )
    rests_until = col(Endpoint.rests_until)
    return (
        _with_member(select_columns(*_WHO[1:], *(col(getattr(Endpoint, name)) for name in _SERVED)))
        .where(col(Endpoint.state) == EndpointState.ACTIVE)
        .where(rests_until.is_(None) | (rests_until <= now))
        .where(something_due)
        .order_by(col(Endpoint.served_at), col(Endpoint.id))
        .limit(ENDPOINTS_SERVED_AT_ONCE)
        .with_for_update(of=Endpoint, skip_locked=True, key_share=True)
    )


async def in_flight(
    session: ReadSession,
    endpoint_ids: Sequence[UUID],
    *,
    token: UUID,
    now: dt.datetime,
    until: dt.datetime,
) -> dict[UUID, tuple[int, int]]:
    """Count what is leased of each endpoint: by the holder of a token, and by all others.

    Shape    a lease that was taken now would end at `until`: what ends later is none.
    """
    connection = await session.connection()
    found = await connection.execute(
        _in_flight(), {"ids": endpoint_ids, "token": token, "now": now, "until": until}
    )
    return {row[0]: (int(row[2]), row[1] - int(row[2])) for row in found}


@cache
def _in_flight() -> Any:
    due, token = col(Delivery.next_at), col(Delivery.lease_token)
    is_mine = case((token == bindparam("token", type_=Uuid()), 1), else_=0)
    return (
        select_columns(col(Delivery.endpoint_id), func.count(), func.sum(is_mine))
        .where(col(Delivery.endpoint_id).in_(bindparam("ids", expanding=True)))
        .where(col(Delivery.state) == DeliveryState.PENDING)
        .where(due > bindparam("now", type_=UTCDateTime()))
        .where(due <= bindparam("until", type_=UTCDateTime()))
        .where(token.is_not(None))
        .group_by(col(Delivery.endpoint_id))
    )


async def endpoints_concerned(
    session: WriteSession, heard: Collection[UUID], failed: Collection[UUID]
) -> dict[UUID, Endpoint]:
    """Hold, in the order of their ids, the endpoints on which results bear: those where something
    failed, and of those where something succeeded the ones that had failed before.
    """
    if not failed:
        connection = await session.connection()
        found = await connection.execute(_failing(), {"ids": list(heard)})
        failed = found.scalars().all()
        if not failed:
            return {}
    rows = await session.exec(
        select(Endpoint)
        .where(col(Endpoint.id).in_(heard))
        .where((col(Endpoint.failures) > 0) | col(Endpoint.id).in_(failed))
        .order_by(col(Endpoint.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows.all()}


@cache
def _failing() -> Any:
    return (
        select_columns(col(Endpoint.id))
        .where(col(Endpoint.id).in_(bindparam("ids", expanding=True)))
        .where(col(Endpoint.failures) > 0)
    )


async def deliveries_held(
    session: WriteSession, delivery_ids: Collection[UUID]
) -> dict[UUID, Delivery]:
    """Hold deliveries of endpoints that are held."""
    if not delivery_ids:
        return {}
    rows = await session.exec(
        select(Delivery)
        .where(col(Delivery.id).in_(delivery_ids))
        .order_by(col(Delivery.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows.all()}


async def anything_unfanned(session: ReadSession) -> bool:
    """Tell whether there are events for which no deliveries were made yet."""
    found = await session.exec(
        select(EventRow.id).where(col(EventRow.fanned_out_at).is_(None)).limit(1)
    )
    return found.first() is not None


async def next_due(session: ReadSession) -> dt.datetime | None:
    """Say when the next delivery may be taken, past or future; None if nothing is owed."""
    found = await session.exec(
        select(func.min(Delivery.next_at), Endpoint.rests_until)
        .join(Endpoint, col(Endpoint.id) == col(Delivery.endpoint_id))
        .where(Endpoint.state == EndpointState.ACTIVE)
        .where(Delivery.state == DeliveryState.PENDING)
        .group_by(col(Endpoint.id), col(Endpoint.rests_until))
    )
    times = [max(due_at, rests_until or due_at) for due_at, rests_until in found.all()]
    return min(times, default=None)


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
    hearer = await hearer_for(session, row.endpoint_id)
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


async def any_endpoint(session: ReadSession) -> bool:
    """Tell whether anybody ever asked to be called."""
    return (await session.exec(select(Endpoint.id).limit(1))).first() is not None


async def tally(session: ReadSession) -> tuple[int, int, int]:
    """Count what was delivered: events told at least once, deliveries, attempts made."""
    found = await session.exec(
        select(
            func.count(func.distinct(Delivery.event_id)),
            func.count(),
            func.coalesce(func.sum(Delivery.attempts), 0),
        ).where(Delivery.state == DeliveryState.DELIVERED)
    )
    events, delivered, attempts = found.one()
    return int(events), int(delivered), int(attempts)


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


async def endpoint_held(session: WriteSession, endpoint_id: UUID) -> Endpoint:
    """Hold an endpoint that is known to exist, and with it its deliveries."""
    statement = select(Endpoint).where(Endpoint.id == endpoint_id).with_for_update(key_share=True)
    return (await session.exec(statement)).one()


async def events_without_delivery(
    session: ReadSession, endpoint_id: UUID, event_ids: Collection[UUID]
) -> Sequence[EventRow]:
    """List those of some events for which an endpoint has no delivery, in the order of the log."""
    owed = (
        select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id)
        .where(col(Delivery.event_id) == col(EventRow.id))
        .exists()
    )
    found = await session.exec(
        select(EventRow)
        .where(col(EventRow.id).in_(event_ids))
        .where(~owed)
        .order_by(col(EventRow.number))
    )
    return found.all()


async def owed(session: ReadSession, endpoint_id: UUID, *, most: int) -> int:
    """Count what an endpoint is owed, up to a number."""
    some = (
        select(Delivery.id)
        .where(Delivery.endpoint_id == endpoint_id)
        .where(Delivery.state == DeliveryState.PENDING)
        .limit(most)
    )
    found = await session.exec(select(func.count()).select_from(some.subquery()))
    return found.one()
