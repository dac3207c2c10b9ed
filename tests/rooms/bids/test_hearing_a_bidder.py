"""B18: a bid is accused, its bidder is heard, and only then is it declared invalid."""

import datetime as dt
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.awards import queries as awards
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.events import queries as events
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import scoring as given
from tests.given.awards import a_ranked_call, a_standing_award
from tests.given.identity import Someone, someone
from tests.given.scoring import Play

ACCUSATION = {
    "ground": "collusion",
    "accusation": {"zh": "两份标书雷同", "en": "Two offers are alike"},
    "evidence": [{"title": "比对报告(示例)", "sha256": "0" * 64}],
    "term_days": 3,
}
DECISION = {"decision": {"zh": "证据充分", "en": "The evidence is sufficient"}}


async def a_play(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, *, checked: bool = False
) -> Play:
    """Two opened bids, judged by plan and price."""
    return await given.an_evaluating_play(
        client, database, clock, criteria=given.PLAN_AND_PRICE, checked=checked
    )


async def state_of(play: Play, name: str) -> str:
    """Where a bid stands, as its bidder reads it."""
    bid = await play.get(play.solvers[name], f"/v1/bids/{play.bids[name]}")
    return str(bid["state"])


class TestInvalidate:
    """B18: a bid declared invalid, after its bidder was heard."""

    async def accuse(self, play: Play, who: Someone, **changes: Any) -> httpx.Response:
        """Offer the bidder a hearing."""
        url = f"/v1/bids/{play.bids['ours']}/hearings"
        return await play.ask(who, "POST", url, json=ACCUSATION | changes)

    async def decide(self, play: Play, who: Someone, verb: str = "invalidate") -> httpx.Response:
        """Decide the open hearing."""
        url = f"/v1/bids/{play.bids['ours']}/actions/{verb}"
        return await play.ask(who, "POST", url, json=DECISION)

    @pytest.mark.postgres
    async def test_waits_for_the_answer(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not without a hearing, not before the answer; then the bid is out and hears why."""
        play = await a_play(client, database, clock, checked=True)
        approver, bidder = play.cast.approver, play.solvers["ours"]

        unheard = await self.decide(play, approver)
        offered = await self.accuse(play, approver)
        early = await self.decide(play, approver)
        answer = f"/v1/hearings/{offered.json()['id']}/actions/answer"
        rival = await play.ask(play.solvers["theirs"], "POST", answer, json={"answer": "与我无关"})
        answered = await play.do(bidder, answer, {"answer": "使用同一公开模板(示例)"})
        twice = await play.ask(bidder, "POST", answer, json={"answer": "再答"})
        decided = await self.decide(play, approver)
        own = await play.get(bidder, f"/v1/bids/{play.bids['ours']}")
        read = (await play.get(bidder, f"/v1/bids/{play.bids['ours']}/hearings"))["items"]

        assert (unheard.status_code, unheard.json()["code"]) == (409, "bids.hearing_missing")
        assert offered.status_code == 201, offered.text
        assert (early.status_code, early.json()["code"]) == (409, "bids.hearing_running")
        assert (rival.status_code, rival.json()["code"]) == (404, "bids.hearing_unknown")
        assert answered["state"] == "answered"
        assert twice.status_code == 409
        assert (decided.status_code, decided.json()["state"]) == (200, "upheld"), decided.text
        assert (own["state"], own["exclusion"]["code"]) == ("invalidated", "invalidated")
        assert own["exclusion"]["reason"] == DECISION["decision"]
        assert [one["answer"] for one in read] == ["使用同一公开模板(示例)"]
        async with database.reading() as session:
            told = await events.about(session, UUID(play.bids["ours"]))
        said = {one.type: one for one in told}
        assert said["bid.credit_noted"].data["cause"] == "bid_invalidated"
        assert said["bid.hearing_decided"].data["upheld"] is True

    async def test_or_for_the_end_of_its_time(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Silence ends at an instant: a moment before it is too early, then an answer too late."""
        play = await a_play(client, database, clock)
        reviewer = await someone(database, Role.REVIEW_BODY)
        offered = await self.accuse(play, reviewer, ground="bribery")
        clock.move_to(dt.datetime.fromisoformat(offered.json()["answer_until"]))
        answer = f"/v1/hearings/{offered.json()['id']}/actions/answer"

        clock.advance(-dt.timedelta(seconds=1))
        early = await self.decide(play, reviewer)
        clock.advance(dt.timedelta(seconds=1))
        late = await play.ask(play.solvers["ours"], "POST", answer, json={"answer": "迟到"})
        decided = await self.decide(play, reviewer)

        assert early.json()["code"] == "bids.hearing_running"
        assert (late.status_code, late.json()["code"]) == (409, "bids.hearing_over")
        assert decided.json()["ground"] == "bribery"
        assert await state_of(play, "ours") == "invalidated"

    async def test_an_accusation_may_be_dropped_and_made_anew(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """One at a time; a dropped one leaves the bid where it was and lets another be made."""
        play = await a_play(client, database, clock)
        approver = play.cast.approver
        await self.accuse(play, approver)

        second = await self.accuse(play, approver)
        clock.advance(dt.timedelta(days=3))
        dropped = await self.decide(play, approver, "drop-accusation")
        anew = await self.accuse(play, approver)

        assert (second.status_code, second.json()["code"]) == (409, "bids.hearing_open_already")
        assert dropped.json()["state"] == "dropped"
        assert await state_of(play, "ours") == "opened"
        assert anew.status_code == 201, anew.text

    @pytest.mark.parametrize(
        "changes",
        [
            {"evidence": []},
            {"term_days": 0},
            {"ground": "late_paper"},
            {"accusation": {"zh": " "}},
        ],
    )
    async def test_needs_evidence_words_a_ground_and_a_term(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        changes: dict[str, Any],
    ) -> None:
        """Anything less is no accusation."""
        play = await a_play(client, database, clock)

        answer = await self.accuse(play, play.cast.approver, **changes)

        assert answer.status_code == 400
        assert (await play.get(play.cast.approver, f"/v1/bids/{play.bids['ours']}/hearings")) == {
            "items": []
        }

    async def test_accusations_are_kept_from_the_poster_and_from_rivals(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whoever is only accused is not to be talked about."""
        play = await a_play(client, database, clock)
        await self.accuse(play, play.cast.approver)
        url = f"/v1/bids/{play.bids['ours']}/hearings"
        readers = (play.cast.officer, play.cast.auditor, play.solvers["ours"])
        others = (play.cast.poster, play.solvers["theirs"], play.experts[0])

        read = [(await play.ask(who, "GET", url)).status_code for who in readers]
        kept = [(await play.ask(who, "GET", url)).status_code for who in others]

        assert (read, kept) == ([200] * 3, [404] * 3)

    async def test_an_award_of_an_invalid_bid_is_void(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The slot is free again, and whoever takes part hears it."""
        call = await a_ranked_call(database)
        award = await a_standing_award(database, call, clock)
        approver, url = call.people.approver.headers, f"/v1/bids/{award.bid_id}"
        offered = await client.post(f"{url}/hearings", json=ACCUSATION, headers=approver)
        assert offered.status_code == 201, offered.text
        clock.advance(dt.timedelta(days=3))

        decided = await client.post(f"{url}/actions/invalidate", json=DECISION, headers=approver)

        assert decided.status_code == 200, decided.text
        async with database.reading() as session:
            row = await awards.award(session, award.id)
            said = (await events.about(session, award.id))[-1]
        assert (row.state, row.live_slot, row.ended_reason) == (AwardState.VOID, None, "collusion")
        assert (said.type, said.visibility) == ("award.voided", "participants")
