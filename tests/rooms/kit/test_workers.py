"""Workers do their work, stay within their limits, and can do nothing else."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from marketplace.kit import confinement
from marketplace.kit.bounded import Limits, Stopped
from marketplace.kit.storage import LocalStorage
from marketplace.kit.workers import ENVIRONMENT, Answered, Content, Pool

LIMITS = Limits(cpu_seconds=1, wall_seconds=20, memory_bytes=256 << 20)


@pytest.fixture
def pool() -> Iterator[Pool]:
    """Two workers at most, ended after the test."""
    made = Pool(work="tests.given.workers:work", size=2, limits=LIMITS)
    yield made
    made.close()


def content(data: bytes, *, key: str | None = None) -> Content:
    """A file in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    return Content(stream=pieces, key=key)


async def answer_of(pool: Pool, deed: str, **facts: Any) -> dict[str, Any]:
    """The answer of work that ends well."""
    files = {"sent": content(b"a" * 5000), "kept": content(b"b" * 7, key="kept")}
    outcome = await pool.run({"deed": deed, **facts}, files)
    assert isinstance(outcome, Answered), outcome
    return outcome.answer


def lives(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


async def test_a_worker_is_used_again_and_keeps_what_it_prepared(pool: Pool) -> None:
    """The second piece of work meets the same process, which needs the kept file no more."""
    first = await answer_of(pool, "sum")
    files = {"sent": content(b"c"), "kept": _never_read("kept")}
    second = await pool.run({"deed": "sum"}, files)

    assert first["bytes"] == 5000
    assert isinstance(second, Answered)
    assert second.answer == {"bytes": 1, "kept": 7, "pid": first["pid"]}


def _never_read(key: str) -> Content:
    async def pieces() -> AsyncIterator[bytes]:
        raise AssertionError("what a worker holds is not sent again")
        yield b""

    return Content(stream=pieces, key=key)


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("grab", "out_of_memory"),
        ("spin", "out_of_time"),
        ("die", "crashed"),
        ("fail", "failed"),
    ],
)
async def test_whoever_meets_a_limit_is_ended_and_the_next_is_served(
    pool: Pool, deed: str, reason: str
) -> None:
    """The refusal names the reason; nothing of that process is left."""
    before = (await answer_of(pool, "sum"))["pid"]
    outcome = await pool.run({"deed": deed}, {})

    assert outcome == Stopped(reason=reason)
    assert not lives(before)
    assert (await answer_of(pool, "sum"))["bytes"] == 5000


async def test_an_operators_kill_loses_no_work(pool: Pool) -> None:
    """A worker ended from outside is replaced, and its work is done by the next one."""
    pid = (await answer_of(pool, "sum"))["pid"]
    os.kill(pid, signal.SIGKILL)

    again = await answer_of(pool, "sum")

    assert again["bytes"] == 5000
    assert again["pid"] != pid


async def test_a_file_is_read_where_it_lies(pool: Pool, tmp_path: Path) -> None:
    """A file without a byte as well; and mapping is no way to other calls of the same name."""
    storage = LocalStorage(tmp_path)
    stored = {"sent": await storage.store_bytes(b"r1,yes"), "none": await storage.store_bytes(b"")}

    outcome = await pool.run(
        {"deed": "map"},
        {
            name: Content(
                stream=partial(storage.stream, one.name), lent=partial(storage.lent, one.name)
            )
            for name, one in stored.items()
        },
    )

    assert isinstance(outcome, Answered)
    assert outcome.answer == {"read": {"sent": "r1,yes", "none": ""}, "allowed": []}


async def test_a_worker_gives_way_and_a_terminal_does_not_reach_it(pool: Pool) -> None:
    """A system may share its time among sessions first: in one of its own it would give no way."""
    pid = (await answer_of(pool, "sum"))["pid"]

    gentle = os.getpriority(os.PRIO_PROCESS, 0) + confinement.GENTLENESS
    assert os.getsid(pid) == os.getsid(0)
    assert os.getpgid(pid) == pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(gentle, 19)


async def test_whoever_waits_no_more_leaves_no_worker_behind(pool: Pool) -> None:
    """A request that is given up ends the work it asked for."""
    pid = (await answer_of(pool, "sum"))["pid"]
    waiting = asyncio.create_task(pool.run({"deed": "spin"}, {}))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert not lives(pid)
    assert pool.pids() == []
    assert (await answer_of(pool, "sum"))["bytes"] == 5000


async def test_no_more_work_at_once_than_there_are_places(pool: Pool) -> None:
    """Ten pieces for two places: all are done, by two processes."""
    answers = await asyncio.gather(*(answer_of(pool, "sum") for _ in range(10)))

    assert len(answers) == 10
    assert len({one["pid"] for one in answers}) <= 2


async def test_a_worker_retires() -> None:
    """Whatever a long life may have left in it goes with it."""
    pool = Pool(work="tests.given.workers:work", size=1, limits=LIMITS, pieces_max=2)
    pids = [(await answer_of(pool, "sum"))["pid"] for _ in range(4)]
    pool.close()

    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_a_file_that_breaks_off_is_heard(pool: Pool) -> None:
    """The error of the storage comes through, and the place is free again."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise ConnectionAbortedError

    for _ in range(3):
        with pytest.raises(ConnectionAbortedError):
            await pool.run({"deed": "sum"}, {"sent": Content(stream=broken)})

    assert (await answer_of(pool, "sum"))["bytes"] == 5000


async def test_a_worker_cannot_change_what_it_was_lent(pool: Pool, tmp_path: Path) -> None:
    """It reads the very file that is stored, and can do nothing else to it."""
    storage = LocalStorage(tmp_path)
    name = (await storage.store_bytes(b"as it was")).name
    sent = Content(stream=partial(storage.stream, name), lent=partial(storage.lent, name))

    outcome = await pool.run({"deed": "scribble"}, {"sent": sent})

    assert isinstance(outcome, Answered)
    assert outcome.answer == {"allowed": [], "read": "as it was"}
    assert await storage.read(name) == b"as it was"


async def test_a_worker_can_do_nothing_but_its_work(pool: Pool, tmp_path: Path) -> None:
    """Code that takes a worker over finds no key, no file, no network and nobody to call."""
    key_file = tmp_path / "secret.key"
    key_file.write_text("a master key")

    seen = await answer_of(pool, "look around", file=str(key_file), pid=os.getpid())

    assert "PATH" in os.environ
    assert set(seen["environment"]) <= {*ENVIRONMENT, "LC_CTYPE"}
    # Its channel, the two files of this piece of work, and nothing of the service's.
    assert seen["descriptors"] <= 4
    assert sys.platform != "linux" or seen["allowed"] == []
