"""Where an answer ends, what of it is heard, and when its connection may serve again."""

import asyncio
import dataclasses
import socket
import struct
from typing import Final

import pytest

from marketplace.kit import addresses
from marketplace.kit.exchange import IDLE_BYTES_MAX, INTERIM_MAX, Reason
from marketplace.kit.outbound import Answer, Outbound, OutboundPolicy, Unanswered
from tests.given.raw_servers import RawServer, listening, request

LOCAL = OutboundPolicy(reach=addresses.DEVELOPMENT, connect_seconds=2, total_seconds=5)
NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
OK: Final = b"HTTP/1.1 200 OK\r\n"
CHUNKED: Final = OK + b"transfer-encoding: chunked\r\n\r\n"
INTERIM: Final = b"HTTP/1.1 103 Early Hints\r\nlocation: /early\r\n\r\n"


class Scripted(RawServer):
    """A server that answers every request with the same bytes."""

    def __init__(self, answer: bytes, *, then: bytes = b"", hangs_up: bool = False) -> None:
        super().__init__()
        self.answer, self.then, self.hangs_up = answer, then, hangs_up
        self.written = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer, and say the same thing over and over where there is `then`."""
        while True:
            await request(reader)
            writer.write(self.answer)
            await writer.drain()
            while self.then:
                writer.write(self.then)
                self.written += len(self.then)
                await writer.drain()
            if self.hangs_up:
                writer.close()
                return await writer.wait_closed()


async def twice(server: Scripted, policy: OutboundPolicy = LOCAL) -> list[Answer | Unanswered]:
    """Post two times, one after the other, with a breath between them."""
    heard = []
    async with listening(server), Outbound(policy) as outbound:
        for _ in range(2):
            heard.append(await outbound.post(server.url, headers={}, body=b"{}"))
            await asyncio.sleep(0.02)
    return heard


def told(heard: list[Answer | Unanswered]) -> list[object]:
    """What each answer was: status, body and whether all of it was heard; or why there is none."""
    return [
        (one.status, one.body, not one.truncated) if isinstance(one, Answer) else one.reason
        for one in heard
    ]


ENDED_BY_THEMSELVES: Final = {
    "no body": (NO_CONTENT, 204, b""),
    "a length": (OK + b"content-length: 2\r\n\r\nok", 200, b"ok"),
    "chunks": (CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, b"ok"),
    "extensions": (CHUNKED + b'2;why="because"\r\nok\r\n0\r\n\r\n', 200, b"ok"),
    "a trailer": (CHUNKED + b"2\r\nok\r\n0\r\nlocation: /late\r\n\r\n", 200, b"ok"),
    "blanks behind a size": (CHUNKED + b"2 \r\nok\r\n0\r\n\r\n", 200, b"ok"),
    "bare line feeds": (b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", 200, b"ok"),
    "an interim answer": (INTERIM + NO_CONTENT, 204, b""),
    "as many as may be": (INTERIM * (INTERIM_MAX - 1) + NO_CONTENT, 204, b""),
    "an upgrade on offer": (
        OK + b"upgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nok",
        *(200, b"ok"),
    ),
}


@pytest.mark.parametrize("case", ENDED_BY_THEMSELVES)
async def test_an_answer_that_says_where_it_ends_leaves_its_connection_free(case: str) -> None:
    """Both posts are answered in full over one connection, and only headers of the head count."""
    answer, status, body = ENDED_BY_THEMSELVES[case]
    server = Scripted(answer)
    heard = await twice(server)

    assert told(heard) == [(status, body, True)] * 2
    assert all(isinstance(one, Answer) and "location" not in one.headers for one in heard)
    assert server.connections == 1


ENDED_BY_THE_CONNECTION: Final = {
    "no length": (OK + b"\r\nok", True, (200, b"ok", True)),
    "an old version": (b"HTTP/1.0 200 OK\r\n\r\nok", True, (200, b"ok", True)),
    "a promise to close": (
        OK + b"connection: close\r\ncontent-length: 2\r\n\r\nok",
        *(False, (200, b"ok", True)),
    ),
    "less than was promised": (OK + b"content-length: 9\r\n\r\nok", True, (200, b"ok", False)),
    "a chunk cut short": (CHUNKED + b"9\r\nok", True, (200, b"ok", False)),
    "no head": (b"HTTP/1.1 200 OK\r\n", True, Reason.CONNECTION_BROKEN),
    "nothing": (b"", True, Reason.CONNECTION_BROKEN),
    "another protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello",
        *(False, (101, b"", True)),
    ),
}


@pytest.mark.parametrize("case", ENDED_BY_THE_CONNECTION)
async def test_an_answer_that_ends_with_its_connection_is_told_from_one_that_broke(
    case: str,
) -> None:
    """Each post needs a connection of its own."""
    answer, hangs_up, expected = ENDED_BY_THE_CONNECTION[case]
    server = Scripted(answer, hangs_up=hangs_up)
    heard = await twice(server)

    assert told(heard) == [expected] * 2
    assert server.connections == 2


class Resetting(Scripted):
    """A server that answers and resets its connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let the other side read what was said, then reset."""
        await request(reader)
        writer.write(self.answer)
        await writer.drain()
        await asyncio.sleep(0.05)
        connected: socket.socket = writer.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_a_reset_is_no_end_of_an_answer() -> None:
    """Nobody said how long the body is, so only a connection that is closed in order ends it."""
    heard = await twice(Resetting(OK + b"\r\nok"))

    assert told(heard) == [(200, b"ok", False)] * 2


SPOILED: Final = {
    "two answers": (NO_CONTENT * 2, (204, b"", True)),
    "ten thousand answers": (NO_CONTENT * 10_000, (204, b"", True)),
    "a body that there cannot be": (NO_CONTENT + b"surprise", (204, b"", True)),
    "more than its length": (OK + b"content-length: 2\r\n\r\nokay", (200, b"ok", True)),
    "too many interim answers": (INTERIM * INTERIM_MAX + NO_CONTENT, Reason.NOT_HTTP),
    "two lengths": (
        OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nok",
        Reason.NOT_HTTP,
    ),
    "a length and chunks": (
        OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        Reason.NOT_HTTP,
    ),
    "a size that is no number": (CHUNKED + b"zz\r\nok\r\n0\r\n\r\n", (200, b"", False)),
    "a header without a name": (OK + b": x\r\n\r\n", Reason.NOT_HTTP),
    "a version to come": (b"HTTP/7.3 200 OK\r\ncontent-length: 0\r\n\r\n", Reason.NOT_HTTP),
    "another protocol": (b"SSH-2.0-OpenSSH_9.9\r\n", Reason.NOT_HTTP),
}


@pytest.mark.parametrize("case", SPOILED)
async def test_a_connection_on_which_more_or_something_else_was_said_is_not_used_again(
    case: str,
) -> None:
    """What came too much is nobody's answer."""
    answer, expected = SPOILED[case]
    server = Scripted(answer)
    heard = await twice(server)

    assert told(heard) == [expected] * 2
    assert server.connections == 2


ENDLESS: Final = {
    "headers": (OK, b"x-%b: x\r\n" % (b"y" * 50), Reason.NOT_HTTP),
    "one header": (OK + b"x: ", b"y" * 4096, Reason.NOT_HTTP),
    "interim answers": (b"", INTERIM, Reason.NOT_HTTP),
    "a status line": (b"HTTP/1.1 200 ", b"y" * 4096, Reason.NOT_HTTP),
    "an extension": (CHUNKED + b"2;x=", b"y" * 4096, (200, b"", False)),
    "a body": (OK + b"\r\n", b"y" * 65_536, (200, b"y" * 2048, False)),
    "trailers": (CHUNKED + b"2\r\nok\r\n0\r\n", b"x: y\r\n" * 100, (200, b"ok", False)),
    "one trailer": (CHUNKED + b"2\r\nok\r\n0\r\nx: ", b"y" * 4096, (200, b"ok", False)),
}


@pytest.mark.parametrize("case", ENDLESS)
async def test_what_never_ends_is_given_up_long_before_the_deadline(case: str) -> None:
    """At a few times what a head may hold: what a server can push into its own buffers counts."""
    answer, then, expected = ENDLESS[case]
    server = Scripted(answer, then=then)
    async with listening(server), Outbound(LOCAL) as outbound:
        heard = await outbound.post(server.url, headers={}, body=b"{}")

    assert told([heard]) == [expected]
    assert heard.duration_ms < 3000
    assert server.written < 200 * IDLE_BYTES_MAX


class Early(Scripted):
    """A server that gives its second answer before it is asked."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question twice, a moment apart."""
        await reader.readuntil(b"{}")
        writer.write(self.answer)
        await asyncio.sleep(0.02)
        writer.write(OK + b"content-length: 5\r\n\r\nearly")
        await reader.read()


async def test_who_speaks_unasked_is_hung_up_on() -> None:
    """What is said on a connection at rest can never become the answer to the next post."""
    server = Early(NO_CONTENT)
    async with listening(server), Outbound(LOCAL) as outbound:
        heard = []
        for _ in range(2):
            heard.append(await outbound.post(server.url, headers={}, body=b"{}"))
            await asyncio.sleep(0.1)

    assert told(heard) == [(204, b"", True)] * 2
    assert server.connections == 2


class Impatient(Scripted):
    """A server that answers when it has read the head."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Refuse, and read no further."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.answer)
        await writer.drain()
        await asyncio.sleep(10)


async def test_an_answer_before_the_question_was_taken_is_heard() -> None:
    """A server may refuse a large message unread; its connection is in no state to serve again."""
    server = Impatient(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n")
    async with listening(server), Outbound(LOCAL) as outbound:
        body = bytes(16 * 1024 * 1024)
        heard = [await outbound.post(server.url, headers={}, body=body) for _ in range(2)]

    assert told(heard) == [(413, b"", True)] * 2
    assert server.connections == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\r\nhost: elsewhere"),
        ("x", "a\n"),
        ("x\r\ny", "a"),
        ("x y", "a"),
        ("", "a"),
        ("x", "\x00"),
        ("x", "名"),
    ],
)
async def test_a_header_that_would_be_another_request_is_not_sent(name: str, value: str) -> None:
    """It is a mistake of ours, whatever somebody else has written into it, and is raised."""
    server = Scripted(NO_CONTENT)
    async with listening(server), Outbound(LOCAL) as outbound:
        with pytest.raises(ValueError, match="one line of printable ASCII"):
            await outbound.post(server.url, headers={name: value}, body=b"{}")

    assert server.connections == 0


async def test_closing_answers_who_still_waits() -> None:
    """A post under way hears that its connection is broken; afterwards the dialler dials anew."""
    server = Scripted(b"", then=b"")
    brief = dataclasses.replace(LOCAL, total_seconds=3)
    async with listening(server):
        outbound = Outbound(brief)
        waiting = asyncio.create_task(outbound.post(server.url, headers={}, body=b"{}"))
        await asyncio.sleep(0.1)
        await outbound.close()
        heard = await waiting
        server.answer = NO_CONTENT
        again = await outbound.post(server.url, headers={}, body=b"{}")
        await outbound.close()

    assert told([heard, again]) == [Reason.CONNECTION_BROKEN, (204, b"", True)]
    assert server.connections == 2
