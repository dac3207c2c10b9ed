"""What ticks: profiles are computed, and what was left behind is swept up."""

import asyncio
import datetime as dt
from contextlib import aclosing
from dataclasses import dataclass, field

from marketplace.datasets.actions import profiling, sweeping
from marketplace.datasets.actions.profiling import Leased
from marketplace.datasets.actions.sweeping import Swept
from marketplace.datasets.actions.uploading import SHELF
from marketplace.kit import bounded
from marketplace.kit.bounded import Done, Limits, Stopped
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.storage import Storage
from marketplace.settings import Settings

SWEEPS_EVERY = dt.timedelta(minutes=10)
WALL_SLACK_SECONDS = 60
"""The time of the clock beyond the computing time: reading a file from afar takes a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiler:
    """Everything a profile needs; one file at a time, in a process of its own."""

    database: Database
    storage: Storage
    settings: Settings
    clock: Clock

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Profile what is due until nothing is; say how many files that were."""
        done = 0
        while stopping is None or not stopping.is_set():
            leased = await self.take()
            if leased is None:
                break
            outcome = await self._look_unless(stopping, leased)
            if outcome is None:
                await self._give_back(leased)
                break
            await self.write(leased, outcome)
            done += 1
        return done

    async def take(self) -> Leased | None:
        """Lease the next file."""
        async with self.database.writing() as session:
            return await profiling.lease(
                session,
                wall_seconds=self.limits.wall_seconds,
                rows_max=self.settings.dataset_profile_rows,
                now=await self.clock.decisive(session),
            )

    async def look(self, leased: Leased) -> Done | Stopped:
        """Look at a file, with no session open."""
        content = self.storage.within(SHELF).stream(leased.stored_name)
        try:
            async with aclosing(content) as pieces:
                return await bounded.run(
                    profiling.FUNCTION, leased.task, pieces, limits=self.limits
                )
        except MarketplaceError:
            return Stopped(reason="crashed")

    async def _look_unless(
        self, stopping: asyncio.Event | None, leased: Leased
    ) -> Done | Stopped | None:
        """Look at a file, or drop it when the house is to stop: a shutdown cannot wait minutes."""
        if stopping is None:
            return await self.look(leased)
        looking = asyncio.create_task(self.look(leased))
        waiting = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait({looking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (looking, waiting):
            task.cancel()
        await asyncio.gather(looking, waiting, return_exceptions=True)
        return looking.result() if looking in done else None

    async def _give_back(self, leased: Leased) -> None:
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            await profiling.give_back(session, leased, now=now)

    async def write(self, leased: Leased, outcome: Done | Stopped) -> None:
        """Write down what was seen."""
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            await profiling.record(session, leased, outcome, now=now)

    @property
    def limits(self) -> Limits:
        """What one profile may use."""
        seconds = self.settings.dataset_profile_seconds
        return Limits(
            cpu_seconds=seconds,
            wall_seconds=seconds + WALL_SLACK_SECONDS,
            memory_bytes=self.settings.dataset_profile_bytes,
        )


@dataclass(slots=True, kw_only=True)
class Sweeper:
    """Sweeps now and then: listing a whole storage at every tick would be work for nothing."""

    database: Database
    storage: Storage
    settings: Settings
    clock: Clock
    wall: Clock
    """The real time, in which files are named."""
    due_at: dt.datetime = field(default=dt.datetime.min.replace(tzinfo=dt.UTC))

    async def work(self) -> Swept:
        """Sweep, if it is time."""
        now = self.wall.now()
        if now < self.due_at:
            return Swept(uploads=0, files=0)
        self.due_at = now + SWEEPS_EVERY
        patience = dt.timedelta(hours=self.settings.dataset_upload_hours)
        return await sweeping.sweep(
            self.database, self.storage, patience=patience, clock=self.clock, wall=self.wall
        )
