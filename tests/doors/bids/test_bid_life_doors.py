"""Bids over HTTP while time passes: too late, amended, read again."""

import datetime as dt

import httpx
from sqlmodel import select

from marketplace.identity.rules.access import Role
from marketplace.kit import signing
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from tests.doors.bids.asking import actions_of, ask, seal
from tests.given import bids as given
from tests.given.amending import amend
from tests.given.identity import someone
from tests.given.scenarios import FORMULA_CALL, WINDOW, a_content, a_published_call
from tests.given.traces import everything


class TestLate:
    """F08: the clock decides, not the stored state."""

    async def test_refuses_everything_from_the_deadline_on(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """No job has run and the state still says `published`: 409 bids.call_closed."""
        call = await a_published_call(database, clock)
        begun = await given.a_draft_bid(database, clock, call)
        sealed = await given.a_sealed_bid(database, clock, call)
        newcomer = await someone(database, Role.SOLVER)
        await given.the_deadline_passed(database, clock, call)
        before = await everything(database)

        answers = [
            await client.post(f"/v1/scenarios/{call.id}/bids", headers=newcomer.headers),
            await seal(client, begun),
            await seal(client, sealed, verb="replace"),
            await ask(client, sealed, "withdraw"),
            await ask(client, sealed, "reconfirm"),
        ]

        assert [one.json()["code"] for one in answers] == ["bids.call_closed"] * 5
        assert answers[0].json()["received_at"] == answers[0].json()["bid_deadline_at"]
        async with database.reading() as session:
            row = (await session.exec(select(Scenario).where(Scenario.id == call.id))).one()
        assert row.state is ScenarioState.PUBLISHED
        assert await everything(database) == before
        blocked = (await actions_of(client, sealed, sealed.solver))["blocked"]
        assert blocked == dict.fromkeys(("replace", "withdraw"), "bids.call_closed")

    async def test_a_microsecond_before_is_in_time(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The last moment counts."""
        call = await a_published_call(database, clock)
        bid = await given.a_draft_bid(database, clock, call)
        clock.advance(WINDOW - dt.timedelta(microseconds=1))

        assert (await seal(client, bid)).status_code == 200

    async def test_refuses_bids_on_a_cancelled_call(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """In time, but not open any more."""
        call = await a_published_call(database, clock)
        bid = await given.a_draft_bid(database, clock, call)
        approver = call.cast.approver.headers
        etag = (await client.get(f"/v1/scenarios/{call.id}", headers=approver)).headers["etag"]
        await client.post(
            f"/v1/scenarios/{call.id}/actions/cancel",
            json={"reason": "illegality"},
            headers=approver | {"If-Match": etag},
        )

        answer = await seal(client, bid)

        assert (answer.status_code, answer.json()["code"]) == (409, "bids.call_not_open")


class TestReconfirm:
    """What a material amendment asks of bidders."""

    async def test_an_offer_stands_once_it_is_confirmed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """F09: confirmed it is opened, unconfirmed it lapses and is never opened."""
        call = await a_published_call(database, clock)
        kept = await given.a_sealed_bid(database, clock, call)
        forgotten = await given.a_sealed_bid(database, clock, call)

        amended = await amend(
            client, call.cast, f"/v1/scenarios/{call.id}", a_content(problem={"zh": "澄清"})
        )
        asked = await actions_of(client, kept, kept.solver)
        confirmed = await ask(client, kept, "reconfirm")
        await given.the_deadline_passed(database, clock, call)
        await given.the_opening(database, clock, call)
        lapsed = (
            await client.get(f"/v1/bids/{forgotten.id}", headers=forgotten.solver.headers)
        ).json()

        assert amended.status_code == 200, amended.text
        assert asked == {"allowed": ["replace", "withdraw", "reconfirm"], "blocked": {}}
        assert confirmed.json()["state"] == "submitted"
        assert (lapsed["state"], lapsed["offer"]) == ("lapsed", None)

    async def test_an_offer_that_lacks_something_new_is_replaced(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A new figure cannot be in the seal: confirming is refused, replacing is not."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call)
        content = a_content()
        figure = next(
            one for one in a_content(FORMULA_CALL)["criteria"] if one["code"] == "cost_effect"
        )
        content["criteria"][0]["weight_bps"] -= figure["weight_bps"]
        content["criteria"].append(figure)

        await amend(client, call.cast, f"/v1/scenarios/{call.id}", content)
        asked = await actions_of(client, bid, bid.solver)
        refused = await ask(client, bid, "reconfirm")
        replaced = await seal(client, bid, verb="replace", figures={"cost_effect": "3.5"})

        assert asked["blocked"] == {"reconfirm": "bids.offer_no_longer_fits"}
        assert refused.json()["code"] == "bids.offer_no_longer_fits"
        assert replaced.json()["bid"]["state"] == "submitted"

    async def test_an_immaterial_change_asks_nothing(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Bids stay submitted."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call)

        await amend(client, call.cast, f"/v1/scenarios/{call.id}", a_content(illustrative=False))

        assert "reconfirm" not in (await actions_of(client, bid, bid.solver))["allowed"]


class TestRead:
    """GET of bids and receipts."""

    async def test_a_receipt_is_kept_without_its_salt(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The bidder reads digests and server time again; a draft has no receipt yet."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call)
        draft = await given.a_draft_bid(database, clock, call)

        read = await client.get(f"/v1/bids/{bid.id}/receipt", headers=bid.solver.headers)
        none = await client.get(f"/v1/bids/{draft.id}/receipt", headers=draft.solver.headers)
        nobodys = await client.get(f"/v1/bids/{bid.id}/receipt", headers=draft.solver.headers)

        assert bid.receipt is not None
        assert read.json() == {
            "bid_id": str(bid.id),
            "content_number": 1,
            "scenario_content_version": 1,
            "received_at": "2026-03-02T01:00:00Z",
            "sealed_sha256": bid.receipt.sealed_sha256,
            "content_sha256": bid.receipt.content_sha256,
            "sealed_by": "platform",
            "signed": {
                "algorithm": "Ed25519",
                "key_id": bid.receipt.signed.key_id,
                "document": bid.receipt.signed.content.decode(),
                "signature": signing.to_text(bid.receipt.signed.signature),
            },
        }
        assert (none.status_code, none.json()["code"]) == (404, "bids.receipt_unknown")
        assert (nobodys.status_code, nobodys.json()["code"]) == (404, "bids.unknown")

    async def test_pages_of_opened_bids_hold_each_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The auditor pages through all of them; a bidder finds only their own."""
        opened = await given.an_opened_call(database, clock)
        url, auditor = f"/v1/scenarios/{opened.call.id}/bids", opened.call.cast.auditor.headers
        seen, query = [], {"limit": "2"}

        while True:
            page = (await client.get(url, params=query, headers=auditor)).json()
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        own = (await client.get(url, headers=opened.bids[0].solver.headers)).json()["items"]

        assert seen == [str(bid.id) for bid in opened.bids]
        assert [item["id"] for item in own] == [str(opened.bids[0].id)]
