"""Evidence of bids stays sealed until the opening, and ties are told to the bureau only."""

import httpx
import pytest
from sqlmodel import select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.relations.actions import ties
from marketplace.relations.rules.relations import EdgeKind
from marketplace.relations.tables import StandingCheck
from tests.conftest import START
from tests.given import bids as given
from tests.given.identity import an_organization, someone
from tests.given.relations import DAY, a_tie, organization
from tests.given.scenarios import a_published_call


@pytest.mark.postgres
async def test_a_check_of_a_bid_is_shown_to_nobody_before_the_opening(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """It is there from the first step of the bid and says how bidder and poster are related; to
    whoever may read checks it appears with the opening, and then without any figure of the offer.
    """
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call)
    solver_id = bid.solver.organization_id
    url = f"/v1/organizations/{solver_id}/standing-checks"
    who = {
        "officer": call.cast.officer,
        "auditor": call.cast.auditor,
        "approver": call.cast.approver,
    }

    sealed = {
        name: (await client.get(url, headers=one.headers)).json()["items"]
        for name, one in who.items()
    }
    own = await client.get(url, headers=bid.solver.headers)
    async with database.reading() as session:
        kept = (await session.exec(select(StandingCheck))).all()
    assert sealed == {name: [] for name in who}
    assert own.status_code == 403
    assert [(one.subject_id, one.sealed, one.related) for one in kept] == [
        (bid.id, True, False),
        (bid.id, True, False),
    ]

    await given.the_deadline_passed(database, clock, call)
    await given.the_opening(database, clock, call)
    shown = (await client.get(url, headers=call.cast.auditor.headers)).json()["items"]

    assert [(one["stage"], one["subject_id"]) for one in shown] == [("bid", str(bid.id))] * 2
    assert "fen" not in str(shown)


async def test_ties_are_said_to_the_bureau_and_to_nobody_else(database: Database) -> None:
    """Recording and ending leave an event that no organisation owns: ties name third parties."""
    parent, child = await an_organization(database), await an_organization(database)
    row = await a_tie(
        database, organization(parent), organization(child), EdgeKind.ACTUAL_CONTROLLER
    )
    async with database.writing() as session:
        await ties.end_edge(session, SYSTEM, row.id, valid_to=DAY, now=START)

    async with database.reading() as session:
        found = await session.exec(select(EventRow).where(EventRow.subject_id == row.id))
        said = found.all()

    assert [one.type for one in said] == ["ownership_edge.recorded", "ownership_edge.ended"]
    assert {(one.visibility, one.organization_id) for one in said} == {(Visibility.INTERNAL, None)}
    assert said[0].data["kind"] == "actual_controller"
    assert said[1].data["valid_to"] == str(DAY)


async def test_an_officer_keeps_a_check_that_found_something(
    client: httpx.AsyncClient, database: Database
) -> None:
    """What was refused left nothing behind; the kept check has findings, relation and path."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    parent = await an_organization(database)
    child = await an_organization(database, verified=False)
    await a_tie(database, organization(parent), organization(child))
    check = {
        "stage": "payment",
        "subject_type": "claim",
        "subject_id": str(child),
        "counterpart_id": str(parent),
    }

    kept = await client.post(
        f"/v1/organizations/{child}/standing-checks", json=check, headers=officer.headers
    )
    itself = await client.post(
        f"/v1/organizations/{child}/standing-checks",
        json=check | {"counterpart_id": str(child)},
        headers=officer.headers,
    )
    of_bid = await client.post(
        f"/v1/organizations/{child}/standing-checks",
        json=check | {"stage": "bid"},
        headers=officer.headers,
    )

    found = kept.json()
    assert kept.status_code == 201, kept.text
    assert (found["blocked"], found["related"], found["ground"]) == (True, True, "direct_control")
    assert [one["code"] for one in found["findings"]] == ["not_verified", "registration_unchecked"]
    assert len(found["path"]) == 1
    assert (itself.status_code, itself.json()["code"]) == (422, "relations.tied_to_itself")
    assert of_bid.status_code == 400
