"""F09: a call is amended three days before its deadline; what changed decides what follows."""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.amending import amend, ask_to

pytestmark = pytest.mark.postgres
TENDER = Track.PROCUREMENT_TENDER
THREE_DAYS_BEFORE = given.DEADLINE - dt.timedelta(days=3)
EXTENDED = "2026-04-13T16:00:00Z"
"""29 March plus fifteen days is Monday 13 April, which ends at 24:00 in Shenzhen."""
CLARIFIED = given.a_content(given.EVERYTHING) | {"problem": {"zh": "工单分派慢,补充:夜间亦须响应"}}


async def a_tender(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, *names: str
) -> given.Play:
    """A tender with sealed bids of these names, three days before its deadline."""
    play = await given.a_play(client, database, clock, *names)
    await play.publish(given.a_content(given.EVERYTHING), TENDER)
    for name in names:
        await play.bid(name, quote_yuan=800_000)
    clock.move_to(THREE_DAYS_BEFORE)
    return play


async def said(database: Database, subject: str) -> list[tuple[str, str]]:
    """What was said about one thing, and how loudly."""
    async with database.reading() as session:
        return [(one.type, one.visibility) for one in await events.about(session, UUID(subject))]


async def test_ticked_as_immaterial_it_is_material_all_the_same(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The deadline is the later of the old one and fifteen days from the amendment, and everybody
    is told; each bidder hears that their own bid waits, and nobody hears of another's.
    """
    play = await a_tender(client, database, clock, "ours", "theirs")

    answer = await amend(client, play.cast, play.url, CLARIFIED, material=False)

    amended = answer.json()
    assert answer.status_code == 200, answer.text
    assert amended["deadlines"]["bid_deadline_at"] == EXTENDED
    assert amended["deadlines"]["basis"]["period"]["rule"] == "procurement_tender@1/amendment_lead"
    (proposal,) = (await play.get(play.cast.poster, f"{play.url}/amendments"))["items"]
    assert (proposal["material"], proposal["claimed_material"]) == (True, False)
    assert proposal["changed"] == ["problem"]
    told = await said(database, play.scenario_id)
    assert told[-2:] == [("deadline.shifted", "public"), ("scenario.amended", "public")]
    for name in play.bids:
        bid = await play.get(play.solvers[name], f"/v1/bids/{play.bids[name]}")
        assert bid["state"] == "needs_reconfirm"
        assert (await said(database, play.bids[name]))[-1] == ("bid.moved", "sealed")


async def test_a_deadline_that_is_far_enough_stays(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Amended on the first day there are thirty days left: none is added, none is taken."""
    play = await a_tender(client, database, clock, "ours")
    clock.move_to(given.DEADLINE - dt.timedelta(days=29))

    amended = (await amend(client, play.cast, play.url, CLARIFIED)).json()

    assert amended["deadlines"]["bid_deadline_at"] == "2026-04-01T01:00:00Z"


async def test_ticked_as_material_it_is_not(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A mark that affects no bid moves nothing, whatever the officer ticks."""
    play = await a_tender(client, database, clock, "ours")
    content = given.a_content(given.EVERYTHING) | {"illustrative": True}

    amended = (await amend(client, play.cast, play.url, content, material=True)).json()

    bid = await play.get(play.solvers["ours"], f"/v1/bids/{play.bids['ours']}")
    assert (amended["content_version"], bid["state"]) == (2, "submitted")
    assert amended["deadlines"]["bid_deadline_at"] == "2026-04-01T01:00:00Z"


async def test_it_takes_two_and_until_then_nothing_changes(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Proposed, the call stands as it was and outsiders see nothing; the officer cannot confirm."""
    play = await a_tender(client, database, clock, "ours")
    body = {"content": CLARIFIED, "note": "补充"}
    proposal = await ask_to(client, play.cast.officer, play.url, "amendments", body)

    alone = await ask_to(client, play.cast.officer, play.url, "actions/confirm-amendment")
    outside = await play.get(play.solvers["ours"], f"{play.url}/amendments")
    shown = await play.get(play.solvers["ours"], play.url)
    offered = (await play.get(play.cast.approver, play.url))["actions"]["allowed"]

    assert proposal.status_code == 201, proposal.text
    assert (alone.status_code, alone.json()["code"]) == (403, "identity.not_permitted")
    assert (outside["items"], shown["content_version"]) == ([], 1)
    assert "confirm_amendment" in offered


@pytest.mark.parametrize(
    "changes", [{"domain": "health"}, {"qualifications": []}], ids=["subject", "eligibility"]
)
async def test_subject_matter_and_eligibility_stay(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    changes: dict[str, object],
) -> None:
    """Such a change would be another call: refused with the field."""
    play = await a_tender(client, database, clock)

    refused = await amend(client, play.cast, play.url, given.a_content(given.EVERYTHING) | changes)

    assert (refused.status_code, refused.json()["code"]) == (409, "scenarios.frozen_field")
    assert refused.json()["fields"] == list(changes)
