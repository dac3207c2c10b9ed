"""What happens to a bid after its opening: hard exclusions, prices too high, revocation."""

import datetime as dt
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.events import queries as events
from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.relations.rules.relations import EdgeKind
from tests.given import bids as bids_given
from tests.given import scoring as given
from tests.given.identity import an_organization, someone
from tests.given.relations import a_tie, organization
from tests.given.scenarios import a_content, a_published_call
from tests.given.scoring import Play
from tests.given.standing import a_listing

PASSED = {"items": [{"code": "licence", "passed": True}]}
ACCUSATION = {
    "ground": "collusion",
    "accusation": {"zh": "两份标书雷同", "en": "Two offers are alike"},
    "evidence": [{"title": "比对报告(示例)", "sha256": "0" * 64}],
    "term_days": 3,
}


async def a_play(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, *, checked: bool = False
) -> Play:
    """Two opened bids, judged by plan and price."""
    return await given.an_evaluating_play(
        client, database, clock, criteria=given.PLAN_AND_PRICE, checked=checked
    )


async def said_of(database: Database, play: Play, name: str) -> list[EventRow]:
    """What was said of a bid since it was opened."""
    async with database.reading() as session:
        told = list(await events.about(session, UUID(play.bids[name])))
    opened = next(at for at, one in enumerate(told) if one.data.get("verb") == "open")
    return told[opened + 1 :]


async def state_of(play: Play, name: str) -> str:
    """Where a bid stands, as its bidder reads it."""
    bid = await play.get(play.solvers[name], f"/v1/bids/{play.bids[name]}")
    return str(bid["state"])


class TestHardExclusions:
    """What the law has against a bidder is no matter of opinion."""

    @pytest.mark.postgres
    async def test_the_same_head_puts_out_both_whatever_the_officer_answers(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Every qualification passed, and both bids are ineligible; each hears why, in words."""
        play = await a_play(client, database, clock)
        head = organization(await an_organization(database, name="某人(示例)"))
        for solver in play.solvers.values():
            held = organization(solver.organization_id)
            await a_tie(database, head, held, EdgeKind.UNIT_HEAD)

        await play.check("ours", "theirs")

        url = f"/v1/bids/{play.bids['ours']}"
        own = await play.get(play.solvers["ours"], url)
        items = (await play.get(play.cast.officer, f"{url}/eligibility"))["items"]
        assert [await state_of(play, name) for name in play.bids] == ["ineligible"] * 2
        assert own["exclusion"]["reason"]["zh"] == "与本榜单另一投标人的单位负责人为同一人"
        assert [(one["code"], one["by"], one["passed"]) for one in items] == [
            ("same_unit_head", "system", False),
            ("licence", "officer", True),
        ]
        told = next(
            one
            for one in await said_of(database, play, "ours")
            if one.type == "bid.eligibility_checked"
        )
        assert (told.visibility, told.organization_id) == (
            "owner",
            play.solvers["ours"].organization_id,
        )
        assert [one["code"] for one in told.data["items"]] == ["same_unit_head", "licence"]
        assert told.data["items"][0]["reason"]["en"] is not None

    async def test_nobody_can_answer_an_item_of_the_system(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """An answer to it is one too many: the check is refused and nothing is kept."""
        play = await a_play(client, database, clock)
        head = organization(await an_organization(database, name="某人(示例)"))
        for solver in play.solvers.values():
            held = organization(solver.organization_id)
            await a_tie(database, head, held, EdgeKind.UNIT_HEAD)
        url = f"/v1/bids/{play.bids['ours']}/eligibility"
        overriding = {"items": [*PASSED["items"], {"code": "same_unit_head", "passed": True}]}

        answer = await play.ask(play.cast.officer, "POST", url, json=overriding)

        assert (answer.status_code, answer.json()["code"]) == (422, "bids.check_incomplete")
        assert await state_of(play, "ours") == "opened"

    @pytest.mark.parametrize(
        ("kind", "found"),
        [
            (EdgeKind.SHAREHOLDER, ["control_chain"]),
            (EdgeKind.AGREEMENT, ["control_chain"]),
            (EdgeKind.OFFICER, []),
        ],
    )
    async def test_control_of_one_bidder_by_the_other_is_found(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        kind: EdgeKind,
        found: list[str],
    ) -> None:
        """A majority and a contract control; a shared officer is a signal and no bar."""
        play = await a_play(client, database, clock)
        ours, theirs = (organization(one.organization_id) for one in play.solvers.values())
        await a_tie(database, ours, theirs, kind)

        await play.check("ours", "theirs")

        expected = "ineligible" if found else "eligible"
        assert [await state_of(play, name) for name in play.bids] == [expected] * 2
        for name in play.bids:
            url = f"/v1/bids/{play.bids[name]}/eligibility"
            items = (await play.get(play.solvers[name], url))["items"]
            assert [one["code"] for one in items if one["by"] == "system"] == found

    async def test_an_indirect_chain_is_one_and_a_common_owner_is_none(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Through a holding company the one controls the other; a third who owns both does not."""
        chained, common = [await a_play(client, database, clock) for _ in range(2)]
        between, above = [
            organization(await an_organization(database, name=name))
            for name in ("控股公司(示例)", "共同股东(示例)")
        ]
        ours, theirs = (organization(one.organization_id) for one in chained.solvers.values())
        await a_tie(database, ours, between)
        await a_tie(database, between, theirs)
        for solver in common.solvers.values():
            await a_tie(database, above, organization(solver.organization_id))

        for play in (chained, common):
            await play.check("ours", "theirs")

        assert [await state_of(chained, name) for name in chained.bids] == ["ineligible"] * 2
        assert [await state_of(common, name) for name in common.bids] == ["eligible"] * 2

    async def test_the_list_of_the_day_of_the_opening_counts(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Listed that day is out; listed from the next day on is not, whenever it is checked."""
        play = await a_play(client, database, clock)
        ours, theirs = (one.organization_id for one in play.solvers.values())
        today = clock.now().date()
        await a_listing(database, ours, listed_from=today)
        await a_listing(database, theirs, listed_from=today + dt.timedelta(days=1))
        clock.advance(dt.timedelta(days=2))

        await play.check("ours", "theirs")

        states = [await state_of(play, name) for name in ("ours", "theirs")]
        assert states == ["ineligible", "eligible"]

    async def test_a_designer_of_the_need_begins_no_bid(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The call names it, in another width and spacing; anybody else may bid."""
        designer = await an_organization(database, name="某设计(示例)公司")
        solver = await someone(database, Role.SOLVER, organization_id=designer)
        content = a_content(need_designers=["某设计(示例) 公司。"])
        content["qualifications"] = [
            *content["qualifications"],
            {"code": "no_designer", "zh": "未参与本榜单需求的编制、设计或论证", "en": None},
        ]
        call = await a_published_call(database, clock, content=content)
        other = await someone(database, Role.SOLVER)
        url = f"/v1/scenarios/{call.id}/bids"

        refused = await client.post(url, json={}, headers=solver.headers)
        begun = await client.post(url, json={}, headers=other.headers)

        assert (refused.status_code, refused.json()["code"]) == (403, "bids.need_designer")
        assert begun.status_code == 201, begun.text


async def test_a_price_over_the_maximum_is_out_at_the_opening(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """No vote and no check come before; the bidder is told at once, and the exact maximum stays."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        criteria=given.PLAN_AND_PRICE,
        quotes_yuan={"over": 1_000_001, "exact": 1_000_000},
        checked=False,
    )

    states = [await state_of(play, name) for name in ("over", "exact")]
    told = [one.type for one in await said_of(database, play, "over")]
    url = f"/v1/bids/{play.bids['over']}/eligibility"
    check = await play.ask(play.cast.officer, "POST", url, json=PASSED)

    assert states == ["non_responsive", "opened"]
    assert told == ["bid.moved", "bid.excluded"]
    assert (check.status_code, check.json()["code"]) == (409, "lifecycle.move_not_allowed")


async def test_superseded_versions_are_shown_by_their_digests(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The bidder sees which version counts; nobody else sees that there are any before opening."""
    call = await a_published_call(database, clock)
    bid = await bids_given.a_sealed_bid(database, clock, call)
    url = f"/v1/bids/{bid.id}"
    etag = (await client.get(url, headers=bid.solver.headers)).headers["etag"]
    replaced = await client.post(
        f"{url}/actions/replace",
        json=bids_given.an_offer_body(quote_fen=1_000),
        headers=bid.solver.headers | {"If-Match": etag, "Idempotency-Key": "second"},
    )
    assert replaced.status_code == 200, replaced.text

    own = (await client.get(f"{url}/versions", headers=bid.solver.headers)).json()["items"]
    officer = await client.get(f"{url}/versions", headers=call.cast.officer.headers)

    assert [(one["number"], one["state"]) for one in own] == [(1, "superseded"), (2, "counting")]
    assert len({one["sealed_sha256"] for one in own}) == 2
    assert officer.status_code == 404


class TestRevoke:
    """B08: a bid taken back after the deadline."""

    async def revoke(self, play: Play, name: str, **body: Any) -> httpx.Response:
        """Ask to revoke a bid with a fresh ETag."""
        url, solver = f"/v1/bids/{play.bids[name]}", play.solvers[name]
        etag = (await play.ask(solver, "GET", url)).headers["etag"]
        body = body or {"reason": "人员变动,无力承接"}
        headers = {"If-Match": etag}
        return await play.ask(solver, "POST", f"{url}/actions/revoke", json=body, headers=headers)

    @pytest.mark.parametrize("checked", [False, True], ids=["opened", "eligible"])
    async def test_is_allowed_and_has_consequences(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, checked: bool
    ) -> None:
        """Revoked, told to the bureau with a note for the credit record, and only once."""
        play = await a_play(client, database, clock, checked=checked)
        before = await state_of(play, "ours")

        first = await self.revoke(play, "ours")
        again = await self.revoke(play, "ours")

        said = {one.type: one for one in await said_of(database, play, "ours")}
        assert (first.status_code, first.json()["state"]) == (200, "revoked"), first.text
        assert (again.status_code, again.json()["code"]) == (409, "lifecycle.move_not_allowed")
        assert said["bid.revoked"].data["state_before"] == before
        assert said["bid.revoked"].data["bond_may_be_kept"] is False
        assert said["bid.credit_noted"].data["cause"] == "revoked_after_deadline"
        assert {said[name].visibility for name in ("bid.revoked", "bid.credit_noted")} == {"owner"}

    async def test_is_the_bidders_alone_and_needs_a_reason(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A rival finds nothing, the bureau may not, and silence is no reason."""
        play = await a_play(client, database, clock)
        url, body = f"/v1/bids/{play.bids['ours']}/actions/revoke", {"reason": "无力承接"}
        stale = {"If-Match": '"v1.0123456789abcdef"'}

        answers = [
            await play.ask(who, "POST", url, json=body, headers=stale)
            for who in (play.solvers["theirs"], play.cast.officer, play.solvers["ours"])
        ]
        silent = await self.revoke(play, "ours", reason="  ")

        assert [one.status_code for one in answers] == [404, 403, 412]
        assert silent.status_code == 400
        assert await state_of(play, "ours") == "opened"

    async def test_a_sealed_bid_is_withdrawn_and_not_revoked(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Before the opening the move does not exist, so no bond hangs on it."""
        call = await a_published_call(database, clock)
        bid = await bids_given.a_sealed_bid(database, clock, call)
        url = f"/v1/bids/{bid.id}"
        etag = (await client.get(url, headers=bid.solver.headers)).headers["etag"]

        answer = await client.post(
            f"{url}/actions/revoke",
            json={"reason": "无力承接"},
            headers=bid.solver.headers | {"If-Match": etag},
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "lifecycle.move_not_allowed")

    async def test_the_bid_tells_who_may_do_what(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Its bidder may revoke it and answer, the approver may accuse it and has to wait."""
        play = await a_play(client, database, clock)
        url = f"/v1/bids/{play.bids['ours']}"

        bidder = (await play.get(play.solvers["ours"], url))["actions"]
        approver = (await play.get(play.cast.approver, url))["actions"]
        await play.do(play.cast.approver, f"{url}/hearings", ACCUSATION)
        accused = (await play.get(play.solvers["ours"], url))["actions"]
        waiting = (await play.get(play.cast.approver, url))["actions"]["blocked"]
        clock.advance(dt.timedelta(days=3))
        silent = (await play.get(play.solvers["ours"], url))["actions"]
        deciding = (await play.get(play.cast.approver, url))["actions"]["allowed"]

        assert bidder["allowed"] == ["revoke"]
        assert approver["allowed"] == ["offer_hearing"]
        assert accused["allowed"] == ["revoke", "answer_hearing"]
        assert {one["action"]: one["code"] for one in waiting} == {
            "offer_hearing": "bids.hearing_open_already",
            "invalidate": "bids.hearing_running",
            "drop_accusation": "bids.hearing_running",
        }
        assert [one["code"] for one in silent["blocked"]] == ["bids.hearing_over"]
        assert deciding == ["invalidate", "drop_accusation"]
