"""Who asks endpoints and measures files: `jiebang work`, and a process that a server has beside it.

Never the process that answers requests: what strangers send would be felt by everybody who waits.
"""

import asyncio
import datetime as dt
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from marketplace.house import House
from marketplace.kit import addresses, garbage
from marketplace.kit.database import Database
from marketplace.scoring.actions.conducting import Conductor
from marketplace.scoring.actions.values import measurer
from marketplace.scoring.jobs.calling import Caller
from marketplace.scoring.jobs.measuring import Scorer
from marketplace.scoring.queries import work as queries
from marketplace.scoring.rules.work import WorkKind

COMMAND: Final = (sys.executable, "-m", "marketplace.beside")
STOP_SECONDS: Final = 15
"""How long a process may take to give back what it has begun."""
PAUSE_SECONDS_MAX: Final = 60
_log = structlog.get_logger("jiebang.scorer")


def scorer_of(house: House, *, rests: int = 0) -> Scorer:
    """Make what measures the queued files."""
    return Scorer(
        database=house.database,
        clock=house.clock,
        measure=measurer(house.scorer, house.storage),
        # Workers go on while what they have done waits to be recorded, several at once.
        slots=4 * house.settings.scoring_workers,
        patience=dt.timedelta(seconds=house.settings.scoring_lease_seconds),
        rests=rests,
    )


def caller_of(house: House) -> Caller:
    """Make what asks the endpoints of solvers."""
    settings = house.settings
    conductor = Conductor(
        database=house.database,
        storage=house.storage,
        clock=house.clock,
        reach=addresses.policy_for(development=settings.development),
        patience=dt.timedelta(seconds=settings.scoring_lease_seconds),
    )
    return Caller(conductor=conductor, keeper=house.keeper, slots=settings.endpoint_calls)


async def score_on(house: House, *, stopping: asyncio.Event, rests: int = 0) -> None:
    """Ask endpoints and measure files until told to stop; what is under way is given back."""
    with garbage.settled():
        await asyncio.gather(
            scorer_of(house, rests=rests).work_on(stopping=stopping),
            caller_of(house).work_on(stopping=stopping),
        )


def _seconds() -> float:
    return asyncio.get_running_loop().time()


@dataclass(slots=True, kw_only=True)
class Beside:
    """A server's own scorer: one process, started when the first work waits, ended with the server.

    It hears on its standard input that the server has ended, however that came about.
    """

    house: House
    command: tuple[str, ...] = COMMAND
    stop_seconds: float = STOP_SECONDS
    seconds: Callable[[], float] = _seconds
    process: Process | None = None
    _begun_at: float = 0.0
    _again_at: float = 0.0
    _pause: float = 1.0

    async def work(self) -> int:
        """Start the process if there is work and none lives; say how many were started.

        One that ended by itself is replaced a second later, then two, up to a minute; one that had
        lived longer than that counts as the first.
        """
        if self.process is not None and self.process.returncode is not None:
            _log.warning("a scorer has ended by itself", status=self.process.returncode)
            lived = self.seconds() - self._begun_at
            self._pause = 1.0 if lived > PAUSE_SECONDS_MAX else self._pause
            self._again_at = self.seconds() + self._pause
            self._pause = min(2 * self._pause, PAUSE_SECONDS_MAX)
            self.process = None
        if self.process is not None or self.seconds() < self._again_at:
            return 0
        if not await _anything_waits(self.house):
            return 0
        self.process = await self._start()
        self._begun_at = self.seconds()
        return 1

    async def _start(self) -> Process:
        settings = replace(self.house.settings, database_url=self.house.database.url)
        # In our session, or it could not give way to us: see `kit.confinement`.
        return await asyncio.create_subprocess_exec(
            *self.command,
            env=os.environ | settings.environment(),
            stdin=PIPE,
        )

    async def close(self) -> None:
        """Have the process give back what it has begun and end."""
        if self.process is None or self.process.returncode is not None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            await asyncio.wait_for(self.process.wait(), self.stop_seconds)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def _anything_waits(house: House) -> bool:
    database: Database = house.database
    async with database.reading() as reader:
        now = await house.clock.decisive(reader)
        return await queries.anything_due(reader, frozenset(WorkKind), now=now)
