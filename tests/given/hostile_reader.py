"""A process that has bombs read without any pause until its input ends; it says how many.

It does what a server's scorer does beside it, but for the queue: files are handed to one worker,
one after the other, as fast as it answers.
"""

import asyncio
import contextlib
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Final

from marketplace.kit.bounded import Limits
from marketplace.kit.confinement import give_way
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.loops import new_loop
from marketplace.kit.storage import LocalStorage
from marketplace.kit.workers import Pool
from marketplace.scoring.actions import measuring
from tests.given import hostile

BOMBS: Final = ("deep JSON", "a bomb of zstd", "a window of gigabytes", "a million columns")


def a_pool() -> Pool:
    """One worker, as small as the machine of the tests."""
    limits = Limits(cpu_seconds=20, wall_seconds=90, memory_bytes=1 << 30)
    return Pool(work=measuring.WORK, prepare=measuring.PREPARE, size=1, limits=limits)


class Reader:
    """Hands one bomb after the other to a worker."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self._pool = pool
        self._storage = LocalStorage(folder)
        self.refused = 0

    async def begin(self) -> None:
        """Store the files."""
        store = self._storage.store_bytes
        self._truth = await store(b"id,label\nr0,yes\n")
        self._sent = itertools.cycle([await store(hostile.FILES[one][0]()) for one in BOMBS])

    async def read_one(self) -> None:
        """Have one measured, which is refused."""
        job = measuring.MeasureJob(
            metric="accuracy",
            truth_file=self._truth.name,
            truth_sha256=self._truth.sha256,
            sent_file=next(self._sent).name,
        )
        with contextlib.suppress(MarketplaceError):
            await measuring.measure(self._pool, self._storage, job)
        self.refused += 1


async def _read_on() -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ending.set)
    pool = a_pool()
    with tempfile.TemporaryDirectory() as folder:
        reader = Reader(pool, Path(folder))
        await reader.begin()
        for _ in BOMBS:
            await reader.read_one()
        _say("reading")
        while not ending.is_set():
            await reader.read_one()
    pool.close()
    _say(str(reader.refused))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    give_way()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_read_on())
