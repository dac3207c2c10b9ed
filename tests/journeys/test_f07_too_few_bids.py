"""F07: a tender needs three responsive bids; a subsidy lives with what its own rules ask for."""

from uuid import UUID

import httpx
import pytest

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres


async def played_to_two_bids(play: Play, track: Track) -> None:
    """Three bids are opened, one has no licence, and the panel has signed on the other two."""
    await play.publish(given.a_content(given.PLAN_AND_PRICE), track)
    await play.seat_panel()
    await play.bid("ours", quote_yuan=800_000)
    await play.bid("theirs", quote_yuan=900_000)
    await play.bid("unlicensed", quote_yuan=700_000)
    await play.open()
    await play.check("ours", "theirs", ineligible=["unlicensed"])
    await play.mark_all(ours="80", theirs="90")


async def test_a_tender_with_two_responsive_bids_fails(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """No ranking comes of it: the approver ends the call, and every bidder can read why."""
    play = await given.a_play(client, database, clock, "ours", "theirs", "unlicensed")
    await played_to_two_bids(play, Track.PROCUREMENT_TENDER)
    approver = play.cast.approver

    refused = await play.rank()
    rounds = await play.get(approver, f"{play.url}/ranking-rounds")
    await play.move(approver, play.url, "fail", {"reason": "too_few_responsive"})
    again = await play.rank()
    told = await play.get(play.solvers["unlicensed"], play.url)
    own = await play.get(play.solvers["unlicensed"], f"/v1/bids/{play.bids['unlicensed']}")

    assert (refused.status_code, refused.json()["code"]) == (409, "scoring.not_enough_bids")
    assert (refused.json()["responsive"], refused.json()["minimum"]) == (2, 3)
    assert rounds["items"] == []
    assert (told["state"], told["final_reason"]) == ("failed", "too_few_responsive")
    assert own["exclusion"]["reason"]["zh"] == "未提交营业执照"
    assert (again.status_code, again.json()["code"]) == (409, "scoring.not_evaluating")


async def test_a_tender_fails_when_the_panel_leaves_two(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Three were eligible; the majority finds one non-responsive, and every bidder hears why."""
    names = ("ours", "theirs", "hollow")
    play = await given.a_play(client, database, clock, *names)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    for name, quote in zip(names, (800_000, 900_000, 850_000), strict=True):
        await play.bid(name, quote_yuan=quote)
    await play.open()
    await play.check(*names)
    word = {
        "responsive": False,
        "reason_code": "terms_not_met",
        "reason": {"zh": "未响应实质性条款", "en": "A substantive term is not met"},
    }

    await play.vote("hollow", "responsiveness", word, 0, 1, 2)
    await play.mark_all(ours="80", theirs="90")
    refused = await play.rank()
    note = {"reason": "too_few_responsive", "note": "实质性响应的投标不足三家"}
    await play.move(play.cast.approver, play.url, "fail", note)

    assert (refused.json()["responsive"], refused.json()["minimum"]) == (2, 3)
    for name in names:
        told = await play.get(play.solvers[name], play.url)
        assert (told["state"], told["final_reason"]) == ("failed", "too_few_responsive")
    own = await play.get(play.solvers["hollow"], f"/v1/bids/{play.bids['hollow']}")
    assert own["exclusion"] == {"code": "terms_not_met", "reason": word["reason"]}
    async with database.reading() as session:
        failed = (await events.about(session, UUID(play.scenario_id)))[-1]
        heard = await events.about(session, UUID(play.bids["hollow"]))
    assert (failed.type, failed.visibility) == ("scenario.failed", "public")
    assert failed.data["note"] == note["note"]
    (excluded,) = [one for one in heard if one.type == "bid.excluded"]
    assert (excluded.visibility, excluded.organization_id) == (
        "owner",
        play.solvers["hollow"].organization_id,
    )
    assert excluded.data["reason"] == word["reason"]


async def test_a_tender_with_two_eligible_bids_fails_before_the_panel_begins(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The approver need not wait for marks; who was found eligible hears it as everybody does."""
    play = await given.a_play(client, database, clock, "ours", "theirs", "unlicensed")
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    for name, quote in (("ours", 800_000), ("theirs", 900_000), ("unlicensed", 700_000)):
        await play.bid(name, quote_yuan=quote)
    await play.open()
    await play.check("ours", "theirs", ineligible=["unlicensed"])

    await play.move(play.cast.approver, play.url, "fail", {"reason": "too_few_eligible"})

    for name in play.solvers:
        told = await play.get(play.solvers[name], play.url)
        assert (told["state"], told["final_reason"]) == ("failed", "too_few_eligible")


async def test_a_subsidy_with_two_responsive_bids_goes_on(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The same two bids are ranked, and the third is listed as out."""
    play = await given.a_play(client, database, clock, "ours", "theirs", "unlicensed", judges=3)
    await played_to_two_bids(play, Track.SUBSIDY)

    ranked = await play.rank()

    assert ranked.status_code == 201, ranked.text
    assert (ranked.json()["ranked"], ranked.json()["excluded"]) == (2, 1)
    standings = await play.standings(ranked.json()["id"])
    assert {name: one["total"] for name, one in standings.items()} == {
        # 80 % of 70 points and 30 for the lowest price; 90 % and 8/9 of 30.
        "ours": "86.00",
        "theirs": "89.67",
    }
    assert standings["theirs"]["rank"] == 1
