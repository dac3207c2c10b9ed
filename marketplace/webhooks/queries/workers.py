"""What those ask who fan out and deliver: who may hear what, what is due, what is held."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, func
from sqlalchemy import select as select_columns
from sqlmodel import UTCDateTime, col, select

from marketplace.events.rules.hearing import Hearer
from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.ears import hearer_of
from marketplace.identity.tables.people import Member
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState
from marketplace.webhooks.tables import Delivery, Endpoint

ENDPOINTS_SERVED_AT_ONCE = 32


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


async def hold_ordered(session: WriteSession, listeners: Sequence[Listener]) -> set[UUID]:
    """Hold those that asked for order, and say which still do."""
    ids = [one.endpoint_id for one in listeners if one.ordered]
    if not ids:
        return set()
    connection = await session.connection()
    found = await connection.execute(
        select_columns(col(Endpoint.id), col(Endpoint.ordered))
        .where(col(Endpoint.id).in_(ids))
        .order_by(col(Endpoint.id))
        .with_for_update(key_share=True)
    )
    return {one for one, ordered in found if ordered}


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
    failed, and of those where something succeeded the ones that had failed or asked for order.
    """
    if not failed:
        connection = await session.connection()
        found = await connection.execute(_to_hold(), {"ids": list(heard)})
        failed = found.scalars().all()
        if not failed:
            return {}
    rows = await session.exec(
        select(Endpoint)
        .where(col(Endpoint.id).in_(heard))
        .where((col(Endpoint.failures) > 0) | Endpoint.ordered | col(Endpoint.id).in_(failed))
        .order_by(col(Endpoint.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows.all()}


@cache
def _to_hold() -> Any:
    return (
        select_columns(col(Endpoint.id))
        .where(col(Endpoint.id).in_(bindparam("ids", expanding=True)))
        .where((col(Endpoint.failures) > 0) | Endpoint.ordered)
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
    times = [max(due_at, rests_until or due_at) for due_at, rests_until in found.all() if due_at]
    return min(times, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is owed, over everybody."""

    due: int
    pending: int
    oldest_due_at: dt.datetime | None
    endpoints: dict[EndpointState, int]


async def backlog(session: ReadSession, *, now: dt.datetime) -> Backlog:
    """Count what is owed to endpoints that are called, and what of it could be sent now."""
    is_due = (col(Delivery.next_at) <= now) & (
        col(Endpoint.rests_until).is_(None) | (col(Endpoint.rests_until) <= now)
    )
    found = await session.exec(
        select(
            func.count(),
            func.sum(case((is_due, 1), else_=0)),
            func.min(case((is_due, col(Delivery.next_at)))),
        )
        .select_from(Delivery)
        .join(Endpoint, col(Endpoint.id) == col(Delivery.endpoint_id))
        .where(Endpoint.state == EndpointState.ACTIVE)
        .where(Delivery.state == DeliveryState.PENDING)
    )
    pending, due, oldest_due_at = found.one()
    states = await session.exec(select(Endpoint.state, func.count()).group_by(col(Endpoint.state)))
    return Backlog(
        due=int(due or 0),
        pending=pending,
        oldest_due_at=oldest_due_at,
        endpoints=dict.fromkeys(EndpointState, 0)
        | {EndpointState(state): number for state, number in states.all()},
    )


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
