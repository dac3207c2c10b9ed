"""What ticks: opened calls are looked at, once their documents have been."""

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper
from marketplace.signals import actions, queries


async def compute_signals(database: Database, keeper: Keeper, clock: Clock) -> int:
    """Look at every call that is due, one transaction each; say how many signals were found.

    Whatever keeps one from being looked at is raised only after all others had their turn.
    """
    async with database.reading() as session:
        due = await queries.due(session)
    found = 0
    failures: list[Exception] = []
    for scenario_id in due:
        try:
            async with database.writing() as session:
                now = await clock.decisive(session)
                found += await actions.compute(session, scenario_id, keeper=keeper, now=now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("opened calls could not be looked at", failures)
    return found
