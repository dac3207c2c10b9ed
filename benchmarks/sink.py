"""A receiver that costs next to nothing, in a process of its own.

It answers every POST with 204 and knows when each `webhook-id` first arrived; `GET /` tells it, as
JSON, and forgets it.  The times are of the machine's monotonic clock, which all processes share.
"""

import asyncio
import json
import sys
import time
from typing import Final, cast

import uvloop

ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH: Final = b"content-length: "
_ID: Final = b"webhook-id: "


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, heard: dict[str, float]) -> None:
        self.heard = heard
        self.pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers."""
        # uvloop's transports are not of asyncio's classes.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        data = self.pending + data if self.pending else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            if head.startswith(b"get"):
                self._tell()
                data = data[end + 4 :]
                continue
            place = head.index(_LENGTH) + len(_LENGTH)
            whole = end + 4 + int(head[place : place + 9].split(b"\r\n", 1)[0])
            if len(data) < whole:
                break
            place = head.find(_ID) + len(_ID)
            name = head[place : head.find(b"\r\n", place)].decode()
            self.heard.setdefault(name, time.monotonic())
            self.transport.write(ANSWER)
            data = data[whole:]
        self.pending = data

    def _tell(self) -> None:
        body = json.dumps(self.heard).encode()
        self.heard.clear()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(head % len(body) + body)


async def serve() -> None:
    """Listen on a free port of 127.0.0.1, print it, and serve until standard input ends."""
    loop = asyncio.get_running_loop()
    heard: dict[str, float] = {}
    server = await loop.create_server(lambda: Sink(heard), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve())
