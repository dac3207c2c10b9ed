"""Deliveries end to end, against the bare client and against bare sockets; and how soon they come.

Ours is everything from the committed event to the fenced finish: fan-out, lease, signature, post,
record.  The floor posts the same bytes, each signed afresh, to the same sink over the same client,
and writes nothing down.  The sink runs in a process of its own, and all of it on uvloop, as the
server does.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, cast

import aiohttp
import uvloop
from sqlalchemy import insert

from benchmarks.harness import Bench, Row, row_of
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import addresses, garbage
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database, announce
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage
from marketplace.scheduler import at_work, jobs_of_events
from marketplace.webhooks import jobs
from tests.conftest import UNLIMITED
from tests.given import identity as people
from tests.given import webhooks as given

NAMES: Final = (
    "deliveries_against_same_client",
    "deliveries_against_raw_asyncio",
    "delivery_latency_p50",
    "delivery_latency_p99",
)
SLOTS: Final = 64
ENDPOINTS: Final = 16
EVENTS: Final = 250
"""Each is heard by every endpoint: 4,000 deliveries a round."""
ROUNDS: Final = 5
EVENTS_PER_SECOND: Final = 500
SECONDS: Final = 6
GOALS: Final = {"deliveries": 0.6, "raw": 0.12, "p50": 50.0, "p99": 250.0}


@asynccontextmanager
async def a_process(module: str) -> AsyncIterator[list[int]]:
    """Run a module that listens in a process of its own; say its ports."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield [int(port) for port in (await process.stdout.readline()).split()]
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def a_sink() -> AsyncIterator[int]:
    """Run a sink in a process of its own; say its port."""
    async with a_process("benchmarks.sink") as (port,):
        yield port


def a_house(bench: Bench, database: Database) -> House:
    """A house in real time."""
    return House(
        settings=replace(UNLIMITED, data_dir=bench.folder, development=True),
        database=database,
        storage=LocalStorage(bench.folder / "storage"),
        keeper=Keeper.from_text("a key for benchmarks only, 32 characters or more"),
        clock=SystemClock(),
        hasher=Hasher(memory_kib=64, passes=1),
    )


def dialler(total_seconds: float = 15.0) -> Outbound:
    """What dials this machine."""
    return Outbound(OutboundPolicy(reach=addresses.DEVELOPMENT, total_seconds=total_seconds))


async def say(house: House, template: EventRow, number: int) -> list[str]:
    """Commit so many copies of an event, each about something else; name them."""
    rows = []
    for _ in range(number):
        fresh = new_id()
        values = {name: getattr(template, name) for name in EventRow.model_fields}
        for name in ("position", "number", "fanned_out_at"):
            del values[name]
        record = template.record.replace(str(template.id).encode(), str(fresh).encode())
        rows.append(values | {"id": fresh, "subject_id": new_id(), "record": record})
    async with house.database.writing() as session:
        await (await session.connection()).execute(insert(EventRow), rows)
        announce(session)
    return [str(row["id"]) for row in rows]


async def ours(house: House, outbound: Outbound, template: EventRow) -> float:
    """Deliveries per second, from committed events to recorded ends."""
    await say(house, template, EVENTS)
    courier = given.a_courier(house, outbound, slots=SLOTS)
    begun = time.perf_counter()
    await jobs.fan_out(courier)
    done = await jobs.deliver(courier)
    taken = time.perf_counter() - begun
    assert done.succeeded == EVENTS * ENDPOINTS, done
    return done.succeeded / taken


def signed(body: bytes, name: str) -> dict[str, str]:
    """The headers of one message, as a minimal sender makes them."""
    at = int(time.time())
    content = b"%b.%d.%b" % (name.encode(), at, body)
    mark = base64.b64encode(hmac.digest(b"k" * 32, content, hashlib.sha256)).decode()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{mark}",
        "content-type": "application/cloudevents+json; charset=utf-8",
    }


async def same_client(port: int, body: bytes) -> float:
    """Posts per second of a bare loop over aiohttp."""
    left = iter(range(EVENTS * ENDPOINTS))
    url = f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> None:
            for _ in left:
                headers = signed(body, str(new_id()))
                async with session.post(url, data=body, headers=headers) as answer:
                    await answer.read()
                    assert answer.status == 204

        begun = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(SLOTS)))
        return EVENTS * ENDPOINTS / (time.perf_counter() - begun)


class _Raw(asyncio.Protocol):
    """One connection that sends the next message when the last one was answered."""

    def __init__(self, body: bytes, left: list[int], done: asyncio.Future[None]) -> None:
        self._body, self._left, self._done = body, left, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        assert data.startswith(b"HTTP/1.1 204"), data
        self._send()

    def _send(self) -> None:
        if not self._left:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._left.pop()
        headers = signed(self._body, str(new_id()))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        length = f"content-length: {len(self._body)}\r\n\r\n"
        self._transport.write(f"POST / HTTP/1.1\r\nhost: x\r\n{head}{length}".encode() + self._body)


async def raw_asyncio(port: int, body: bytes) -> float:
    """Posts per second of a hand-written client that trusts what it reads."""
    loop = asyncio.get_running_loop()
    left = list(range(EVENTS * ENDPOINTS))
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(SLOTS)]
    begun = time.perf_counter()
    for end in ends:
        await loop.create_connection(partial(_Raw, body, left, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return EVENTS * ENDPOINTS / (time.perf_counter() - begun)


@dataclass(frozen=True, slots=True)
class Stage:
    """A database with endpoints that hear everything public, at one sink."""

    house: House
    template: EventRow
    port: int


@asynccontextmanager
async def a_stage(bench: Bench, kind: str, endpoints: int) -> AsyncIterator[Stage]:
    """Set one up; what was said on the way is delivered to nobody."""
    async with a_sink() as port, bench.database(kind) as database:
        house = a_house(bench, database)
        owner = await people.someone(database, Role.SOLVER)
        template = await given.an_event(house)
        async with dialler() as outbound:
            await jobs.fan_out(given.a_courier(house, outbound))
        for _ in range(endpoints):
            await given.an_endpoint(
                house, owner, "scenario.closed", url=f"http://127.0.0.1:{port}/in"
            )
        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("ANALYZE")
            await connection.commit()
        with garbage.settled():  # as the server is
            yield Stage(house, template, port)


async def throughput(bench: Bench, kind: str) -> list[Row]:
    """Ours and both floors in turn, the first round unseen."""
    rates: list[tuple[float, float, float]] = []
    begun = time.perf_counter()
    async with a_stage(bench, kind, ENDPOINTS) as stage, dialler() as outbound:
        body = stage.template.record
        for number in range(ROUNDS + 1):
            rate = (
                await ours(stage.house, outbound, stage.template),
                await same_client(stage.port, body),
                await raw_asyncio(stage.port, body),
            )
            if number:
                rates.append(rate)
            if len(rates) >= 3 and time.perf_counter() - begun > bench.seconds_max / 4:
                break
    return [
        row_of(
            name,
            [(rate[0], rate[floor]) for rate in rates],
            goal=goal,
            unit="per second",
            database=kind,
            better="higher",
        )
        for name, floor, goal in (
            (NAMES[0], 1, GOALS["deliveries"]),
            (NAMES[1], 2, GOALS["raw"]),
        )
    ]


async def heard_at(port: int) -> dict[str, float]:
    """Ask the sink when it heard what."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as told:
        found: dict[str, float] = json.loads(await told.read())
        return found


async def latency(bench: Bench, kind: str) -> list[Row]:
    """How long after its commit an event has reached the receiver, at a steady rate."""
    async with a_stage(bench, kind, 1) as stage, dialler() as outbound:
        committed: dict[str, float] = {}
        at_once = 10
        stopping = asyncio.Event()
        telling = jobs_of_events(stage.house, outbound, stopping)
        async with at_work(stage.house, telling, stopping=stopping):
            begun = time.monotonic()
            for turn in range(EVENTS_PER_SECOND * SECONDS // at_once):
                await asyncio.sleep(begun + turn * at_once / EVENTS_PER_SECOND - time.monotonic())
                names = await say(stage.house, stage.template, at_once)
                committed |= dict.fromkeys(names, time.monotonic())
            heard: dict[str, float] = {}
            async with asyncio.timeout(30):
                while len(heard) < len(committed):
                    await asyncio.sleep(0.2)
                    heard |= await heard_at(stage.port)
    waits = sorted((heard[name] - at) * 1000 for name, at in committed.items())
    found = {"p50": statistics.median(waits), "p99": waits[len(waits) * 99 // 100]}
    return [
        replace(
            row_of(
                f"delivery_latency_{name}",
                [(found[name], 1.0)],
                goal=GOALS[name],
                unit="ms",
                database=kind,
            ),
            rounds=len(waits),
        )
        for name in ("p50", "p99")
    ]


async def of_database(bench: Bench, kind: str) -> list[Row]:
    """All rows of one database."""
    return [*await throughput(bench, kind), *await latency(bench, kind)]


async def rows(bench: Bench) -> list[Row]:
    """Both databases, on the loop that the server runs on."""

    async def both() -> list[Row]:
        return [*await of_database(bench, "sqlite"), *await of_database(bench, "postgres")]

    return await asyncio.to_thread(uvloop.run, both())
