"""Write down what time made true; no guard waits for it."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.scenarios.actions import calls, closing, enquiring, pinning, publishing, suspending
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import due
from marketplace.scenarios.tables import Scenario

Due = Callable[[ReadSession, dt.datetime], Awaitable[Sequence[UUID]]]
Act = Callable[[WriteSession, UUID, Clock], Awaitable[int]]


async def close_due_calls(database: Database, clock: Clock) -> int:
    """Close every call whose deadline has passed; guards do not wait for this."""

    async def close(session: WriteSession, row: Scenario, now: dt.datetime) -> int:
        return await closing.close_if_due(session, row, now=now)

    return await _each(database, clock, "closed", due.to_close, _locked(close))


async def publish_due_calls(
    database: Database, clock: Clock, *, recovery: Sequence[bytes] = ()
) -> int:
    """Publish every approved call whose scheduled time has come, each once."""

    async def publish(session: WriteSession, row: Scenario, now: dt.datetime) -> int:
        return await publishing.publish_if_due(session, row, recovery=recovery, now=now)

    return await _each(database, clock, "published", due.to_publish, _locked(publish))


async def furnish_calls(database: Database, clock: Clock, *, recovery: Sequence[bytes] = ()) -> int:
    """Give every call that was published before there were lockboxes one, once it can have one."""

    async def furnish(session: WriteSession, row: Scenario, now: dt.datetime) -> int:
        return await publishing.furnish(session, row, recovery=recovery, now=now)

    return await _each(database, clock, "furnished", due.to_furnish, _locked(furnish))


async def end_suspensions(database: Database, clock: Clock) -> int:
    """Write down every suspension whose time is over, and move the deadlines it held."""

    async def resume(session: WriteSession, row: Scenario, now: dt.datetime) -> int:
        return await suspending.write_down_ends(session, row, now=now)

    return await _each(database, clock, "resumed", due.to_resume, _locked(resume))


async def tell_of_reviews(database: Database, clock: Clock) -> int:
    """Tell the bureau of shelved calls whose review is due."""

    async def tell(session: WriteSession, row: Scenario, now: dt.datetime) -> int:
        return await calls.tell_review_due(session, row, now=now)

    return await _each(database, clock, "reviewed", due.to_review, _locked(tell))


async def tell_of_overdue_replies(database: Database, clock: Clock) -> int:
    """Tell posters and the bureau of questions that should have been answered."""

    async def tell(session: WriteSession, enquiry_id: UUID, clock: Clock) -> int:
        return await enquiring.tell_overdue(session, enquiry_id, now=await clock.decisive(session))

    return await _each(database, clock, "told of", due.to_answer, tell)


def _locked(act: Callable[[WriteSession, Scenario, dt.datetime], Awaitable[int]]) -> Act:
    """Lock the call, then ask the clock, then act."""

    async def locked(session: WriteSession, scenario_id: UUID, clock: Clock) -> int:
        row = await queries.scenario(session, scenario_id, lock=True)
        return await act(session, row, await clock.decisive(session))

    return locked


async def _each(database: Database, clock: Clock, done: str, find: Due, act: Act) -> int:
    """Do what is due, one transaction each, and count what was done.

    Whatever keeps one from being done is raised only after all others had their turn.
    """
    async with database.reading() as session:
        found = await find(session, await clock.decisive(session))
    count = 0
    failures: list[Exception] = []
    for one in found:
        try:
            async with database.writing() as session:
                count += await act(session, one, clock)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"what is due could not be {done}", failures)
    return count


async def pin_missing_cards(database: Database) -> int:
    """Hang every published call that has no card: once at start, for calls older than the board.

    One transaction per call; a call that changes meanwhile pins its own card.
    """
    async with database.reading() as session:
        missing = await due.to_pin(session)
    for scenario_id in missing:
        async with database.writing() as session:
            row = await queries.scenario(session, scenario_id, lock=True)
            await pinning.keep_card(session, row)
    return len(missing)
