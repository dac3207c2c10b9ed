"""Events are said in the transaction that made them true, and numbered without holes."""

import asyncio
from uuid import uuid4

import pytest
from sqlmodel import select

from marketplace.events import actions, queries
from marketplace.events.rules.catalogue.scenarios import ScenarioClosed, ScenarioFailed
from marketplace.events.tables import EventRow
from marketplace.kit.database import Database
from tests.conftest import START


def something_failed() -> ScenarioFailed:
    """An event of a new subject."""
    return ScenarioFailed(scenario_id=uuid4(), reason="task_cancelled")


async def test_an_event_of_a_transaction_that_failed_was_never_said(database: Database) -> None:
    """Rolled back means unsaid, the number included."""
    said = something_failed()
    with pytest.raises(RuntimeError, match="afterwards"):
        async with database.writing() as session:
            await actions.record(session, said, by="system", now=START)
            raise RuntimeError("something broke afterwards")

    async with database.writing() as session:
        row = await actions.record(session, said, by="system", now=START)

    assert row.sequence == 1
    async with database.reading() as session:
        assert len((await session.exec(select(EventRow))).all()) == 1


@pytest.mark.postgres
async def test_forty_writers_number_one_subject_without_holes(database: Database) -> None:
    """1 to 40, each once, whatever the order of the commits."""
    said = something_failed()

    async def say() -> None:
        async with database.writing() as session:
            await actions.record(session, said, by="system", now=START)

    await asyncio.gather(*(say() for _ in range(40)))

    async with database.reading() as session:
        rows = await queries.about(session, said.scenario_id)
    assert [row.sequence for row in rows] == list(range(1, 41))


@pytest.mark.postgres
async def test_a_body_has_one_form_on_both_databases(database: Database) -> None:
    """Times are UTC with milliseconds, ids are text, and it reads back as it was said."""
    scenario_id = uuid4()
    said = ScenarioClosed(scenario_id=scenario_id, closed_at=START)
    async with database.writing() as session:
        await actions.record(session, said, by="system", now=START)

    async with database.reading() as session:
        (row,) = await queries.about(session, scenario_id)
    assert row.data == {
        "scenario_id": str(scenario_id),
        "closed_at": "2026-03-02T01:00:00.000Z",
    }
    assert (row.type, row.subject_type, row.occurred_at) == ("scenario.closed", "scenario", START)
