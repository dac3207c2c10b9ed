"""Prices that contradict themselves: who may answer after the opening, and until when."""

import asyncio
import datetime as dt
from collections.abc import Awaitable
from typing import Any

import pytest
from sqlmodel import col, select

from marketplace.bids.actions import correcting, eligibility, revoking
from marketplace.bids.errors.corrections import (
    CorrectionsPending,
    CorrectionTimeOver,
    CorrectionUnknown,
)
from marketplace.bids.jobs import corrections as jobs
from marketplace.bids.queries import bids
from marketplace.bids.queries import corrections as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.offer import Offer
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.corrections import PriceCorrection
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError, Stale
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import prices
from tests.given import bids as given
from tests.given import offers, scoring
from tests.given.identity import Someone
from tests.given.scenarios import a_content

QUOTE_FEN, SUM_FEN = 100_000_00, 90_000_00
MOMENT = dt.timedelta(microseconds=1)
CONTRADICTING = offers.a_priced_offer(QUOTE_FEN, offers.a_line(SUM_FEN))
"""The lines add up to ten thousand yuan less than the total."""


async def opened(
    database: Database, clock: FixedClock, *more: Offer
) -> tuple[given.Opened, PriceCorrection]:
    """An opened call of which the first bid contradicts itself."""
    call = await given.an_opened_call(database, clock, offers=(CONTRADICTING, *more))
    async with database.reading() as session:
        return call, await queries.correction_of(session, call.bids[0].id)


async def answered(
    database: Database,
    clock: FixedClock,
    bid: given.Begun,
    verb: str,
    *,
    who: Someone | None = None,
    version: int = 1,
) -> PriceCorrection:
    """Confirm or refuse."""
    async with database.writing() as session:
        return await correcting.answer_correction(
            session,
            (who or bid.solver).actor,
            bid.id,
            verb=verb,
            expected_version=version,
            clock=clock,
        )


async def the_bid(database: Database, bid: given.Begun) -> Bid:
    """A bid as it stands."""
    async with database.reading() as session:
        return await bids.opened_bid(session, bid.id)


async def pending(database: Database, clock: FixedClock, call: given.Opened) -> list[str]:
    """The bids for whose answer a ranking has to wait."""
    async with database.writing() as session:
        await scenarios.scenario(session, call.call.id, lock=True)
        try:
            await correcting.refuse_if_pending(session, call.call.id, clock=clock)
        except CorrectionsPending as refused:
            waiting: Any = refused.facts["bids"]
            return list(waiting)
    return []


@pytest.mark.postgres
async def test_the_opening_proposes_and_keeps_what_was_read_out(
    database: Database, clock: FixedClock
) -> None:
    """Two working days from a Wednesday; the bidder is told, the others have nothing to answer."""
    call, row = await opened(database, clock, given.an_offer())
    bid = await the_bid(database, call.bids[0])
    async with database.reading() as session:
        with pytest.raises(CorrectionUnknown):
            await queries.correction_of(session, call.bids[1].id)
        said = await session.exec(
            select(EventRow).where(col(EventRow.type) == "price_correction.proposed")
        )
        told = said.one()

    assert (row.quote_fen, row.corrected_fen, row.state) == (QUOTE_FEN, SUM_FEN, "proposed")
    assert row.original == CONTRADICTING.to_document()
    assert [step["rule"] for step in row.steps] == ["line_sum"] * 3
    assert row.respond_by is not None
    assert row.respond_by > clock.now() + dt.timedelta(days=1)
    assert (bid.quote_fen, bid.state) == (QUOTE_FEN, BidState.OPENED)
    assert told.organization_id == call.bids[0].solver.organization_id
    assert (told.visibility, told.data["corrected_fen"]) == ("owner", SUM_FEN)
    assert await pending(database, clock, call) == [str(call.bids[0].id)]


@pytest.mark.postgres
async def test_a_confirmed_price_is_the_one_that_is_evaluated(
    database: Database, clock: FixedClock
) -> None:
    """In the bid and in its offer; the original stays beside it."""
    call, _ = await opened(database, clock)

    row = await answered(database, clock, call.bids[0], "confirm")

    bid = await the_bid(database, call.bids[0])
    assert bid.offer is not None
    assert (bid.quote_fen, bid.offer["quote_fen"], bid.exclusion) == (SUM_FEN, SUM_FEN, None)
    assert row.original["quote_fen"] == QUOTE_FEN
    assert row.answered_by == call.bids[0].solver.actor.person_id
    assert await pending(database, clock, call) == []


async def test_a_refused_price_is_no_bid(database: Database, clock: FixedClock) -> None:
    """Out, with the reason, and its price as it was."""
    call, _ = await opened(database, clock)

    await answered(database, clock, call.bids[0], "refuse")

    bid = await the_bid(database, call.bids[0])
    assert (bid.state, bid.exclusion) == (BidState.NON_RESPONSIVE, "correction_refused")
    assert bid.exclusion_reason == correcting.REASONS["correction_refused"]
    assert bid.quote_fen == QUOTE_FEN
    assert await pending(database, clock, call) == []


@pytest.mark.postgres
async def test_at_the_instant_the_time_is_over(database: Database, clock: FixedClock) -> None:
    """A microsecond before is in time; the instant itself is late, job or no job."""
    call, row = await opened(database, clock, CONTRADICTING)
    assert row.respond_by is not None

    clock.move_to(row.respond_by - MOMENT)
    await answered(database, clock, call.bids[0], "confirm")
    clock.move_to(row.respond_by)
    with pytest.raises(CorrectionTimeOver):
        await answered(database, clock, call.bids[1], "confirm")

    assert await pending(database, clock, call) == []
    late = await the_bid(database, call.bids[1])
    assert (late.state, late.exclusion) == (BidState.NON_RESPONSIVE, "correction_expired")
    assert (await the_bid(database, call.bids[0])).state is BidState.OPENED


@pytest.mark.postgres
async def test_the_tick_writes_down_what_is_over_once(
    database: Database, clock: FixedClock
) -> None:
    """Nothing before, two bids then, nothing again."""
    call, row = await opened(database, clock, CONTRADICTING)
    assert row.respond_by is not None

    counts = [await jobs.expire_corrections(database, clock)]
    clock.move_to(row.respond_by)
    counts += [await jobs.expire_corrections(database, clock) for _ in range(2)]

    assert counts == [0, 2, 0]
    assert {(await the_bid(database, one)).exclusion for one in call.bids} == {"correction_expired"}


async def test_nobody_answers_for_the_bidder(database: Database, clock: FixedClock) -> None:
    """Not the officer, not a rival, and not twice or under an old version."""
    call, _ = await opened(database, clock, given.an_offer())
    mine, rival = call.bids

    with pytest.raises(NotPermitted):
        await answered(database, clock, mine, "confirm", who=call.call.cast.officer)
    with pytest.raises(MarketplaceError) as unknown:
        await answered(database, clock, mine, "confirm", who=rival.solver)
    with pytest.raises(Stale):
        await answered(database, clock, mine, "confirm", version=2)
    await answered(database, clock, mine, "refuse")
    with pytest.raises(MarketplaceError) as twice:
        await answered(database, clock, mine, "confirm", version=2)

    assert unknown.value.code == "bids.unknown"
    assert twice.value.facts["state"] == "refused"


@pytest.mark.postgres
async def test_two_answers_at_once_are_one(database: Database, clock: FixedClock) -> None:
    """Two people of the bidder, one confirming and one refusing: the second finds it settled."""
    call, _ = await opened(database, clock)

    async def code(work: Awaitable[object]) -> str:
        try:
            await work
        except MarketplaceError as refused:
            return refused.code
        return ""

    codes = await asyncio.gather(
        *(code(answered(database, clock, call.bids[0], verb)) for verb in ("confirm", "refuse"))
    )

    assert sorted(codes) == ["", Stale.code]


class TestTheMaximum:
    """Whether a price is above the maximum is asked of the price that counts."""

    async def test_a_price_above_it_may_be_corrected_to_one_below(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Ten times the maximum by a slip of the pen: nobody is out before the bidder has said."""
        content = a_content()
        content["budget"]["max_price_fen"] = QUOTE_FEN - 1
        offered = (CONTRADICTING, given.an_offer(quote_fen=QUOTE_FEN))
        call = await given.an_opened_call(database, clock, content=content, offers=offered)

        waits, over = [await the_bid(database, one) for one in call.bids]
        await answered(database, clock, call.bids[0], "confirm")
        counts = await the_bid(database, call.bids[0])

        assert (waits.state, waits.exclusion) == (BidState.OPENED, None)
        assert (over.state, over.exclusion) == (BidState.NON_RESPONSIVE, "over_maximum_price")
        assert (counts.state, counts.quote_fen) == (BidState.OPENED, SUM_FEN)


async def test_a_bid_that_was_taken_back_keeps_nobody_waiting(
    database: Database, clock: FixedClock
) -> None:
    """Its correction is settled when its time is over, and nobody is put out a second time."""
    call, row = await opened(database, clock, given.an_offer())
    async with database.writing() as session:
        mine = await bids.own_bid(session, call.bids[0].solver.actor, call.bids[0].id)
        await revoking.revoke_bid(
            session,
            call.bids[0].solver.actor,
            mine.id,
            reason="撤销(示例)",
            expected_version=mine.version,
            clock=clock,
        )

    assert await pending(database, clock, call) == []
    assert row.respond_by is not None
    clock.move_to(row.respond_by)
    assert await jobs.expire_corrections(database, clock) == 1
    assert (await the_bid(database, call.bids[0])).state is BidState.REVOKED


async def test_nobody_is_asked_about_a_low_price_while_a_price_may_still_change(
    database: Database, clock: FixedClock
) -> None:
    """The lines are drawn through the prices that count, once they are known."""
    fair = given.an_offer(quote_fen=QUOTE_FEN * 10)
    call = await given.an_opened_call(
        database,
        clock,
        track=Track.PROCUREMENT_TENDER,
        content=scoring.a_content(scoring.PLAN_AND_PRICE),
        offers=(CONTRADICTING, fair, fair),
    )
    findings = [eligibility.Finding(code="licence", passed=True)]
    for one in call.bids:
        async with database.writing() as session:
            await eligibility.check_eligibility(
                session, call.call.cast.officer.actor, one.id, findings=findings, now=clock.now()
            )

    async def asked() -> list[str]:
        async with database.writing() as session:
            await scenarios.scenario(session, call.call.id, lock=True)
            found = await scenarios.call(session, call.call.id)
            now = await clock.decisive(session)
            return [one.bid_id for one in await prices.settle(session, SYSTEM, found, now=now)]

    before = await asked()
    await answered(database, clock, call.bids[0], "confirm")

    assert (before, await asked()) == ([], [str(call.bids[0].id)])
