"""What ticks: new events become deliveries, due deliveries are sent.

Any number of processes may tick at the same time.  A worker that is stopped in the middle loses
nothing: what it had leased comes due again after a minute.
"""

import asyncio
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from marketplace.events.rules.record import MEDIA_TYPE
from marketplace.kit.bell import Bell
from marketplace.kit.clock import Clock, database_now
from marketplace.kit.database import Database
from marketplace.kit.outbound import Answer, Outbound
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.webhooks import queries
from marketplace.webhooks.actions import delivery as actions
from marketplace.webhooks.actions import fanout, retention
from marketplace.webhooks.actions.delivery import Leased, Result
from marketplace.webhooks.actions.endpoints import secret_context
from marketplace.webhooks.actions.retention import Removed
from marketplace.webhooks.rules import signing
from marketplace.webhooks.rules.backoff import STANDARD, Schedule

LINGER_SECONDS = 0.01

Wait = Callable[[dt.timedelta], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Everything a delivery needs."""

    database: Database
    outbound: Outbound
    keeper: Keeper
    clock: Clock
    schedule: Schedule = STANDARD
    slots: int = 64
    """How many attempts are under way at a time."""
    poll_seconds: float = 0.5
    """How often to look for new work while slow receivers are waited for."""
    bell: Bell = field(default_factory=Bell)
    """Rung when events got their numbers: who reads the feed need not wait."""
    draw: Callable[[], float] = field(default=secrets.SystemRandom().random)


@dataclass(slots=True)
class Delivered:
    """Counts what a tick did."""

    succeeded: int = 0
    failed: int = 0
    late: int = 0

    @property
    def attempts(self) -> int:
        """How many requests were made."""
        return self.succeeded + self.failed

    def add(self, tick: "Delivered") -> None:
        """Count another tick as well."""
        self.succeeded += tick.succeeded
        self.failed += tick.failed
        self.late += tick.late


async def fan_out(courier: Courier) -> int:
    """Number all new events and make their deliveries; say how many events were told."""
    total = 0
    while True:
        async with courier.database.writing() as session:
            now = await courier.clock.decisive(session)
            done = await fanout.fan_out(session, now=now)
        if done:
            courier.bell.ring()
        total += done
        if done < fanout.EVENTS_AT_ONCE:
            return total


async def deliver(courier: Courier, *, stopping: asyncio.Event | None = None) -> Delivered:
    """Send what is due until nothing is, several at a time; a slow receiver holds up one slot.

    When `stopping` is set nothing new is taken, and what is under way is finished and recorded.
    """
    delivered = Delivered()
    under_way: set[asyncio.Task[Result]] = set()
    try:
        while True:
            if stopping is None or not stopping.is_set():
                under_way |= await _take(courier, courier.slots - len(under_way))
            if not under_way:
                return delivered
            done, under_way = await asyncio.wait(
                under_way, timeout=courier.poll_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                # Those that come in at almost the same time share one transaction.
                await asyncio.sleep(LINGER_SECONDS)
                done |= {task for task in under_way if task.done()}
                under_way -= done
                await _record(courier, [task.result() for task in done], delivered)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def deliver_until_idle(
    courier: Courier,
    *,
    patience: dt.timedelta = dt.timedelta(seconds=30),
    wait: Wait | None = None,
) -> Delivered:
    """Fan out and deliver until nothing more comes due within `patience`.

    With a clock that is moved by hand, give a `wait` that moves it; otherwise real time passes.
    """
    total = Delivered()
    while True:
        await fan_out(courier)
        total.add(await deliver_all_due(courier, patience=patience, wait=wait))
        async with courier.database.reading() as session:
            if not await queries.anything_unfanned(session):
                return total


async def deliver_all_due(
    courier: Courier, *, patience: dt.timedelta, wait: Wait | None = None
) -> Delivered:
    """Deliver, wait for the next retry, deliver again, while one comes due within `patience`."""
    total = Delivered()
    while True:
        total.add(await deliver(courier))
        async with courier.database.reading() as session:
            next_due = await queries.next_due(session)
            now = await courier.clock.decisive(session)
        if next_due is None or next_due - now > patience:
            return total
        await (wait or _sleep)(max(next_due - now, dt.timedelta(milliseconds=1)))


async def _sleep(time: dt.timedelta) -> None:
    await asyncio.sleep(time.total_seconds())


async def _take(courier: Courier, room: int) -> set[asyncio.Task[Result]]:
    if room <= 0:
        return set()
    loop = asyncio.get_running_loop()
    async with courier.database.writing() as session:
        now = await courier.clock.decisive(session)
        leased = await actions.lease(session, limit=room, now=now)
        # Receivers compare with real time: the database's, even when a story has another date.
        signing_base = await database_now(session) - dt.timedelta(seconds=loop.time())
    return {asyncio.create_task(_send(courier, item, signing_base)) for item in leased}


async def _send(courier: Courier, leased: Leased, signing_base: dt.datetime) -> Result:
    """Make one attempt, with no session open."""
    loop = asyncio.get_running_loop()
    context = secret_context(leased.endpoint_id)
    try:
        keys = [
            courier.keeper.unseal(sealed, context=context).decode()
            for sealed in leased.sealed_secrets
        ]
    except CannotUnseal as unreadable:
        return _result(courier, leased, 0, reason=unreadable.code)
    at = signing_base + dt.timedelta(seconds=loop.time())
    headers = signing.signed_headers(
        keys, message_id=leased.message_id, at=at, body=leased.body
    ) | {"content-type": MEDIA_TYPE}
    heard = await courier.outbound.post(leased.url, headers=headers, body=leased.body)
    if isinstance(heard, Answer):
        return _result(
            courier,
            leased,
            heard.duration_ms,
            status=heard.status,
            retry_after=heard.headers.get("retry-after"),
            answer=heard.body,
        )
    detail = heard.objection.value if heard.objection else heard.detail
    return _result(courier, leased, heard.duration_ms, reason=heard.reason.value, detail=detail)


def _result(
    courier: Courier,
    leased: Leased,
    duration_ms: int,
    *,
    status: int | None = None,
    reason: str | None = None,
    detail: str = "",
    retry_after: str | None = None,
    answer: bytes = b"",
) -> Result:
    return Result(
        delivery_id=leased.delivery_id,
        token=leased.token,
        number=leased.number,
        duration_ms=duration_ms,
        draw=courier.draw(),
        status=status,
        reason=reason,
        detail=detail,
        retry_after=retry_after,
        answer=answer,
    )


async def _record(courier: Courier, results: list[Result], delivered: Delivered) -> None:
    async with courier.database.writing() as session:
        now = await courier.clock.decisive(session)
        counted = await actions.record(session, results, now=now, schedule=courier.schedule)
    succeeded = sum(result.is_success for result in results)
    delivered.succeeded += succeeded
    delivered.failed += len(results) - succeeded
    delivered.late += len(results) - counted


async def remove_over(database: Database, clock: Clock, *, days: int) -> Removed:
    """Remove what is older than the delivery log is kept, batch by batch; say how much.

    Any number of processes may do this at once: they hold different endpoints, and what one leaves
    to another is asked for again with the next tick.
    """
    total = Removed()
    kept = dt.timedelta(days=days)
    async with database.reading() as session:
        if not await queries.anything_over(session, before=clock.now() - kept):
            return total
    while True:
        async with database.writing() as session:
            now = await clock.decisive(session)
            before = now - kept
            removed = await retention.remove_over(session, before=before, now=now)
        if not removed.anything:
            return total
        total += removed
