"""Offers under seal: races with amendments, seals that were tampered with, and who opens."""

import asyncio
import os

import pytest
from sqlmodel import select

from marketplace.bids.actions import offering, opening
from marketplace.bids.errors.sealing import SealBroken
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid
from marketplace.custody.actions.releasing import Release
from marketplace.custody.tables import Lockbox
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.secrets import CannotUnseal, Keeper
from marketplace.scenarios.queries import calls as scenarios
from tests.given import bids as given
from tests.given import custody
from tests.given.amending import proposed
from tests.given.custody import HANDS
from tests.given.scenarios import Called, a_content, a_published_call, the_panel_seated, the_version
from tests.given.traces import everything


async def a_requested_opening(
    database: Database, clock: FixedClock
) -> tuple[Called, list[given.Begun]]:
    """Three sealed bids, the deadline passed, and only the witness missing."""
    call = await a_published_call(database, clock)
    bids = [await given.a_sealed_bid(database, clock, call) for _ in range(3)]
    await the_panel_seated(database, clock, call)
    await given.the_deadline_passed(database, clock, call)
    await given.requested(database, clock, call)
    return call, bids


async def witness(
    database: Database, clock: FixedClock, call: Called, *, keeper: Keeper = given.KEEPER
) -> None:
    """Complete the opening."""
    await given.witnessed(database, clock, call, keeper=keeper)


class TestTampering:
    """Whatever was changed under the seal: the opening is refused, and nothing is half open."""

    async def refused(self, database: Database, clock: FixedClock, call: Called) -> object:
        """The opening fails, every row stays as it was; say which bid was named."""
        before = await everything(database)
        with pytest.raises(SealBroken) as raised:
            await witness(database, clock, call)
        assert await everything(database) == before
        return raised.value.facts.get("bid_id")

    @pytest.mark.parametrize("place", [0, 4, 5, 13, 40, 100, -16, -1])
    async def test_one_changed_byte(
        self, database: Database, clock: FixedClock, place: int
    ) -> None:
        """In the head, a wrapped key, the text, the tag: of the last bid, and none is opened."""
        call, bids = await a_requested_opening(database, clock)
        async with database.writing() as session:
            row = await queries.bid_version(session, bids[2].id, 1)
            changed = bytearray(row.sealed)
            changed[place] ^= 1
            row.sealed = bytes(changed)

        assert await self.refused(database, clock, call) == str(bids[2].id)

    async def test_two_offers_swapped(self, database: Database, clock: FixedClock) -> None:
        """Each with its own right digests, but in the row of the other."""
        call, bids = await a_requested_opening(database, clock)
        async with database.writing() as session:
            one = await queries.bid_version(session, bids[0].id, 1)
            two = await queries.bid_version(session, bids[1].id, 1)
            for name in ("sealed", "sealed_sha256", "content_sha256"):
                mine, theirs = getattr(one, name), getattr(two, name)
                setattr(one, name, theirs)
                setattr(two, name, mine)

        assert await self.refused(database, clock, call) in {str(bid.id) for bid in bids[:2]}

    async def test_an_offer_given_to_another_bid(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The whole row moved: a rival's price under one's own name does not open."""
        call, bids = await a_requested_opening(database, clock)
        async with database.writing() as session:
            taken = await queries.bid_version(session, bids[0].id, 1)
            own = await queries.bid_version(session, bids[1].id, 1)
            own.number = 2
            await session.flush()
            taken.bid_id = bids[1].id
            await session.flush()
            own.bid_id, own.number = bids[0].id, 1

        assert await self.refused(database, clock, call) in {str(bid.id) for bid in bids[:2]}

    @pytest.mark.parametrize("name", ["sealed_sha256", "content_sha256"])
    async def test_a_changed_digest(self, database: Database, clock: FixedClock, name: str) -> None:
        """The receipt of the bidder would not match any more."""
        call, bids = await a_requested_opening(database, clock)
        async with database.writing() as session:
            row = await queries.bid_version(session, bids[1].id, 1)
            setattr(row, name, "0" * 64)

        assert await self.refused(database, clock, call) == str(bids[1].id)

    async def test_an_older_offer_in_the_place_of_the_newer_one(
        self, database: Database, clock: FixedClock
    ) -> None:
        """It opens there, and its digests fit: only the signature under the receipt tells."""
        call = await a_published_call(database, clock)
        bid = await given.a_sealed_bid(database, clock, call, offer=given.an_offer(quote_fen=900))
        async with database.writing() as session:
            await offering.submit_bid(
                session,
                bid.solver.actor,
                bid.id,
                verb="replace",
                offer=given.an_offer(quote_fen=800),
                expected_version=2,
                keeper=given.KEEPER,
                clock=clock,
            )
        await the_panel_seated(database, clock, call)
        await given.the_deadline_passed(database, clock, call)
        await given.requested(database, clock, call)
        async with database.writing() as session:
            old = await queries.bid_version(session, bid.id, 1)
            new = await queries.bid_version(session, bid.id, 2)
            for name in ("sealed", "sealed_sha256", "content_sha256"):
                setattr(new, name, getattr(old, name))

        assert await self.refused(database, clock, call) == str(bid.id)

    async def test_another_master_key(self, database: Database, clock: FixedClock) -> None:
        """Without the installation's key nothing opens."""
        call, _ = await a_requested_opening(database, clock)

        with pytest.raises(CannotUnseal):
            await witness(database, clock, call, keeper=Keeper(os.urandom(32)))


class TestOpening:
    """What the act does to each bid."""

    @pytest.mark.postgres
    async def test_two_witnesses_at_once_open_once(
        self, database: Database, clock: FixedClock
    ) -> None:
        """One completes the opening, the other is told that it is done."""
        call, bids = await a_requested_opening(database, clock)

        # Fetched before: once the bids are open, no share is left to be fetched.
        brought = await custody.released(database, call.id, call.cast.supervisor)
        results = await asyncio.gather(
            *(given.witnessed(database, clock, call, brought=brought) for _ in range(2)),
            return_exceptions=True,
        )

        told = [one.code if isinstance(one, MarketplaceError) else one for one in results]
        assert sorted(told, key=str) == [None, "bids.already_opened"]
        async with database.reading() as session:
            opened = await queries.opened_bids(session, call.id)
        assert [bid.id for bid, _ in opened] == [bid.id for bid in bids]

    @pytest.mark.postgres
    async def test_everything_timely_is_opened_and_the_rest_lapses(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Submitted is opened; a draft lapses; a withdrawn bid stays as it was."""
        call = await a_published_call(database, clock)
        sealed = await given.a_sealed_bid(database, clock, call)
        draft = await given.a_draft_bid(database, clock, call)
        withdrawn = await given.a_sealed_bid(database, clock, call)
        async with database.writing() as session:
            await offering.withdraw_bid(
                session, withdrawn.solver.actor, withdrawn.id, expected_version=2, clock=clock
            )
        await given.the_deadline_passed(database, clock, call)

        await given.the_opening(database, clock, call)

        async with database.reading() as session:
            rows = {row.id: row for row in (await session.exec(select(Bid))).all()}
        assert rows[sealed.id].state is BidState.OPENED
        assert rows[draft.id].state is BidState.LAPSED
        assert rows[withdrawn.id].state is BidState.WITHDRAWN
        assert rows[withdrawn.id].quote_fen is None

    async def test_the_platform_itself_opens_nothing(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The record names two people; a process is none."""
        call, _ = await a_requested_opening(database, clock)

        with pytest.raises(NotPermitted):
            async with database.writing() as session:
                await opening.witness_opening(
                    session,
                    SYSTEM,
                    call.id,
                    brought=Release(share=b"none"),
                    hands=HANDS,
                    clock=clock,
                )


@pytest.mark.postgres
async def test_bidding_and_amending_cannot_pass_each_other(
    database: Database, clock: FixedClock
) -> None:
    """An offer under the old content is asked about, one under the new is not."""
    call = await a_published_call(database, clock)
    bids = [await given.a_draft_bid(database, clock, call) for _ in range(4)]
    await proposed(database, clock, call, a_content(problem={"zh": "澄清"}))
    version = await the_version(database, call)

    async def amend() -> None:
        async with database.writing() as session:
            await offering.confirm_amendment(
                session,
                call.cast.approver.actor,
                call.id,
                expected_version=version,
                clock=clock,
            )

    async def submit(bid: given.Begun) -> None:
        async with database.writing() as session:
            await offering.submit_bid(
                session,
                bid.solver.actor,
                bid.id,
                verb="submit",
                offer=given.an_offer(),
                expected_version=1,
                keeper=given.KEEPER,
                clock=clock,
            )

    await asyncio.gather(
        submit(bids[0]), submit(bids[1]), amend(), submit(bids[2]), submit(bids[3])
    )

    async with database.reading() as session:
        current = (await scenarios.scenario(session, call.id)).content_version
        for bid in bids:
            row = await queries.own_bid(session, bid.solver.actor, bid.id)
            sealed = await queries.bid_version(session, bid.id, 1)
            asked = row.state is BidState.NEEDS_RECONFIRM
            assert asked == (sealed.scenario_content_version < current)
    async with database.reading() as session:
        assert len((await session.exec(select(Lockbox))).all()) == 1
