"""What sixteen receivers lose when four others hang, dribble, flood or ask for a day.

Ours is sixteen good endpoints beside four bad ones, the floor the same sixteen beside four good
ones: how many deliveries a second the sixteen get, from the commit of the events to the last
record.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID

import uvloop
from sqlalchemy import func, select, update
from sqlmodel import col

from benchmarks.harness import Bench, Row, row_of
from benchmarks.webhooks import SLOTS, Stage, a_process, a_stage, dialler, say
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import database_now
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.rules.lifecycle import EndpointState
from marketplace.webhooks.tables import Delivery, Endpoint
from tests.given import identity as people
from tests.given import webhooks as given

NAMES: Final = ("sixteen_beside_four_bad_receivers", "memory_beside_four_bad_receivers")
GOOD: Final = 16
OTHERS: Final = 4
EVENTS: Final = 750
"""Each is heard by every endpoint: some seconds a round, of which a look at the end is little."""
ROUNDS: Final = 4
GOALS: Final = {"kept": 0.95, "growth_mb": 10.0}
POLL_SECONDS: Final = 0.05
DEADLINE_SECONDS: Final = 2.0
"""For one request, where the platform's is 15: a round waits for what is under way at its end."""


def memory_mb() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def others(stage: Stage, urls: Sequence[str]) -> None:
    """Let four more endpoints listen, and those of the round before no more."""
    async with stage.house.database.writing() as session:
        connection = await session.connection()
        await connection.execute(
            update(Endpoint)
            .where(col(Endpoint.description) == "other")
            .values(state=EndpointState.DISABLED)
        )
    owner = await people.someone(stage.house.database, Role.SOLVER)
    for url in urls:
        made = await given.an_endpoint(stage.house, owner, "scenario.closed", url=url)
        async with stage.house.database.writing() as session:
            (await session.get_one(Endpoint, made.row.id)).description = "other"


async def the_good(stage: Stage) -> list[UUID]:
    """The sixteen."""
    async with stage.house.database.reading() as session:
        found = await (await session.connection()).execute(
            select(col(Endpoint.id)).where(col(Endpoint.description) != "other")
        )
        return list(found.scalars())


async def delivered(stage: Stage, good: Sequence[UUID], since: object) -> tuple[int, object]:
    """How many of the sixteen's deliveries of this round are recorded, and when the last was."""
    async with stage.house.database.reading() as session:
        found = await (await session.connection()).execute(
            select(func.count(), func.max(col(Delivery.finished_at)))
            .where(col(Delivery.endpoint_id).in_(good))
            .where(col(Delivery.finished_at) >= since)
        )
        number, last = found.one()
        return int(number), last


async def a_round(stage: Stage, outbound: Outbound, good: Sequence[UUID]) -> tuple[float, float]:
    """Deliveries a second to the sixteen, and how many megabytes the process grew."""
    await say(stage.house, stage.template, EVENTS)
    async with stage.house.database.reading() as session:
        since = await database_now(session)
    before = largest = memory_mb()
    stopping = asyncio.Event()
    courier = given.a_courier(stage.house, outbound, slots=SLOTS)
    begun = time.perf_counter()
    await jobs.fan_out(courier)
    working = asyncio.create_task(jobs.deliver(courier, stopping=stopping))
    number = 0
    while number < GOOD * EVENTS:
        await asyncio.sleep(POLL_SECONDS)
        assert time.perf_counter() - begun < 60, f"{number} after a minute"
        number, _ = await delivered(stage, good, since)
        largest = max(largest, memory_mb())
    taken = time.perf_counter() - begun
    stopping.set()
    with suppress(asyncio.CancelledError):
        await working
    return number / taken, largest - before


async def of_database(bench: Bench, kind: str) -> list[Row]:
    """Both in turn, the first round unseen."""
    rates: list[tuple[float, float]] = []
    growth: list[float] = []
    begun = time.perf_counter()
    async with (
        a_process("benchmarks.bad_sink") as ports,
        a_stage(bench, kind, GOOD) as stage,
        dialler(total_seconds=DEADLINE_SECONDS) as outbound,
    ):
        good = await the_good(stage)
        bad = [f"http://127.0.0.1:{port}/in" for port in ports]
        fine = [f"http://127.0.0.1:{stage.port}/other"] * OTHERS
        for number in range(ROUNDS + 1):
            await others(stage, fine)
            floor, _ = await a_round(stage, outbound, good)
            await others(stage, bad)
            ours, grown = await a_round(stage, outbound, good)
            if number:
                rates.append((ours, floor))
                growth.append(grown)
            if len(rates) >= 3 and time.perf_counter() - begun > bench.seconds_max / 4:
                break
    kept, memory = NAMES
    return [
        row_of(
            kept,
            rates,
            goal=GOALS["kept"],
            unit="per second",
            database=kind,
            better="higher",
        ),
        row_of(
            memory,
            [(grown, 1.0) for grown in growth],
            goal=GOALS["growth_mb"],
            unit="MB",
            database=kind,
        ),
    ]


async def rows(bench: Bench) -> list[Row]:
    """Both databases, on the loop that the server runs on."""

    async def both() -> list[Row]:
        return [*await of_database(bench, "sqlite"), *await of_database(bench, "postgres")]

    return await asyncio.to_thread(uvloop.run, both())
