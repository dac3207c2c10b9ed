"""Write down what time made true."""

from uuid import UUID

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.scenarios import queries
from marketplace.scenarios.actions import calls, pinning


async def close_due_calls(database: Database, clock: Clock) -> int:
    """Close every call whose deadline has passed; guards do not wait for this.

    One transaction per call, and whatever keeps one from being closed is raised only after all
    others had their turn.
    """
    async with database.reading() as session:
        due = await queries.due_to_close(session, await clock.decisive(session))
    closed = 0
    failures: list[Exception] = []
    for scenario_id in due:
        try:
            closed += await _close(database, clock, scenario_id)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("calls that could not be closed", failures)
    return closed


async def _close(database: Database, clock: Clock, scenario_id: UUID) -> bool:
    async with database.writing() as session:
        row = await queries.scenario(session, scenario_id, lock=True)
        now = await clock.decisive(session)
        return await calls.close_if_due(session, row, now=now)


async def pin_missing_cards(database: Database) -> int:
    """Hang every published call that has no card: once at start, for calls older than the board.

    One transaction per call; a call that changes meanwhile pins its own card.
    """
    async with database.reading() as session:
        missing = await queries.calls_without_card(session)
    for scenario_id in missing:
        async with database.writing() as session:
            row = await queries.scenario(session, scenario_id, lock=True)
            await pinning.keep_card(session, row)
    return len(missing)
