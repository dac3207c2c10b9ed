"""The same work on a real Dask cluster: same answers, same limits, and nothing lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
from distributed import LocalCluster

from marketplace.kit.bounded import Limits, Stopped
from marketplace.kit.cluster import ClusterUnavailable, DaskExecutor, Kind
from marketplace.kit.workers import Answered, Content

KIND = Kind(
    work="tests.given.workers:work",
    prepare="",
    size=1,
    limits=Limits(cpu_seconds=2, wall_seconds=20, memory_bytes=256 << 20),
)


def content(data: bytes) -> Content:
    """A file in one piece."""

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    return Content(stream=pieces)


FILES = {"sent": content(b"a" * 5000), "kept": content(b"b" * 7)}


async def test_a_cluster_keeps_the_limits_and_loses_no_work() -> None:
    """Limits, confinement, and a machine that dies while it is at work."""
    async with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        asynchronous=True,
        dashboard_address=None,
    ) as cluster:
        executor = DaskExecutor(address=cluster.scheduler_address, kind=KIND)
        done = await executor.run({"deed": "sum"}, FILES)
        greedy = await executor.run({"deed": "grab"}, {})
        seen = await executor.run(
            {"deed": "look around", "file": "/etc/hostname", "pid": os.getpid()}, FILES
        )
        busy = [asyncio.create_task(executor.run({"deed": "nap"}, {})) for _ in range(4)]
        await asyncio.sleep(0.3)
        machine = next(iter(cluster.workers.values()))
        os.kill(machine.process.process.pid, signal.SIGKILL)
        napped = await asyncio.gather(*busy)
        await executor._client.close()

    assert isinstance(done, Answered)
    assert done.answer["bytes"] == 5000
    assert greedy == Stopped(reason="out_of_memory")
    assert isinstance(seen, Answered)
    assert seen.answer["allowed"] == []
    assert [one.answer for one in napped if isinstance(one, Answered)] == [{"slept": True}] * 4


async def test_a_cluster_that_is_not_there_is_said_so() -> None:
    """Whoever sends a file is told to try again, not that the file is bad."""
    executor = DaskExecutor(address="tcp://127.0.0.1:1", kind=KIND)

    with pytest.raises(ClusterUnavailable):
        await executor.run({"deed": "sum"}, FILES)
