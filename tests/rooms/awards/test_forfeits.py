"""A winner who does not sign (B16), the reserve (B17), and bids that left after the ranking."""

import asyncio
import datetime as dt
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.awards import queries
from marketplace.awards.actions import awarding, forfeits
from marketplace.awards.errors import DeclinedAlready, NotAwarded, ReasonMissing, SigningRunning
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.awards.tables import Award
from marketplace.bids.actions import revoking
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from tests.given.awards import RankedCall, a_ranked_call, a_standing_award, forfeited
from tests.given.profiles import shipped_rules

THIRTY_DAYS = dt.timedelta(days=30)


async def state_of(database: Database, bid_id: UUID) -> BidState:
    """Where a bid stands."""
    async with database.reading() as session:
        return (await bids.opened_bid(session, bid_id)).state


async def causes_of(database: Database, bid_id: UUID) -> list[Any]:
    """What is proposed for the credit record of a bidder."""
    async with database.reading() as session:
        said = await events.about(session, bid_id)
    return [one.data["cause"] for one in said if one.type == "bid.credit_noted"]


async def forfeit(database: Database, clock: FixedClock, call: RankedCall, award: Award) -> Award:
    """The approver takes an award back."""
    async with database.writing() as session:
        return await forfeits.forfeit_award(
            session,
            call.people.approver.actor,
            award.id,
            justified=False,
            reason="逾期未签约",
            clock=clock,
        )


async def decline(database: Database, clock: FixedClock, call: RankedCall, place: int) -> Award:
    """A bidder says that it will not sign."""
    async with database.writing() as session:
        return await forfeits.decline_award(
            session,
            call.people.solvers[place].actor,
            call.bids[place],
            reason="无力承接",
            clock=clock,
        )


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("justified", "causes"), [(False, ["award_forfeited"]), (True, [])], ids=["fault", "cause"]
)
async def test_a_declined_award_is_forfeited_and_its_cause_judged(
    database: Database, clock: FixedClock, justified: bool, causes: list[str]
) -> None:
    """The bid is forfeited either way; only an unjustified cause is noted for the credit record."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)

    ended = await forfeited(database, clock, call, award, justified=justified)

    async with database.reading() as session:
        found = await queries.forfeit_of(session, award.id)
        said = await events.about(session, award.id)
    assert found is not None
    assert (found.justified, found.declared_reason) == (justified, "无力承接")
    assert (ended.state, ended.live_slot) == (AwardState.FORFEITED, None)
    assert await state_of(database, award.bid_id) is BidState.FORFEITED
    assert await causes_of(database, award.bid_id) == causes
    assert [one.type for one in said][-2:] == ["award.declined", "award.forfeited"]
    assert said[-1].data["justified"] is justified


async def test_the_time_to_sign_runs_before_anybody_forfeits(
    database: Database, clock: FixedClock
) -> None:
    """Thirty days from the award, by the clock that decides; then no declaration is needed."""
    await shipped_rules(database)
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)

    clock.advance(THIRTY_DAYS - dt.timedelta(days=1))
    with pytest.raises(SigningRunning) as refused:
        await forfeit(database, clock, call, award)
    until = refused.value.facts["sign_until"]
    assert isinstance(until, dt.datetime)
    clock.move_to(until - dt.timedelta(seconds=1))
    with pytest.raises(SigningRunning):
        await forfeit(database, clock, call, award)
    clock.move_to(until)
    ended = await forfeit(database, clock, call, award)

    assert ended.state is AwardState.FORFEITED
    assert await state_of(database, award.bid_id) is BidState.FORFEITED


async def test_an_award_that_does_not_stand_yet_runs_no_clock(
    database: Database, clock: FixedClock
) -> None:
    """Before it is confirmed only the winner can end it."""
    call = await a_ranked_call(database)
    async with database.writing() as session:
        award = await awarding.decide_award(
            session,
            call.people.approver.actor,
            call.id,
            call.bids[0],
            reason="最优",
            now=clock.now(),
        )
    clock.advance(2 * THIRTY_DAYS)

    with pytest.raises(SigningRunning):
        await forfeit(database, clock, call, award)
    assert (await forfeited(database, clock, call, award)).state is AwardState.FORFEITED


async def test_only_the_winner_declines_and_once(database: Database, clock: FixedClock) -> None:
    """A candidate has nothing to decline, the bureau declines for nobody, silence is no reason."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)

    with pytest.raises(NotAwarded):
        await decline(database, clock, call, 1)
    with pytest.raises(NotPermitted):
        async with database.writing() as session:
            await forfeits.decline_award(
                session,
                call.people.approver.actor,
                award.bid_id,
                reason="代为放弃",
                clock=clock,
            )
    with pytest.raises(ReasonMissing):
        async with database.writing() as session:
            await forfeits.decline_award(
                session, call.people.solvers[0].actor, award.bid_id, reason=" ", clock=clock
            )
    await decline(database, clock, call, 0)
    with pytest.raises(DeclinedAlready):
        await decline(database, clock, call, 0)
    assert await state_of(database, award.bid_id) is BidState.SELECTED


async def test_the_doors_of_a_forfeit(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The winner declines over HTTP, the approver judges the cause, and a truth is a truth."""
    await shipped_rules(database)
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    winner, approver = call.people.solvers[0].headers, call.people.approver.headers
    url = f"/v1/awards/{award.id}/actions/forfeit"

    early = await client.post(url, json={"justified": False, "reason": "x"}, headers=approver)
    declined = await client.post(
        f"/v1/bids/{award.bid_id}/actions/decline-award",
        json={"reason": "关键人员离职"},
        headers=winner,
    )
    loose = await client.post(url, json={"justified": "no", "reason": "x"}, headers=approver)
    ended = await client.post(url, json={"justified": True, "reason": "属实"}, headers=approver)

    assert (early.status_code, early.json()["code"]) == (409, "awards.signing_running")
    assert (declined.status_code, declined.json()["declined_reason"]) == (200, "关键人员离职")
    assert loose.status_code == 400
    assert (ended.json()["state"], ended.json()["justified"]) == ("forfeited", True)


async def test_a_revoked_candidate_is_passed_over(database: Database, clock: FixedClock) -> None:
    """The first in rank left before the decision: the second is awarded without a new ranking."""
    call = await a_ranked_call(database)
    async with database.writing() as session:
        await revoking.revoke_bid(
            session,
            call.people.solvers[0].actor,
            call.bids[0],
            reason="无力承接",
            expected_version=1,
            clock=clock,
        )

    async with database.writing() as session:
        award = await awarding.decide_award(
            session,
            call.people.approver.actor,
            call.id,
            call.bids[1],
            reason="递补",
            now=clock.now(),
        )

    assert (award.round_rank, award.bid_id) == (2, call.bids[1])


async def test_the_reserve_is_let_go_when_every_slot_is_signed(
    database: Database, clock: FixedClock
) -> None:
    """B17: with one of two contracts the third stays a candidate; with both it is released."""
    call = await a_ranked_call(database, final_solvers=2)
    for bid_id in call.bids[:2]:
        async with database.writing() as session:
            now, people = clock.now(), call.people
            award = await awarding.decide_award(
                session, people.approver.actor, call.id, bid_id, reason="最优", now=now
            )
            officer = people.officer.actor
            await awarding.announce_award(session, officer, award.id, publicity_until=now, now=now)
            await awarding.confirm_award(session, officer, award.id, now=now)
        before = await state_of(database, call.bids[2])
        async with database.writing() as session:
            await awarding.sign(session, call.people.poster.actor, award.id, clock=clock)
        assert before is BidState.CANDIDATE

    assert await state_of(database, call.bids[2]) is BidState.NOT_SELECTED


@pytest.mark.postgres
async def test_a_revocation_and_the_selection_of_the_same_bid(
    database: Database, clock: FixedClock
) -> None:
    """One of the two happens: a bid is never awarded and revoked at once."""
    call = await a_ranked_call(database)

    async def revoke() -> str:
        try:
            async with database.writing() as session:
                await revoking.revoke_bid(
                    session,
                    call.people.solvers[0].actor,
                    call.bids[0],
                    reason="无力承接",
                    expected_version=1,
                    clock=clock,
                )
        except MarketplaceError as refused:
            return refused.code
        return "revoked"

    async def select() -> str:
        try:
            async with database.writing() as session:
                await awarding.decide_award(
                    session,
                    call.people.approver.actor,
                    call.id,
                    call.bids[0],
                    reason="最优",
                    now=clock.now(),
                )
        except MarketplaceError as refused:
            return refused.code
        return "selected"

    results = set(await asyncio.gather(revoke(), select()))

    async with database.reading() as session:
        held = await queries.live_award_of(session, call.bids[0])
    state = await state_of(database, call.bids[0])
    if "selected" in results:
        assert results == {"selected", "marketplace.stale_version"}
        assert (state, held is not None) == (BidState.SELECTED, True)
    else:
        assert results == {"revoked", "awards.not_a_candidate"}
        assert (state, held) == (BidState.REVOKED, None)
