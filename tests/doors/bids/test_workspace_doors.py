"""A bidder's workspace over HTTP: what is missing, what is wrong, all at once, and nothing kept."""

from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import bids as given
from tests.given import offers
from tests.given.identity import credit_code_of, someone
from tests.given.scenarios import Called, a_content, a_published_call
from tests.given.traces import everything

DEMANDING = {"price_sheet": True, "documents": ["technical_plan"], **offers.TOGETHER}


async def a_demanding_call(database: Database, clock: FixedClock) -> Called:
    """A call that asks for a sheet, a document and a bond, and is open to consortia."""
    content = a_content(offer_requirements=DEMANDING)
    content["bonds"] = {"bid_fen": 100_00}
    return await a_published_call(database, clock, content=content)


async def check(
    client: httpx.AsyncClient, bid: given.Begun, body: dict[str, Any]
) -> httpx.Response:
    """Send an offer to be looked at."""
    url = f"/v1/bids/{bid.id}/actions/check"
    return await client.post(url, json=body, headers=bid.solver.headers)


async def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_kept(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Pointers, codes and titles; not a row is written, and no cache may keep it."""
    bid = await given.a_draft_bid(database, clock, await a_demanding_call(database, clock))
    before = await everything(database)

    answer = await check(client, bid, {"summary": "方案", "declarations": ["integrity"]})

    found = answer.json()
    assert (answer.status_code, found["fits"]) == (200, False)
    assert [(one["pointer"], one["code"], one["blocks"]) for one in found["problems"]] == [
        ("/quote_fen", "bids.quote_missing", True),
        ("/declarations", "bids.declaration_missing", True),
        ("/price_sheet", "bids.price_sheet_missing", True),
        ("/bond", "bids.bond_missing", True),
    ]
    assert found["problems"][1]["facts"] == {"missing": ["interest", "related_party"]}
    assert found["problems"][0]["title"]["zh"].startswith("该榜单含价格评审")
    assert answer.headers["cache-control"] == "no-store"
    after = await everything(database)
    assert {name for name in after if after[name] != before[name]} <= {"api_key"}


async def test_sealing_refuses_with_the_same_list(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The first as the refusal, all of them as `errors`."""
    bid = await given.a_draft_bid(database, clock, await a_demanding_call(database, clock))

    answer = await client.post(
        f"/v1/bids/{bid.id}/actions/submit",
        json={},
        headers=bid.solver.headers | {"If-Match": '"v1.0123456789abcdef"', "Idempotency-Key": "k"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "bids.quote_missing")
    assert [one["pointer"] for one in answer.json()["errors"]] == [
        "/quote_fen",
        "/declarations",
        "/price_sheet",
        "/bond",
    ]


async def test_what_would_be_corrected_is_shown_and_can_be_sealed(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A contradiction blocks nothing, but it is told before it is read out in public."""
    bid = await given.a_draft_bid(database, clock, await a_published_call(database, clock))
    body = offers.a_priced_offer(100_00, offers.a_line(90_00)).to_document()

    found = (await check(client, bid, body)).json()

    (problem,) = found["problems"]
    assert (found["fits"], problem["blocks"]) == (True, False)
    assert problem["facts"]["corrected_fen"] == 90_00


async def test_the_list_says_what_the_platform_knows_and_what_only_the_bidder_does(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Before and after a member has agreed and the offer is sealed."""
    call = await a_published_call(
        database, clock, content=offers.a_content_for_consortia(bonds={"bid_fen": 100_00})
    )
    bid = await given.a_draft_bid(database, clock, call)
    member = await someone(database, Role.SOLVER)
    asked = await offers.invited(database, clock, call, lead=bid.solver, member=member)
    url, headers = f"/v1/bids/{bid.id}/workspace", bid.solver.headers

    before = (await client.get(url, headers=headers)).json()
    await offers.moved(database, clock, asked, member, "accept")
    after = (await client.get(url, headers=headers)).json()
    stranger = await client.get(url, headers=member.headers)

    def points(found: dict[str, Any]) -> dict[str, str]:
        return {one["code"]: one["met"] for one in found["points"]}

    assert points(before) == {
        "standing": "yes",
        "quote": "in_the_offer",
        "declarations": "in_the_offer",
        "bond": "in_the_offer",
        "consortium": "no",
        "sealed": "no",
        "reconfirmed": "yes",
    }
    assert (before["missing"], after["missing"]) == (2, 1)
    assert points(after)["consortium"] == "yes"
    assert (stranger.status_code, stranger.json()["code"]) == (404, "bids.unknown")


async def test_the_words_to_sign_are_open_to_everybody_in_both_languages(
    client: httpx.AsyncClient,
) -> None:
    """With version and source, before anybody signs in."""
    found = (await client.get("/v1/declaration-templates")).json()["items"]

    assert {one["code"] for one in found} == {"integrity", "interest", "related_party", "sme"}
    assert all(one["text"]["zh"] and one["text"]["en"] and one["source"] for one in found)


@pytest.mark.postgres
async def test_a_consortium_is_agreed_and_sealed_over_http(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Asked by the credit code, accepted by the member, sealed by the lead; then the member is
    taken.
    """
    call = await a_published_call(database, clock, content=offers.a_content_for_consortia())
    lead = await given.a_draft_bid(database, clock, call)
    alone = await given.a_draft_bid(database, clock, call)
    invitations = f"/v1/scenarios/{call.id}/consortium-invitations"
    body = {
        "uscc": await credit_code_of(database, alone.solver),
        "share_bps": 3000,
        "part": "测试",
    }

    asked = await client.post(invitations, json=body, headers=lead.solver.headers)
    listed = await client.get(invitations, headers=alone.solver.headers)
    url = f"/v1/consortium-invitations/{asked.json()['id']}"
    etag = (await client.get(url, headers=alone.solver.headers)).headers["etag"]
    accepted = await client.post(
        f"{url}/actions/accept", headers=alone.solver.headers | {"If-Match": etag}
    )
    offer = offers.a_joint_offer(alone.solver.organization_id).to_document()
    sealed = await client.post(
        f"/v1/bids/{lead.id}/actions/submit",
        json=offer,
        headers=lead.solver.headers | {"If-Match": '"v1.0123456789abcdef"', "Idempotency-Key": "k"},
    )
    refused = await client.post(
        f"/v1/bids/{alone.id}/actions/submit",
        json=given.an_offer_body(),
        headers=alone.solver.headers
        | {"If-Match": '"v1.0123456789abcdef"', "Idempotency-Key": "k"},
    )

    assert asked.status_code == 201, asked.text
    assert [one["leads"] for one in listed.json()["items"]] == [False]
    assert accepted.json()["state"] == "accepted"
    assert sealed.status_code == 200, sealed.text
    assert (refused.status_code, refused.json()["code"]) == (409, "bids.takes_part_already")
    assert str(lead.solver.organization_id) not in refused.text
