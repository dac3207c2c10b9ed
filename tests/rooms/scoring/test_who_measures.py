"""A server has measured what is queued by a process beside it, or leaves it to `jiebang work`."""

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from sqlmodel import col, select

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.confinement import GENTLENESS
from marketplace.kit.database import Database
from marketplace.scheduler import running
from marketplace.scorers import Beside, scorer_of
from marketplace.scoring.rules.submissions import OPEN_STATES, SubmissionState
from marketplace.scoring.tables.rounds import Submission
from marketplace.settings import Settings
from tests.given import scoring as given
from tests.given.processes import TEST_SECRET, served

HELPER = b"marketplace.beside"
STAYS = (sys.executable, "-c", "import time; time.sleep(600)")
DIES = (sys.executable, "-c", "raise SystemExit(3)")


async def what_became_of_it(database: Database) -> tuple[SubmissionState, str | None]:
    """How far the last file is, and its value."""
    newest = select(Submission.state, Submission.value).order_by(col(Submission.id).desc()).limit(1)
    async with database.reading() as session:
        state, value = (await session.exec(newest)).one()
        return SubmissionState(state), value


async def until_it_ended(database: Database) -> tuple[SubmissionState, str | None]:
    """Wait for another process."""
    async with asyncio.timeout(60):
        found = await what_became_of_it(database)
        while found[0] in OPEN_STATES:
            await asyncio.sleep(0.05)
            found = await what_became_of_it(database)
    return found


def helpers_of(pid: int) -> list[int]:
    """Which processes beside a server are its own scorers."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [one for one in map(int, listed) if HELPER in Path(f"/proc/{one}/cmdline").read_bytes()]


def lives(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def until_it_is_gone(pid: int) -> None:
    """Wait for a process to end."""
    async with asyncio.timeout(30):
        while lives(pid):  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.05)


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> given.Play:
    """A call with a hidden set and one file that waits."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=given.weighed({"benchmark": 7000, "price": 3000}),
    )
    await play.upload_truth()
    assert (await play.upload("ours", given.labels(7))).status_code == 202
    return play


@asynccontextmanager
async def a_server(house: House, *, scores: bool) -> AsyncIterator[None]:
    """What a server does beside answering, every second."""
    settings = dataclasses.replace(
        house.settings, tick_seconds=1, scoring_beside_server=scores, secret_key=TEST_SECRET
    )
    ticking = running(dataclasses.replace(house, settings=settings))
    async with ticking(Litestar()):
        yield


@pytest.mark.postgres
async def test_a_server_has_measured_what_waits(play: given.Play, house: House) -> None:
    """Nobody needs a second command: one process is started, gives way, is replaced where somebody
    kills it, and ends with the server.
    """
    async with a_server(house, scores=True):
        assert await until_it_ended(house.database) == (SubmissionState.SCORED, "0.7")
        [helper] = helpers_of(os.getpid())
        gentle = os.getpriority(os.PRIO_PROCESS, 0) + GENTLENESS
        assert os.getpriority(os.PRIO_PROCESS, helper) == min(gentle, 19)
        assert os.getsid(helper) == os.getsid(0)
        ours = sorted(os.sched_getaffinity(0))
        assert sorted(os.sched_getaffinity(helper)) == (ours[1:] or ours)

        assert (await play.upload("ours", given.labels(6))).status_code == 202
        assert await until_it_ended(house.database) == (SubmissionState.SCORED, "0.6")
        assert helpers_of(os.getpid()) == [helper]

        os.kill(helper, signal.SIGKILL)
        assert (await play.upload("ours", given.labels(4))).status_code == 202
        assert await until_it_ended(house.database) == (SubmissionState.SCORED, "0.4")
        [another] = helpers_of(os.getpid())
        assert another != helper
    assert not lives(another)


async def test_a_server_that_is_killed_leaves_no_scorer_behind(
    play: given.Play, house: House
) -> None:
    """It hears of the end, gives back what it had begun, and goes."""
    async with served(house) as server:
        assert (await until_it_ended(house.database))[0] is SubmissionState.SCORED
        [helper] = helpers_of(server.process.pid)
        await server.kill()
        await until_it_is_gone(helper)


async def test_a_server_with_nothing_to_measure_starts_nothing(house: House) -> None:
    """Nor does one that looks a second time."""
    beside = Beside(house=house)
    assert [await beside.work(), await beside.work()] == [0, 0]
    assert beside.process is None
    await beside.close()


async def test_one_that_keeps_ending_is_started_less_and_less(
    play: given.Play, house: House
) -> None:
    """A second later, then two, then four: never in a loop."""
    now = 100.0
    beside = Beside(house=house, command=DIES, seconds=lambda: now)
    started_at = []
    for _ in range(40):
        started_at += [now] * await beside.work()
        if beside.process is not None:
            await beside.process.wait()
        now += 0.5
    await beside.close()

    assert started_at == [100.0, 101.5, 104.0, 108.5, 117.0]


async def test_one_that_lived_long_is_replaced_at_once(play: given.Play, house: House) -> None:
    """A process that the system ends once a day is no loop."""
    now = 100.0
    beside = Beside(house=house, command=DIES, seconds=lambda: now)
    started = 0
    for _ in range(4):
        started += await beside.work()
        assert beside.process is not None
        await beside.process.wait()
        now += 100
        assert await beside.work() == 0
        now += 1.5
    await beside.close()

    assert started == 4


def changed(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return Path("/somewhere/else") if isinstance(value, Path) else "postgresql+asyncpg://a,b\nc=d"


def test_a_process_beside_a_server_has_its_settings() -> None:
    """Each of them, whatever it is."""
    found = {one.name: changed(one.default) for one in dataclasses.fields(Settings)}
    other = Settings(**found)  # type: ignore[arg-type]
    assert all(getattr(other, name) != getattr(Settings(), name) for name in found)
    assert Settings.from_environment(other.environment()) == other
    assert Settings.from_environment(Settings().environment()) == Settings()


async def test_one_that_does_not_end_is_ended(play: given.Play, house: House) -> None:
    """A server does not wait for ever before it goes."""
    beside = Beside(house=house, command=STAYS, stop_seconds=0.2)
    assert await beside.work() == 1
    assert beside.process is not None
    await beside.close()
    assert beside.process.returncode == -signal.SIGKILL


async def test_a_server_leaves_it_to_others_where_it_is_told_to(
    play: given.Play, house: House
) -> None:
    """Ticks pass and the file waits, untouched, until a scorer comes."""
    async with a_server(house, scores=False):
        await asyncio.sleep(2.5)
        assert helpers_of(os.getpid()) == []
        assert await what_became_of_it(house.database) == (SubmissionState.QUEUED, None)
        assert await scorer_of(house).work() == 1
        assert await what_became_of_it(house.database) == (SubmissionState.SCORED, "0.7")
