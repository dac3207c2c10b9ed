"""Workers that are processes of their own and can be killed, and yet start within milliseconds.

They are forked from a server that has loaded the house once, so a test can kill many of them.
"""

import asyncio
import contextlib
import datetime as dt
import multiprocessing
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from marketplace.kit import addresses
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database, ReadSession
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.kit.secrets import Keeper
from marketplace.registry import tables
from marketplace.replays import jobs as replays
from marketplace.webhooks import jobs as webhooks
from marketplace.webhooks.jobs import Courier
from marketplace.webhooks.rules.backoff import Schedule
from tests.given.processes import TEST_SECRET

# Here and not in the worker: it is loaded once, by the server from which workers are forked.
tables()

PAUSE_SECONDS = 0.02
POLL_SECONDS = 0.2
Work = Callable[..., Coroutine[Any, Any, None]]


class Forked:
    """One worker; killed as a power cut would, or when the test ends."""

    def __init__(self, work: Work, *arguments: object) -> None:
        self.process: ForkServerProcess = _context().Process(
            target=_run, args=(work, *arguments), daemon=True
        )
        self.process.start()

    async def kill(self) -> None:
        """End it at once, wherever it is."""
        self.process.kill()
        await asyncio.to_thread(self.process.join)

    def memory_bytes(self, name: str) -> int:
        """How much memory it holds: VmRSS now, VmHWM at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024


@asynccontextmanager
async def forked(work: Work, *arguments: object) -> AsyncIterator[Forked]:
    """A running worker, killed at the end if it still lives."""
    worker = await asyncio.to_thread(Forked, work, *arguments)
    try:
        yield worker
    finally:
        await worker.kill()


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _run(work: Work, *arguments: object) -> None:
    asyncio.run(work(*arguments))


async def replay_for_ever(url: str, at_once: int) -> None:
    """Work on replays, and look for more, until killed; however much nobody delivers."""
    database = Database(url)
    while True:
        with contextlib.suppress(DBAPIError):
            await replays.work_on(database, SystemClock(), at_once=at_once, owed_max=sys.maxsize)
        await asyncio.sleep(PAUSE_SECONDS)


class Hurried(SystemClock):
    """The database's clock, on which a minute passes in seconds: a lease that a killed worker left
    behind ends while a test waits for it.
    """

    def __init__(self, begun_at: dt.datetime, factor: int) -> None:
        super().__init__()
        self.begun_at, self.factor = begun_at, factor

    def now(self) -> dt.datetime:
        """Say the time of this process, hurried."""
        return self._hurried(super().now())

    async def decisive(self, session: ReadSession) -> dt.datetime:
        """Say the time of the database, hurried."""
        return self._hurried(await super().decisive(session))

    def _hurried(self, real: dt.datetime) -> dt.datetime:
        return self.begun_at + (real - self.begun_at) * self.factor


async def deliver_for_ever(
    url: str, schedule: Schedule, total_seconds: float, begun_at: dt.datetime, factor: int
) -> None:
    """Fan out and deliver on a hurried clock, as the server does, until killed."""
    policy = OutboundPolicy(
        reach=addresses.DEVELOPMENT, connect_seconds=2, total_seconds=total_seconds
    )
    async with Outbound(policy) as outbound:
        courier = Courier(
            database=Database(url),
            outbound=outbound,
            keeper=Keeper.from_text(TEST_SECRET),
            clock=Hurried(begun_at, factor),
            schedule=schedule,
            poll_seconds=POLL_SECONDS,
        )
        while True:
            # A tick that failed is followed by another, as under the scheduler: on SQLite a process
            # may be kept from writing for longer than it waits.
            with contextlib.suppress(DBAPIError):
                await webhooks.fan_out(courier)
                await webhooks.deliver(courier)
            await asyncio.sleep(PAUSE_SECONDS)
