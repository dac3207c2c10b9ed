"""Nobody waits for a tick: what is committed is told at once, also by another process."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.bell import Bell
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database
from marketplace.kit.outbound import Outbound
from marketplace.kit.telegraph import CHANNEL, Telegraph
from marketplace.scheduler import at_work, jobs_of_events
from marketplace.webhooks import jobs
from marketplace.webhooks.tables import Delivery
from tests.given import identity as people
from tests.given import webhooks as given

AN_HOUR = 3600


@asynccontextmanager
async def delivering(house: House) -> AsyncIterator[None]:
    """The jobs that tell events, with an hour between two ticks."""
    quiet = dataclasses.replace(
        house, settings=dataclasses.replace(house.settings, tick_seconds=AN_HOUR)
    )
    stopping = asyncio.Event()
    async with Outbound(given.LOCAL) as outbound:
        all_jobs = jobs_of_events(quiet, outbound, stopping)
        telling = {name: all_jobs[name] for name in ("fan_out", "deliver")}
        async with at_work(quiet, telling, stopping=stopping):
            yield


@asynccontextmanager
async def another_process(house: House) -> AsyncIterator[House]:
    """The same house on connections of its own, with bells of its own."""
    database = Database(house.database.url)
    try:
        yield dataclasses.replace(house, database=database, bell=Bell(), due=Bell())
    finally:
        await database.close()


async def listeners(house: House) -> int:
    """Count the connections that listen."""
    async with house.database.engine.connect() as connection:
        found = await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query ILIKE :listen"
            ),
            {"listen": f"LISTEN%{CHANNEL}%"},
        )
    return int(found or 0)


@pytest.mark.postgres
async def test_what_is_committed_is_delivered_without_a_tick(house: House) -> None:
    """The first byte follows the commit, and a later event does not wait either."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url:
        owner = await people.someone(house.database, Role.SOLVER)
        await given.an_endpoint(house, owner, "scenario.closed", url=url)
        async with delivering(house), asyncio.timeout(20):
            first = await given.an_event(house)
            await recorder.has_heard(1)
            second = await given.an_event(house)
            await recorder.has_heard(2)

    assert recorder.message_ids == [str(first.id), str(second.id)]


@pytest.mark.parametrize("days", [-120, 120])
async def test_a_house_in_another_season_keeps_its_own_time(house: House, days: int) -> None:
    """A demo's story goes on in its own week: what is told there is due there, and kept from there
    on, while receivers see the real time in the signature.
    """
    clock = SystemClock(dt.timedelta(days=days))
    there = dataclasses.replace(house, clock=clock)
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url:
        owner = await people.someone(there.database, Role.SOLVER)
        await given.an_endpoint(there, owner, "scenario.closed", url=url)
        await given.an_event(there)
        async with Outbound(given.LOCAL) as outbound:
            await jobs.fan_out(given.a_courier(there, outbound))
            by_the_scheduler = jobs_of_events(there, outbound, None)
            await by_the_scheduler["deliver"]()
            removed: Any = await by_the_scheduler["remove_old_deliveries"]()

    async with house.database.reading() as session:
        (delivery,) = (await session.exec(select(Delivery))).all()
    assert len(recorder.heard) == 1
    assert not removed.anything
    assert delivery.finished_at is not None
    assert dt.timedelta() <= delivery.finished_at - delivery.created_at < dt.timedelta(minutes=1)
    signed_at = int(recorder.heard[0].headers["webhook-timestamp"])
    assert abs(signed_at - dt.datetime.now(dt.UTC).timestamp()) < 60


async def test_what_is_rolled_back_rings_no_bell(house: House) -> None:
    """A bell that rang for what never happened would make everybody look for nothing."""
    ring = house.database.said.next_ring
    with pytest.raises(RuntimeError, match="changed my mind"):
        async with house.database.writing() as session:
            await given.say(session, house)
            raise RuntimeError("changed my mind")
    rang_too_early = ring.is_set()

    await given.an_event(house)

    assert not rang_too_early
    assert ring.is_set()


@pytest.mark.postgres(alone=True)
async def test_what_another_process_commits_is_delivered_without_a_tick(house: House) -> None:
    """On PostgreSQL a process that only writes wakes the one that delivers."""
    recorder = given.Recorder(204)
    async with serve_receiver(recorder) as url, another_process(house) as elsewhere:
        owner = await people.someone(house.database, Role.SOLVER)
        await given.an_endpoint(house, owner, "scenario.closed", url=url)
        teller = Telegraph(elsewhere.database, elsewhere.database.said, lambda: None)
        telling = asyncio.create_task(teller.work())
        async with delivering(house), asyncio.timeout(20):
            await teller.is_listening.wait()
            while await listeners(house) < 2:  # noqa: ASYNC110 - it happens in the server
                await asyncio.sleep(0.02)
            # Heard either way: who begins to listen looks once. The second needs the telegraph.
            first = await given.an_event(elsewhere)
            await recorder.has_heard(1)
            second = await given.an_event(elsewhere)
            await recorder.has_heard(2)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)

    assert recorder.message_ids == [str(first.id), str(second.id)]


@pytest.mark.postgres(alone=True)
async def test_a_broken_telegraph_is_strung_anew(house: House) -> None:
    """Its connection is ended from outside: it listens again, and tells that it may have missed
    something.
    """
    heard = asyncio.Event()
    telegraph = Telegraph(house.database, Bell(), heard.set)
    working = asyncio.create_task(telegraph.work())
    try:
        async with asyncio.timeout(20):
            await telegraph.is_listening.wait()
            heard.clear()
            async with house.database.engine.connect() as connection:
                ended = await connection.scalar(
                    text(
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND query LIKE :listen"
                    ),
                    {"listen": f"LISTEN%{CHANNEL}%"},
                )
            await heard.wait()
            await telegraph.is_listening.wait()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    assert ended == 1
