"""Times two things alternately, round by round, and keeps medians and the spread of their ratio."""

import contextlib
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from marketplace.kit.database import Database
from marketplace.migrate import migrate
from tests.postgres_server import PostgresServer, create_database

SEED: Final = 20260302
Better = Literal["lower", "higher"]
Timed = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One result."""

    name: str
    database: str
    """`sqlite`, `postgres`, or `none` where nothing is stored."""
    ratio: float
    """Ours divided by the floor, the median over the rounds."""
    goal: float
    better: Better
    ours: float
    floor: float
    unit: str
    rounds: int
    spread: float
    """Of the ratios of the rounds: the largest less the smallest, divided by the median."""

    @property
    def passed(self) -> bool:
        """Whether the goal was met."""
        return self.ratio <= self.goal if self.better == "lower" else self.ratio >= self.goal


@dataclass(kw_only=True)
class Bench:
    """What a module of benchmarks may ask for."""

    seconds_max: float = 150
    """After this long a module's comparison ends with the rounds it has, three at least."""
    entries: tuple[int, ...] = (1_000, 100_000)
    """Sizes of boards, smallest first."""
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="jiebang-bench-")))
    _server: PostgresServer | None = None

    async def compare(
        self,
        name: str,
        ours: Timed,
        floor: Timed,
        *,
        goal: float,
        rounds: int = 7,
        database: str = "none",
    ) -> Row:
        """Time both in turn, the first round unseen, and in the other order every other round."""
        pairs: list[tuple[float, float]] = []
        begun = time.perf_counter()
        for number in range(rounds + 1):
            first, second = (ours, floor) if number % 2 else (floor, ours)
            one, other = await seconds(first), await seconds(second)
            if number:
                pairs.append((one, other) if number % 2 else (other, one))
            if len(pairs) >= 3 and time.perf_counter() - begun > self.seconds_max:
                break
        return row_of(name, pairs, goal=goal, unit="s", database=database)

    @contextlib.asynccontextmanager
    async def database(self, kind: str) -> AsyncIterator[Database]:
        """Open a migrated, empty database of its own."""
        if kind == "sqlite":
            url = f"sqlite+aiosqlite:///{self.folder}/{time.monotonic_ns()}.db"
        else:
            self._server = self._server or PostgresServer()
            name = f"bench_{time.monotonic_ns()}"
            create_database(self._server, name)
            url = self._server.url(name)
        with ThreadPoolExecutor(1) as thread:
            thread.submit(migrate, url).result()
        database = Database(url)
        try:
            yield database
        finally:
            await database.close()

    def close(self) -> None:
        """Give back what was opened."""
        if self._server is not None:
            self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def row_of(
    name: str,
    pairs: list[tuple[float, float]],
    *,
    goal: float,
    unit: str,
    database: str = "none",
    better: Better = "lower",
) -> Row:
    """Sum up rounds of (ours, floor)."""
    ratios = [ours / floor for ours, floor in pairs]
    middle = statistics.median(ratios)
    return Row(
        name=name,
        database=database,
        ratio=round(middle, 4),
        goal=goal,
        better=better,
        ours=statistics.median(ours for ours, _ in pairs),
        floor=statistics.median(floor for _, floor in pairs),
        unit=unit,
        rounds=len(pairs),
        spread=round((max(ratios) - min(ratios)) / middle, 3),
    )


async def seconds(work: Timed) -> float:
    """Time one piece of work."""
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


def machine() -> dict[str, object]:
    """Describe where the figures were taken, and how busy it was."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": platform.system(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "seed": SEED,
    }
