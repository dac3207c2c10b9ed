"""Queued files are measured."""

import asyncio
import dataclasses
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError, Unavailable
from marketplace.scoring.actions import (
    leasing,
    scoring,
    working,
)
from marketplace.scoring.actions.scoring import Brought, Leased, Outcome
from marketplace.scoring.actions.values import Measure, Task
from marketplace.scoring.queries import work as queries
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules import work as pace

_log = structlog.get_logger("jiebang.scorer")
POLL_SECONDS = 0.2
"""How often a scorer that has nothing to do looks for work."""
REST_SECONDS_MAX = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Everything that measuring needs."""

    database: Database
    clock: Clock
    measure: Measure
    slots: int = 2
    """How many pieces of work are under way at a time."""
    poll_seconds: float = POLL_SECONDS
    patience: dt.timedelta = pace.LEASE
    """After how long without a sign of life another scorer takes the work."""
    beat_seconds: float | None = None
    """How often to give one; None: thrice in `patience`."""
    draw: Callable[[], float] = field(default=secrets.SystemRandom().random)
    rests: int = 0
    """How many seconds to rest for each that it took to record and to lease: a database gives way
    to nobody, whoever asks it.  What was leased is measured meanwhile.
    """
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Measure what is due until nothing is; say how many results counted.

        When `stopping` is set nothing new is taken, and what is under way is given back.
        """
        seconds = asyncio.get_running_loop().time
        held: set[UUID] = set()
        done: set[asyncio.Task[Brought]] = set()
        under_way: dict[asyncio.Task[Brought], Leased] = {}
        counted = 0
        async with self._beating(held):
            try:
                while True:
                    begun = seconds()
                    brought = [task.result() for task in done]
                    counted += await self.record(*brought)
                    held.difference_update(one.leased.token for one in brought)
                    if stopping is not None and stopping.is_set():
                        await self._give_back(under_way)
                        return counted
                    if len(under_way) < self.slots:
                        for leased in await self.take(self.slots - len(under_way)):
                            held.add(leased.token)
                            under_way[asyncio.create_task(self.bring(leased))] = leased
                    if not under_way:
                        return counted
                    if self.rests:
                        asked = seconds() - begun
                        await self.rest(min(self.rests * asked, REST_SECONDS_MAX))
                    done, _ = await asyncio.wait(
                        under_way,
                        timeout=self.poll_seconds,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    for task in done:
                        del under_way[task]
            finally:
                await _cancel(under_way)

    async def _give_back(self, under_way: Mapping[asyncio.Task[Brought], Leased]) -> None:
        """Let nobody wait for the end of a lease; that this was begun is no try."""
        await _cancel(under_way)
        for leased in under_way.values():
            async with self.database.writing() as session:
                now = await self.clock.decisive(session)
                await scoring.give_back(session, leased, now=now)

    async def work_on(self, *, stopping: asyncio.Event) -> None:
        """Measure until told to stop; a failed round is logged and does not end it."""
        while not stopping.is_set():
            try:
                await self.work(stopping=stopping)
            except Exception:
                _log.exception("scoring failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.poll_seconds)

    async def take(self, room: int) -> list[Leased]:
        """Lease what is due."""
        async with self.database.glancing() as reader:
            if not await queries.anything_open(reader):
                return []
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            return await leasing.lease(session, limit=room, now=now, patience=self.patience)

    async def bring(self, leased: Leased) -> Brought:
        """Measure what was leased, with no session open."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        outcomes = []
        for task in leased.tasks:
            outcome = await self._outcome(task)
            if outcome is None:
                break
            outcomes.append(outcome)
        return Brought(
            leased=leased,
            outcomes=tuple(outcomes),
            milliseconds=int((loop.time() - begun) * 1000),
            draw=self.draw(),
        )

    async def _outcome(self, task: Task) -> Outcome | None:
        """Measure one file; None when it is not the file's fault that there is nothing to tell."""
        told = Outcome(submission_id=task.submission_id, hidden_set_id=task.hidden_set_id)
        try:
            return dataclasses.replace(told, measured=await self.measure(task))
        except Unavailable:
            return None
        except MarketplaceError as refused:
            refusal = rules.failure(refused.code, dict(refused.facts))
            return dataclasses.replace(told, refusal=refusal)
        except Exception:
            _log.exception("measuring failed", submission_id=str(task.submission_id))
            return None

    async def record(self, *brought: Brought) -> int:
        """Write down what was found, of one criterion in one transaction; say how much counted."""
        counted = 0
        for together in scoring.of_one_place(brought):
            try:
                async with self.database.writing() as session:
                    now = await self.clock.decisive(session)
                    counted += await scoring.record(session, together, now=now)
            except Exception:
                if len(together) == 1:
                    raise
                # One that cannot be recorded must not cost the others a try.
                _log.exception("recording failed", files=len(together))
                told = await asyncio.gather(*map(self.record, together), return_exceptions=True)
                counted += sum(one for one in told if isinstance(one, int))
        return counted

    @asynccontextmanager
    async def _beating(self, held: set[UUID]) -> AsyncIterator[None]:
        """Renew what is held, for as long as it is."""
        beat = asyncio.create_task(self._beat(held))
        try:
            yield
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def _beat(self, held: set[UUID]) -> None:
        while True:
            await asyncio.sleep(self.beat_seconds or self.patience.total_seconds() / pace.BEATS)
            if not held:
                continue
            async with self.database.writing() as session:
                now = await self.clock.decisive(session)
                await working.renew(session, set(held), now=now, patience=self.patience)


async def _cancel(tasks: Collection[asyncio.Task[Brought]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
