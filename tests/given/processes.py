"""The server as a process of its own, which can be killed, and an S3 service as another."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from marketplace.house import House
from tests.given.ports import free_port
from tests.house.source import ROOT

PATIENCE_SECONDS = 120
TEST_SECRET = "a key for tests only, 32 characters at least"


@dataclass(slots=True, kw_only=True)
class Server:
    """The house served by a process of its own, over the database and storage of a test."""

    house: House
    port: int
    process: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def kill(self) -> None:
        """End it as a power cut would: no clean-up, no farewell."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    def resident_bytes(self) -> int:
        """How much memory it holds, at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024


@asynccontextmanager
async def served(house: House, *, port: int | None = None) -> AsyncIterator[Server]:
    """A running server; killed at the end if it still lives."""
    port = port or free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "MARKETPLACE_DATABASE_URL": house.database.url,
        "MARKETPLACE_DATA_DIR": str(house.settings.data_dir),
        "MARKETPLACE_SECRET_KEY": TEST_SECRET,
        # The story of a test is set in another month than the clock of the process.
        "MARKETPLACE_DATASET_UPLOAD_HOURS": "999999",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "marketplace", "serve", "--port", str(port)),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    server = Server(house=house, port=port, process=process)
    try:
        await answering(f"{server.url}/health/ready", process)
        yield server
    finally:
        if process.returncode is None:
            await server.kill()


async def answering(url: str, process: asyncio.subprocess.Process) -> None:
    """Wait until an address answers."""
    async with httpx.AsyncClient() as client, asyncio.timeout(PATIENCE_SECONDS):
        while True:
            assert process.returncode is None, f"{url}: the process ended"
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


async def a_scorer(
    house: House, *, lease_seconds: int, development: bool = False
) -> asyncio.subprocess.Process:
    """What asks endpoints and measures files, a process of its own over database and storage.

    In our session, so that it gives way; its workers end when it does.
    """
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "marketplace", "work"),
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MARKETPLACE_DATABASE_URL": house.database.url,
            "MARKETPLACE_DATA_DIR": str(house.settings.data_dir),
            "MARKETPLACE_SECRET_KEY": TEST_SECRET,
            "MARKETPLACE_SCORING_LEASE_SECONDS": str(lease_seconds),
            "MARKETPLACE_SCORING_WORKERS": "1",
            # Models of tests listen on this machine.
            "MARKETPLACE_DEVELOPMENT": str(development).lower(),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def killed(process: asyncio.subprocess.Process) -> None:
    """End a process as a power cut would."""
    if process.returncode is None:
        process.kill()
    await process.wait()


@asynccontextmanager
async def an_s3_service() -> AsyncIterator[str]:
    """A running S3-compatible service with one empty bucket, named jiebang-test."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moto.server"),
        *("-H", "127.0.0.1", "-p", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await answering(url, process)
        async with httpx.AsyncClient() as client:
            made = await client.put(f"{url}/jiebang-test")
            assert made.status_code == 200, made.text
        yield url
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
