"""What ticks: replays go on where they stopped."""

import asyncio
from uuid import UUID

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.replays import actions, queries


async def work_on(
    database: Database,
    clock: Clock,
    *,
    stopping: asyncio.Event | None = None,
    at_once: int = actions.EVENTS_AT_ONCE,
    owed_max: int = actions.OWED_MAX,
) -> int:
    """Work on replays until none is left to this process, or all that are left wait for their
    endpoints; say how many events were told again.

    Any number of processes may do this: each holds another replay. When `stopping` is set the
    batch under way is the last.
    """
    total = 0
    waiting: set[UUID] = set()
    while stopping is None or not stopping.is_set():
        async with database.reading() as session:
            if not await queries.anything_running(session):
                break
        async with database.writing() as session:
            now = await clock.decisive(session)
            worked = await actions.work(session, now=now, limit=at_once, owed_max=owed_max)
        if worked is None or worked.replay_id in waiting:
            break
        if worked.told == 0:
            waiting.add(worked.replay_id)
        total += worked.told
    return total
