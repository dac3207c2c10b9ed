"""Lease, send, record: three steps, two transactions, none open while dialling.

Who may hear an event is judged when it is leased, which is when it is sent: who lost the right
since the fan-out gets nothing, and the log says so.

The row of the endpoint is the lock of what is counted for it: `lease` holds it before it counts,
and skips what another worker holds; `record` waits for it in the order of ids, and only where
something failed or had failed.  A success needs no lock but its own row: the statement that
finishes a delivery names the attempt and the lease, and changes nothing where they are no longer
the present ones.  A lease ends by itself, because `next_at` is its end.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events import queries as log
from marketplace.events.rules import hearing
from marketplace.events.rules.envelope import Visibility
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.webhooks.actions import batches, lines
from marketplace.webhooks.actions.batches import Share, Taken, Tried
from marketplace.webhooks.actions.endpoints import move_endpoint
from marketplace.webhooks.actions.fanout import said_of
from marketplace.webhooks.queries import workers
from marketplace.webhooks.queries.workers import Waiting
from marketplace.webhooks.rules import backoff, circuit, fairness, lifecycle, pacing
from marketplace.webhooks.rules.backoff import Schedule
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why
from marketplace.webhooks.rules.statements import PREFIX, DeliveryExhausted
from marketplace.webhooks.tables import Delivery, Endpoint

LEASE = dt.timedelta(seconds=60)
"""Four times what an attempt may take: time enough to record it on a busy day."""

GONE = 410
DETAIL_LENGTH_MAX = 200
RIGHT_LOST = "right_lost"
"""Why a delivery was withheld, in the log of its attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """An endpoint as the worker needs it; one for all deliveries of a lease."""

    endpoint_id: UUID
    url: str
    sealed_secrets: tuple[bytes, ...]
    """The present secret first, then the one before it while it still signs."""
    concurrency_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """All a worker needs to make one attempt without a session."""

    delivery_id: UUID
    token: UUID
    number: int
    """Which attempt this is, counted from 1."""
    message_id: str
    receiver: Receiver
    body: bytes

    @property
    def endpoint_id(self) -> UUID:
        """Whose it is."""
        return self.receiver.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one attempt."""

    delivery_id: UUID
    endpoint_id: UUID
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
    was_cut_off: bool = False
    """We hung up before the answer ended, so the next request costs a connection."""

    @property
    def is_success(self) -> bool:
        """Tell whether the receiver took it: any 2xx, and nothing else."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was taken at one time."""

    items: list[Leased] = field(default_factory=list)
    withheld: int = 0
    paced: bool = False
    """Something more is due that only the rate of its endpoint holds back."""


async def lease(
    session: WriteSession,
    *,
    limit: int,
    now: dt.datetime,
    token: UUID | None = None,
    windows: Mapping[UUID, int] | None = None,
    length: dt.timedelta = LEASE,
) -> Batch:
    """Take up to `limit` due deliveries for a while, from as many endpoints as have any.

    Shape    `token` names the worker; `windows` says for which endpoints it may hold more ready
             than may be under way.
    """
    waiting = await workers.endpoints_to_serve(session, now=now)
    if not waiting:
        return Batch()
    token, until = token or new_id(), now + length
    leased = await workers.in_flight(
        session, [one.id for one in waiting], token=token, now=now, until=until
    )
    shares, paced = _shares(waiting, leased, windows or {}, limit=limit, now=now)
    if not shares:
        return Batch(paced=paced)
    taken = await batches.take(session, shares, token=token, now=now, until=until)
    by_id = {one.id: one for one in waiting}
    served = [by_id[share.endpoint_id] for share in shares]
    await _note_served(session, waiting, served, taken, now=now)
    lost = await _lost(session, taken, served)
    if lost:
        await _withhold(session, lost, now=now)
        withheld = {one.id for one in lost}
        taken = [one for one in taken if one.id not in withheld]
    receivers = [_receiver(one, now) for one in served]
    items = [
        Leased(
            delivery_id=one.id,
            token=token,
            number=one.attempts,
            message_id=str(one.event_id),
            receiver=receivers[one.place],
            body=one.record,
        )
        for one in taken
    ]
    return Batch(items=items, withheld=len(lost), paced=paced)


def _shares(
    waiting: Sequence[Waiting],
    leased: Mapping[UUID, tuple[int, int]],
    windows: Mapping[UUID, int],
    *,
    limit: int,
    now: dt.datetime,
) -> tuple[list[Share], bool]:
    """Divide the limit among those who may take something; say whether only a rate holds back."""
    rooms, allowed = [], []
    for one in waiting:
        mine, others = leased.get(one.id, (0, 0))
        room = circuit.room_for(
            one.failures,
            mine=mine,
            others=others,
            concurrency=one.concurrency_max,
            window=windows.get(one.id, 0),
        )
        rate = one.rate_per_second
        rooms.append(min(room, limit))
        allowed.append(room if rate is None else pacing.allowed(rate, one.paced_until, now))
    found = fairness.shares([min(*pair) for pair in zip(rooms, allowed, strict=True)], limit)
    given = list(zip(waiting, found, rooms, allowed, strict=True))
    return (
        [
            Share(endpoint_id=one.id, room=share, ordered=one.ordered)
            for one, share, *_ in given
            if share
        ],
        any(share == most < room for _, share, room, most in given),
    )


async def _note_served(
    session: WriteSession,
    waiting: Sequence[Waiting],
    served: Sequence[Waiting],
    taken: Sequence[Taken],
    *,
    now: dt.datetime,
) -> None:
    """Note who was served, so that others are served before them, and what it takes of a rate."""
    counted = Counter(one.place for one in taken)
    paced = {
        one.id: pacing.paced_after(one.rate_per_second, one.paced_until, now, taken=counted[place])
        for place, one in enumerate(served)
        if one.rate_per_second is not None and counted[place]
    }
    await batches.note_served(session, [one.id for one in waiting], paced, now=now)


async def _lost(
    session: WriteSession, taken: Sequence[Taken], served: Sequence[Waiting]
) -> list[Taken]:
    """Find what its endpoint might hear when it was fanned out, and may not hear any more."""
    calls = {
        one.scenario_id
        for one in taken
        if one.visibility == Visibility.PARTICIPANTS and one.scenario_id
    }
    taking_part = await log.participants(session, calls)
    return [
        one
        for one in taken
        if one.visibility != Visibility.PUBLIC
        and not hearing.may_hear(served[one.place].hearer, said_of(one, taking_part))
    ]


async def _withhold(session: WriteSession, lost: Sequence[Taken], *, now: dt.datetime) -> None:
    rows = await workers.deliveries_held(session, [one.id for one in lost])
    for row in rows.values():
        row.state = DeliveryState(lifecycle.DELIVERY.check(row.state, "withhold").target)
        row.lease_token, row.finished_at = None, now
    await session.flush()
    await _let_next_go(session, rows.values(), now=now)
    told = [Tried(one.id, one.attempts, None, RIGHT_LOST, None, 0, b"", late=False) for one in lost]
    await batches.log(session, told, now=now)


def _receiver(one: Waiting, now: dt.datetime) -> Receiver:
    secrets = [one.sealed_secret]
    if one.sealed_secret_before and one.before_until and now < one.before_until:
        secrets.append(one.sealed_secret_before)
    return Receiver(
        endpoint_id=one.id,
        url=one.url,
        sealed_secrets=tuple(secrets),
        concurrency_max=one.concurrency_max,
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
    if not results:
        return 0
    failed = [one for one in results if not one.is_success]
    endpoints = await workers.endpoints_concerned(
        session, {one.endpoint_id for one in results}, {one.endpoint_id for one in failed}
    )
    heard = [(one.delivery_id, one.number, one.token) for one in results if one.is_success]
    done = await batches.succeed(session, heard, now=now) if heard else set()
    if done is None and not (failed or endpoints):
        # Everything arrived, in time, where nothing had failed before: nearly every batch.
        await batches.log(session, [_tried(one, late=False) for one in results], now=now)
        return len(results)
    counted = {(one, number) for one, number, _ in heard} if done is None else done
    rows = await workers.deliveries_held(session, [one.delivery_id for one in failed])
    for one in results:
        place = (one.delivery_id, one.number)
        if place in counted:
            if one.endpoint_id in endpoints:
                _close_circuit(endpoints[one.endpoint_id])
        elif not one.is_success and _is_present(rows[one.delivery_id], one):
            counted.add(place)
            row, endpoint = rows[one.delivery_id], endpoints[one.endpoint_id]
            row.lease_token = None
            await _fail(session, row, endpoint, one, now=now, schedule=schedule)
    await session.flush()
    await _let_next_go(session, rows.values(), now=now)
    tried = [_tried(one, late=(one.delivery_id, one.number) not in counted) for one in results]
    await batches.log(session, tried, now=now)
    return len(counted)


async def _let_next_go(
    session: WriteSession, rows: Iterable[Delivery], *, now: dt.datetime
) -> None:
    """Let go what waited for those of some deliveries that have ended."""
    ended = [row.id for row in rows if row.line_id and row.finished_at]
    if ended:
        await lines.let_next_go(session, ended, now=now)


def _is_present(row: Delivery, result: Result) -> bool:
    return (
        row.state is DeliveryState.PENDING
        and row.lease_token == result.token
        and row.attempts == result.number
    )


def _tried(result: Result, *, late: bool) -> Tried:
    return Tried(
        result.delivery_id,
        result.number,
        result.status,
        result.reason,
        result.detail[:DETAIL_LENGTH_MAX] or None,
        result.duration_ms,
        result.answer,
        late,
    )


def _close_circuit(endpoint: Endpoint) -> None:
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
