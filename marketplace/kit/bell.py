"""A bell inside one process: who waits hears at once that there is something to look at.

A bell carries nothing.  Whoever hears it looks into the database, and whoever misses it looks there
a little later anyway: correctness never rests on a bell.
"""

import asyncio
from contextlib import suppress


class Bell:
    """Wakes everybody who is waiting."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now; those who begin to wait afterwards wait for the next ring."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    @property
    def next_ring(self) -> asyncio.Event:
        """What the next ring will set: take it before looking, wait for it after having found
        nothing.
        """
        return self._rung


async def wait_for(ring: asyncio.Event, *, seconds: float) -> None:
    """Wait for a ring, and no longer than so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ring.wait()
