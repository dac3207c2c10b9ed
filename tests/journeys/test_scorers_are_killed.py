"""Whatever is killed, whenever: every file ends, with its one value.

`make test` kills a scorer in the middle of its work, then the API while it takes files, then the
database server; the soak (JIEBANG_SOAK_KILLS=500) kills them at random, seeded and for an hour at
most.  SQLite lives in the processes that use it, so there they are the database that is killed.
"""

import asyncio
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import httpx
import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scoring.rules.submissions import OPEN_STATES, SubmissionState
from marketplace.scoring.tables.boards import BoardEntry
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import QuotaUse, SubmissionResult
from tests.given import scoring as given
from tests.given.processes import a_scorer, killed, served
from tests.given.scoring import ROWS, Play
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.long

KILLS: Final = int(os.environ.get("JIEBANG_SOAK_KILLS", "3"))
SOAK: Final = KILLS > 3
FILES: Final = min(600, 4 * KILLS) if SOAK else 18
BUDGET_SECONDS: Final = 3600 if SOAK else 180
LEASE_SECONDS: Final = 2
MANY: Final = {"daily_max": 2**ROWS, "total_max": 2**ROWS}
_log = logging.getLogger("proof")


def a_file(number: int) -> bytes:
    """A file like no other; as many rows are right as the number has ones in binary."""
    rows = [f"r{at},{'yes' if number >> at & 1 else 'no'}" for at in range(ROWS)]
    return "\n".join(["id,prediction", *rows, ""]).encode()


async def states(database: Database) -> Counter[SubmissionState]:
    """How many submissions are in which state; none while the database is down."""
    try:
        async with database.reading() as session:
            found = await session.exec(
                select(Submission.state, func.count()).group_by(col(Submission.state))
            )
            return Counter({SubmissionState(state): count for state, count in found.all()})
    except (DBAPIError, OSError):
        return Counter()


async def until(database: Database, wanted: Callable[[Counter[SubmissionState]], bool]) -> None:
    """Wait for something to be true of the states."""
    while not wanted(await states(database)):  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(0.02)


def more_than(number: int) -> Callable[[Counter[SubmissionState]], bool]:
    """Whether more files than this have come."""
    return lambda seen: seen.total() > number


async def send_all(play: Play, port: int) -> None:
    """Send every file until it is taken, over a broken connection once more."""
    url = f"http://127.0.0.1:{port}/v1/bids/{play.bids['ours']}/submissions/benchmark"
    headers = given.CSV | play.solvers["ours"].headers
    async with httpx.AsyncClient(timeout=10) as caller:
        for number in range(FILES):
            while True:
                try:
                    answer = await caller.post(url, content=a_file(number), headers=headers)
                except httpx.TransportError:
                    answer = None
                if answer is not None and answer.status_code == 202:
                    break
                await asyncio.sleep(0.1)


async def check(database: Database) -> None:
    """Every file has one result, the right one; the last one counts, and attempts are exact."""
    async with database.reading() as session:
        rows = (await session.exec(select(Submission).order_by(col(Submission.id)))).all()
        results = (await session.exec(select(SubmissionResult))).all()
        living = (
            await session.exec(select(BoardEntry).where(col(BoardEntry.until_number).is_(None)))
        ).all()
        used = (await session.exec(select(QuotaUse.used))).all()
    assert len({row.file_sha256 for row in rows}) == len(rows) == FILES
    assert {row.state for row in rows} == {SubmissionState.SCORED}
    assert Counter(one.submission_id for one in results) == Counter(row.id for row in rows)
    assert sorted(row.value or "" for row in rows) == sorted(
        given_value(number) for number in range(FILES)
    )
    [entry] = living
    assert entry.submission_id == rows[-1].id
    assert set(used) == {FILES}


def given_value(number: int) -> str:
    """What a file measures, as it is written."""
    right = number.bit_count()
    return "1" if right == ROWS else "0" if right == 0 else f"0.{right}"


@pytest.mark.postgres
async def test_every_file_ends_and_none_is_scored_twice(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    house: House,
    engine: str,
    request: pytest.FixtureRequest,
) -> None:
    """Killed in the middle: after lease and retry all files have their one value."""
    limited = given.BENCHMARK | {"weight_bps": 7000, "benchmark": MANY}
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=[limited, *given.weighed({"price": 3000})],
    )
    await play.upload_truth()
    begun, chance = time.monotonic(), random.Random(KILLS)
    async with asyncio.timeout(BUDGET_SECONDS + 120), AsyncExitStack() as stack:
        scorers = [await a_scorer(house, lease_seconds=LEASE_SECONDS)]
        stack.push_async_callback(lambda: killed(scorers[0]))
        await kill_while_files_are_sent(play, house, scorers, chance, request, engine, begun=begun)
        await until(
            database,
            lambda seen: seen.total() >= FILES and not OPEN_STATES & seen.keys(),
        )
    await check(database)


async def kill_while_files_are_sent(
    play: Play,
    house: House,
    scorers: list[asyncio.subprocess.Process],
    chance: random.Random,
    request: pytest.FixtureRequest,
    engine: str,
    *,
    begun: float,
) -> None:
    """Kill one of three, again and again, while files are sent and measured."""
    victims = ["scorer", "api"] + (["database"] if engine == "postgres" else [])
    wanted = KILLS if SOAK else len(victims)
    counted: Counter[str] = Counter()
    async with AsyncExitStack() as servers:
        server = await servers.enter_async_context(served(house))
        sending = asyncio.create_task(send_all(play, server.port))
        while counted.total() < wanted and time.monotonic() - begun < BUDGET_SECONDS:
            if SOAK:
                await asyncio.sleep(chance.random() * 1.5)
                # A scorer is back at once, so it is killed more often.
                victim = chance.choice(["scorer", *victims])
            else:
                # Each once, in the middle: some files have come, some have not.
                await until(play.database, more_than(4 * counted.total() + 1))
                victim = victims[counted.total()]
            counted[victim] += 1
            if victim == "scorer":
                await killed(scorers[0])
                scorers[0] = await a_scorer(house, lease_seconds=LEASE_SECONDS)
            elif victim == "api":
                await server.kill()
                server = await servers.enter_async_context(served(house, port=server.port))
            else:
                postgres: PostgresServer = request.getfixturevalue("postgres_server")
                await asyncio.to_thread(postgres.crash)
                await asyncio.to_thread(postgres.start)
        _log.info("killed on %s: %s", engine, dict(counted))
        await sending
