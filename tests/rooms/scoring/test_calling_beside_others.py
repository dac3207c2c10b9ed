"""While strangers' answers and files are read, everybody else is served as before.

Both are done by a process beside the server, so the 95th percentile stays within a tenth.  What
they would cost the loop that serves is held as well: a call takes about half of a small request,
so it would delay the few requests that meet one, and those only by a call; the median stays within
a tenth.

`make test` shares its machine, so there the time of a request is what the thread that serves
computed until it was answered, for whomever: waiting for other programs is not in it.  The soak
(JIEBANG_SOAK_BESIDE=20) holds the time on the wall, alone on its machine.
"""

import asyncio
import contextlib
import itertools
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from marketplace.kit import addresses
from marketplace.kit.outbound import Outbound
from marketplace.kit.workers import Pool
from marketplace.scoring.actions import calling
from marketplace.scoring.actions.calling import Progress
from marketplace.scoring.rules.endpoints import Limits, Row
from tests.given.beside import ROUNDS, SOAK, assert_within_a_tenth, compared
from tests.given.hostile_reader import Reader, a_pool

CALLS_MS: Final = 5.0 if SOAK else 10.0
"""How long those wait at most who meet calls, at the 95th percentile."""
LIMITS: Final = Limits(seconds_per_request=1, failures_share_max_bps=5000)
ROWS: Final = [Row(id=f"r{number}", fields={"a": number}) for number in range(400)]


@asynccontextmanager
async def a_process_of_endpoints(*words: str) -> AsyncIterator[tuple[str, Process]]:
    """Serve hostile endpoints elsewhere, so that only our own share is measured."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.given.hostile_process", *words, stdout=PIPE
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    try:
        yield f"http://127.0.0.1:{port}/medley", process
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def under_way(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do a work again and again until the block ends."""

    async def again_and_again() -> None:
        while True:
            await work()

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError), ended


@asynccontextmanager
async def going_on(process: Process) -> AsyncIterator[None]:
    """Let a process that stands still go on until the block ends."""
    process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        process.send_signal(signal.SIGSTOP)


async def test_others_are_served_while_hostile_endpoints_are_called(
    client: httpx.AsyncClient,
) -> None:
    """A run at the pace that calls publish in the loop that serves, each request another trap."""
    heard = itertools.count()

    async def note(progress: Progress) -> None:
        next(heard)

    policy = calling.policy_for(LIMITS, reach=addresses.DEVELOPMENT)
    async with a_process_of_endpoints() as (url, _), Outbound(policy) as outbound:

        async def one_run() -> None:
            await calling.call_endpoint(
                outbound,
                url=url,
                headers={},
                rows=ROWS,
                limits=LIMITS,
                seed=bytes(16),
                on_progress=note,
                stopping=asyncio.Event(),
            )

        quiet, loaded = await compared(client, lambda: under_way(one_run))
    assert_within_a_tenth(quiet.computed_p50, loaded.computed_p50)
    assert loaded.computed_p95 <= quiet.computed_p95 + CALLS_MS
    assert next(heard) > ROUNDS


async def test_others_are_served_while_a_process_beside_them_calls(
    client: httpx.AsyncClient,
) -> None:
    """The same calls from a process of their own; by the clock on a machine that is ours alone."""
    async with a_process_of_endpoints("calling") as (_, process):
        process.send_signal(signal.SIGSTOP)
        quiet, loaded = await compared(client, lambda: going_on(process))
    if SOAK:
        assert_within_a_tenth(quiet.wall_p95, loaded.wall_p95)
    assert_within_a_tenth(quiet.computed_p50, loaded.computed_p50)


@asynccontextmanager
async def a_process_that_reads() -> AsyncIterator[Process]:
    """Have bombs read elsewhere, without any pause, by what gives way to us."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.given.hostile_reader", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGSTOP)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_others_are_served_while_a_process_beside_them_reads(
    client: httpx.AsyncClient,
) -> None:
    """Hundreds of bombs a second, many times what a queue brings, as a server has them read."""
    async with a_process_that_reads() as process:
        quiet, loaded = await compared(client, lambda: going_on(process))
        process.send_signal(signal.SIGCONT)
        told, _ = await process.communicate(b"")
    assert int(told) >= ROUNDS
    if SOAK:
        assert_within_a_tenth(quiet.wall_p95, loaded.wall_p95)
    assert_within_a_tenth(quiet.computed_p50, loaded.computed_p50)


@pytest.fixture
def pool() -> Iterator[Pool]:
    """One worker, ended after the test however that ends."""
    with contextlib.closing(a_pool()) as made:
        yield made


async def test_others_are_served_while_hostile_files_are_read(
    client: httpx.AsyncClient, pool: Pool, tmp_path: Path
) -> None:
    """The loop that serves hands bombs over itself, one after the other without any pause.

    Harder than anything a server does, which leaves that to a process beside it (decision 0049).
    """
    reader = Reader(pool, tmp_path / "files")
    await reader.begin()
    read = asyncio.Event()

    async def one_file() -> None:
        await reader.read_one()
        read.set()

    @asynccontextmanager
    async def reading() -> AsyncIterator[None]:
        """Each round ends its worker in the middle; a new one takes a while until it reads."""
        read.clear()
        async with under_way(one_file):
            await read.wait()
            yield

    quiet, loaded = await compared(client, reading)
    if SOAK:
        assert_within_a_tenth(quiet.wall_p95, loaded.wall_p95)
    assert_within_a_tenth(quiet.computed_p50, loaded.computed_p50)
    assert loaded.computed_p95 <= quiet.computed_p95 + CALLS_MS
    assert reader.refused >= ROUNDS
