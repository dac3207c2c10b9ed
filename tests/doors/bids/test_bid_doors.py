"""Bids over HTTP: begin, seal, replace, take back, reconfirm, read."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from marketplace.bids.rules.lifecycle import LIVE_STATES
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import SizeClass
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import digest_of
from marketplace.profiles.rules.profile import Track
from tests.doors.bids.asking import ask, seal
from tests.given import bids as given
from tests.given.identity import an_organization, someone
from tests.given.scenarios import FORMULA_CALL, a_content, a_draft, a_published_call
from tests.given.traces import everything


class TestCreate:
    """POST /v1/scenarios/{id}/bids."""

    @pytest.mark.parametrize("body", [None, {}])
    async def test_begins_a_bid_with_an_empty_body(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        body: dict[str, Any] | None,
    ) -> None:
        """A draft without content, version 1, that may be submitted or withdrawn."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)

        answer = await client.post(
            f"/v1/scenarios/{call.id}/bids", json=body, headers=solver.headers
        )

        bid = answer.json()
        assert answer.status_code == 201, answer.text
        assert (bid["state"], bid["content_number"], bid["offer"]) == ("draft", 0, None)
        assert bid["solver"]["id"] == str(solver.organization_id)
        assert bid["actions"] == {"allowed": ["submit", "withdraw"], "blocked": []}

    async def test_refuses_content_that_would_not_be_sealed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A quote sent here would not be kept: unknown field."""
        call = await a_published_call(database, clock)
        solver = await someone(database, Role.SOLVER)

        answer = await client.post(
            f"/v1/scenarios/{call.id}/bids", json={"quote_fen": 1}, headers=solver.headers
        )

        assert answer.status_code == 400

    @pytest.mark.postgres
    async def test_two_at_once_make_one_live_bid(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Two people of one organisation at the same moment: one 201, one conflict."""
        call = await a_published_call(database, clock)
        organization_id = await an_organization(database)
        people = [
            await someone(database, Role.SOLVER, organization_id=organization_id) for _ in range(4)
        ]
        url = f"/v1/scenarios/{call.id}/bids"

        answers = await asyncio.gather(*(client.post(url, headers=who.headers) for who in people))

        codes = sorted((one.status_code, one.json().get("code")) for one in answers)
        assert codes == [(201, None)] + [(409, "bids.already_bid")] * 3
        async with database.reading() as session:
            live = await session.exec(select(Bid).where(col(Bid.state).in_(LIVE_STATES)))
            assert len(live.all()) == 1

    async def test_a_withdrawn_bid_makes_room_for_another(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """One live bid at a time, not one for ever."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call)
        url = f"/v1/scenarios/{call.id}/bids"

        withdrawn = await ask(client, bid, "withdraw")
        again = await client.post(url, headers=bid.solver.headers)

        assert (withdrawn.json()["state"], again.status_code) == ("withdrawn", 201)

    async def test_whoever_shaped_the_need_does_not_bid(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The poster's own organisation is refused, and an unverified one."""
        call = await a_published_call(database, clock)
        unverified = await an_organization(database, verified=False)
        own = await someone(database, Role.SOLVER, organization_id=call.cast.poster.organization_id)
        new = await someone(database, Role.SOLVER, organization_id=unverified)
        url = f"/v1/scenarios/{call.id}/bids"

        as_own = await client.post(url, headers=own.headers)
        as_new = await client.post(url, headers=new.headers)
        as_officer = await client.post(url, headers=call.cast.officer.headers)

        assert (as_own.status_code, as_own.json()["code"]) == (403, "bids.own_call")
        assert as_new.json()["code"] == "identity.organization_not_verified"
        assert as_officer.status_code == 403

    async def test_a_draft_call_does_not_exist_for_bidders(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """404, as for an unknown id."""
        draft = await a_draft(database, clock)
        solver = await someone(database, Role.SOLVER)
        url = f"/v1/scenarios/{draft.id}/bids"

        assert (await client.post(url, headers=solver.headers)).status_code == 404
        assert (await client.get(url, headers=solver.headers)).status_code == 404


class TestSubmit:
    """POST /v1/bids/{id}/actions/submit and /replace."""

    async def test_gives_a_receipt_that_can_be_checked(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """With the salt and their own offer, bidders compute the digest again."""
        bid = await given.a_draft_bid(database, clock, await a_published_call(database, clock))

        answer = await seal(client, bid)

        sealed = answer.json()
        assert answer.status_code == 200, answer.text
        assert (sealed["bid"]["state"], sealed["bid"]["offer"]) == ("submitted", None)
        receipt = sealed["receipt"]
        plaintext = {"salt": receipt["salt"], "offer": given.an_offer_body()}
        assert receipt["content_sha256"] == digest_of(plaintext)
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.postgres
    async def test_the_same_request_again_has_the_same_receipt(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The salt is shown again to whoever repeats the whole request, and sealed only once."""
        bid = await given.a_draft_bid(database, clock, await a_published_call(database, clock))
        etag = (await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)).headers["etag"]
        headers = bid.solver.headers | {"If-Match": etag, "Idempotency-Key": "once"}
        url = f"/v1/bids/{bid.id}/actions/submit"

        first = await client.post(url, json=given.an_offer_body(), headers=headers)
        again = await client.post(url, json=given.an_offer_body(), headers=headers)
        other = await client.post(url, json=given.an_offer_body(quote_fen=1), headers=headers)

        assert first.status_code == 200, first.text
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        assert again.headers["idempotency-replayed"] == "true"
        assert other.json()["code"] == "wire.idempotency_key_reused"

    async def test_needs_a_key_and_a_version(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Sealing is too important to be done twice by accident, or on a version not read."""
        bid = await given.a_draft_bid(database, clock, await a_published_call(database, clock))
        url, body = f"/v1/bids/{bid.id}/actions/submit", given.an_offer_body()
        keyed = bid.solver.headers | {"Idempotency-Key": "k"}

        keyless = await client.post(url, json=body, headers=bid.solver.headers)
        blind = await client.post(url, json=body, headers=keyed)
        stale = await client.post(
            url, json=body, headers=keyed | {"If-Match": '"v9.0123456789abcdef"'}
        )
        nobody = await client.post(url, json=body)

        assert keyless.json()["code"] == "wire.idempotency_key_missing"
        assert (blind.status_code, stale.status_code, nobody.status_code) == (428, 412, 401)

    async def test_tells_every_wrong_field_at_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Money as a float, a figure as a number, a deduction of everything and more."""
        bid = await given.a_draft_bid(database, clock, await a_published_call(database, clock))

        answer = await seal(
            client,
            bid,
            quote_fen=1.0,
            figures={"speed": 12.5},
            deductions=[{"policy": "small_firm", "bps": 10_001}],
            colour="red",
        )

        pointers = {item["pointer"] for item in answer.json()["errors"]}
        assert answer.status_code == 400
        assert pointers == {"/quote_fen", "/figures/speed", "/deductions/0/bps", "/colour"}

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"quote_fen": 0}, "bids.quote_not_positive"),
            ({"quote_fen": None}, "bids.quote_missing"),
            ({"declarations": ["integrity"]}, "bids.declaration_missing"),
            ({"figures": {"speed": "1"}}, "bids.figure_missing"),
            (
                {"declarations": ["integrity", "interest", "related_party", "sme"]}
                | {"deductions": [{"policy": "small_firm", "bps": 2001}]},
                "bids.deduction_not_allowed",
            ),
        ],
    )
    async def test_refuses_an_offer_that_could_not_be_compared(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        changes: dict[str, Any],
        code: str,
    ) -> None:
        """422 with its own code, and nothing is kept, neither bid nor key."""
        call = await a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
        bid = await given.a_draft_bid(database, clock, call)
        before = await everything(database)

        answer = await seal(client, bid, **changes)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert await everything(database) == before

    async def test_a_deduction_depends_on_the_size_of_the_firm(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The same claim: taken from a micro firm, refused from a medium one."""
        call = await a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
        declared = given.an_offer_body()["declarations"] + ["sme"]
        claim = [{"policy": "small_firm", "bps": 1500}]
        codes = []

        for size in (SizeClass.MICRO, SizeClass.MEDIUM):
            organization_id = await an_organization(database, size_class=size)
            solver = await someone(database, Role.SOLVER, organization_id=organization_id)
            bid = await given.a_draft_bid(database, clock, call, solver=solver)
            answer = await seal(client, bid, deductions=claim, declarations=declared)
            codes.append(answer.json().get("code"))

        assert codes == [None, "bids.deduction_not_allowed"]

    async def test_figures_are_sealed_in_plain_decimals(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What was written with an exponent is opened without one; a zero fits no ratio."""
        call = await a_published_call(
            database, clock, track=Track.SUBSIDY, content=a_content(FORMULA_CALL)
        )
        bid = await given.a_draft_bid(database, clock, call)

        zero = await seal(client, bid, figures={"cost_effect": "0"}, quote_fen=None)
        good = await seal(client, bid, figures={"cost_effect": "1.250E2"}, quote_fen=None)
        await given.the_deadline_passed(database, clock, call)
        await given.the_opening(database, clock, call)
        opened = await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)

        assert (zero.status_code, zero.json()["code"]) == (422, "bids.figure_unfit")
        assert good.status_code == 200, good.text
        assert opened.json()["offer"]["figures"] == {"cost_effect": "125.0"}

    async def test_a_better_offer_takes_the_place_of_the_first(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Only the last one is opened; the digests of both stand in their receipts."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call)

        twice = await seal(client, bid, verb="submit", key="a", quote_fen=1)
        better = await seal(client, bid, verb="replace", key="b", quote_fen=40_000_000_00)
        await given.the_deadline_passed(database, clock, call)
        await given.the_opening(database, clock, call)
        opened = (await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)).json()

        assert twice.json()["code"] == "lifecycle.move_not_allowed"
        assert better.json()["receipt"]["content_number"] == 2
        assert opened["offer"]["quote_fen"] == 40_000_000_00
