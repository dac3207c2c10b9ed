"""What ticks: new events become deliveries, due deliveries are sent.

One hand takes and records in batches, many send: a turn of the hand is one transaction, in which
what came back is written down and more is taken, and none is open while anybody dials.

Any number of processes may tick at the same time.  A worker that is stopped in the middle loses
nothing: what it had leased comes due again after a minute.
"""

import asyncio
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.events.rules.record import MEDIA_TYPE
from marketplace.kit.bell import Bell, wait_for
from marketplace.kit.clock import Clock, database_now
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Answer, Outbound
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.webhooks.actions import batches, fanout, retention
from marketplace.webhooks.actions import delivery as actions
from marketplace.webhooks.actions.delivery import LEASE, Batch, Leased, Receiver, Result
from marketplace.webhooks.actions.endpoints import secret_context
from marketplace.webhooks.actions.retention import Removed
from marketplace.webhooks.queries import keeping, workers
from marketplace.webhooks.rules import signing
from marketplace.webhooks.rules.backoff import STANDARD, Schedule
from marketplace.webhooks.rules.desk import Desk

LINGER_SECONDS = 0.02
"""How long the hand waits for more results once it has one, while others are under way."""
LINGER_BUSY_SECONDS = 0.1
"""The same while there is more on the desk to send: nobody waits for what the hand would take."""
BATCH = 512
"""So many results are not waited for any longer: a worker that dies has lost no more than these."""
SLOW_SECONDS = 1.0
"""A request that takes longer gives its slot to another one."""
SENDERS_MAX = 4
"""How many times its slots a worker may have requests under way, slow ones included."""
PATIENCE_SECONDS = 2.0
"""What is not begun for so long is given back: what its receiver may hear was judged before."""
PACED_SECONDS = 0.05

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
    lease: dt.timedelta = LEASE
    poll_seconds: float = 0.5
    """How often to look for new work while slow receivers are waited for."""
    bell: Bell = field(default_factory=Bell)
    """Rung when events got their numbers: who reads the feed need not wait."""
    due: Bell = field(default_factory=Bell)
    """Rung when deliveries may be due."""
    token: UUID = field(default_factory=new_id)
    """Names this worker in the leases it takes."""
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
        # Also without news: a message may have been sent again by hand, or an endpoint resumed.
        courier.due.ring()
        total += done
        if done < fanout.EVENTS_AT_ONCE:
            return total


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
            if not await workers.anything_unfanned(session):
                return total


async def deliver_all_due(
    courier: Courier, *, patience: dt.timedelta, wait: Wait | None = None
) -> Delivered:
    """Deliver, wait for the next retry, deliver again, while one comes due within `patience`."""
    total = Delivered()
    while True:
        total.add(await deliver(courier))
        async with courier.database.reading() as session:
            next_due = await workers.next_due(session)
            now = await courier.clock.decisive(session)
        if next_due is None or next_due - now > patience:
            return total
        await (wait or _sleep)(max(next_due - now, dt.timedelta(milliseconds=1)))


async def _sleep(time: dt.timedelta) -> None:
    await asyncio.sleep(time.total_seconds())


async def deliver(courier: Courier, *, stopping: asyncio.Event | None = None) -> Delivered:
    """Send what is due until nothing is, several at a time; a slow receiver delays nobody else.

    When `stopping` is set nothing new is begun, and what is under way is finished and recorded.
    """
    return await _Shift(courier, stopping or asyncio.Event()).work()


@dataclass(frozen=True, slots=True)
class _Item:
    """What was taken, with the keys that sign it and the moment from which it is given back."""

    leased: Leased
    keys: tuple[bytes, ...]
    begin_before: float


class _Shift:
    """The hand and its senders, from the first lease to the last record."""

    def __init__(self, courier: Courier, stopping: asyncio.Event) -> None:
        self._courier = courier
        self._stopping = stopping
        self._loop = asyncio.get_running_loop()
        self._desk = Desk[_Item](courier.slots)
        self._senders: set[asyncio.Task[None]] = set()
        self._begun: dict[int, float] = {}
        """When what is under way was begun, the oldest first."""
        self._results: list[Result] = []
        self._unsent: list[Leased] = []
        self._news = asyncio.Event()
        self._more = False
        """More may be due although nothing is under way."""
        self._delivered = Delivered()
        self._signing_base = 0.0
        """The database's time less the loop's: ours may be wrong."""
        self._rung = False
        self._broken: BaseException | None = None

    async def work(self) -> Delivered:
        """Take turns until nothing is due, under way or unrecorded."""
        listening = asyncio.create_task(self._listen())
        try:
            while True:
                await self._turn()
                self._call_senders()
                idle = not (self._senders or self._results or self._unsent)
                if idle and (not self._more or self._stopping.is_set()):
                    return self._delivered
                await self._wait()
        finally:
            running = [listening, *self._senders]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _turn(self) -> None:
        """Record what came back and take more, in one transaction."""
        courier = self._courier
        if self._stopping.is_set():
            self._unsent += [item.leased for item in self._desk.withdraw()]
        results, self._results = self._results, []
        unsent, self._unsent = self._unsent, []
        room = 0 if self._stopping.is_set() else self._desk.room(slow=self._slow())
        self._more = False
        if not (results or unsent or room):
            return
        asked_at = self._loop.time()
        taken = Batch()
        async with courier.database.writing() as session:
            now = await courier.clock.decisive(session)
            if not self._signing_base:
                # Receivers compare with real time: the database's, even in a story of another date.
                base = await database_now(session)
                self._signing_base = base.timestamp() - self._loop.time()
            counted = await actions.record(session, results, now=now, schedule=courier.schedule)
            if unsent:
                back = [(one.delivery_id, one.number) for one in unsent]
                await batches.give_back(session, back, token=courier.token, now=now)
            if room:
                taken = await actions.lease(
                    session,
                    limit=room,
                    now=now,
                    token=courier.token,
                    windows=self._desk.windows(),
                    length=courier.lease,
                )
        self._count(results, counted)
        self._more = taken.paced or taken.withheld > 0
        self._put(taken.items, asked_at + PATIENCE_SECONDS)

    def _count(self, results: list[Result], counted: int) -> None:
        succeeded = sum(result.is_success for result in results)
        self._delivered.succeeded += succeeded
        self._delivered.failed += len(results) - succeeded
        self._delivered.late += len(results) - counted

    def _put(self, taken: list[Leased], begin_before: float) -> None:
        """Lay what was taken on the desk, the secrets of each receiver opened once."""
        groups: dict[int, list[Leased]] = {}
        for one in taken:
            groups.setdefault(id(one.receiver), []).append(one)
        for items in groups.values():
            receiver = items[0].receiver
            try:
                keys = _keys(self._courier.keeper, receiver)
            except CannotUnseal as unreadable:
                self._results += [
                    _result(self._courier, one, 0, reason=unreadable.code) for one in items
                ]
                self._news.set()
                continue
            self._desk.put(
                receiver.endpoint_id,
                receiver.concurrency_max,
                [_Item(one, keys, begin_before) for one in items],
            )

    def _slow(self) -> int:
        """Count what has been under way for long: it keeps its connection, and no slot."""
        since = self._loop.time() - SLOW_SECONDS
        slow = 0
        for begun in self._begun.values():
            if begun > since:
                break
            slow += 1
        return min(slow, self._courier.slots * (SENDERS_MAX - 1))

    def _call_senders(self) -> None:
        """Let as many send as may, and raise what went wrong in one of them."""
        most = self._courier.slots + self._slow()
        for _ in range(min(self._desk.waiting, most - len(self._senders))):
            task = asyncio.create_task(self._send())
            self._senders.add(task)
            task.add_done_callback(self._sender_left)

    def _sender_left(self, task: asyncio.Task[None]) -> None:
        self._senders.discard(task)
        if not task.cancelled() and (broken := task.exception()) is not None:
            self._broken = broken
        self._news.set()

    async def _send(self) -> None:
        """Send one thing after the other while there is something that may be begun."""
        desk, begun, loop = self._desk, self._begun, self._loop
        while (item := desk.next()) is not None:
            leased = item.leased
            at = loop.time()
            if at > item.begin_before:
                self._unsent.append(leased)
                desk.end(leased.endpoint_id, well=False)
                continue
            begun[id(item)] = at
            try:
                result = await self._attempt(item, self._signing_base + at)
            finally:
                del begun[id(item)]
            desk.end(leased.endpoint_id, well=result.is_success and not result.was_cut_off)
            self._results.append(result)
            if len(self._results) == 1 or len(self._results) >= BATCH:
                self._news.set()

    async def _attempt(self, item: _Item, timestamp: float) -> Result:
        """Make one attempt, with no session open."""
        courier, leased = self._courier, item.leased
        headers = signing.headers_signed_with(
            item.keys, message_id=leased.message_id, timestamp=int(timestamp), body=leased.body
        )
        headers["content-type"] = MEDIA_TYPE
        heard = await courier.outbound.post(leased.receiver.url, headers=headers, body=leased.body)
        if isinstance(heard, Answer):
            return _result(
                courier,
                leased,
                heard.duration_ms,
                status=heard.status,
                retry_after=heard.headers.get("retry-after"),
                answer=heard.body,
                was_cut_off=heard.cut_off,
            )
        detail = heard.objection.value if heard.objection else heard.detail
        return _result(courier, leased, heard.duration_ms, reason=heard.reason.value, detail=detail)

    async def _wait(self) -> None:
        """Wait for a reason for another turn: results, room for what is due, or time."""
        if not (self._results or self._unsent or self._rung or self._broken):
            # Whoever left during the turn has been called back, if there is anything to send.
            self._news.clear()
        patience = PACED_SECONDS if self._more else self._courier.poll_seconds
        await wait_for(self._news, seconds=patience)
        if 0 < len(self._results) < BATCH and self._senders and not self._rung:
            self._news.clear()
            linger = LINGER_BUSY_SECONDS if self._desk.waiting else LINGER_SECONDS
            await wait_for(self._news, seconds=linger)
        self._rung = False
        self._news.clear()
        if self._broken is not None:
            raise self._broken

    async def _listen(self) -> None:
        """Hear when deliveries were made, so that a free hand takes them at once."""
        while True:
            await self._courier.due.next_ring.wait()
            self._rung = True
            self._news.set()


def _keys(keeper: Keeper, receiver: Receiver) -> tuple[bytes, ...]:
    """Open the secrets of a receiver.  Refuses  CannotUnseal, under another master key."""
    context = secret_context(receiver.endpoint_id)
    return tuple(
        signing.key_of(keeper.unseal(sealed, context=context).decode())
        for sealed in receiver.sealed_secrets
    )


def _result(courier: Courier, leased: Leased, duration_ms: int, **heard: Any) -> Result:
    """Say what came of an attempt; `heard` are the other fields of a Result."""
    return Result(
        delivery_id=leased.delivery_id,
        endpoint_id=leased.endpoint_id,
        token=leased.token,
        number=leased.number,
        duration_ms=duration_ms,
        draw=courier.draw(),
        **heard,
    )


async def remove_over(database: Database, clock: Clock, *, days: int) -> Removed:
    """Remove what is older than the delivery log is kept, batch by batch; say how much.

    Any number of processes may do this at once: they hold different endpoints, and what one leaves
    to another is asked for again with the next tick.
    """
    total = Removed()
    kept = dt.timedelta(days=days)
    async with database.reading() as session:
        if not await keeping.anything_over(session, before=clock.now() - kept):
            return total
    while True:
        async with database.writing() as session:
            now = await clock.decisive(session)
            before = now - kept
            removed = await retention.remove_over(session, before=before, now=now)
        if not removed.anything:
            return total
        total += removed
