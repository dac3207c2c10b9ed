"""What a panel decides together, what a recusal undoes, and what only a new round may do."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.queries import votes
from marketplace.scoring.rules.voting import SIGNED_WITHOUT_OBJECTION, Matter
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.profiles import a_profile
from tests.given.scoring import Play, labels

HOLLOW = {
    "responsive": False,
    "reason_code": "terms_not_met",
    "reason": {"zh": "未响应实质性条款", "en": "A substantive term is not met"},
}
SOUND = HOLLOW | {"responsive": True, "reason_code": "complete"}
HARD = given.BENCHMARK | {"weight_bps": 7000, "hard_floor": True}


async def a_play(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    *,
    quotes_yuan: Mapping[str, int] = given.QUOTES_YUAN,
    hard: bool = False,
) -> Play:
    """Eligible bids before a panel of three, judged by a benchmark with a floor or by plan."""
    floor: list[Mapping[str, object]] = [HARD, *given.weighed({"price": 3000})]
    criteria = floor if hard else given.PLAN_AND_PRICE
    return await given.an_evaluating_play(
        client, database, clock, criteria=criteria, quotes_yuan=dict(quotes_yuan)
    )


async def states(play: Play, database: Database) -> dict[str, BidState]:
    """Where each bid stands."""
    names = {bid_id: name for name, bid_id in play.bids.items()}
    async with database.reading() as session:
        opened = await bids.opened_bids(session, UUID(play.scenario_id))
    return {names[str(bid.id)]: bid.state for bid, _ in opened}


async def recuse(play: Play, label: str) -> httpx.Response:
    """The officer lets a judge go."""
    body = {"label": label, "reason": "利害关系"}
    return await play.ask(play.cast.officer, "POST", f"{play.url}/panel/actions/recuse", json=body)


async def replace(play: Play, database: Database, label: str) -> None:
    """Somebody new takes the seat of a recused judge."""
    expert = await bench.an_expert(database)
    body = {"label": label, "person_id": str(expert.actor.person_id)}
    await play.do(play.cast.officer, f"{play.url}/panel/actions/replace", body)
    play.experts = (*play.experts, expert)


async def cast(play: Play, judge: int, name: str, body: Any) -> httpx.Response:
    """One judge votes on one bid."""
    url = f"/v1/bids/{play.bids[name]}/responsiveness"
    return await play.ask(play.experts[judge], "POST", url, json=body)


class TestResponsiveness:
    """B10: more than half of the seats decide."""

    @pytest.mark.postgres
    async def test_two_of_three_put_a_bid_out_and_one_does_not(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """One vote is told to nobody else; the second ends it, with its reason, for good."""
        play = await a_play(client, database, clock)

        first = await cast(play, 0, "ours", HOLLOW)
        twice = await cast(play, 0, "ours", SOUND)
        other = await play.get(play.experts[1], f"/v1/bids/{play.bids['ours']}/responsiveness")
        between = await states(play, database)
        second = await cast(play, 1, "ours", HOLLOW)
        late = await cast(play, 2, "ours", SOUND)
        own = await play.get(play.solvers["ours"], f"/v1/bids/{play.bids['ours']}")

        assert (first.status_code, first.json()["decided"]) == (201, None), first.text
        assert [one["judge"] for one in first.json()["votes"]] == ["J1"]
        assert (twice.status_code, twice.json()["code"]) == (409, "scoring.voted_already")
        assert (other["cast"], other["votes"]) == (1, [])
        assert between["ours"] is BidState.ELIGIBLE
        assert (second.json()["decided"], len(second.json()["votes"])) == (False, 2)
        assert (late.status_code, late.json()["code"]) == (409, "scoring.not_evaluating")
        assert own["exclusion"] == {"code": "terms_not_met", "reason": HOLLOW["reason"]}

    async def test_who_signs_without_a_word_has_agreed(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A dissent is kept beside the two signatures that decide, and the bid is ranked."""
        play = await a_play(client, database, clock)
        await cast(play, 2, "ours", HOLLOW)

        await play.mark_all(ours="80", theirs="90")
        ranked = await play.rank()

        told = await play.get(play.cast.auditor, f"/v1/bids/{play.bids['ours']}/responsiveness")
        assert ranked.status_code == 201, ranked.text
        assert (told["decided"], told["seated"]) == (True, 3)
        assert {one["judge"]: one["reason_code"] for one in told["votes"]} == {
            "J1": SIGNED_WITHOUT_OBJECTION,
            "J2": SIGNED_WITHOUT_OBJECTION,
            "J3": "terms_not_met",
        }

    async def test_only_the_panel_votes_and_the_bidder_reads_nothing(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Officer, bidder and an expert of another call have no vote."""
        play = await a_play(client, database, clock)
        url = f"/v1/bids/{play.bids['ours']}/responsiveness"
        stranger = await bench.an_expert(database)
        askers = (play.cast.officer, play.solvers["ours"], stranger)

        voting = [(await play.ask(who, "POST", url, json=SOUND)).status_code for who in askers]
        reading = [(await play.ask(who, "GET", url)).status_code for who in askers]

        assert voting == [403, 403, 404]
        assert reading == [200, 404, 404]


class TestRecusal:
    """The vote of a recused judge is void, and so is what it carried."""

    @pytest.mark.postgres
    async def test_a_bid_that_it_put_out_is_in_again(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """B10f: one of two no votes goes; those who are seated then decide otherwise."""
        play = await a_play(client, database, clock)
        await cast(play, 0, "ours", HOLLOW)
        await cast(play, 1, "ours", HOLLOW)
        before = await states(play, database)

        gone = await recuse(play, "J2")
        after = await states(play, database)
        silenced = await cast(play, 1, "theirs", HOLLOW)
        await replace(play, database, "J2")
        await cast(play, 2, "ours", SOUND)
        decided = await cast(play, 3, "ours", SOUND)

        told = {one["judge"]: one["void"] for one in decided.json()["votes"]}
        async with database.reading() as session:
            said = await events.about(session, UUID(play.bids["ours"]))
        assert gone.status_code == 200, gone.text
        assert (before["ours"], after["ours"]) == (BidState.NON_RESPONSIVE, BidState.ELIGIBLE)
        assert silenced.status_code == 404
        assert decided.json()["decided"] is True
        assert told == {"J1": False, "J2": True, "J3": False, "J2-2": False}
        fell = [one for one in said if one.type == "panel.decision_fell"]
        assert [(one.visibility, one.data["matter"]) for one in fell] == [
            ("internal", "responsiveness")
        ]

    async def test_what_a_majority_carries_without_it_stands(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A dissenter, or the third of three, takes nothing away."""
        play = await a_play(client, database, clock)
        await cast(play, 0, "ours", HOLLOW)
        await cast(play, 1, "ours", HOLLOW)

        await recuse(play, "J3")

        assert (await states(play, database))["ours"] is BidState.NON_RESPONSIVE

    async def test_a_ranked_bid_falls_only_in_a_round_for_a_replaced_judge(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """B10d: the new majority is against it; a round for another reason is refused."""
        quotes = {"ours": 800_000, "theirs": 900_000, "third": 850_000}
        play = await a_play(client, database, clock, quotes_yuan=quotes)
        await cast(play, 2, "ours", HOLLOW)
        marks = {"ours": "80", "theirs": "90", "third": "70"}
        await play.mark_all(**marks)
        assert (await play.rank()).status_code == 201
        await recuse(play, "J2")
        await replace(play, database, "J2")
        await cast(play, 3, "ours", HOLLOW)
        still = await states(play, database)
        await play.mark(play.experts[3], sign=True, **marks)

        refused = await play.rank("sum_error")
        ranked = await play.rank("judge_replaced")

        assert still["ours"] is BidState.RANKED
        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "scoring.round_reason_needed",
        )
        assert refused.json()["allowed"] == ["judge_replaced"]
        assert ranked.status_code == 201, ranked.text
        assert await states(play, database) == {
            "ours": BidState.NON_RESPONSIVE,
            "theirs": BidState.RANKED,
            "third": BidState.RANKED,
        }


class TestHiddenSetReplaced:
    """B10d and B10e: a new hidden set may end a rank, or lift a bid above its floor."""

    async def played(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> Play:
        """Two ranked bids, and one that was out by the floor; the set then turns out wrong."""
        quotes = {"rising": 700_000, "steady": 800_000, "falling": 900_000}
        play = await a_play(client, database, clock, quotes_yuan=quotes, hard=True)
        await play.upload_truth()
        for name, right in {"rising": 2, "steady": 5, "falling": 9}.items():
            await play.measured(name, labels(right))
        await play.mark_all()
        ranked = await play.rank()
        assert ranked.status_code == 201, ranked.text
        assert (await states(play, database))["rising"] is BidState.NON_RESPONSIVE
        # Only the first two rows are true: 2 of 10 becomes 10 of 10, and 9 of 10 becomes 3.
        answer = await play.upload_truth(labels(2, column="label"))
        assert answer.status_code == 201, answer.text
        wrong = {"criterion": "benchmark", "reason": "标注有误(示例)"}
        anew = await play.do(play.cast.officer, f"{play.url}/rescorings", wrong)
        await play.score()
        url = f"/v1/rescorings/{anew['id']}"
        preview = (await play.get(play.cast.approver, url))["preview"]
        commit = {"preview_sha256": preview["sha256"]}
        await play.do(play.cast.approver, f"{url}/actions/commit", commit)
        return play

    @pytest.mark.postgres
    async def test_one_comes_back_and_one_falls_out(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """In a round of that reason, with the stored files; the price base moves with them."""
        play = await self.played(client, database, clock)

        ranked = await play.rank("hidden_set_replaced")

        assert ranked.status_code == 201, ranked.text
        assert await states(play, database) == {
            "rising": BidState.RANKED,
            "steady": BidState.RANKED,
            "falling": BidState.NON_RESPONSIVE,
        }
        standings = await play.standings(ranked.json()["id"])
        assert standings["rising"]["points"]["price"] == "30.00"
        bid = await play.get(play.solvers["rising"], f"/v1/bids/{play.bids['rising']}")
        assert bid["exclusion"] is None

    async def test_no_other_reason_moves_them(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The round is refused and names the reason it would need; nobody moved."""
        play = await self.played(client, database, clock)
        before = await states(play, database)

        refused = await play.rank("sum_error")

        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "scoring.round_reason_needed",
        )
        assert refused.json()["allowed"] == ["hidden_set_replaced"]
        assert await states(play, database) == before


class TestRecommend:
    """B13: candidates in the order of the ranking."""

    async def test_the_best_are_candidates_and_the_rest_is_passed_over(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """As many as the profile allows, as the chair and once; a new round ranks all (B12b)."""
        limit = a_profile(Track.PRIVATE).integer("max_candidates")
        quotes = {f"place {at}": 500_000 + 50_000 * at for at in range(limit + 1)}
        *best, last = quotes
        play = await a_play(client, database, clock, quotes_yuan=quotes)
        await play.mark_all(**dict.fromkeys(quotes, "80"))
        early = await play.ask(play.experts[0], "POST", f"{play.url}/candidates", json={})
        await play.rank()

        beside = await play.ask(play.experts[1], "POST", f"{play.url}/candidates", json={})
        named = await play.recommend()
        twice = await play.ask(play.experts[0], "POST", f"{play.url}/candidates", json={})
        found = await states(play, database)
        await play.rank("sum_error")

        assert (early.status_code, early.json()["code"]) == (409, "scoring.nothing_to_recommend")
        assert beside.status_code == 403
        names = {bid_id: name for name, bid_id in play.bids.items()}
        assert [names[one["bid_id"]] for one in named["items"]] == best
        assert twice.status_code == 409
        assert found.pop(last) is BidState.NOT_SELECTED
        assert set(found.values()) == {BidState.CANDIDATE}
        assert set((await states(play, database)).values()) == {BidState.RANKED}

    async def test_a_revoked_bid_is_no_candidate(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The ranking stands, and it is passed over in it."""
        play = await a_play(client, database, clock)
        await play.mark_all(ours="95", theirs="60")
        await play.rank()
        url = f"/v1/bids/{play.bids['ours']}"
        await play.move(play.solvers["ours"], url, "revoke", {"reason": "无力承接"})

        named = await play.recommend()

        assert [(one["bid_id"], one["rank"]) for one in named["items"]] == [
            (play.bids["theirs"], 2)
        ]


class TestRaces:
    """Two at once: one of the two orders, and nothing in between."""

    @pytest.mark.postgres
    async def test_a_vote_and_the_recusal_of_its_judge(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whichever is first: in the end the vote is not counted and the bid is in."""
        play = await a_play(client, database, clock)
        await cast(play, 0, "ours", HOLLOW)

        voted, gone = await asyncio.gather(cast(play, 1, "ours", HOLLOW), recuse(play, "J2"))

        async with database.reading() as session:
            counted = await votes.counted(
                session,
                UUID(play.scenario_id),
                UUID(play.bids["ours"]),
                Matter.RESPONSIVENESS,
            )
            decision = await votes.responsiveness(session, UUID(play.bids["ours"]))
        assert voted.status_code in {201, 404}, voted.text
        assert gone.status_code == 200, gone.text
        assert (counted.seated, counted.opposed, decision) == (2, 1, None)
        assert (await states(play, database))["ours"] is BidState.ELIGIBLE

    @pytest.mark.postgres
    async def test_two_votes_at_once_decide_once(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Both are counted, and the bid is put out by one of them."""
        play = await a_play(client, database, clock)

        answers = await asyncio.gather(*(cast(play, place, "ours", HOLLOW) for place in (0, 1)))

        async with database.reading() as session:
            said = await events.about(session, UUID(play.bids["ours"]))
        assert [one.status_code for one in answers] == [201, 201]
        assert [one.type for one in said].count("panel.decided") == 1
        assert (await states(play, database))["ours"] is BidState.NON_RESPONSIVE

    @pytest.mark.postgres
    async def test_an_invalidation_and_a_ranking(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Ranked without it, or ranked and then invalid: never ranked while it is invalid."""
        play = await a_play(client, database, clock)
        await play.mark_all(ours="80", theirs="90")
        url = f"/v1/bids/{play.bids['ours']}"
        accusation = {
            "ground": "fraud",
            "accusation": {"zh": "虚假业绩"},
            "evidence": [{"title": "核查函(示例)", "sha256": "0" * 64}],
            "term_days": 1,
        }
        hearing = await play.do(play.cast.approver, f"{url}/hearings", accusation)
        answer = f"/v1/hearings/{hearing['id']}/actions/answer"
        await play.do(play.solvers["ours"], answer, {"answer": "属实"})
        body = {"decision": {"zh": "属实"}}

        invalid, ranked = await asyncio.gather(
            play.ask(play.cast.approver, "POST", f"{url}/actions/invalidate", json=body),
            play.rank(),
        )

        assert invalid.status_code == 200, invalid.text
        assert ranked.status_code == 201, ranked.text
        assert await states(play, database) == {
            "ours": BidState.INVALIDATED,
            "theirs": BidState.RANKED,
        }
