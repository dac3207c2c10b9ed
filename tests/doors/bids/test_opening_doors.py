"""The opening over HTTP: two people, one act, one record."""

import hashlib

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import bids as given
from tests.given import custody
from tests.given.identity import Someone, also, someone
from tests.given.scenarios import Called, Cast, a_cast, a_published_call, the_panel_seated
from tests.given.traces import everything


async def a_call_to_open(
    database: Database, clock: FixedClock, *, bids: int = 2, cast: Cast | None = None
) -> tuple[Called, list[given.Begun]]:
    """Past its deadline, panel seated, nothing opened."""
    call = await a_published_call(database, clock, cast=cast)
    sealed = [await given.a_sealed_bid(database, clock, call) for _ in range(bids)]
    await the_panel_seated(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    return call, sealed


async def request(client: httpx.AsyncClient, call: Called, who: Someone) -> httpx.Response:
    """Start the opening, with the officer's share whoever sends it."""
    return await client.post(
        f"/v1/scenarios/{call.id}/opening",
        json=await shares_of(client, call, call.cast.officer),
        headers=who.headers,
    )


async def witness(client: httpx.AsyncClient, call: Called, who: Someone) -> httpx.Response:
    """Complete the opening, with the supervisor's share whoever sends it."""
    return await client.post(
        f"/v1/scenarios/{call.id}/opening/actions/witness",
        json=await shares_of(client, call, call.cast.supervisor),
        headers=who.headers,
    )


async def shares_of(client: httpx.AsyncClient, call: Called, who: Someone) -> dict[str, str]:
    """What a custodian's own client makes of what it reads; after the opening nothing is left."""
    found = await client.get(f"/v1/scenarios/{call.id}/custody", headers=who.headers)
    (own,) = found.json()["own_shares"]
    if own["envelope"] is None:
        return {"share": "AA"}
    share = envelopes.open_(
        custody.bytes_of(own["envelope"]),
        private_key=custody.private_key_of(who),
        context=own["context"].encode(),
    )
    return {"share": custody.text_of(share)}


@pytest.mark.postgres
async def test_officer_and_supervisor_open_everything_in_one_act(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The record is served as it was hashed, and names every opened bid with its quote."""
    call, bids = await a_call_to_open(database, clock)
    draft_before = await client.get(f"/v1/scenarios/{call.id}")

    requested = await request(client, call, call.cast.officer)
    witnessed = await witness(client, call, call.cast.supervisor)
    record = await client.get(f"/v1/scenarios/{call.id}/opening", headers=call.cast.poster.headers)

    assert draft_before.json()["state"] == "closed"
    assert (requested.status_code, witnessed.status_code) == (201, 200), witnessed.text
    assert requested.json()["opened_at"] is None
    assert hashlib.sha256(record.content).hexdigest() == witnessed.json()["record_sha256"]
    lines = {one["bid"]: one for one in record.json()["bids"]}
    assert set(lines) == {str(bid.id) for bid in bids}
    for bid in bids:
        assert bid.receipt is not None
        assert lines[str(bid.id)]["quote_fen"] == given.QUOTE_FEN
        assert lines[str(bid.id)]["content_sha256"] == bid.receipt.content_sha256
    assert record.json()["officer"] == str(call.cast.officer.actor.person_id)
    assert record.json()["witness"] == str(call.cast.supervisor.actor.person_id)
    assert (await client.get(f"/v1/scenarios/{call.id}")).json()["state"] == "evaluating"


@pytest.mark.postgres
async def test_one_pair_of_hands_is_not_enough(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Whoever is officer here and supervisor elsewhere may do either part, not both."""
    cast = await a_cast(database)
    bureau_id = cast.officer.organization_id
    officer = await someone(database, Role.BUREAU_OFFICER, organization_id=bureau_id)
    await custody.registered(database, bureau_id, officer)
    call, _ = await a_call_to_open(database, clock, cast=cast)
    watcher = await also(database, officer, Role.SUPERVISOR, kind=OrganizationKind.GOVERNMENT)

    requested = await request(client, call, officer)
    before = await everything(database)
    alone = await witness(client, call, watcher)

    assert requested.status_code == 201
    assert (alone.status_code, alone.json()["code"]) == (403, "identity.same_hands")
    assert await everything(database) == before
    assert (await witness(client, call, call.cast.supervisor)).status_code == 200


@pytest.mark.postgres
async def test_each_part_has_its_role_and_its_turn(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Supervisor before officer, the wrong roles, nobody, and everything twice are refused."""
    call, _ = await a_call_to_open(database, clock)
    cast = call.cast
    url = f"/v1/scenarios/{call.id}/opening"

    first = await witness(client, call, cast.supervisor)
    wrong = [await request(client, call, who) for who in (cast.supervisor, cast.approver)]
    nobody = await client.post(url, json={"share": "AA"})
    requested = await request(client, call, cast.officer)
    again = await request(client, call, cast.officer)
    unfit = [await witness(client, call, who) for who in (cast.officer, cast.auditor, cast.poster)]
    opened = await witness(client, call, cast.supervisor)
    twice = await witness(client, call, cast.supervisor)
    later = await request(client, call, cast.officer)

    assert (first.status_code, first.json()["code"]) == (409, "bids.opening_not_requested")
    assert [one.status_code for one in wrong] == [403, 403]
    assert nobody.status_code == 401
    assert requested.status_code == 201
    assert (again.status_code, again.json()["code"]) == (409, "bids.opening_requested_already")
    assert [one.status_code for one in unfit] == [403, 403, 403]
    assert opened.status_code == 200
    assert (twice.status_code, twice.json()["code"]) == (409, "bids.already_opened")
    assert (later.status_code, later.json()["code"]) == (409, "bids.already_opened")


async def test_is_not_possible_before_the_deadline_or_without_a_panel(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Too early by a moment, or with nobody to judge: refused, and nothing is written."""
    call = await a_published_call(database, clock)
    before = await everything(database)

    early = await request(client, call, call.cast.officer)
    unchanged = await everything(database)
    await given.the_deadline_passed(database, clock, call)
    unjudged = await request(client, call, call.cast.officer)

    assert (early.status_code, early.json()["code"]) == (409, "bids.too_early_to_open")
    assert unchanged == before
    assert (unjudged.status_code, unjudged.json()["code"]) == (409, "scenarios.panel_not_seated")
    assert await everything(database) == before


async def test_the_record_is_for_those_concerned(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Bureau, auditor, witness, poster and opened bidders read it; for others there is none."""
    call, bids = await a_call_to_open(database, clock)
    late = await someone(database, Role.SOLVER)
    url = f"/v1/scenarios/{call.id}/opening"

    async def status(who: Someone) -> int:
        return (await client.get(url, headers=who.headers)).status_code

    concerned = [*(getattr(call.cast, name) for name in ("officer", "approver", "auditor"))]
    concerned += [call.cast.supervisor, call.cast.poster, *(bid.solver for bid in bids)]

    assert [await status(who) for who in concerned] == [404] * len(concerned)
    await request(client, call, call.cast.officer)
    assert [await status(who) for who in concerned] == [404] * len(concerned)
    await witness(client, call, call.cast.supervisor)
    assert [await status(who) for who in concerned] == [200] * len(concerned)
    assert await status(late) == 404
    assert (await client.get(url)).status_code == 401


async def test_who_lapsed_or_withdrew_does_not_read_the_others(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A draft made only to read the prices of others opens nothing."""
    call = await a_published_call(database, clock)
    await given.a_sealed_bid(database, clock, call)
    curious = await given.a_draft_bid(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    await given.the_opening(database, clock, call)

    own = await client.get(f"/v1/bids/{curious.id}", headers=curious.solver.headers)
    record = await client.get(f"/v1/scenarios/{call.id}/opening", headers=curious.solver.headers)

    assert own.json()["state"] == "lapsed"
    assert (record.status_code, record.json()["code"]) == (404, "bids.opening_unknown")


async def test_a_call_without_bids_is_opened_all_the_same(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The record says that there are none."""
    call, _ = await a_call_to_open(database, clock, bids=0)

    await request(client, call, call.cast.officer)
    await witness(client, call, call.cast.supervisor)
    record = await client.get(f"/v1/scenarios/{call.id}/opening", headers=call.cast.auditor.headers)

    assert record.json()["bids"] == []


@pytest.mark.parametrize("who", ["poster", "officer", "approver", "auditor"])
async def test_opened_bids_are_read_by_those_who_work_with_them(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, who: str
) -> None:
    """The offer is what was sealed."""
    opened = await given.an_opened_call(database, clock, offers=(given.an_offer(),))
    reader = getattr(opened.call.cast, who).headers
    bid = opened.bids[0]

    listed = (await client.get(f"/v1/scenarios/{opened.call.id}/bids", headers=reader)).json()
    read = (await client.get(f"/v1/bids/{bid.id}", headers=reader)).json()

    assert [item["quote_fen"] for item in listed["items"]] == [given.QUOTE_FEN]
    assert read["offer"] == given.an_offer_body() | {"currency": "CNY"}
