"""Hostile files: each is refused with a plain reason, and whoever comes next is served."""

import asyncio
import resource
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.kit.bounded import Limits
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.storage import LocalStorage
from marketplace.kit.workers import Pool
from marketplace.scoring.actions import measuring
from marketplace.scoring.actions.measuring import MeasureJob
from marketplace.scoring.errors.rounds import NumberUnreadable
from tests.given import hostile

TRUTH = b"id,label\n" + b"".join(b"r%d,yes\n" % at for at in range(50))
NUMBERS = b"id,label\n" + b"".join(b"r%d,%d\n" % (at, at) for at in range(50))
LIMITS = Limits(cpu_seconds=20, wall_seconds=90, memory_bytes=1 << 30)
GROWTH_KIB_MAX = 300 * 1024
SLOW_SECONDS_MAX = 1.0


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    """Two workers for all files: what one leaves behind, the next would meet."""
    made = Pool(work=measuring.WORK, prepare=measuring.PREPARE, size=2, limits=LIMITS)
    yield made
    made.close()


async def measure(
    pool: Pool, folder: Path, content: bytes, *, metric: str = "accuracy", truth: bytes = TRUTH
) -> str:
    """The value of a file, or the code of its refusal."""
    storage = LocalStorage(folder)
    hidden = await storage.store_bytes(truth)
    sent = await storage.store_bytes(content)
    job = MeasureJob(
        metric=metric,
        truth_file=hidden.name,
        truth_sha256=hidden.sha256,
        sent_file=sent.name,
    )
    try:
        return str((await measuring.measure(pool, storage, job)).private)
    except MarketplaceError as refusal:
        assert refusal.title_zh and refusal.title_en
        return refusal.code


@pytest.mark.parametrize("name", hostile.FILES)
async def test_a_hostile_file_is_refused_with_its_reason(
    pool: Pool, tmp_path: Path, name: str
) -> None:
    """Within the limits of a worker, by one of the refusals that are right for it."""
    make, codes = hostile.FILES[name]

    refused = await measure(pool, tmp_path, make())

    assert refused in codes
    assert len(pool.pids()) <= pool.size


@pytest.mark.parametrize("name", hostile.NUMBERS)
async def test_what_is_no_number_is_refused_with_its_line(
    pool: Pool, tmp_path: Path, name: str
) -> None:
    """A formula cell is a text like any other: where a number is wanted, it is refused."""
    rows = [b"r%d,%d\n" % (at, at) for at in range(50)]
    rows[7] = b"r7," + hostile.NUMBERS[name] + b"\n"
    storage = LocalStorage(tmp_path)
    hidden, sent = [
        await storage.store_bytes(one) for one in (NUMBERS, hostile.HEAD + b"".join(rows))
    ]
    job = MeasureJob(
        metric="rmse", truth_file=hidden.name, truth_sha256=hidden.sha256, sent_file=sent.name
    )

    with pytest.raises(NumberUnreadable) as caught:
        await measuring.measure(pool, storage, job)

    assert (caught.value.facts["id"], caught.value.facts["line"]) == ("r7", 9)


async def test_nobody_else_notices(pool: Pool, tmp_path: Path) -> None:
    """While bombs are measured the event loop answers at once, memory stays, the good one passes.

    How long others wait is told by the median of a heartbeat: it does not depend on what else the
    machine does.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bombs = [
        hostile.FILES[name][0]()
        for name in ("a bomb of gzip", "a bomb of zstd", "more rows than any set")
    ]
    waits: list[float] = []
    done = asyncio.Event()

    async def beat() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            await asyncio.sleep(0.002)
            waits.append(time.perf_counter() - begun - 0.002)

    beating = asyncio.create_task(beat())
    codes = await asyncio.gather(*(measure(pool, tmp_path, bomb) for bomb in bombs * 2))
    done.set()
    await beating

    assert set(codes) == {hostile.LARGE}
    assert statistics.median(waits) < SLOW_SECONDS_MAX / 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < GROWTH_KIB_MAX
    assert await measure(pool, tmp_path, hostile.GOOD) == "1"
    assert len(pool.pids()) <= pool.size
