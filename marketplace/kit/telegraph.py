"""Carries the ring of a bell to the other processes on the same PostgreSQL.

A ring in this process becomes a NOTIFY, rings that come close together become one; a NOTIFY of
another process is heard here.  It is sent after the commit and by itself: inside the transaction it
would put the commits of everybody in a line.  What is lost, because a process dies in between or a
connection breaks, is found by whoever looks a little later anyway.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog

from marketplace.kit.bell import Bell
from marketplace.kit.database import Database

CHANNEL: Final = "jiebang_said"
RETRY_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.005
"""Rings within so short a time are told once."""

_log = structlog.get_logger("jiebang.telegraph")


class Telegraph:
    """One connection of its own that tells and listens; made anew whenever it breaks."""

    def __init__(self, database: Database, bell: Bell, on_heard: Callable[[], None]) -> None:
        self._database = database
        self._bell = bell
        self._on_heard = on_heard
        self.is_listening = asyncio.Event()
        """Set while a connection stands."""

    async def work(self) -> None:
        """Tell and listen until cancelled; on SQLite there is nobody to tell."""
        while not self._database.is_sqlite:
            try:
                await self._stand()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as broken:
                _log.warning("telegraph broken", error=type(broken).__name__)
            finally:
                self.is_listening.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _stand(self) -> None:
        connection = await self._database.connection_of_its_own()
        broken = asyncio.Event()
        own = connection.get_server_pid()

        def hear(_: Any, pid: int, __: str, ___: object) -> None:
            if pid != own:
                self._on_heard()

        connection.add_termination_listener(lambda _: broken.set())
        try:
            ring = self._bell.next_ring
            await connection.add_listener(CHANNEL, hear)
            self.is_listening.set()
            # Whatever was said while nobody listened.
            self._on_heard()
            while not broken.is_set():
                await _first_of(ring, broken)
                if ring.is_set():
                    await asyncio.sleep(GATHER_SECONDS)
                    ring = self._bell.next_ring
                    await connection.execute(f"NOTIFY {CHANNEL}")
        finally:
            connection.terminate()


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting, return_exceptions=True)
