"""A call ends well when all of its pilots are settled (SC20)."""

import pytest

from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.pilots.actions import completing
from marketplace.pilots.errors import PilotsOpen
from marketplace.pilots.rules.settlement import Outcome
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from tests.conftest import START
from tests.given.pilots import OpenPilot, an_open_pilot


async def complete(database: Database, pilot: OpenPilot, actor: Actor) -> Scenario:
    """Complete the call of a pilot."""
    async with database.writing() as session:
        return await completing.complete_call(session, actor, pilot.call.id, now=START)


@pytest.mark.postgres
async def test_a_call_is_completed_when_its_pilot_is_closed(
    database: Database, clock: FixedClock
) -> None:
    """Not while it runs, not by an officer; then once, for everybody to hear."""
    pilot = await an_open_pilot(database, clock)
    approver = pilot.people.approver.actor
    await pilot.run("P0", Outcome.PASSED)
    await pilot.run("P1", Outcome.FAILED_BLAMELESS)

    with pytest.raises(PilotsOpen) as refused:
        await complete(database, pilot, approver)
    await pilot.close()
    with pytest.raises(NotPermitted):
        await complete(database, pilot, pilot.people.officer.actor)
    row = await complete(database, pilot, approver)
    with pytest.raises(MoveNotAllowed):
        await complete(database, pilot, approver)

    async with database.reading() as session:
        last = (await events.about(session, pilot.call.id))[-1]
    assert refused.value.facts["pilots"] == [(await pilot.row()).number]
    assert (row.final_status, row.final_at) == (ScenarioState.COMPLETED, START)
    assert (last.type, last.data["pilots"]) == ("scenario.completed", 1)
    await pilot.check()
