"""A solver in order when it bid is not in order for ever: every later step looks again."""

import datetime as dt

import httpx
import pytest

from marketplace.awards.actions import awarding as awards
from marketplace.identity.errors.organizations import NotInGoodStanding
from marketplace.identity.rules.standing import RegistrationStatus
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.pilots.actions import running
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.settlement import Outcome
from marketplace.profiles.rules.profile import Track
from tests.given import scoring
from tests.given.awards import a_ranked_call, a_standing_award
from tests.given.ledger import YEAR
from tests.given.pilots import DIGEST, an_open_pilot
from tests.given.standing import a_listing, a_registration

pytestmark = pytest.mark.postgres
AMOUNT_FEN = 1_000_000


async def test_a_solver_blacklisted_after_the_award_is_paid_once_the_entry_is_lifted(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Listed between award and payment: no step of the payment passes, and no money moves, until
    the entry is lifted; each step that passed has left its evidence.
    """
    pilot = await an_open_pilot(database, clock)
    officer, solver = pilot.people.officer, pilot.people.solvers[0]
    await pilot.run("P0", Outcome.PASSED)
    claim = await pilot.settled("P0", AMOUNT_FEN)
    owed = await pilot.held("P0", AccountKind.PAYABLE)
    of_solver = f"/v1/organizations/{solver.organization_id}"
    listing = {
        "listed_from": "2026-03-02",
        "authority": "某法院(示例)",
        "reason": "示例",
        "source": "(2026)示例 1 号",
    }
    listed = await client.post(
        f"{of_solver}/blacklist-entries", json=listing, headers=officer.headers
    )
    assert listed.status_code == 201, listed.text

    with pytest.raises(NotInGoodStanding) as refused:
        await pilot.pay(claim.id)
    findings = refused.value.facts["findings"]
    assert isinstance(findings, list)
    assert [one["code"] for one in findings] == ["blacklisted"]
    assert findings[0]["facts"]["authority"] == "某法院(示例)"
    assert findings[0]["title"]["zh"] and findings[0]["title"]["en"]
    assert await pilot.held("P0", AccountKind.PAYABLE) == owed

    lift = {"lifted_on": "2026-03-02", "reason": "已履行(示例)"}
    entry = f"{of_solver}/blacklist-entries/{listed.json()['id']}"
    lifted = await client.post(f"{entry}/actions/lift", json=lift, headers=officer.headers)
    assert lifted.status_code == 200, lifted.text
    paid = await pilot.pay(claim.id)

    assert paid.state is ClaimState.PAID
    await pilot.check()
    kept = await client.get(f"{of_solver}/standing-checks", headers=officer.headers)
    stages = [one["stage"] for one in kept.json()["items"]]
    assert stages == ["decision", "contract", "payment", "payment", "payment"]
    assert not any(one["blocked"] for one in kept.json()["items"])


async def test_a_firm_struck_off_between_bid_and_decision_gets_no_award(
    database: Database, clock: FixedClock
) -> None:
    """Deregistered is final: the decision names it, and the award is not made."""
    call = await a_ranked_call(database)
    winner = call.people.solvers[0]
    await a_registration(database, winner.organization_id, RegistrationStatus.DEREGISTERED)

    async with database.writing() as session:
        with pytest.raises(NotInGoodStanding) as refused:
            await awards.decide_award(
                session,
                call.people.approver.actor,
                call.id,
                call.bids[0],
                reason="best",
                now=clock.now(),
            )

    findings = refused.value.facts["findings"]
    assert isinstance(findings, list)
    assert [one["code"] for one in findings] == ["registration_deregistered"]


async def test_a_licence_revoked_after_the_decision_stops_the_contract(
    database: Database, clock: FixedClock
) -> None:
    """What was in order at the decision is asked again before anything is signed."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    winner = call.people.solvers[0].organization_id
    await a_registration(database, winner, RegistrationStatus.REVOKED)
    contract = running.Contract(gov_id=call.gov_id, year=YEAR, sha256=DIGEST)

    async with database.writing() as session:
        with pytest.raises(NotInGoodStanding) as refused:
            await running.open_pilot(
                session, call.people.officer.actor, award.id, contract=contract, clock=clock
            )

    assert refused.value.facts["organization_id"] == str(winner)


async def test_a_bidder_on_the_list_neither_begins_nor_submits(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Listed after the bid was begun: the offer is not taken in; after the entry has run out it is.
    What is offered to the bidder says the same as the refusal.
    """
    play = await scoring.a_play(client, database, clock, "ours", "other")
    await play.publish(scoring.a_content(scoring.EVERYTHING), Track.PROCUREMENT_TENDER)
    ours = play.solvers["ours"]
    begun = await play.do(ours, f"{play.url}/bids")
    play.bids["ours"] = begun["id"]
    today = clock.now().date()
    for name in ("ours", "other"):
        await a_listing(
            database,
            play.solvers[name].organization_id,
            listed_from=today,
            listed_until=scoring.DEADLINE.date(),
        )

    refused = await play.offer("ours", quote_yuan=800_000)
    not_begun = await play.ask(play.solvers["other"], "POST", f"{play.url}/bids", json={})
    shown = await play.get(ours, f"/v1/bids/{begun['id']}")
    blocked = {one["action"]: one["code"] for one in shown["actions"]["blocked"]}
    clock.move_to(scoring.DEADLINE - dt.timedelta(hours=1))
    taken = await play.offer("ours", quote_yuan=800_000)

    code = "identity.not_in_good_standing"
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert (not_begun.status_code, not_begun.json()["code"]) == (409, code)
    assert blocked["submit"] == code
    assert taken.status_code == 200, taken.text
