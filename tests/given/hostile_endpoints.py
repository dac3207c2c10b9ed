"""Endpoints of solvers who wish us ill, or whose server is broken: a real one, on raw sockets.

The path of a request chooses what it meets.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from marketplace.scoring.rules.endpoints import End, Failure, Problem
from tests.given.hostile import gzip_bomb

GONE: Final = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
PIECE: Final = b"x" * 65_536
BANNER: Final = b"SSH-2.0-OpenSSH_9.6\r\n" * 40


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    head: bytes
    body: bytes
    earlier: tuple[bytes, ...]
    """The bodies of requests before it, on whatever connection."""

    @property
    def ids(self) -> list[str]:
        """The ids that are asked."""
        return [one["id"] for one in json.loads(self.body)["inputs"]]

    def header(self, name: str) -> str:
        """The value of a header."""
        for line in self.head.decode("latin-1").split("\r\n"):
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return ""


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def said(body: bytes, *, status: str = "200 OK", headers: str = "", length: str = "") -> bytes:
    """An answer, with the length it has or another one."""
    size = length or str(len(body))
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
    return f"{head}{headers}\r\n".encode() + body


def predicted(ids: list[str], value: object = "yes") -> bytes:
    """What was agreed: a prediction for each id."""
    return json.dumps({"outputs": [{"id": one, "prediction": value} for one in ids]}).encode()


def saying(make: Callable[[Asked], bytes]) -> Behaviour:
    """Make a behaviour that says one thing."""

    async def say(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(make(asked))
        await writer.drain()

    return say


def trickling(head: bytes, piece: bytes, seconds: float) -> Behaviour:
    """Make a behaviour that goes on for ever in small pieces."""

    async def trickle(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(seconds)

    return trickle


def hanging_up(make: Callable[[Asked], bytes], *, reset: bool = False) -> Behaviour:
    """Make a behaviour that says something and is gone."""

    async def hang_up(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(make(asked))
        await writer.drain()
        if reset:
            told = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, told)
            writer.transport.abort()
        writer.close()

    return hang_up


async def _silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def _slow_then_fast(asked: Asked, writer: asyncio.StreamWriter) -> None:
    if not asked.earlier:
        await asyncio.Event().wait()
    writer.write(said(predicted(asked.ids)))


async def _tls_alert(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x01\x00\x02\x02\x28" * 3)
    writer.close()


def _about_others(asked: Asked) -> bytes:
    before = json.loads(asked.earlier[-1])["inputs"][0]["id"] if asked.earlier else "0" * 24
    return said(predicted([before]))


def _in_advance(asked: Asked) -> bytes:
    """The right answer, and behind it one to a question that was not asked yet."""
    return said(predicted(asked.ids)) + said(predicted(asked.ids, "poison"))


GOOD_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED: Final = GOOD_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
METADATA: Final = "Location: http://169.254.169.254/latest/meta-data/\r\n"
_BOMB: Final = gzip_bomb(20)
F, P = Failure, Problem
Whys = set[Failure] | set[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """What an endpoint does, and what may come of a run against it."""

    does: Behaviour
    why: Whys
    end: End = End.UNRELIABLE


def _trap(does: Behaviour, *why: Failure | Problem, end: End = End.UNRELIABLE) -> Trap:
    return Trap(does=does, why=set(why), end=end)  # type: ignore[arg-type]


def _unreadable(make: Callable[[Asked], bytes], *why: Problem) -> Trap:
    return _trap(saying(lambda asked: said(make(asked))), *why)


def _status(status: str, *, end: End = End.UNRELIABLE, headers: str = "") -> Trap:
    make = saying(lambda asked: said(b"{}", status=status, headers=headers))
    return _trap(make, F.REDIRECTED if status.startswith("3") else F.HTTP_STATUS, end=end)


TRAPS: Final[Mapping[str, Trap]] = {
    "never-answers": _trap(_silent, F.TIMEOUT),
    "head-byte-by-byte": _trap(trickling(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.05), F.TIMEOUT),
    "body-byte-by-byte": _trap(
        trickling(said(b"", length="4000"), b"x", 0.05), F.ANSWER_INCOMPLETE
    ),
    "one-good-byte-and-silence": _trap(
        trickling(said(b"{", length="2"), b"", 0.05), F.ANSWER_INCOMPLETE
    ),
    "body-without-end": _trap(trickling(GOOD_HEAD + b"\r\n", PIECE, 0), F.ANSWER_TOO_LARGE),
    "chunks-without-end": _trap(
        trickling(CHUNKED, b"10000\r\n" + PIECE + b"\r\n", 0), F.ANSWER_TOO_LARGE
    ),
    "headers-without-end": _trap(
        trickling(GOOD_HEAD, b"X-More: " + b"x" * 4_000 + b"\r\n", 0), F.NOT_HTTP, F.TIMEOUT
    ),
    "one-header-without-end": _trap(trickling(GOOD_HEAD + b"X: ", PIECE, 0), F.NOT_HTTP, F.TIMEOUT),
    "trailers-without-end": _trap(
        trickling(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: " + b"x" * 4_000 + b"\r\n", 0),
        *(F.ANSWER_INCOMPLETE, F.NOT_HTTP, P.WRONG_SHAPE),
    ),
    "a-gigabyte-promised": _trap(
        trickling(said(b"{", length="1000000000"), b"", 0.05), F.ANSWER_INCOMPLETE
    ),
    "a-gigabyte-sent": _trap(
        trickling(said(b"", length="1000000000"), PIECE, 0), F.ANSWER_TOO_LARGE
    ),
    "shorter-than-said": _trap(
        hanging_up(lambda asked: said(predicted(asked.ids), length="5000")), F.ANSWER_INCOMPLETE
    ),
    "longer-than-said": _trap(
        hanging_up(lambda asked: said(predicted(asked.ids), length="10")), P.NOT_JSON, F.NOT_HTTP
    ),
    "two-lengths": _trap(
        hanging_up(lambda asked: said(b"{}", headers="Content-Length: 20\r\n")),
        *(F.NOT_HTTP, F.ANSWER_INCOMPLETE, P.WRONG_SHAPE),
    ),
    "a-length-below-nothing": _trap(hanging_up(lambda asked: said(b"{}", length="-5")), F.NOT_HTTP),
    "chunks-of-noise": _trap(
        hanging_up(lambda asked: CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
        *(F.NOT_HTTP, F.ANSWER_INCOMPLETE),
    ),
    "a-bomb-of-gzip": _trap(
        saying(lambda asked: said(_BOMB, headers="Content-Encoding: gzip\r\n")),
        *(P.WRONG_ENCODING, P.NOT_JSON),
    ),
    "redirect-to-metadata": _status("307 Temporary Redirect", headers=METADATA),
    "moved-for-good": _status("301 Moved Permanently", headers=METADATA),
    "401": _status("401 Unauthorized", end=End.TURNED_AWAY),
    "403": _status("403 Forbidden", end=End.TURNED_AWAY),
    "410": _status("410 Gone", end=End.TURNED_AWAY),
    "404": _status("404 Not Found"),
    "429": _status("429 Too Many Requests", headers="Retry-After: 86400\r\n"),
    "500": _status("500 Internal Server Error"),
    "503": _status("503 Service Unavailable", headers="Retry-After: 1\r\n"),
    "201": _status("201 Created"),
    "no-content": _trap(
        hanging_up(lambda asked: b"HTTP/1.1 204 No Content\r\n\r\n"), F.HTTP_STATUS
    ),
    "nothing": _unreadable(lambda asked: b"", P.NOT_JSON),
    "html": _unreadable(lambda asked: b"<!doctype html><title>502</title>", P.NOT_JSON),
    "deep-json": _unreadable(lambda asked: b'{"outputs":' + b"[" * 60_000, P.TOO_DEEP),
    "a-list-of-commas": _unreadable(
        lambda asked: b'{"outputs":[' + b"1," * 30_000 + b"1]}", P.TOO_MANY_VALUES
    ),
    "quotes-and-escapes": _unreadable(lambda asked: b'"\\' * 30_000, P.NOT_JSON),
    "nan": _unreadable(lambda asked: predicted(asked.ids, float("nan")), P.NOT_A_NUMBER),
    "huge-number": _unreadable(
        lambda asked: predicted(asked.ids, 1).replace(b"1}", b"9" * 50_000 + b"}"),
        P.NUMBER_TOO_LARGE,
    ),
    "huge-exponent": _unreadable(
        lambda asked: predicted(asked.ids, 1).replace(b"1}", b"1e999999999}"), P.NUMBER_TOO_LARGE
    ),
    "an-id-twice": _unreadable(lambda asked: predicted(asked.ids * 2), P.ID_TWICE),
    "foreign-ids": _unreadable(lambda asked: predicted([*asked.ids, "r1"]), P.ID_FOREIGN),
    "ids-missing": _unreadable(lambda asked: predicted([]), P.ID_MISSING),
    "about-others": _trap(saying(_about_others), P.ID_FOREIGN),
    "no-utf-8": _unreadable(lambda asked: predicted(asked.ids) + b"\xff\xfe", P.WRONG_ENCODING),
    "a-mark": _unreadable(lambda asked: b"\xef\xbb\xbf" + predicted(asked.ids), P.BYTE_ORDER_MARK),
    "not-http": _trap(hanging_up(lambda asked: BANNER), F.NOT_HTTP, F.CONNECTION_BROKEN),
    "http-nine": _trap(
        hanging_up(lambda asked: b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        *(F.NOT_HTTP, P.NOT_JSON),
    ),
    "zeros-in-headers": _trap(
        hanging_up(lambda asked: said(b"{}", headers="X\0Y: a\0b\r\n")), F.NOT_HTTP
    ),
    "reset-at-once": _trap(hanging_up(lambda asked: b"", reset=True), F.CONNECTION_BROKEN),
    "hangs-up": _trap(hanging_up(lambda asked: b""), F.CONNECTION_BROKEN),
    "reset-in-the-head": _trap(
        hanging_up(lambda asked: b"HTTP/1.1 200 OK\r\nConte", reset=True),
        *(F.CONNECTION_BROKEN, F.NOT_HTTP),
    ),
    "reset-in-the-body": _trap(
        hanging_up(lambda asked: said(predicted(asked.ids), length="5000"), reset=True),
        *(F.CONNECTION_BROKEN, F.ANSWER_INCOMPLETE),
    ),
    "informed-without-end": _trap(
        trickling(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 50, 0.01), F.TIMEOUT, F.NOT_HTTP
    ),
    "informed-in-a-flood": _trap(
        trickling(b"", b"HTTP/1.1 102 Processing\r\n\r\n" * 2_000, 0), F.TIMEOUT, F.NOT_HTTP
    ),
    "chunks-of-one-byte": _trap(
        trickling(CHUNKED, b"1\r\nx\r\n" * 10_000, 0), F.ANSWER_TOO_LARGE, F.ANSWER_INCOMPLETE
    ),
    "another-protocol": _trap(
        hanging_up(
            lambda asked: (
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                b"Connection: upgrade\r\n\r\n" + predicted(asked.ids)
            )
        ),
        *(F.HTTP_STATUS, F.NOT_HTTP, F.CONNECTION_BROKEN),
    ),
    "tls-alert": _trap(_tls_alert, F.NOT_HTTP, F.CONNECTION_BROKEN),
    "repeats-the-header": _trap(
        saying(lambda asked: said(predicted(asked.ids, asked.header("authorization")))),
        F.HEADER_ECHOED,
    ),
    "repeats-all-it-was-sent": _trap(
        saying(lambda asked: said(asked.head + asked.body, status="400 Bad Request")),
        F.HEADER_ECHOED,
    ),
}
"""By path; each is one failure that ends a run which allows none."""

MANNERED: Final[Mapping[str, Behaviour]] = {
    "good": saying(lambda asked: said(predicted(asked.ids))),
    "sets-cookies": saying(
        lambda asked: said(
            predicted(asked.ids), headers="Set-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n" * 20
        )
    ),
    "answers-in-advance": saying(_in_advance),
    "slow-then-fast": _slow_then_fast,
    "hangs-up-after-each": hanging_up(lambda asked: said(predicted(asked.ids))),
}
"""What a run may get through, though it is not all good manners."""


def medley() -> Behaviour:
    """Make a behaviour that is another trap for each request; whoever is turned away is not."""
    paths = itertools.cycle(path for path in TRAPS if TRAPS[path].end is End.UNRELIABLE)

    async def one_after_the_other(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await TRAPS[next(paths)].does(asked, writer)

    return one_after_the_other


@dataclass(slots=True)
class Endpoint:
    """A server that remembers what it was asked."""

    behaviours: Mapping[str, Behaviour]
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    under_way: int = 0
    at_once: int = 0
    """The most requests that were under way at a time."""
    remembers: bool = True

    def url(self, path: str, *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        """Where a behaviour is met."""
        return f"{scheme}://{host}:{self.port}/{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side is tired of it."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            with contextlib.suppress(*GONE):
                while not writer.is_closing():
                    await self._one(reader, writer)
        finally:
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ", 2)[1].decode("ascii").removeprefix("/")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        asked = Asked(path, head, body, tuple(one.body for one in self.asked[-1:]))
        if self.remembers:
            self.asked.append(asked)
        self.under_way += 1
        self.at_once = max(self.at_once, self.under_way)
        try:
            await self.behaviours[path](asked, writer)
        finally:
            self.under_way -= 1


@asynccontextmanager
async def an_endpoint(**more: Behaviour) -> AsyncIterator[Endpoint]:
    """Serve every behaviour on a free port of 127.0.0.1 until the block ends."""
    traps = {path: trap.does for path, trap in TRAPS.items()}
    server = Endpoint({**traps, **MANNERED, "medley": medley(), **more})
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        tasks = list(server.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
