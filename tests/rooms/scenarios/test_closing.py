"""Time closes a call; the job only writes it down."""

import asyncio
import datetime as dt

import pytest
from sqlmodel import col, select

from marketplace.events import queries as events
from marketplace.events.tables import EventRow
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scenarios import jobs
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.lifecycle import ScenarioState
from tests.given import scenarios as given
from tests.given.traces import everything


async def states(database: Database, *found: given.Called) -> list[str]:
    """The states that are written down."""
    async with database.reading() as session:
        return [(await queries.scenario(session, one.id)).state.value for one in found]


@pytest.mark.postgres
async def test_closes_what_is_due_and_nothing_else(database: Database, clock: FixedClock) -> None:
    """The event says when the deadline was, whenever the job came; a second tick does nothing."""
    due = await given.a_published_call(database, clock, window=dt.timedelta(days=10))
    later = await given.a_published_call(database, clock, window=dt.timedelta(days=20))
    clock.advance(dt.timedelta(days=10, minutes=7))

    closed = await jobs.close_due_calls(database, clock)
    after = await everything(database)
    again = await jobs.close_due_calls(database, clock)

    assert (closed, again) == (1, 0)
    assert await states(database, due, later) == ["closed", "published"]
    async with database.reading() as session:
        row = await queries.scenario(session, due.id)
        said = (await events.about(session, due.id))[-1]
    assert row.closed_at == row.bid_deadline_at
    assert (said.type, said.data["closed_at"]) == ("scenario.closed", "2026-03-12T01:00:00.000Z")
    assert await everything(database) == after


@pytest.mark.postgres
async def test_ticks_at_the_same_time_close_once(database: Database, clock: FixedClock) -> None:
    """Three processes tick together: one closing, one event."""
    called = await given.a_published_call(database, clock)
    clock.advance(given.WINDOW)

    closed = await asyncio.gather(*(jobs.close_due_calls(database, clock) for _ in range(3)))

    assert sum(closed) == 1
    async with database.reading() as session:
        said = await events.about(session, called.id)
    assert [row.type for row in said].count("scenario.closed") == 1


async def test_one_call_that_cannot_be_closed_keeps_no_other_open(
    database: Database, clock: FixedClock
) -> None:
    """The failure is raised, after every other call had its turn."""
    broken = await given.a_published_call(database, clock)
    sound = await given.a_published_call(database, clock)
    async with database.writing() as session:
        # Its next event finds the number taken: the log of this call is damaged.
        last = (await events.about(session, broken.id))[-1]
        copied = ("type", "schema_version", "subject_type", "subject_id", "visibility", "actor")
        written = ("record", "sha256", "owner_salt", "occurred_at")
        facts = {name: getattr(last, name) for name in (*copied, *written)}
        session.add(EventRow(**facts, sequence=last.sequence + 1))
    clock.advance(given.WINDOW)

    with pytest.raises(ExceptionGroup) as raised:
        await jobs.close_due_calls(database, clock)

    assert len(raised.value.exceptions) == 1
    assert await states(database, broken, sound) == ["published", "closed"]


async def test_what_is_true_does_not_wait_for_the_job(
    database: Database, clock: FixedClock
) -> None:
    """From the deadline on the call is closed, whatever is written down."""
    called = await given.a_published_call(database, clock)
    async with database.reading() as session:
        row = await queries.scenario(session, called.id)
        deadline = row.bid_deadline_at
        assert deadline is not None
        moments = [deadline - dt.timedelta(microseconds=1), deadline]

        found = [queries.state_at(row, moment) for moment in moments]

    assert found == [ScenarioState.PUBLISHED, ScenarioState.CLOSED]
    async with database.reading() as session:
        due = select(EventRow).where(col(EventRow.type) == "scenario.closed")
        assert (await session.exec(due)).all() == []
