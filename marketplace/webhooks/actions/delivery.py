"""Lease, send, record: three steps, two transactions, none open while dialling.

The row of the endpoint is the lock of its deliveries: `lease` and `record` hold it before they
touch them.  `lease` skips what another worker holds, `record` waits in the order of ids, so they
cannot deadlock.  A lease ends by itself, because `next_at` is its end; whoever comes too late finds
another token.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.webhooks import queries
from marketplace.webhooks.actions.endpoints import move_endpoint
from marketplace.webhooks.rules import backoff, circuit, lifecycle
from marketplace.webhooks.rules.backoff import Schedule
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why
from marketplace.webhooks.rules.statements import PREFIX, DeliveryExhausted
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint

LEASE = dt.timedelta(seconds=60)
"""Four times what an attempt may take: time enough to record it on a busy day."""

GONE = 410
DETAIL_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """All a worker needs to make one attempt without a session."""

    delivery_id: UUID
    token: UUID
    number: int
    """Which attempt this is, counted from 1."""
    message_id: str
    endpoint_id: UUID
    url: str
    sealed_secrets: tuple[bytes, ...]
    """The present secret first, then the one before it while it still signs."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attempt."""

    delivery_id: UUID
    token: UUID
    number: int
    duration_ms: int
    draw: float
    """Uniform in [0, 1]; decides the jitter of the wait that may follow."""
    status: int | None = None
    """The receiver's answer; None: there was none."""
    reason: str | None = None
    """Why there was no answer."""
    detail: str = ""
    retry_after: str | None = None
    """The header as it came."""
    answer: bytes = b""

    @property
    def is_success(self) -> bool:
        """Tell whether the receiver took it: any 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


async def lease(session: WriteSession, *, limit: int, now: dt.datetime) -> list[Leased]:
    """Take up to `limit` due deliveries for a minute, from as many endpoints as have any."""
    endpoints = await queries.endpoints_to_serve(session, now=now)
    deliveries = await queries.due(session, endpoints, limit=limit, now=now)
    by_id = {row.id: row for row in endpoints}
    for endpoint in endpoints:
        endpoint.served_at = now
    token = new_id()
    for row in deliveries:
        row.lease_token = token
        row.next_at = now + LEASE
        row.attempts += 1
    await session.flush()
    return [_leased(row, by_id[row.endpoint_id], token, now) for row in deliveries]


def _leased(row: Delivery, endpoint: Endpoint, token: UUID, now: dt.datetime) -> Leased:
    secrets = [endpoint.sealed_secret]
    if endpoint.sealed_secret_before and endpoint.before_until and now < endpoint.before_until:
        secrets.append(endpoint.sealed_secret_before)
    return Leased(
        delivery_id=row.id,
        token=token,
        number=row.attempts,
        message_id=str(row.event_id),
        endpoint_id=endpoint.id,
        url=endpoint.url,
        sealed_secrets=tuple(secrets),
        body=row.body,
    )


async def record(
    session: WriteSession,
    results: Sequence[Result],
    *,
    now: dt.datetime,
    schedule: Schedule = backoff.STANDARD,
) -> int:
    """Write down what came of attempts; say how many of them counted.

    Refuses  nothing: a result whose lease was lost is logged as late and changes nothing else.
    """
    endpoints, deliveries = await queries.held(session, [item.delivery_id for item in results])
    counted = 0
    for result in results:
        row = deliveries[result.delivery_id]
        in_time = row.lease_token == result.token and row.state is DeliveryState.PENDING
        session.add(_attempt(result, late=not in_time, now=now))
        if not in_time:
            continue
        counted += 1
        row.lease_token = None
        endpoint = endpoints[row.endpoint_id]
        if result.is_success:
            _succeed(row, endpoint, now=now)
        else:
            await _fail(session, row, endpoint, result, now=now, schedule=schedule)
    await session.flush()
    return counted


def _attempt(result: Result, *, late: bool, now: dt.datetime) -> Attempt:
    return Attempt(
        delivery_id=result.delivery_id,
        number=result.number,
        at=now,
        status=result.status,
        reason=result.reason,
        detail=result.detail[:DETAIL_LENGTH_MAX] or None,
        duration_ms=result.duration_ms,
        answer=result.answer,
        late=late,
    )


def _succeed(row: Delivery, endpoint: Endpoint, *, now: dt.datetime) -> None:
    row.state = DeliveryState(lifecycle.DELIVERY.check(row.state, "succeed").target)
    row.finished_at = now
    endpoint.failures = 0
    endpoint.failing_since = endpoint.rests_until = None


async def _fail(
    session: WriteSession,
    row: Delivery,
    endpoint: Endpoint,
    result: Result,
    *,
    now: dt.datetime,
    schedule: Schedule,
) -> None:
    row.failures += 1
    again_at = backoff.next_attempt(
        row.failures,
        now,
        draw=result.draw,
        retry_after=backoff.retry_after_of(result.retry_after, now),
        schedule=schedule,
    )
    if again_at is None:
        await _give_up(session, row, endpoint, now=now)
    else:
        row.next_at = again_at
    await _spare(session, endpoint, gone=result.status == GONE, now=now)


async def _give_up(
    session: WriteSession, row: Delivery, endpoint: Endpoint, *, now: dt.datetime
) -> None:
    row.state = DeliveryState(lifecycle.DELIVERY.check(row.state, "give_up").target)
    row.finished_at = now
    # Two dead endpoints of one organisation would otherwise tell each other about it for ever.
    if row.event_type.startswith(PREFIX):
        return
    said = DeliveryExhausted(
        webhook_endpoint_id=endpoint.id,
        delivery_id=row.id,
        event_id=row.event_id,
        attempts=row.attempts,
    )
    await events.record(
        session, said, by="system", now=now, organization_id=endpoint.organization_id
    )


async def _spare(
    session: WriteSession, endpoint: Endpoint, *, gone: bool, now: dt.datetime
) -> None:
    """Let a failing endpoint rest, and stop calling one that is gone or was long abandoned."""
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    rest = circuit.rest_after(endpoint.failures)
    if rest:
        endpoint.rests_until = now + rest
    if gone and endpoint.state is not EndpointState.DISABLED:
        await move_endpoint(session, endpoint, "disable", Why.GONE, by="system", now=now)
    elif endpoint.state is EndpointState.ACTIVE and circuit.is_abandoned(
        endpoint.failing_since, now
    ):
        await move_endpoint(session, endpoint, "pause", Why.FAILING, by="system", now=now)
