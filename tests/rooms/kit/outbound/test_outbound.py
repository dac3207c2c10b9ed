"""The checked dialler against real servers on this machine, most of them ill-mannered."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from ipaddress import ip_network

import pytest

from marketplace.kit import addresses
from marketplace.kit.addresses import Objection
from marketplace.kit.exchange import Reason
from marketplace.kit.outbound import Answer, Outbound, OutboundPolicy, Unanswered
from tests.given.raw_servers import RawServer, listening, request

Handler = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LOCAL = OutboundPolicy(reach=addresses.DEVELOPMENT, connect_seconds=2, total_seconds=5)
HASTY = dataclasses.replace(LOCAL, total_seconds=0.3)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server(RawServer):
    """A server that remembers what it was sent."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self.handler = handler
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let the handler answer one request after the other."""
        while True:
            head, body = await request(reader)
            self.heads.append(head)
            await self.handler(body, reader, writer)
            await writer.drain()


def a_server(handler: Handler) -> AbstractAsyncContextManager[Server]:
    """Run a server until the block ends."""
    return listening(Server(handler))


def saying(answer: bytes) -> Handler:
    """Make a handler that always says the same."""

    async def say(body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return say


def knowing(*found: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """Make a resolver that gives one answer per lookup, the last one for ever."""
    answers = [text.split() for text in found]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return resolve


async def test_hears_the_answer_and_keeps_the_useful_part() -> None:
    """Status, some headers and the first 2 KiB of the body; not the cookie."""
    body = b"x" * 5000
    head = b"HTTP/1.1 202 Ok\r\nContent-Length: 5000\r\nRetry-After: 7\r\nSet-Cookie: a=b\r\n\r\n"
    async with a_server(saying(head + body)) as server, Outbound(LOCAL) as outbound:
        answer = await outbound.post(
            f"http://127.0.0.1:{server.port}/in?x=1", headers={"webhook-id": "m1"}, body=b"{}"
        )

    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers) == (202, {"retry-after": "7"})
    assert answer.body == body[:2048] and answer.truncated and not answer.cut_off
    assert answer.address == "127.0.0.1" and answer.duration_ms < 2000
    assert server.heads[0].startswith(b"POST /in?x=1 HTTP/1.1\r\n")
    assert b"webhook-id: m1\r\n" in server.heads[0]
    assert b"accept-encoding: identity\r\n" in server.heads[0]


async def test_the_caller_cannot_misdirect_the_message() -> None:
    """Host, length and framing come from what was checked, whatever headers are given."""
    forged = {"Host": "bank.example", "Content-Length": "9", "Transfer-Encoding": "chunked"}
    async with a_server(saying(OK)) as server, Outbound(LOCAL) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        answer = await outbound.post(url, headers=forged, body=b"{}")

    assert isinstance(answer, Answer)
    head = server.heads[0].lower()
    assert f"host: 127.0.0.1:{server.port}\r\n".encode() in head
    assert b"bank.example" not in head and b"chunked" not in head and b"length: 2\r\n" in head


async def test_cuts_off_an_endless_body() -> None:
    """A body without end costs 16 KiB and no waiting, and its connection is not used again."""

    async def flood(
        body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with a_server(flood) as server, Outbound(LOCAL) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        answers = [await outbound.post(url, headers={}, body=b"") for _ in range(2)]

    for answer in answers:
        assert isinstance(answer, Answer)
        assert answer.status == 200 and answer.truncated and len(answer.body) == 2048
        assert answer.cut_off
        assert answer.duration_ms < 2000
    assert server.connections == 2


async def test_a_body_that_dribbles_ends_at_the_deadline() -> None:
    """The head was the answer; what came of the body by then is kept."""

    async def dribble(
        body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with a_server(dribble) as server, Outbound(HASTY) as outbound:
        answer = await outbound.post(f"http://127.0.0.1:{server.port}/", headers={}, body=b"")

    assert isinstance(answer, Answer)
    assert answer.status == 200 and answer.cut_off and 1 <= len(answer.body) < 30
    assert 250 <= answer.duration_ms < 1300


async def test_a_head_that_dribbles_is_a_timeout() -> None:
    """One byte now and then keeps no slot busy beyond the deadline."""

    async def dribble(
        body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)

    async with a_server(dribble) as server, Outbound(HASTY) as outbound:
        answer = await outbound.post(f"http://127.0.0.1:{server.port}/", headers={}, body=b"")

    assert isinstance(answer, Unanswered)
    assert answer.reason is Reason.TIMEOUT and 250 <= answer.duration_ms < 1300


async def test_the_caller_may_allow_less_time() -> None:
    """A silent server is given up after the time that the caller gives."""

    async def sleep(
        body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)

    async with a_server(sleep) as server, Outbound(LOCAL) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"", timeout=0.1)

    assert isinstance(answer, Unanswered) and answer.reason is Reason.TIMEOUT
    assert answer.duration_ms < 1000


async def test_a_reset_is_a_broken_connection() -> None:
    """A server that hangs up instead of answering leaves a reason, not an exception."""

    async def hang_up(
        body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.transport.abort()
        raise ConnectionResetError

    async with a_server(hang_up) as server, Outbound(LOCAL) as outbound:
        answer = await outbound.post(f"http://127.0.0.1:{server.port}/", headers={}, body=b"{}")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.CONNECTION_BROKEN


@pytest.mark.parametrize(
    "noise",
    [
        b"220 smtp.example ESMTP\r\n\r\n",
        b"\x00" * 64 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000,
    ],
    ids=["another-protocol", "zeros", "endless-header"],
)
async def test_what_is_not_http_is_named_so(noise: bytes) -> None:
    """Another protocol, or a head beyond any measure, is not an answer."""
    async with a_server(saying(noise)) as server, Outbound(LOCAL) as outbound:
        answer = await outbound.post(f"http://127.0.0.1:{server.port}/", headers={}, body=b"")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.NOT_HTTP


async def test_a_closed_port_is_a_failed_connection() -> None:
    """Nobody listening is told apart from nobody answering."""
    async with a_server(saying(OK)) as server:
        port = server.port

    async with Outbound(LOCAL) as outbound:
        answer = await outbound.post(f"http://127.0.0.1:{port}/", headers={}, body=b"")

    assert isinstance(answer, Unanswered) and answer.reason is Reason.CONNECT_FAILED


async def test_a_name_of_this_machine_is_refused_without_the_allow_list() -> None:
    """What a harmless name resolves to decides, and it decides before anything is dialled."""
    public_http = OutboundPolicy(reach=addresses.Policy(plain_http=True))
    async with (
        a_server(saying(OK)) as server,
        Outbound(public_http, resolver=knowing("127.0.0.1")) as outbound,
    ):
        url = f"http://hooks.example.com:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"")

    assert isinstance(answer, Unanswered)
    assert (answer.reason, answer.objection) == (Reason.TARGET_REFUSED, Objection.ADDRESS)
    assert server.connections == 0


async def test_the_real_localhost_is_refused_when_only_another_network_is_allowed() -> None:
    """The operating system's own resolver is judged like any other."""
    elsewhere = addresses.Policy(plain_http=True, allowed=(ip_network("10.0.0.0/8"),))
    async with (
        a_server(saying(OK)) as server,
        Outbound(OutboundPolicy(reach=elsewhere)) as outbound,
    ):
        url = f"http://localhost:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"")

    assert isinstance(answer, Unanswered) and answer.objection is Objection.ADDRESS
    assert server.connections == 0 and outbound.tally.refused == 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    """A name with several addresses is reached if one of them listens."""
    async with (
        a_server(saying(OK)) as server,
        Outbound(LOCAL, resolver=knowing("127.0.0.2 ::1 127.0.0.1")) as outbound,
    ):
        url = f"http://hooks.example.com:{server.port}/"
        answer = await outbound.post(url, headers={}, body=b"")

    assert isinstance(answer, Answer) and answer.address == "127.0.0.1"


async def test_an_unknown_name_and_a_slow_resolver_have_their_own_reasons() -> None:
    """Looking up is part of connecting and has the same deadline."""

    async def sleep(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(30)
        return []

    async def fail(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    impatient = dataclasses.replace(LOCAL, connect_seconds=0.1)
    reasons = []
    for resolver in (sleep, fail, knowing("")):
        async with Outbound(impatient, resolver=resolver) as outbound:
            answer = await outbound.post("http://hooks.example.com/", headers={}, body=b"")
            assert isinstance(answer, Unanswered) and answer.duration_ms < 1000
            reasons.append(answer.reason)

    assert reasons == [Reason.CONNECT_TIMEOUT, Reason.NAME_UNKNOWN, Reason.NAME_UNKNOWN]


async def test_a_refused_url_is_a_value_not_an_exception() -> None:
    """The caller records a refusal like any other outcome."""
    async with Outbound() as outbound:
        answer = await outbound.post("http://hooks.example.com/", headers={}, body=b"")

    assert answer == Unanswered(
        reason=Reason.TARGET_REFUSED, objection=Objection.SCHEME, duration_ms=answer.duration_ms
    )
