"""What the owner of an endpoint can do with it."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules import hearing
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import addresses
from marketplace.kit.addresses import WHAT_WOULD_DO, Objection
from marketplace.kit.database import WriteSession, announce
from marketplace.kit.errors import Stale
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.webhooks.actions import lines
from marketplace.webhooks.errors import (
    EndpointDisabled,
    EventTypeUnusable,
    TargetRefused,
    TooManyEndpoints,
)
from marketplace.webhooks.queries import owners
from marketplace.webhooks.rules import lifecycle, signing
from marketplace.webhooks.rules.circuit import CONCURRENCY_DEFAULT
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why
from marketplace.webhooks.rules.statements import (
    EndpointMoved,
    EndpointRegistered,
    PaceSet,
    Pinged,
    SecretRotated,
)
from marketplace.webhooks.tables import Delivery, Endpoint

ENDPOINTS_MAX = 20
"""How many endpoints one organisation may have."""

ROTATION_OVERLAP = dt.timedelta(hours=24)
"""How long the old secret signs as well after a rotation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an endpoint wants to be called."""

    concurrency_max: int = CONCURRENCY_DEFAULT
    """How many requests may be under way at a time."""
    rate_per_second: int | None = None
    """None: as many as the endpoint takes."""
    ordered: bool = False
    """Whether what is said of one subject is sent one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Where an organisation wants to be called, and about what."""

    url: str
    event_types: tuple[str, ...] = ()
    """Types and `prefix.*` patterns; none: everything it may hear."""
    description: str = ""
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint at one of the two moments when its secret is known."""

    row: Endpoint
    secret: str


def secret_context(endpoint_id: UUID) -> str:
    """Name what a sealed secret is bound to, so that it opens for its own endpoint only."""
    return sealed_context(Endpoint, "sealed_secret", id=endpoint_id)


async def register_endpoint(
    session: WriteSession,
    actor: Actor,
    subscription: Subscription,
    *,
    keeper: Keeper,
    reach: addresses.Policy,
    entropy: bytes,
    now: dt.datetime,
) -> WithSecret:
    """Enter an address that the actor's organisation wants called; its secret is shown this once.

    Shape    `reach` says which addresses may be dialled; `entropy` is 24 to 64 random bytes.
    Refuses  TargetRefused for an address that is not dialled, EventTypeUnusable, TooManyEndpoints.
    """
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    target = addresses.target_of(subscription.url, reach)
    if isinstance(target, Objection):
        raise TargetRefused(objection=target.value, detail=WHAT_WOULD_DO[target])
    unusable = [text for text in subscription.event_types if not hearing.is_pattern(text)]
    if unusable:
        raise EventTypeUnusable(event_types=[text[:80] for text in unusable[:20]])
    if len(await owners.endpoints_of(session, actor.organization_id)) >= ENDPOINTS_MAX:
        raise TooManyEndpoints(most=ENDPOINTS_MAX)

    secret = signing.secret_of(entropy)
    endpoint_id = new_id()
    row = Endpoint(
        id=endpoint_id,
        organization_id=actor.organization_id,
        registered_by=None if actor.is_system else actor.person_id,
        hears_all=actor.may(Permission.EVENTS_READ_ALL),
        url=subscription.url,
        description=subscription.description,
        event_types=list(subscription.event_types),
        sealed_secret=keeper.seal(secret.encode(), context=secret_context(endpoint_id)),
        created_at=now,
        served_at=now,
        concurrency_max=subscription.pace.concurrency_max,
        rate_per_second=subscription.pace.rate_per_second,
        ordered=subscription.pace.ordered,
    )
    session.add(row)
    await session.flush()
    said = EndpointRegistered(
        webhook_endpoint_id=row.id, url=row.url, event_types=subscription.event_types
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return WithSecret(row, secret)


async def pause(
    session: WriteSession,
    actor: Actor,
    endpoint_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Endpoint:
    """Stop calling an endpoint; what it is owed is kept."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await _to_change(session, actor, endpoint_id, expected_version)
    await move_endpoint(session, row, "pause", Why.OWNER, by=actor.kind, now=now)
    return row


async def resume(
    session: WriteSession,
    actor: Actor,
    endpoint_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Endpoint:
    """Call an endpoint again; what it is owed goes out, its failures are forgotten."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await _to_change(session, actor, endpoint_id, expected_version)
    await move_endpoint(session, row, "resume", Why.OWNER, by=actor.kind, now=now)
    row.stopped_by = None
    row.failures = 0
    row.failing_since = row.rests_until = None
    return row


async def set_pace(
    session: WriteSession,
    actor: Actor,
    endpoint_id: UUID,
    pace: Pace,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Endpoint:
    """Change how an endpoint is called; what is under way is not touched."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await _to_change(session, actor, endpoint_id, expected_version)
    if pace.ordered and not row.ordered:
        await lines.put_in_line(session, row.id)
    elif row.ordered and not pace.ordered:
        await lines.dissolve(session, row.id, now=now)
    row.concurrency_max = pace.concurrency_max
    row.rate_per_second, row.paced_until = pace.rate_per_second, None
    row.ordered = pace.ordered
    row.version += 1
    said = PaceSet(
        webhook_endpoint_id=row.id,
        concurrency_max=pace.concurrency_max,
        rate_per_second=pace.rate_per_second,
        ordered=pace.ordered,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return row


async def rotate_secret(
    session: WriteSession,
    actor: Actor,
    endpoint_id: UUID,
    *,
    expected_version: int,
    keeper: Keeper,
    entropy: bytes,
    now: dt.datetime,
) -> WithSecret:
    """Give an endpoint a new secret; for a day both sign, so that the receiver can change over."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await _to_change(session, actor, endpoint_id, expected_version)
    secret = signing.secret_of(entropy)
    row.sealed_secret_before = row.sealed_secret
    row.before_until = now + ROTATION_OVERLAP
    row.sealed_secret = keeper.seal(secret.encode(), context=secret_context(row.id))
    row.version += 1
    said = SecretRotated(webhook_endpoint_id=row.id)
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return WithSecret(row, secret)


async def ping(
    session: WriteSession, actor: Actor, endpoint_id: UUID, *, now: dt.datetime
) -> Delivery:
    """Send a test message to one endpoint, through the same path as every other."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await owners.endpoint_locked(session, endpoint_id, organization_id=actor.organization_id)
    if row.state is EndpointState.DISABLED:
        raise EndpointDisabled(endpoint_id=str(row.id))
    said = Pinged(webhook_endpoint_id=row.id)
    event = await events.record(
        session, said, by=actor.kind, now=now, organization_id=row.organization_id
    )
    # Only this endpoint was asked to be pinged: the fan-out must not tell the others.
    event.fanned_out_at = now
    delivery = Delivery(
        event_id=event.id,
        endpoint_id=row.id,
        event_type=event.type,
        next_at=now,
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    return delivery


async def resend(
    session: WriteSession, actor: Actor, delivery_id: UUID, *, now: dt.datetime
) -> Delivery:
    """Start a finished delivery again from the beginning of its schedule, with the same bytes."""
    access.require(actor, Permission.WEBHOOKS_MANAGE)
    row = await owners.delivery(session, delivery_id, organization_id=actor.organization_id)
    endpoint = await owners.endpoint_locked(
        session, row.endpoint_id, organization_id=actor.organization_id
    )
    if endpoint.state is EndpointState.DISABLED:
        raise EndpointDisabled(endpoint_id=str(endpoint.id))
    # Read before the endpoint was held: a worker may have finished it, another hand resent it, or
    # it was removed because its time was over.
    session.expunge(row)
    row = await owners.delivery(session, delivery_id, organization_id=actor.organization_id)
    move = lifecycle.DELIVERY.check(row.state, "resend")
    row.state = DeliveryState(move.target)
    row.next_at = now
    row.failures = 0
    row.finished_at = None
    announce(session)
    await session.flush()
    return row


async def move_endpoint(
    session: WriteSession, row: Endpoint, verb: str, why: Why, *, by: str, now: dt.datetime
) -> None:
    """Make a move of the endpoint's state table and say so; the caller has checked who may."""
    move = lifecycle.ENDPOINT.check(row.state, verb)
    row.state = EndpointState(move.target)
    row.stopped_by = why
    row.version += 1
    said = EndpointMoved(webhook_endpoint_id=row.id, verb=verb, state=move.target, why=why.value)
    await events.record(session, said, by=by, now=now, organization_id=row.organization_id)


async def _to_change(
    session: WriteSession, actor: Actor, endpoint_id: UUID, expected_version: int
) -> Endpoint:
    row = await owners.endpoint_locked(session, endpoint_id, organization_id=actor.organization_id)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    return row
