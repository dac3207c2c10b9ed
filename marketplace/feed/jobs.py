"""What ticks: every five minutes a checkpoint vouches for what was said."""

from marketplace.events.actions import NUMBERED_AT_ONCE
from marketplace.feed import actions
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper


async def close_checkpoints(
    database: Database, keeper: Keeper, clock: Clock, *, at_once: bool = False
) -> int:
    """Close checkpoints until everything said by now is vouched for; say how many were made.

    A checkpoint of fewer events than are numbered at once leaves nothing older behind: what is
    said meanwhile waits for the next tick.
    Any number of processes may do this at once: whoever comes second finds nothing left to do.
    """
    made = 0
    while True:
        async with database.writing() as session:
            now = await clock.decisive(session)
            if not (at_once or made) and not await actions.is_due(session, now=now):
                return made
            row = await actions.close_checkpoint(session, keeper=keeper, now=now)
        if row is None:
            return made
        made += 1
        if row.last_event - row.first_event + 1 < NUMBERED_AT_ONCE:
            return made
