"""None, one or fifty sealed bids: whoever is no bidder reads the same bytes at every address.

`make test` plays a dozen bids; `JIEBANG_SOAK_SEALED` says how many more.
"""

import os
from typing import Final
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from marketplace.house import House
from marketplace.identity.actions import audit
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from tests.doors.bids.asking import ask, seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given import offers
from tests.given.asking_around import addresses, told
from tests.given.bids import Begun
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call

pytestmark = pytest.mark.postgres

BIDS: Final = int(os.environ.get("JIEBANG_SOAK_SEALED", "6"))
ABOUT: Final = ("/v1/scenario", "/v1/batches", "/v1/bids", "/v1/event")
"""What tells of calls, of bids whose id is not known, or of what was said."""


async def by_hand(client: httpx.AsyncClient, bid: Begun) -> None:
    """A bid with a document, sealed, replaced, and taken back, over HTTP."""
    await papers.a_document(client, bid)
    assert (await seal(client, bid)).status_code == 200
    assert (await seal(client, bid, verb="replace", key="again")).status_code == 200
    assert (await ask(client, bid, "withdraw")).status_code == 200


async def the_public(house: House, call: Called) -> dict[str, Someone | None]:
    """Everybody who is not a bidder."""
    cast = call.cast
    return {
        "nobody": None,
        "a rival": await someone(house.database, Role.SOLVER),
        "the poster": cast.poster,
        "the officer": cast.officer,
        "the supervisor": cast.supervisor,
        "the auditor": cast.auditor,
    }


async def test_no_address_tells_how_many_bids_there_are(
    client: httpx.AsyncClient, app: Litestar, house: House, clock: FixedClock
) -> None:
    """Same status, headers and bytes before the first bid, after it, and after all."""
    content = offers.a_content_for_consortia()
    call = await a_published_call(house.database, clock, content=content)
    who = await the_public(house, call)
    # That an organisation exists is no secret; that it bids is.
    solvers = [await someone(house.database, Role.SOLVER) for _ in range(BIDS + 1)]
    ids = {"scenario_id": str(call.id), "organization_id": str(solvers[0].organization_id)}
    places = sorted({one for about in ABOUT for one in addresses(app, ids, about=about)})

    none = await told(client, who, places)
    first = await given.a_draft_bid(house.database, clock, call, solver=solvers[0])
    await by_hand(client, first)
    one = await told(client, who, places)
    for solver in solvers[1:]:
        await given.a_sealed_bid(house.database, clock, call, solver=solver)
    all_of_them = await told(client, who, places)

    assert len(places) > 40
    assert [place for place in none if one[place] != none[place]] == []
    assert [place for place in none if all_of_them[place] != none[place]] == []


async def test_the_audit_log_tells_who_bids_after_the_opening_only(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Not even an auditor reads who went through a bidder's door; then all of it is there, and what
    is done from then on at once.
    """
    content = offers.a_content_for_consortia()
    call = await a_published_call(house.database, clock, content=content)
    solver, member = [await someone(house.database, Role.SOLVER) for _ in range(2)]
    url = f"/v1/scenarios/{call.id}/bids"
    made = await client.post(url, json={}, headers=solver.headers | {"Idempotency-Key": "k"})
    bid = Begun(id=made.json()["id"], solver=solver)
    await by_hand(client, bid)
    await offers.invited(
        house.database, clock, call, lead=solver, member=member, keeper=house.keeper
    )
    listed = await client.get(
        f"/v1/scenarios/{call.id}/consortium-invitations", headers=member.headers
    )
    invitation = f"/v1/consortium-invitations/{listed.json()['items'][0]['id']}"
    etag = (await client.get(invitation, headers=member.headers)).headers["etag"]
    headers = member.headers | {"If-Match": etag}
    assert (await client.post(f"{invitation}/actions/decline", headers=headers)).is_success

    async def entries() -> list[tuple[str, str]]:
        read = await client.get("/v1/audit-log?limit=100", headers=call.cast.auditor.headers)
        theirs = {str(solver.organization_id), str(member.organization_id)}
        found = [one for one in read.json()["items"] if one["organization_id"] in theirs]
        return sorted((one["operation"], one["outcome"]) for one in found)

    before = await entries()
    refused = await client.get(f"/v1/bids/{bid.id}", headers=member.headers)
    await client.post(f"/v1/bids/{bid.id}/actions/withdraw", headers=headers)
    guesses = await entries()
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    later = audit.Act(actor=solver.actor, operation="later", sealed_under=UUID(str(bid.id)))
    async with house.database.writing() as session:
        await audit.witness(session, later, now=clock.now())
    after = await entries()

    assert (before, refused.status_code) == ([], 404)
    # Whoever guesses at bids of others is seen at once.
    assert {outcome for _, outcome in guesses} == {"not_found"}
    assert [name for name, outcome in after if outcome == "performed"] == [
        "bid_documents_complete",
        "bid_documents_create",
        "bids_create",
        "bids_replace",
        "bids_submit",
        "bids_withdraw",
        "consortium_invitations_decline",
        "later",
    ]
