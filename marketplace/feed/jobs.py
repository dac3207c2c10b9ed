"""What ticks: every five minutes a checkpoint vouches for what was said."""

from marketplace.feed import actions
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper


async def close_checkpoints(
    database: Database, keeper: Keeper, clock: Clock, *, at_once: bool = False
) -> int:
    """Close checkpoints until everything said is vouched for; say how many were made.

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
