"""What only a real server shows: slow, endless and oversized requests, and proxies in front."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from structlog.testing import capture_logs

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.wire.server import HEAD_BYTES_MAX, HEADERS_MAX, URL_BYTES_MAX
from tests.given import bids
from tests.given.identity import someone
from tests.given.scenarios import a_published_call
from tests.given.servers import connected, serving

pytestmark = pytest.mark.long

HEAD = b"GET /health/live HTTP/1.1\r\nhost: jiebang.test\r\n"
PATIENCE = 8
"""Seconds within which everything here must have ended; the limits below are about one."""


def limited(house: House, **settings: object) -> House:
    """The house with other limits."""
    changed = dataclasses.replace(house.settings, **settings)  # type: ignore[arg-type]
    return dataclasses.replace(house, settings=changed)


async def said(port: int, *parts: bytes, pause: float = 0) -> bytes:
    """Send some bytes and read until the server closes the connection."""
    async with connected(port) as (reader, writer):
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), PATIENCE)


class TestHeads:
    """The first lines of a request."""

    async def test_of_any_reasonable_size_are_taken(self, house: House) -> None:
        """A long address and many headers, still within the limits, are no offence."""
        async with serving(house) as port, httpx.AsyncClient() as client:
            query = "q=" + "x" * (URL_BYTES_MAX - 100)
            headers = {f"x-{number}": "y" * 200 for number in range(HEADERS_MAX - 10)}
            url = f"http://127.0.0.1:{port}/health/live?{query}"
            assert (await client.get(url, headers=headers)).status_code == 200

    async def test_that_are_too_large_are_refused(self, house: House) -> None:
        """Too long an address, too many headers, one endless header: refused, connection closed."""
        many = b"".join(b"x-%d: y\r\n" % number for number in range(HEADERS_MAX + 1))
        endless = b"x-endless: " + b"y" * (HEAD_BYTES_MAX + 1)
        async with serving(house) as port:
            long = b"GET /" + b"x" * URL_BYTES_MAX + b" HTTP/1.1\r\nhost: x\r\n\r\n"
            assert (await said(port, long)).startswith(b"HTTP/1.1 414 ")
            assert (await said(port, HEAD + many + b"\r\n")).startswith(b"HTTP/1.1 431 ")
            assert (await said(port, HEAD + endless + b"\r\n\r\n")).startswith(b"HTTP/1.1 431 ")
            # Without its end: what is incomplete is counted as well.
            assert (await said(port, HEAD + endless)).startswith(b"HTTP/1.1 431 ")
            assert (await said(port, b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400 ")

    @pytest.mark.parametrize("sent", [b"", HEAD[:20], HEAD])
    async def test_that_do_not_arrive_are_not_waited_for(self, house: House, sent: bytes) -> None:
        """A connection that says nothing, or not enough, is closed."""
        async with serving(limited(house, head_seconds_max=1)) as port:
            began = time.monotonic()
            assert (await said(port, sent)).startswith(b"HTTP/1.1 408 ")
            assert 0.5 < time.monotonic() - began < PATIENCE

    async def test_that_drip_are_not_waited_for(self, house: House) -> None:
        """A byte now and then does not buy more time."""
        async with serving(limited(house, head_seconds_max=1)) as port, connected(port) as pair:
            reader, writer = pair
            heard = asyncio.create_task(reader.read())
            for byte in HEAD * 4:
                if heard.done():
                    break
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
            assert heard.done(), "a dripping head was waited for"
            assert (await heard).startswith(b"HTTP/1.1 408 ")

    async def test_idle_connections_are_closed(self, house: House) -> None:
        """After an answer the connection is kept for a while, and then closed."""
        async with serving(limited(house, keep_alive_seconds=1)) as port:
            began = time.monotonic()
            heard = await said(port, HEAD + b"\r\n")
            assert heard.count(b"HTTP/1.1 200 ") == 1
            assert 0.5 < time.monotonic() - began < PATIENCE

    async def test_several_on_one_connection_are_answered(self, house: House) -> None:
        """The limits are per request: pipelined and following ones are not added up."""
        filling = b"x-filling: " + b"y" * 20_000 + b"\r\n\r\n"
        async with serving(limited(house, keep_alive_seconds=1)) as port:
            heard = await said(port, (HEAD + filling) * 3, HEAD + filling, pause=0.2)
            assert heard.count(b"HTTP/1.1 200 ") == 4


class TestBodies:
    """What follows the head."""

    async def test_in_chunks_without_a_length_are_counted(self, house: House) -> None:
        """A body that does not announce its size is refused at the limit, not at its end."""
        solver = await someone(house.database, Role.SOLVER)
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while sent < 50_000_000:
                sent += 65_536
                yield b"x" * 65_536

        async with serving(house) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}/v1/organizations"
            try:
                answer = await client.post(url, content=endless(), headers=solver.headers)
                assert answer.status_code == 413
            except httpx.TransportError:
                # Answered and closed while the client was still writing.
                pass
        assert sent < 20_000_000

    async def test_that_do_not_arrive_are_not_waited_for(self, house: House) -> None:
        """The caller is told so in our form, and the connection is closed."""
        solver = await someone(house.database, Role.SOLVER)
        head = _post("/v1/organizations", solver.key, length=10)
        async with serving(limited(house, body_seconds_max=1)) as port:
            heard = await said(port, head, b"{")
        assert heard.startswith(b"HTTP/1.1 408 ")
        assert b"urn:jiebang:problem:request.timeout" in heard

    async def test_that_are_slow_hold_no_transaction(self, house: House, clock: FixedClock) -> None:
        """While somebody's body drips in, others write: nothing was opened for it yet."""
        call = await a_published_call(house.database, clock)
        bid = await bids.a_draft_bid(house.database, clock, call)
        path = f"/v1/bids/{bid.id}/actions/withdraw"
        async with serving(limited(house, body_seconds_max=5)) as port, connected(port) as slow:
            slow[1].write(_post(path, bid.solver.key, length=10, key="slow") + b"{")
            await slow[1].drain()
            await asyncio.sleep(0.3)
            other = asyncio.create_task(someone(house.database))
            written, waiting = await asyncio.wait({other}, timeout=2)
            assert written and not waiting, "a body that drips in keeps others from writing"
            slow[1].write(b" " * 8 + b"}")
            answered = await asyncio.wait_for(slow[0].readline(), PATIENCE)
            assert answered.startswith(b"HTTP/1.1 200 "), "it was still being read"

    async def test_that_are_broken_off_are_no_fault_of_ours(self, house: House) -> None:
        """A caller who hangs up is not logged as a bug, and the server goes on."""
        solver = await someone(house.database, Role.SOLVER)
        with capture_logs() as lines:
            async with serving(house) as port:
                async with connected(port) as (_, writer):
                    writer.write(_post("/v1/organizations", solver.key, length=10) + b"{")
                    await writer.drain()
                await asyncio.sleep(0.2)
                heard = await said(port, HEAD + b"connection: close\r\n\r\n")
        assert heard.startswith(b"HTTP/1.1 200 ")
        assert [line["log_level"] for line in lines] == ["info", "info"]


class TestProxies:
    """Who is counted when a proxy stands in front."""

    @pytest.mark.parametrize(
        ("trusted", "statuses"),
        [("", [200, 200, 429, 429]), ("192.0.2.1", [200, 200, 429, 429]),
         ("127.0.0.1", [200, 200, 200, 200])],
    )  # fmt: skip
    async def test_only_a_trusted_one_says_who_is_asking(
        self, house: House, trusted: str, statuses: list[int]
    ) -> None:
        """A forged X-Forwarded-For changes nothing, not even from this machine."""
        changed = limited(house, trusted_proxies=trusted, requests_per_minute_per_address=2)
        async with serving(changed) as port, httpx.AsyncClient() as client:
            answers = [
                await client.get(
                    f"http://127.0.0.1:{port}/v1/calendars",
                    headers={"X-Forwarded-For": f"198.51.100.{number}"},
                )
                for number in range(4)
            ]
        assert [answer.status_code for answer in answers] == statuses


def _post(path: str, api_key: str, *, length: int, key: str = "k") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: jiebang.test\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {api_key}\r\nidempotency-key: {key}\r\n"
        f'if-match: "v1.0123456789abcdef"\r\ncontent-length: {length}\r\n\r\n'
    ).encode()
