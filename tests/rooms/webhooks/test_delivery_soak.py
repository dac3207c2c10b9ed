"""Twenty endpoints, a third of whose answers are bad, and two workers that are killed at random:
everything arrives.

`make test` sends a few hundred messages, `make soak` (JIEBANG_SOAK_DELIVERIES=100000) as many as
that.
"""

import asyncio
import datetime as dt
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

import msgspec
import pytest
from sqlmodel import select

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import SystemClock
from marketplace.webhooks.actions.endpoints import Pace
from marketplace.webhooks.queries import owners
from marketplace.webhooks.rules.circuit import CONCURRENCY_DEFAULT
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState
from marketplace.webhooks.tables import Delivery, Endpoint
from tests.given import webhooks as given
from tests.given.events import many_said
from tests.given.forked import Forked, deliver_for_ever
from tests.given.identity import someone
from tests.given.receivers import FAILURES, Message, Receivers

SOAK: Final = "JIEBANG_SOAK_DELIVERIES" in os.environ
DELIVERIES: Final = int(os.environ.get("JIEBANG_SOAK_DELIVERIES", "300"))
ENDPOINTS: Final = 20
HEALTHY: Final = range(18)
GONE: Final = 18
BROKEN: Final = 19
ORDERED: Final = frozenset({0, 1, 2})
"""Endpoints that ask for the events of a subject in their order."""
EVENTS: Final = DELIVERIES // ENDPOINTS
EACH: Final = 5
"""Events about one subject."""
KILLS: Final = 20 if SOAK else 2
FAILING: Final = 0.36
"""Never more than two bad answers in a row, so 30 % of all are bad."""
TOTAL_SECONDS: Final = 0.5
FACTOR: Final = 20
"""How much faster than real time the workers' clock goes: a lease of a minute ends in three s."""
SCHEDULE: Final = (dt.timedelta(seconds=2),) * 200
GROWTH_BYTES_MAX: Final = 100 * 1024 * 1024
PATIENCE_SECONDS: Final = 1200 if SOAK else 90
SEED: Final = 20261126
_log = logging.getLogger("proof")


def inversions(heard: Sequence[Message]) -> int:
    """Count the events that came, for the first time, after a later one of their subject."""
    latest: Counter[str] = Counter()
    known: set[str] = set()
    found = 0
    for message in heard:
        if message.id in known:
            continue
        known.add(message.id)
        event = msgspec.json.decode(message.body)
        found += event["sequence"] < latest[event["subject"]]
        latest[event["subject"]] = max(latest[event["subject"]], event["sequence"])
    return found


class Workers:
    """Two delivery processes; one of them is killed and replaced when chance says so."""

    def __init__(self, url: str, begun_at: dt.datetime) -> None:
        self.growth_bytes: list[int] = []
        self._arguments = (url, SCHEDULE, TOTAL_SECONDS, begun_at, FACTOR)
        self._workers: list[tuple[Forked, int]] = []

    async def start(self) -> None:
        """Start one, and note what it holds before it has done anything."""
        worker = await asyncio.to_thread(Forked, deliver_for_ever, *self._arguments)
        self._workers.append((worker, worker.memory_bytes("VmRSS")))

    async def kill(self, which: int) -> None:
        """End one, wherever it is, and note how much it had grown."""
        worker, before = self._workers.pop(which)
        self.growth_bytes.append(worker.memory_bytes("VmHWM") - before)
        await worker.kill()

    async def end(self) -> None:
        """End all of them."""
        while self._workers:
            await self.kill(0)


async def states(house: House) -> dict[str, Counter[DeliveryState]]:
    """How many deliveries of each endpoint are in which state."""
    async with house.database.reading() as session:
        found = await session.exec(select(Endpoint.url, Delivery.state).join(Delivery))
    counted: dict[str, Counter[DeliveryState]] = {}
    for url, state in found.all():
        counted.setdefault(url, Counter())[DeliveryState(state)] += 1
    return counted


async def until_recorded(house: House, healthy: set[str], number: int) -> None:
    """Wait until the workers have written down what the receivers know."""
    while True:
        seen = await states(house)
        if all(seen[url][DeliveryState.DELIVERED] == number for url in healthy):
            return
        await asyncio.sleep(0.05)  # it happens in other processes


@pytest.mark.postgres
async def test_everything_arrives_although_a_third_fails_and_workers_die(
    house: House, engine: str
) -> None:
    """At least once at every healthy endpoint, repeats under the same id and bytes, nothing after
    a 410, and no worker grows with what it sends.
    """
    chance = random.Random(SEED)
    database = house.database
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_SECONDS):
        receivers = Receivers(failing=FAILING, gone=GONE, broken=BROKEN, seed=SEED)
        await stack.enter_async_context(receivers.listening())
        owner = await someone(database, Role.SOLVER)
        made = [
            await given.an_endpoint(
                house,
                owner,
                "scenario.closed",
                url=receivers.url(number),
                pace=Pace(ordered=number in ORDERED),
            )
            for number in range(ENDPOINTS)
        ]
        ids = frozenset(map(str, await many_said(database, EVENTS, each=EACH)))
        workers = Workers(database.url, SystemClock().now())
        stack.push_async_callback(workers.end)
        begun = time.monotonic()
        for _ in range(2):
            await workers.start()
        for turn in range(KILLS):
            share = (turn + chance.random()) / (KILLS + 1)
            await receivers.until_requests(int(share * EVENTS * len(HEALTHY)))
            await workers.kill(chance.randrange(2))
            await workers.start()
        await receivers.until_accepted(HEALTHY, ids)
        healthy = {receivers.url(one) for one in HEALTHY}
        await until_recorded(house, healthy, EVENTS)
        seconds = time.monotonic() - begun
        to_the_gone = receivers.requests[GONE]
        later = frozenset(map(str, await many_said(database, EACH, each=EACH)))
        await receivers.until_accepted(HEALTHY, ids | later)
        await workers.end()

    for one in HEALTHY:
        bodies = {heard.id: heard.body for heard in receivers.accepted[one]}
        assert bodies.keys() == ids | later
        assert all(heard.body == bodies[heard.id] for heard in receivers.accepted[one])
        assert one not in ORDERED or inversions(receivers.accepted[one]) == 0
    async with database.reading() as session:
        gone = await owners.endpoint(
            session, made[GONE].row.id, organization_id=owner.actor.organization_id
        )
    assert gone.state is EndpointState.DISABLED
    assert 1 <= to_the_gone <= CONCURRENCY_DEFAULT * (KILLS + 1)
    assert receivers.requests[GONE] == to_the_gone, "something was sent after the 410"
    assert set(receivers.failed) >= {*FAILURES[:3], "410"}
    assert max(workers.growth_bytes) < GROWTH_BYTES_MAX
    accepted = sum(len(receivers.accepted[one]) for one in HEALTHY)
    tried = sum(receivers.requests[one] for one in HEALTHY)
    repeats = accepted - len(HEALTHY) * len(ids | later)
    _log.info(
        "%s: %d deliveries in %.1f s, %d requests, %.1f %% failed, %d kills, %d repeats, %d MB",
        *(engine, EVENTS * len(HEALTHY), seconds, tried, 100 * (1 - accepted / tried)),
        *(KILLS, repeats, max(workers.growth_bytes) // 2**20),
    )
