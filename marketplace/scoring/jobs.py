"""What ticks: endpoints are asked, queued files are measured, boards lose the teams whose bid is
out, prices that nobody explained end, and every ranking is told how sure it is.

Any number of processes may do this at the same time.  A process that is killed loses nothing: what
it had leased comes due again when the lease runs out.
"""

import asyncio
import dataclasses
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from marketplace.identity.rules import access
from marketplace.kit import shelves
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError, Unavailable
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions import (
    boards,
    certainty,
    leasing,
    prices,
    running,
    scoring,
    submitting,
    working,
)
from marketplace.scoring.actions.conducting import SHELF, Conductor
from marketplace.scoring.actions.running import LeasedCalls
from marketplace.scoring.actions.scoring import Brought, Leased, Outcome
from marketplace.scoring.actions.values import Measure, Task
from marketplace.scoring.queries import certainty as certainties
from marketplace.scoring.queries import inference, standings, submissions, votes
from marketplace.scoring.queries import work as queries
from marketplace.scoring.rules import submissions as rules
from marketplace.scoring.rules import work as pace

_log = structlog.get_logger("jiebang.scorer")
FILES_AT_ONCE = 200
SWEEPS_EVERY = dt.timedelta(hours=1)
SWEPT_AFTER = dt.timedelta(hours=2)
"""A row comes within an hour of its file, or never."""
CALLS_POLL_SECONDS = 1.0
"""How often it is looked whether somebody else can be asked."""
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
        under_way: set[asyncio.Task[Brought]] = set()
        counted = 0
        async with self._beating(held):
            try:
                while True:
                    begun = seconds()
                    brought = [task.result() for task in done]
                    counted += await self.record(*brought)
                    held.difference_update(one.leased.token for one in brought)
                    stop = stopping is not None and stopping.is_set()
                    if not stop and len(under_way) < self.slots:
                        for leased in await self.take(self.slots - len(under_way)):
                            held.add(leased.token)
                            under_way.add(asyncio.create_task(self.bring(leased)))
                    if not under_way:
                        return counted
                    if self.rests:
                        asked = seconds() - begun
                        await self.rest(min(self.rests * asked, REST_SECONDS_MAX))
                    done, under_way = await asyncio.wait(
                        under_way,
                        timeout=self.poll_seconds,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
            finally:
                for task in under_way:
                    task.cancel()
                await asyncio.gather(*under_way, return_exceptions=True)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Has endpoints asked, so many at a time, beside whoever measures files."""

    conductor: Conductor
    keeper: Keeper
    slots: int = 4
    poll_seconds: float = CALLS_POLL_SECONDS
    beat_seconds: float | None = None
    """How often to give a sign of life; None: thrice in the patience of the conductor."""
    draw: Callable[[], float] = field(default=secrets.SystemRandom().random)

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Ask whom is due until nobody is; say how many submissions came to an end.

        When `stopping` is set nobody new is asked, and what is under way is kept and given back.
        """
        stops: dict[UUID, asyncio.Event] = {}
        under_way: set[asyncio.Task[bool]] = set()
        counted = 0
        beat = asyncio.create_task(self._beat(stops))
        try:
            while True:
                stop = stopping is not None and stopping.is_set()
                for one in stops.values() if stop else ():
                    one.set()
                if not stop and len(under_way) < self.slots:
                    for leased in await self.take(self.slots - len(under_way)):
                        stops[leased.token] = asyncio.Event()
                        under_way.add(asyncio.create_task(self._one(leased, stops)))
                if not under_way:
                    return counted
                done, under_way = await asyncio.wait(
                    under_way, timeout=self.poll_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                counted += sum(task.result() for task in done)
        finally:
            for task in (*under_way, beat):
                task.cancel()
            await asyncio.gather(*under_way, beat, return_exceptions=True)

    async def work_on(self, *, stopping: asyncio.Event) -> None:
        """Ask until told to stop; a failed round is logged and does not end it."""
        while not stopping.is_set():
            try:
                await self.work(stopping=stopping)
            except Exception:
                _log.exception("calling failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.poll_seconds)

    async def take(self, room: int) -> list[LeasedCalls]:
        """Lease what is due."""
        database, clock = self.conductor.database, self.conductor.clock
        async with database.reading() as reader:
            # Calls last for hours: what is under way must not have us ask for the lock all along.
            now = await clock.decisive(reader)
            if not await queries.anything_due(reader, pace.CALLED, now=now):
                return []
        async with database.writing() as session:
            return await running.lease(
                session,
                limit=room,
                keeper=self.keeper,
                now=await clock.decisive(session),
                patience=self.conductor.patience,
            )

    async def _one(self, leased: LeasedCalls, stops: dict[UUID, asyncio.Event]) -> bool:
        try:
            return await self.conductor.conduct(leased, stop=stops[leased.token], draw=self.draw())
        finally:
            del stops[leased.token]

    async def _beat(self, stops: dict[UUID, asyncio.Event]) -> None:
        """Renew what is held; stop calling for what is not, because it was cancelled."""
        patience = self.conductor.patience
        while True:
            await asyncio.sleep(self.beat_seconds or patience.total_seconds() / pace.BEATS)
            held = set(stops)
            if not held:
                continue
            async with self.conductor.database.writing() as session:
                now = await self.conductor.clock.decisive(session)
                still = await working.renew(session, held, now=now, patience=patience)
            for token in held - still:
                if token in stops:
                    stops[token].set()


@dataclass(slots=True, kw_only=True)
class AnswerSweeper:
    """Removes answers of runs that were cancelled or lost, and what a crash has left."""

    database: Database
    storage: Storage
    wall: Clock
    """The real time, in which files are named."""
    due_at: dt.datetime = field(default=dt.datetime.min.replace(tzinfo=dt.UTC))

    async def work(self) -> int:
        """Sweep, now and then; say how many files that were."""
        shelf = self.storage.within(SHELF)
        async with self.database.reading() as reader:
            found = await inference.left_over(reader, limit=FILES_AT_ONCE)
        if found:
            async with self.database.writing() as session:
                await running.forget(session, [row.id for row in found])
        for row in found:
            await shelf.discard(row.file_name)
        if self.wall.now() < self.due_at:
            return len(found)
        self.due_at = self.wall.now() + SWEEPS_EVERY
        before = self.wall.now() - SWEPT_AFTER
        return len(found) + await shelves.sweep(shelf, self._known, before=before)

    async def _known(self, names: Sequence[str]) -> frozenset[str]:
        async with self.database.reading() as reader:
            return await inference.known_files(reader, names)


async def tidy_files(database: Database, storage: Storage, clock: Clock) -> int:
    """Remove the files of submissions that ended without a value; say how many."""
    async with database.reading() as reader:
        names = await submissions.files_for_nothing(reader, limit=FILES_AT_ONCE)
    for name in names:
        await storage.discard(name)
    if names:
        async with database.writing() as session:
            await submitting.note_removed(session, names, now=clock.now())
    return len(names)


async def tidy_boards(database: Database, clock: Clock) -> int:
    """Take teams off the boards whose bid is out; say how many places that were."""
    async with database.reading() as reader:
        if not await standings.left_behind(reader, limit=1):
            return 0
    async with database.writing() as session:
        return await boards.take_off(session, now=clock.now())


@dataclass(slots=True, kw_only=True)
class Statistician:
    """Looks at one round after the other, with no session open while it thinks."""

    database: Database
    clock: Clock
    passed_over: set[UUID] = field(default_factory=set)
    """Rounds that this process could not work out: one of them must not hold up the others."""

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Look at rounds until none is left; say how many there were."""
        done = 0
        while stopping is None or not stopping.is_set():
            async with self.database.reading() as session:
                row = await certainties.round_without_certainty(
                    session, passed_over=self.passed_over
                )
            if row is None:
                break
            try:
                statement = await asyncio.to_thread(certainty.statement_of, row.sheet)
            except Exception:
                # A round is kept for ever; if nothing can be said of it, somebody must be told.
                _log.exception("certainty not computed", round_id=str(row.id))
                self.passed_over.add(row.id)
                continue
            async with self.database.writing() as session:
                await certainty.keep(session, row.id, statement, now=self.clock.now())
            done += 1
        return done


async def close_overdue_explanations(database: Database, clock: Clock) -> int:
    """Put out every bid whose time to explain its price ran out, and look at the others anew.

    One transaction for each call; whatever keeps one from being settled is raised after the others
    had their turn.
    """
    async with database.reading() as session:
        found = await votes.overdue(session, await clock.decisive(session))
    failures: list[Exception] = []
    for scenario_id in found:
        try:
            async with database.writing() as session:
                call = await scenarios.call(session, scenario_id, lock=True)
                if call.state is ScenarioState.EVALUATING:
                    now = await clock.decisive(session)
                    await prices.settle(session, access.SYSTEM, call, now=now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("explanations could not be closed", failures)
    return len(found)
