"""While a server has hostile files measured from its queue, everybody else is served as before.

The files come through the door and go through the queue as any other; every kind we have, in each
round.  `make test` holds the computing time of requests, the soak (JIEBANG_SOAK_BESIDE=20) their
time on the wall; see `test_calling_beside_others`.
"""

import asyncio
import dataclasses
import os
import random
import signal
import statistics
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlmodel import col, func, select

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scorers import Beside
from marketplace.scoring.rules.submissions import OPEN_STATES
from marketplace.scoring.tables.rounds import Submission
from tests.given import hostile
from tests.given import scoring as given
from tests.given.beside import REQUESTS, ROUNDS, SOAK, assert_within_a_tenth, compared
from tests.given.processes import TEST_SECRET

MANY: Final = {"daily_max": 1_000_000, "total_max": 1_000_000}
SHORTER: Final = 4
"""The soak has so many rounds more of so many requests fewer: files of one round last for that."""
TRUTH: Final = hostile.GOOD.replace(b"prediction", b"label")


async def open_files(database: Database) -> int:
    """How many files have no end yet."""
    async with database.reading() as session:
        found = await session.exec(
            select(func.count())
            .select_from(Submission)
            .where(col(Submission.state).in_(OPEN_STATES))
        )
        return found.one()


async def until_all_ended(database: Database) -> None:
    """Wait for the scorer, which is another process."""
    async with asyncio.timeout(120):
        while await open_files(database):  # noqa: ASYNC110 - it happens elsewhere
            await asyncio.sleep(0.05)


async def send_all(
    play: given.Play, files: Mapping[str, bytes], *, order: int = 0
) -> dict[str, str]:
    """Send every file, each `order` in another order; its name by the id of its submission."""
    names = {}
    for name in random.Random(order).sample(sorted(files), len(files)):
        answer = await play.upload("ours", files[name])
        assert answer.status_code == 202, answer.text
        names[answer.json()["id"]] = name
    return names


async def reasons(database: Database, names: Mapping[str, str]) -> set[tuple[str, str]]:
    """Each name of a file with each reason why one of that name has no value."""
    async with database.reading() as session:
        rows = (await session.exec(select(Submission.id, Submission.failure))).all()
    assert len(rows) == len(names)
    return {(names[str(one)], (why or {"code": "none"})["code"]) for one, why in rows}


def computed_seconds(pid: int) -> float:
    """How long a process has computed so far, without its children."""
    told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def standing_still(process: Process) -> AsyncIterator[None]:
    """Hold a scorer that has nothing to do, so that files wait for it."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.mark.postgres
async def test_others_are_served_while_hostile_files_go_through_the_queue(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """Each file ends with a reason that is right for it, and nobody else waits for that."""
    limited = given.BENCHMARK | {"weight_bps": 7000, "benchmark": MANY}
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=[limited, *given.weighed({"price": 3000})],
    )
    assert (await play.upload_truth(TRUTH)).status_code == 201
    files = {name: make() for name, (make, _) in hostile.FILES.items()}
    names = await send_all(play, {"header only": files["header only"]})
    settings = dataclasses.replace(house.settings, secret_key=TEST_SECRET)
    beside = Beside(house=dataclasses.replace(house, settings=settings))
    assert await beside.work() == 1
    scorer = beside.process
    assert scorer is not None
    waited: list[int] = []
    shares: list[float] = []
    rounds, requests = (SHORTER * ROUNDS, REQUESTS // SHORTER) if SOAK else (1, REQUESTS)

    @asynccontextmanager
    async def reading() -> AsyncIterator[None]:
        async with standing_still(scorer):
            names.update(await send_all(play, files, order=len(waited)))
        begun = time.perf_counter(), computed_seconds(scorer.pid)
        yield
        waited.append(await open_files(database))
        await until_all_ended(database)
        spent = computed_seconds(scorer.pid) - begun[1]
        shares.append(spent / (time.perf_counter() - begun[0]))

    try:
        await until_all_ended(database)
        assert os.getpriority(os.PRIO_PROCESS, scorer.pid) > os.getpriority(os.PRIO_PROCESS, 0)
        quiet, loaded = await compared(client, reading, rounds=rounds, requests=requests)
    finally:
        await beside.close()

    assert min(waited) > 0
    # It asks the database a quarter of the time, however many wait; all the time it would be 0.5.
    assert statistics.median(shares) <= 0.4
    found = await reasons(database, names)
    assert {(name, code) for name, code in found if code not in hostile.FILES[name][1]} == set()
    assert {name for name, _ in found} == hostile.FILES.keys()
    assert len(files) >= 40
    if SOAK:
        assert_within_a_tenth(quiet.wall_p95, loaded.wall_p95)
    assert_within_a_tenth(quiet.computed_p50, loaded.computed_p50)
