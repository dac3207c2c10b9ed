"""Couriers that are killed or stopped in their tracks, and receivers that misbehave.

`make test` kills one courier; the soak (JIEBANG_SOAK_KILLS=100) kills one after the other.
"""

import asyncio
import dataclasses
import datetime as dt
import logging
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from sqlmodel import col, select

from marketplace.client.listen import Receive, Scope, Send, serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import SystemClock
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.actions.endpoints import WithSecret
from marketplace.webhooks.rules.lifecycle import DeliveryState
from marketplace.webhooks.tables import Attempt, Delivery
from tests.given import identity as people
from tests.given import webhooks as given
from tests.given.courier import a_courier_process
from tests.given.processes import killed

pytestmark = pytest.mark.long

KILLS: Final = int(os.environ.get("JIEBANG_SOAK_KILLS", "1"))
LEASE_SECONDS: Final = 2.0
DUPLICATES_PER_KILL_MAX: Final = 160
_log = logging.getLogger("proof")


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that other processes bring about."""
    async with asyncio.timeout(60 + 10 * KILLS):
        while not await wanted():  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.02)


async def states(house: House) -> Counter[DeliveryState]:
    """How many deliveries are in each state."""
    async with house.database.reading() as session:
        found = await session.exec(select(Delivery.state))
        return Counter(DeliveryState(state) for state in found.all())


async def attempts(house: House) -> list[tuple[int, int | None, bool]]:
    """Number, answer and lateness of every attempt, in the order of their numbers."""
    async with house.database.reading() as session:
        found = await session.exec(select(Attempt).order_by(col(Attempt.number)))
        return [(row.number, row.status, row.late) for row in found.all()]


async def endpoints(house: House, number: int, url: str) -> list[WithSecret]:
    """Endpoints of one organisation that hear of every closed call."""
    owner = await people.someone(house.database, Role.SOLVER)
    return [
        await given.an_endpoint(house, owner, "scenario.closed", url=f"{url}/{at}")
        for at in range(number)
    ]


@pytest.mark.postgres
async def test_a_courier_that_is_killed_has_lost_nothing(house: House) -> None:
    """Killed in the middle of its work: everything arrives, and little of it twice."""
    recorder = given.Recorder(204)
    each, events = 5, 12
    async with serve_receiver(recorder) as url:
        await endpoints(house, each, url)
        process = await a_courier_process(house.database.url, lease_seconds=LEASE_SECONDS)
        try:
            for kill in range(KILLS):
                before = len(recorder.heard)
                for _ in range(events):
                    await given.an_event(house)
                await recorder.has_heard(before + 3)
                await killed(process)
                if kill < KILLS - 1:
                    process = await a_courier_process(
                        house.database.url, lease_seconds=LEASE_SECONDS
                    )
            owed = KILLS * each * events

            async def all_arrived() -> bool:
                async with Outbound(given.LOCAL) as outbound:
                    courier = given.a_courier(house, outbound, clock=SystemClock())
                    await jobs.fan_out(courier)
                    await jobs.deliver(courier)
                return (await states(house))[DeliveryState.DELIVERED] == owed

            await until(all_arrived)
        finally:
            await killed(process)

    places = Counter((heard.message_id, heard.path) for heard in recorder.heard)
    twice = sum(places.values()) - len(places)
    _log.info("%d kills: %d deliveries, %d of them twice", KILLS, owed, twice)
    assert len(places) == owed
    assert await states(house) == {DeliveryState.DELIVERED: owed}
    assert twice <= DUPLICATES_PER_KILL_MAX * KILLS


@pytest.mark.postgres
async def test_a_courier_that_slept_through_its_lease_overwrites_nothing(house: House) -> None:
    """Stopped with a request under way, and awake again when another has delivered: its result is
    logged as late, and the delivery stays as the other left it.
    """
    asleep, awake = asyncio.Event(), asyncio.Event()
    recorder = given.Recorder(204)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if not asleep.is_set():
            asleep.set()
            await awake.wait()
        await recorder(scope, receive, send)

    async with serve_receiver(door) as url, Outbound(given.LOCAL) as outbound:
        await endpoints(house, 1, url)
        await given.an_event(house)
        sleeper = await a_courier_process(house.database.url, lease_seconds=1)
        try:
            async with asyncio.timeout(60):
                await asleep.wait()
            sleeper.send_signal(signal.SIGSTOP)
            courier = given.a_courier(house, outbound, clock=SystemClock())

            async def delivered() -> bool:
                await jobs.deliver(courier)
                return await states(house) == {DeliveryState.DELIVERED: 1}

            await until(delivered)
            awake.set()
            sleeper.send_signal(signal.SIGCONT)

            async def both_logged() -> bool:
                return len(await attempts(house)) == 2

            await until(both_logged)
        finally:
            await killed(sleeper)

    (first, _, first_is_late), second = await attempts(house)
    assert (first, first_is_late, second) == (1, True, (2, 204, False))
    assert await states(house) == {DeliveryState.DELIVERED: 1}


async def test_four_bad_receivers_of_twenty_delay_nobody(house: House) -> None:
    """One hangs, one dribbles, one floods, one asks for a day: sixteen have everything while the
    bad ones are still being waited for, and none of those is waited for beyond the deadline.
    """
    good = given.Recorder(204)
    fine = asyncio.Event()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/0":
                await given.silence(receive)
            case "/1":
                await send({"type": "http.response.start", "status": 200, "headers": []})
                while True:
                    await send({"type": "http.response.body", "body": b".", "more_body": True})
                    await asyncio.sleep(0.1)
            case "/2":
                await send({"type": "http.response.start", "status": 500, "headers": []})
                piece = {"type": "http.response.body", "body": b"x" * 100_000, "more_body": True}
                for _ in range(100):
                    await send(piece)
            case "/3":
                wait = [(b"retry-after", b"999999"), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 429, "headers": wait})
                await send({"type": "http.response.body", "body": b""})
            case _:
                await good(scope, receive, send)

    policy = dataclasses.replace(given.LOCAL, total_seconds=1.5)
    async with serve_receiver(door) as url, Outbound(policy) as outbound:
        made = await endpoints(house, 20, url)
        courier = given.a_courier(house, outbound, clock=SystemClock())
        for _ in range(5):
            await given.an_event(house)
        await jobs.fan_out(courier)
        delivering = asyncio.create_task(jobs.deliver(courier))
        async with asyncio.timeout(30):
            await good.has_heard(16 * 5)
        if not delivering.done():
            fine.set()
        done = await delivering
    async with house.database.reading() as session:
        tried = (await session.exec(select(Attempt))).all()
        asked = await session.exec(
            select(Delivery).where(Delivery.endpoint_id == made[3].row.id).limit(1)
        )
        (again_at,) = [one.next_at for one in asked if one.next_at]
        waits = again_at - await SystemClock().decisive(session)

    assert fine.is_set()
    assert done.succeeded >= 16 * 5
    assert max(one.duration_ms for one in tried) < 2_500
    assert max(len(one.answer) for one in tried) <= 2_048
    assert waits <= dt.timedelta(hours=24)
