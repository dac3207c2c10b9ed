"""Four receivers that behave badly, in a process of their own.

One never answers, one sends its body a byte a second, one answers ten megabytes, one asks for a
day.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import uvloop

Door = Callable[[asyncio.StreamWriter], Awaitable[None]]

FLOOD_BYTES: Final = 10 * 1024 * 1024
PIECE_BYTES: Final = 65_536
A_DAY: Final = 86_400


async def hangs(_: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.sleep(A_DAY)


async def dribbles(writer: asyncio.StreamWriter) -> None:
    """Say one byte each second."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(1)


async def floods(writer: asyncio.StreamWriter) -> None:
    """Say far more than anybody wants to hear."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % FLOOD_BYTES)
    for _ in range(FLOOD_BYTES // PIECE_BYTES):
        if writer.is_closing():
            return
        writer.write(b"x" * PIECE_BYTES)
        await writer.drain()


async def wants_a_day(writer: asyncio.StreamWriter) -> None:
    """Ask to be left alone."""
    head = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: %d\r\ncontent-length: 0\r\n\r\n"
    writer.write(head % A_DAY)
    await writer.drain()


DOORS: Final[tuple[Door, ...]] = (hangs, dribbles, floods, wants_a_day)


def serve(door: Door) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Answer one request of each connection, and close it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await door(writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # they hung up
        finally:
            writer.close()

    return answer


async def main() -> None:
    """Listen on a free port for each, print them, and serve until standard input ends."""
    loop = asyncio.get_running_loop()
    servers = [await asyncio.start_server(serve(door), "127.0.0.1", 0) for door in DOORS]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
