"""F08: the clock decides, not the state that some job has or has not written down."""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.jobs import close_due_calls
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.lifecycle import ScenarioState
from tests.given import scoring as given

pytestmark = pytest.mark.postgres
SECOND = dt.timedelta(seconds=1)


async def stored_state(database: Database, play: given.Play) -> ScenarioState:
    """What stands in the database, whatever the clock says."""
    async with database.reading() as session:
        found = await queries.scenario(session, UUID(play.scenario_id))
        return found.state


async def test_one_second_late_is_late_although_no_job_has_run(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """In time, at the deadline, one second after it: only the first is taken."""
    play = await given.a_play(client, database, clock, "early", "sharp", "late")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    for name in ("early", "sharp", "late"):
        begun = await play.do(play.solvers[name], f"{play.url}/bids")
        play.bids[name] = begun["id"]

    clock.move_to(given.DEADLINE - SECOND)
    early = await play.offer("early", quote_yuan=800_000)
    clock.move_to(given.DEADLINE)
    sharp = await play.offer("sharp", quote_yuan=800_000)
    clock.move_to(given.DEADLINE + SECOND)
    late = await play.offer("late", quote_yuan=800_000)
    shown = await play.get(play.cast.officer, play.url)

    assert early.status_code == 200, early.text
    assert early.json()["receipt"]["received_at"] == "2026-04-01T00:59:59Z"
    assert (sharp.status_code, sharp.json()["code"]) == (409, "bids.call_closed")
    assert (late.status_code, late.json()["code"]) == (409, "bids.call_closed")
    # Nothing has written it down yet, and yet everybody is told that it is closed.
    assert await stored_state(database, play) is ScenarioState.PUBLISHED
    assert shown["state"] == "closed"


async def test_the_job_only_writes_down_what_time_made_true(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Before the deadline it closes nothing; afterwards it closes once, and says so once."""
    play = await given.a_play(client, database, clock)
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)

    clock.move_to(given.DEADLINE - SECOND)
    before = await close_due_calls(database, clock)
    clock.move_to(given.DEADLINE + SECOND)
    after = await close_due_calls(database, clock)
    again = await close_due_calls(database, clock)

    assert (before, after, again) == (0, 1, 0)
    assert await stored_state(database, play) is ScenarioState.CLOSED


async def test_bids_are_not_opened_one_second_before_the_deadline(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Nobody opens early, not even the two who may open."""
    play = await given.a_play(client, database, clock, "ours")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    await play.bid("ours", quote_yuan=800_000)

    clock.move_to(given.DEADLINE - SECOND)
    refused = await play.ask(play.cast.officer, "POST", f"{play.url}/opening", json={"share": "AA"})

    assert (refused.status_code, refused.json()["code"]) == (409, "bids.too_early_to_open")
