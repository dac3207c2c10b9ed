"""What the scoring room does to its rows: events, moves of bids, races, and bids that left."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.storage import StoredFile
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.actions import evaluation, rankings
from marketplace.scoring.errors.rounds import AbnormallyLow
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.tables.rounds import RoundReason
from tests.conftest import START
from tests.given import scoring as given
from tests.given.scoring import Play, labels


async def states(play: Play, database: Database) -> dict[str, BidState]:
    """Where each bid stands."""
    names = {bid_id: name for name, bid_id in play.bids.items()}
    async with database.reading() as session:
        opened = await bids.opened_bids(session, UUID(play.scenario_id))
    return {names[str(bid.id)]: bid.state for bid, _ in opened}


class TestEvents:
    """What is said, and to whom."""

    @pytest.mark.postgres
    async def test_evaluation_is_internal_and_a_result_its_bidders_own(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Panel, signatures and rounds are for the bureau; a measured file is for its bidder."""
        criteria = given.weighed({"benchmark": 4000, "plan": 3000, "price": 3000})
        play = await given.an_evaluating_play(client, database, clock, criteria=criteria)
        await play.upload_truth()
        for name in play.bids:
            await play.measured(name, labels(9))
        await play.mark_all(ours="80", theirs="90")
        await play.rank()

        async with database.reading() as session:
            rows = (await session.exec(select(EventRow).order_by(col(EventRow.id)))).all()

        said = [row for row in rows if row.type.partition(".")[0] in _SCORING]
        assert [row.type for row in said] == [
            "panel.seated",
            *["submission.scored"] * 2,
            "score_sheet.signed",
            # The second of three signatures is the majority for each of the two bids.
            *["panel.decided"] * 2,
            *["score_sheet.signed"] * 2,
            "ranking_round.closed",
        ]
        scored = [row for row in said if row.type == "submission.scored"]
        assert {row.visibility for row in scored} == {Visibility.OWNER}
        owners = {one.organization_id for one in play.solvers.values()}
        assert {row.organization_id for row in scored} == owners
        rest = [row for row in said if row.type != "submission.scored"]
        assert {row.visibility for row in rest} == {Visibility.INTERNAL}


_SCORING = {"panel", "submission", "score_sheet", "ranking_round"}


class TestWhoIsRanked:
    """Bids that leave the evaluation, and what they take with them."""

    async def test_a_round_moves_every_bid_to_where_it_belongs(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Ranked, or non-responsive: above the maximum, or below the hard floor."""
        hard = given.BENCHMARK | {"weight_bps": 7000, "hard_floor": True}
        play = await given.an_evaluating_play(
            client,
            database,
            clock,
            criteria=[hard, *given.weighed({"price": 3000})],
            quotes_yuan={"ours": 800_000, "over": 1_000_001, "below": 900_000},
        )
        await play.upload_truth()
        for name, right in {"ours": 9, "below": 4}.items():
            await play.measured(name, labels(right))
        await play.mark_all()

        ranked = await play.rank()

        assert ranked.status_code == 201, ranked.text
        assert await states(play, database) == {
            "ours": BidState.RANKED,
            "over": BidState.NON_RESPONSIVE,
            "below": BidState.NON_RESPONSIVE,
        }
        async with database.reading() as session:
            candidates = await queries.candidates(session, UUID(play.scenario_id))
        assert [(str(one.bid_id), one.rank) for one in candidates] == [(play.bids["ours"], 1)]

    async def test_a_revoked_bid_is_in_no_ranking(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A bidder who left after the deadline is listed as out and sets no price."""
        play = await given.an_evaluating_play(
            client, database, clock, criteria=given.PLAN_AND_PRICE
        )
        await play.move(
            play.solvers["ours"], f"/v1/bids/{play.bids['ours']}", "revoke", {"reason": "无力承接"}
        )
        await play.mark_all(theirs="90")

        round_id = (await play.rank()).json()["id"]

        document = await play.get(play.cast.approver, f"/v1/ranking-rounds/{round_id}/standings")
        assert [one["reason"] for one in document["excluded"]] == ["revoked"]
        assert document["price_base_fen"] == 900_000 * given.YUAN

    async def test_a_bid_below_the_floor_hides_no_low_price(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Means and second places are of responsive bids: who misses the floor is not one."""
        hard = given.BENCHMARK | {"weight_bps": 7000, "hard_floor": True}
        quotes_yuan = {"low": 460_000, "fair": 950_000, "dear": 1_000_000, "below": 100_000}
        play = await given.a_play(client, database, clock, *quotes_yuan)
        content = given.a_content([hard, *given.weighed({"price": 3000})])
        await play.publish(content, Track.PROCUREMENT_TENDER)
        await play.seat_panel()
        for name, quote_yuan in quotes_yuan.items():
            await play.bid(name, quote_yuan=quote_yuan)
        await play.open()
        await play.check(*quotes_yuan)
        await play.upload_truth()
        for name in quotes_yuan:
            await play.measured(name, labels(4 if name == "below" else 9))
        await play.mark_all()

        with pytest.raises(AbnormallyLow) as stopped:
            async with database.writing() as session:
                await rankings.rank_round(
                    session,
                    play.experts[0].actor,
                    UUID(play.scenario_id),
                    reason=RoundReason.FIRST,
                    note=None,
                    clock=clock,
                )

        # With the bid of 100,000 the second lowest would be 460,000, and nobody would be asked.
        quotes: Any = stopped.value.facts["quotes"]
        (quote,) = quotes
        assert (quote["bid"], quote["quote_fen"]) == (play.bids["low"], 460_000_00)
        assert quote["lines_fen"] == {"below_share_of_second_lowest": 475_000_00}


class TestHiddenSet:
    """What the demo and the seeds rely on."""

    async def test_the_platform_itself_may_set_one(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
    ) -> None:
        """Seeds are loaded by nobody in particular."""
        play = await given.an_evaluating_play(client, database, clock)
        stored: StoredFile = await house.storage.store_bytes(given.TRUTH)
        async with database.reading() as reader:
            _, criterion = await evaluation.truth_call(
                reader, SYSTEM, UUID(play.scenario_id), criterion="benchmark"
            )
        checked = await evaluation.check_truth(house.scorer, house.storage, criterion, stored)

        async with database.writing() as session:
            row = await evaluation.keep_truth(
                session,
                SYSTEM,
                UUID(play.scenario_id),
                criterion="benchmark",
                checked=checked,
                now=START,
            )

        assert (row.number, row.rows, row.uploaded_by) == (1, given.ROWS, None)
