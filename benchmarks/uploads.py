"""Prediction files from end to end: sent over a socket, stored, queued, measured, recorded.

A server is a process of its own, with the scorer that it has beside it, as in operation; four
callers send at a time.  The clock runs from the first byte sent to the last value in the database.
"""

import asyncio
import random
import time
from dataclasses import replace
from typing import Final

import httpx
from sqlmodel import col, func, select

from benchmarks.boards import asking
from benchmarks.harness import SEED, Bench, Row, row_of
from marketplace.app import create_app
from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage
from marketplace.scoring.rules.submissions import SubmissionState
from marketplace.scoring.tables.rounds import Submission
from tests.conftest import START, UNLIMITED
from tests.given import scoring as given
from tests.given.processes import TEST_SECRET, served

NAMES = ("files_end_to_end",)
ROWS: Final = 10_000
FILES: Final = 40
ROUNDS: Final = 3
CALLERS: Final = 4
PER_SECOND: Final = 10
"""How many files of ten thousand rows are wanted in a second, on two cores."""
MANY: Final = {"daily_max": 1_000_000, "total_max": 1_000_000}


def a_file(column: str, chance: random.Random) -> bytes:
    """Ten thousand rows in an order of their own."""
    ids = list(range(ROWS))
    chance.shuffle(ids)
    rows = [f"r{at},{chance.choice(('yes', 'no'))}" for at in ids]
    return "\n".join([f"id,{column}", *rows, ""]).encode()


async def scored(database: Database) -> int:
    """How many files have their value."""
    async with database.reading() as session:
        found = await session.exec(
            select(func.count())
            .select_from(Submission)
            .where(col(Submission.state) == SubmissionState.SCORED)
        )
        return found.one()


async def rows(bench: Bench) -> list[Row]:
    """One row for each database."""
    return [await of_database(bench, kind) for kind in ("sqlite", "postgres")]


async def of_database(bench: Bench, kind: str) -> Row:
    """Play a call up to its opening, then send files in rounds."""
    clock, chance = FixedClock(START), random.Random(SEED)
    async with bench.database(kind) as database:
        folder = bench.folder / f"uploads-{kind}"
        house = House(
            settings=replace(UNLIMITED, data_dir=folder, development=True),
            database=database,
            storage=LocalStorage(folder / "storage"),
            keeper=Keeper.from_text(TEST_SECRET),
            clock=clock,
            hasher=Hasher(memory_kib=64, passes=1),
        )
        async with asking(create_app(house)) as client:
            play = await given.an_evaluating_play(
                client,
                database,
                clock,
                quotes_yuan={"ours": 800_000},
                criteria=[
                    given.BENCHMARK | {"weight_bps": 7000, "benchmark": MANY},
                    *given.weighed({"price": 3000}),
                ],
            )
            taken = await play.upload_truth(a_file("label", chance))
            assert taken.status_code == 201, taken.text
        rates = await in_rounds(house, play, chance)
    return row_of("files_end_to_end", rates, goal=1.0, unit="1/s", better="higher", database=kind)


async def in_rounds(
    house: House, play: given.Play, chance: random.Random
) -> list[tuple[float, float]]:
    """Send files to a running server; the first round, which starts workers, is not counted."""
    async with served(house) as server:
        address = f"{server.url}/v1/bids/{play.bids['ours']}/submissions/benchmark"
        headers = given.CSV | play.solvers["ours"].headers
        found = []
        for number in range(ROUNDS + 1):
            files = [a_file("prediction", chance) for _ in range(FILES if number else CALLERS)]
            wanted = len(files) + await scored(house.database)
            begun = time.perf_counter()
            await send(address, headers, files)
            while await scored(house.database) < wanted:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.05)
            if number:
                seconds = time.perf_counter() - begun
                found.append((len(files) / seconds, float(PER_SECOND)))
        return found


async def send(address: str, headers: dict[str, str], files: list[bytes]) -> None:
    """Send all files, a few at a time."""
    waiting = list(files)
    async with httpx.AsyncClient(timeout=60) as caller:

        async def one_caller() -> None:
            while waiting:
                answered = await caller.post(address, content=waiting.pop(), headers=headers)
                assert answered.status_code == 202, answered.text

        await asyncio.gather(*(one_caller() for _ in range(CALLERS)))
