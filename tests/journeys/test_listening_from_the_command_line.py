"""`jiebang listen` as whoever builds a receiver starts it: its own process, real messages."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from marketplace.cli import main
from marketplace.webhooks.rules import signing
from tests.house.source import ROOT

SECRET = signing.secret_of(b"l" * 32)
PATIENCE_SECONDS = 60
BODY = json.dumps({"type": "call.closed", "subject": "call/1", "sequence": 1}).encode()


@dataclass(slots=True)
class Listening:
    """A running `jiebang listen`."""

    process: asyncio.subprocess.Process
    url: str
    sender: httpx.AsyncClient

    async def send(self, message_id: str, *, secret: str = SECRET) -> int:
        """Send one signed message and tell the status."""
        headers = signing.signed_headers(
            [secret], message_id=message_id, at=dt.datetime.now(dt.UTC), body=BODY
        )
        return (await self.sender.post(self.url, content=BODY, headers=headers)).status_code

    async def rest(self) -> list[str]:
        """What it printed until it ended, of its own accord or by a signal; it ended well."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            said = (await self.process.stdout.read()).decode()
            assert await self.process.wait() == 0, said
        return said.splitlines()


@contextlib.asynccontextmanager
async def listening(*options: str) -> AsyncIterator[Listening]:
    """Start it on a free port, and kill it at the end if it still lives.

    The command alone: loading the whole house takes seconds, and it needs nothing of it.
    """
    listen = main.commands["listen"]
    assert listen.callback is not None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", f"from {listen.callback.__module__} import listen; listen()"),
        *("--port", "0", "--secret", SECRET, *options),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as sender:
            first = (await process.stdout.readline()).decode().strip()
            assert first.startswith("正在监听 listening on http://127.0.0.1:"), first
            yield Listening(process, first.rpartition(" ")[2], sender)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_it_tells_new_messages_duplicates_and_forgeries_apart() -> None:
    """One line each, by webhook-id, in both languages; then the sums, when it is asked to stop."""
    async with listening() as it:
        statuses = [await it.send(one) for one in ("m1", "m2", "m1")]
        statuses.append(await it.send("m3", secret=signing.secret_of(b"f" * 32)))
        it.process.send_signal(signal.SIGTERM)
        said = await it.rest()

    assert statuses == [204, 204, 204, 401]
    assert said == [
        "收到 accepted call.closed call/1 #1 attempt 1 m1",
        "收到 accepted call.closed call/1 #1 attempt 1 m2",
        "重复 duplicate call.closed call/1 #1 attempt 2 m1",
        "签名无效 bad_signature - - #- attempt 0 m3",
        "已停止 stopped",
        "  收到 accepted: 2",
        "  重复 duplicate: 1",
        "  签名无效 bad_signature: 1",
    ]


async def test_it_fails_as_it_was_asked_to_and_stops_after_one() -> None:
    """Every first attempt gets the status; the answer comes late, and then it is over."""
    async with listening("--fail-first", "--status", "429", "--slow", "0.3", "--once") as it:
        begun = time.monotonic()
        statuses = [await it.send("m1"), await it.send("m1")]
        seconds = time.monotonic() - begun
        said = await it.rest()

    assert statuses == [429, 204] and seconds >= 0.6
    assert [line.split()[0] for line in said] == ["故意拒收", "收到", "已停止", "故意拒收", "收到"]


async def test_it_refuses_everything_when_only_a_status_or_a_full_rate_is_given() -> None:
    """Nothing is accepted, so `--once` waits on."""
    for options, status in (("--status", "410"), 410), (("--fail-rate", "1"), 503):
        async with listening(*options, "--once") as it:
            assert [await it.send("m1") for _ in range(3)] == [status] * 3
            assert it.process.returncode is None
            it.process.send_signal(signal.SIGINT)
            assert "  故意拒收 refused_on_purpose: 3" in await it.rest()
