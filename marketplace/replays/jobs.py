"""What ticks: replays go on where they stopped."""

import asyncio

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.replays import actions, queries


async def work_on(
    database: Database,
    clock: Clock,
    *,
    stopping: asyncio.Event | None = None,
    at_once: int = actions.EVENTS_AT_ONCE,
) -> int:
    """Work on replays until none is left to this process; say how many events were told again.

    Any number of processes may do this: each holds another replay. When `stopping` is set the
    batch under way is the last.
    """
    total = 0
    while stopping is None or not stopping.is_set():
        async with database.reading() as session:
            if not await queries.anything_running(session):
                break
        async with database.writing() as session:
            now = await clock.decisive(session)
            worked = await actions.work(session, now=now, limit=at_once)
        if worked is None:
            break
        total += worked.told
    return total
