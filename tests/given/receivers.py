"""A server for many webhook endpoints at once, of which a good part of the answers is bad."""

import asyncio
import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

OK = b"HTTP/1.1 204 No Content\r\n\r\n"
EMPTY = b"Content-Length: 0\r\n\r\n"
ANSWERS = {
    "500": b"HTTP/1.1 500 Broken\r\n" + EMPTY,
    "429": b"HTTP/1.1 429 Slowly\r\nRetry-After: 3\r\n" + EMPTY,
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n" + EMPTY,
}
OTHERS = ("reset", "silence", "slow loris", "endless body")
FAILURES = (*ANSWERS, *OTHERS)
GONE = b"HTTP/1.1 410 Gone\r\n" + EMPTY
LEFT = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
CHUNK = b"x" * 16_384
ROW_MAX = 2
"""No more than so many bad answers in a row: who fails more often is left to rest, as it should."""


@dataclass(frozen=True, slots=True)
class Message:
    """One request as it arrived."""

    id: str
    body: bytes
    signature: str
    timestamp: str


class Receivers:
    """Endpoints are told apart by their path: `/0`, `/1` and so on."""

    def __init__(self, *, failing: float, gone: int, broken: int, seed: int) -> None:
        self.port = 0
        self.accepted: dict[int, list[Message]] = defaultdict(list)
        """What was answered with success, in order, by endpoint."""
        self.requests: Counter[int] = Counter()
        self.failed: Counter[str] = Counter()
        self.changed = asyncio.Condition()
        self._failing, self._gone, self._broken = failing, gone, broken
        self._chance = random.Random(seed)
        self._in_a_row: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def total(self) -> int:
        """How many requests arrived."""
        return self.requests.total()

    def url(self, endpoint: int) -> str:
        """Where an endpoint listens."""
        return f"http://127.0.0.1:{self.port}/{endpoint}"

    async def until_requests(self, number: int) -> None:
        """Wait until so many requests have arrived."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.total >= number)

    async def until_accepted(self, endpoints: range, ids: frozenset[str]) -> None:
        """Wait until each of some endpoints has accepted each of some messages."""
        async with self.changed:
            await self.changed.wait_for(
                lambda: (
                    all(len(self.accepted[one]) >= len(ids) for one in endpoints)
                    and all(ids <= {heard.id for heard in self.accepted[one]} for one in endpoints)
                )
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(*LEFT):
                while await self._one(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request and answer it; tell whether the connection can take another."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        exact = dict(line.split(": ", 1) for line in lines if line)
        body = await reader.readexactly(int(headers["content-length"]))
        endpoint = int(first.split()[1].removeprefix("/"))
        message = Message(
            headers["webhook-id"], body, exact["webhook-signature"], headers["webhook-timestamp"]
        )
        failure = self._failure_of(endpoint)
        async with self.changed:
            self.requests[endpoint] += 1
            if failure is None:
                self.accepted[endpoint].append(message)
            else:
                self.failed[failure] += 1
            self.changed.notify_all()
        return await self._answer(failure, reader, writer)

    def _failure_of(self, endpoint: int) -> str | None:
        if endpoint == self._gone:
            return "410"
        if endpoint == self._broken:
            return "500"
        spared = self._in_a_row[endpoint] >= ROW_MAX
        if spared or self._chance.random() >= self._failing:
            self._in_a_row[endpoint] = 0
            return None
        self._in_a_row[endpoint] += 1
        return self._chance.choice(FAILURES)

    async def _answer(
        self, failure: str | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        if failure in OTHERS:
            await self._misbehave(failure, reader, writer)
            return False
        said = OK if failure is None else GONE if failure == "410" else ANSWERS[failure]
        writer.write(said)
        await writer.drain()
        return True

    async def _misbehave(
        self, failure: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Hang up, say nothing, say it byte by byte, or never stop; until the other side goes."""
        if failure == "silence":
            await reader.read(1)
        elif failure == "slow loris":
            while True:
                writer.write(b"H")
                await writer.drain()
                await asyncio.sleep(0.05)
        elif failure == "endless body":
            writer.write(b"HTTP/1.1 500 Broken\r\nContent-Length: 99999999999\r\n\r\n")
            while True:
                writer.write(CHUNK)
                await writer.drain()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Receivers"]:
        """Listen on a free port until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
