"""Write down what time made true; no guard waits for it."""

from marketplace.bids.actions import correcting
from marketplace.bids.queries import corrections as queries
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.scenarios.queries import calls as scenarios


async def expire_corrections(database: Database, clock: Clock) -> int:
    """Put out the bids whose time to confirm a corrected price is over, one call at a time.

    Whatever keeps one call from being settled is raised only after all others had their turn.
    """
    async with database.reading() as session:
        found = await queries.calls_with_time_over(session, await clock.decisive(session))
    count = 0
    failures: list[Exception] = []
    for scenario_id in found:
        try:
            async with database.writing() as session:
                await scenarios.scenario(session, scenario_id, lock=True)
                now = await clock.decisive(session)
                count += await correcting.settle_overdue(session, scenario_id, now=now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("corrections could not be settled", failures)
    return count
