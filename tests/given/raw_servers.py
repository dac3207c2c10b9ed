"""Servers that speak raw bytes, so that they can lie; they hang up when their block ends."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar

GONE: Final = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError)


class RawServer(ABC):
    """A server on a free port of 127.0.0.1 that counts who comes."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.open = 0
        self.changed = asyncio.Condition()
        """Told of each connection that has ended."""
        self.tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""

    async def come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side is tired of it."""
        self.connections += 1
        self.open += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            with suppress(*GONE):
                await self.serve(reader, writer)
        finally:
            self.open -= 1
            writer.transport.abort()
            async with self.changed:
                self.changed.notify_all()


S = TypeVar("S", bound=RawServer)


@asynccontextmanager
async def listening(server: S, tls: ssl.SSLContext | None = None) -> AsyncIterator[S]:
    """Let a server listen until the block ends."""
    listener = await asyncio.start_server(server.come, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read one whole request: head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head, await reader.readexactly(length)
