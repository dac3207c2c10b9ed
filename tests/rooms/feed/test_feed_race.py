"""Many write slowly, three kinds of readers listen: nothing is lost, nothing is out of order.

`make test` plays some hundred events; in the soak (JIEBANG_SOAK_EVENTS) readers and ticks keep a
pace, as real ones do: who asks again at once gets pages of two events, and all that is measured is
how fast one process answers them.
"""

import asyncio
import json
import logging
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from tests.given.events import said
from tests.given.identity import someone
from tests.given.servers import serving
from tests.given.webhooks import LOCAL, a_courier

EVENTS = int(os.environ.get("JIEBANG_SOAK_EVENTS", "480"))
SOAK = "JIEBANG_SOAK_EVENTS" in os.environ
WRITERS = 12
SUBJECTS = 25
SEED = 20261126
PAUSE_SECONDS = 0.2 if SOAK else 0.01
"""Between two ticks of one worker, and before a reader whose page was not full asks again."""
PAGE = 200 if SOAK else 100
BREAKS = (200, 4_000) if SOAK else (20, 200)
"""After how many events the stream breaks off."""
_log = logging.getLogger("proof")


async def write(house: House, subjects: list[UUID], share: int, seed: int) -> None:
    """Say things about many subjects in transactions of different lengths; some are rolled back."""
    chance = random.Random(seed)
    done = 0
    while done < share:
        about = sorted(chance.sample(subjects, chance.randint(1, 3)))
        try:
            async with house.database.writing() as session:
                for one in about:
                    await said(session, one)
                if chance.random() < 0.3:
                    await asyncio.sleep(chance.random() * 0.02)
                if chance.random() < 0.1:
                    raise _ChangedMindError
            done += len(about)
        except _ChangedMindError:
            continue


class _ChangedMindError(Exception):
    """A transaction that comes to nothing."""


@asynccontextmanager
async def numbering(house: House) -> AsyncIterator[None]:
    """Two processes' worth of ticks beside everything else."""
    stop = asyncio.Event()

    async def tick(courier: jobs.Courier) -> None:
        while not stop.is_set():
            await jobs.fan_out(courier)
            await asyncio.sleep(PAUSE_SECONDS)

    async with Outbound(LOCAL) as outbound:
        courier = a_courier(house, outbound, bell=house.bell)
        ticks = [asyncio.create_task(tick(courier)) for _ in range(2)]
        yield
        stop.set()
        await asyncio.gather(*ticks)


async def all_numbered(house: House) -> None:
    """Wait until whatever was written can be heard: a tick gives PostgreSQL its numbers."""
    while True:
        async with house.database.reading() as session:
            left = await session.exec(
                select(EventRow.id).where(col(EventRow.number).is_(None)).limit(1)
            )
            if left.first() is None:
                return
        await asyncio.sleep(PAUSE_SECONDS)


async def polled(client: httpx.AsyncClient, done: asyncio.Event, *, wait: int) -> list[Any]:
    """Read page by page, until nothing comes after everything was written and numbered."""
    heard: list[Any] = []
    place: dict[str, str | int] = {}
    while True:
        finished = done.is_set()
        found = await client.get("/v1/events", params={**place, "limit": PAGE, "wait": wait})
        assert found.status_code == 200
        page = found.json()
        heard += page["items"]
        place = {"after": page["next_cursor"]}
        if not page["items"] and finished:
            return heard
        if len(page["items"]) < (PAGE if SOAK else 1):
            await asyncio.sleep(PAUSE_SECONDS)


async def streamed(client: httpx.AsyncClient, done: asyncio.Event, total: int) -> list[Any]:
    """Follow live, break off now and then, and resume where it broke off."""
    heard: list[Any] = []
    chance, place = random.Random(SEED), "start"
    first = (await client.get("/v1/events", params={"limit": 1})).json()
    heard, place = list(first["items"]), first["next_cursor"]
    while len(heard) < total:
        until = len(heard) + chance.randint(*BREAKS)
        headers = {"Last-Event-ID": place}
        async with client.stream("GET", "/v1/events/stream", headers=headers) as stream:
            assert stream.status_code == 200
            message: dict[str, str] = {}
            async for line in stream.aiter_lines():
                name, _, value = line.partition(": ")
                if line:
                    message[name] = value
                    continue
                if "data" in message:
                    heard.append(json.loads(message["data"]))
                place = message.get("id", place)
                message = {}
                if len(heard) >= min(until, total):
                    break
    return heard


@pytest.mark.postgres
async def test_no_reader_loses_or_reorders_anything(house: House, engine: str) -> None:
    """Every event once, in the order of its subject, by poll, by long poll and by stream."""
    subjects = [new_id() for _ in range(SUBJECTS)]
    watcher = await someone(house.database, Role.AUDITOR)
    done = asyncio.Event()

    async with (
        serving(house) as port,
        numbering(house),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers=watcher.headers,
            timeout=60,
        ) as client,
    ):
        readers = [
            asyncio.create_task(polled(client, done, wait=0)),
            asyncio.create_task(polled(client, done, wait=1)),
        ]
        writers = [
            write(house, subjects, EVENTS // WRITERS, SEED + turn) for turn in range(WRITERS)
        ]
        begun = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(writer)
        written = time.monotonic()
        await all_numbered(house)
        done.set()
        heard = await asyncio.gather(*readers)
        read = time.monotonic()
        total = len(heard[0])
        patience = 120 + EVENTS / 100
        heard.append(await asyncio.wait_for(streamed(client, done, total), timeout=patience))
        streamed_at = time.monotonic()

    assert total >= EVENTS
    for one in heard:
        assert len({event["id"] for event in one}) == len(one) == total
        assert [event["id"] for event in one] == [event["id"] for event in heard[0]]
        for subject in subjects:
            own = [e["sequence"] for e in one if e["subject"] == f"thing/{subject}"]
            assert own == list(range(1, len(own) + 1))
    _log.info(
        "%s: %d events, written in %.1f s, polled %.1f s later, streamed in %.1f s",
        *(engine, total, written - begun, read - written, streamed_at - read),
    )
