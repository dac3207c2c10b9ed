"""Awarding: the right one, by the right hands, once; and what follows when a winner drops out."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest

from marketplace.awards import queries
from marketplace.awards.actions import awarding as actions
from marketplace.awards.errors import (
    PersonNeeded,
    PublicityRunning,
    RankOrderBroken,
    ReasonMissing,
    SlotsTaken,
)
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.awards.tables import Award
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules.access import SYSTEM, Actor
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from tests.conftest import START
from tests.given.awards import RankedCall, a_ranked_call, a_standing_award, forfeited

UNTIL = START + dt.timedelta(days=3)


async def decided(
    database: Database, actor: Actor, call: RankedCall, bid_id: UUID, *, reason: str = "best bid"
) -> Award:
    """Decide an award in a transaction of its own."""
    async with database.writing() as session:
        return await actions.decide_award(session, actor, call.id, bid_id, reason=reason, now=START)


async def call_state(database: Database, call: RankedCall) -> ScenarioState:
    """Where the call stands."""
    async with database.reading() as session:
        return (await scenarios.scenario(session, call.id)).state


async def test_the_winner_is_awarded_and_everybody_moves(database: Database) -> None:
    """The award holds slot 1, the bid is selected, the call is decided, and the event is said."""
    call = await a_ranked_call(database)

    award = await decided(database, call.people.approver.actor, call, call.bids[0])

    async with database.reading() as session:
        bid = await bids.opened_bid(session, call.bids[0])
        said = await events.about(session, award.id)
    assert (award.slot, award.round_rank, award.quote_fen) == (1, 1, 150_000_000)
    assert bid.state is BidState.SELECTED
    assert await call_state(database, call) is ScenarioState.DECIDED
    assert [one.type for one in said] == ["award.decided"]


async def test_rank_three_is_not_awarded_while_rank_two_is_willing(
    database: Database, clock: FixedClock
) -> None:
    """After the winner forfeits, the third is refused and the second is awarded the same slot."""
    call = await a_ranked_call(database)
    approver = call.people.approver.actor
    first = await decided(database, approver, call, call.bids[0])
    await forfeited(database, clock, call, first)

    with pytest.raises(RankOrderBroken):
        await decided(database, approver, call, call.bids[2])
    second = await decided(database, approver, call, call.bids[1])

    assert (second.slot, second.round_rank) == (1, 2)
    async with database.reading() as session:
        states = [row.state for row in await queries.awards_of(session, call.id)]
    assert states == [AwardState.FORFEITED, AwardState.DECIDED]


async def test_the_wrong_hands_are_refused(database: Database) -> None:
    """A judge, an officer, the platform itself, and anybody without a reason: no award."""
    call = await a_ranked_call(database)
    people = call.people

    for actor, refusal in (
        (people.judge.actor, SameHands),
        (people.officer.actor, NotPermitted),
        (people.solvers[0].actor, NotPermitted),
        (SYSTEM, PersonNeeded),
    ):
        with pytest.raises(refusal):
            await decided(database, actor, call, call.bids[0])
    with pytest.raises(ReasonMissing):
        await decided(database, people.approver.actor, call, call.bids[0], reason=" ")
    assert await call_state(database, call) is ScenarioState.EVALUATING


async def test_two_slots_take_two_awards_and_no_third(database: Database) -> None:
    """A race of two solvers is awarded to the first and the second in rank."""
    call = await a_ranked_call(database, final_solvers=2)
    approver = call.people.approver.actor

    slots = [(await decided(database, approver, call, bid)).slot for bid in call.bids[:2]]

    assert slots == [1, 2]
    with pytest.raises(SlotsTaken):
        await decided(database, approver, call, call.bids[2])


@pytest.mark.postgres
async def test_two_approvers_at_once_make_one_award(database: Database) -> None:
    """Of two decisions at the same moment one is taken and the other is told."""
    call = await a_ranked_call(database)
    people = call.people

    async def attempt(actor: Actor) -> str:
        try:
            await decided(database, actor, call, call.bids[0])
        except MarketplaceError as refused:
            return refused.code
        return "awarded"

    results = await asyncio.gather(
        attempt(people.approver.actor), attempt(people.other_approver.actor)
    )

    assert sorted(results) == ["awarded", "awards.slots_taken"]


async def test_an_award_stands_only_after_the_time_for_objections(database: Database) -> None:
    """One second early is refused with the time; then award and call stand together."""
    call = await a_ranked_call(database)
    officer = call.people.officer.actor
    award = await decided(database, call.people.approver.actor, call, call.bids[0])
    async with database.writing() as session:
        await actions.announce_award(session, officer, award.id, publicity_until=UNTIL, now=START)

    with pytest.raises(PublicityRunning) as refused:
        async with database.writing() as session:
            early = UNTIL - dt.timedelta(seconds=1)
            await actions.confirm_award(session, officer, award.id, now=early)
    assert refused.value.facts["publicity_until"] == UNTIL.isoformat()

    async with database.writing() as session:
        stands = await actions.confirm_award(session, officer, award.id, now=UNTIL)
    assert stands.state is AwardState.AWARDED
    assert await call_state(database, call) is ScenarioState.AWARDED


async def test_an_award_cannot_skip_its_announcement(database: Database) -> None:
    """Confirming what was never announced is not in the table of moves."""
    call = await a_ranked_call(database)
    award = await decided(database, call.people.approver.actor, call, call.bids[0])

    with pytest.raises(MoveNotAllowed):
        async with database.writing() as session:
            await actions.confirm_award(session, call.people.officer.actor, award.id, now=UNTIL)


async def test_a_late_forfeit_lets_the_next_follow(database: Database, clock: FixedClock) -> None:
    """A winner may drop out after the award stands; the next in rank goes the whole way."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    approver = call.people.approver.actor
    await forfeited(database, clock, call, award)

    follower = await decided(database, approver, call, call.bids[1])
    async with database.writing() as session:
        officer = call.people.officer.actor
        await actions.announce_award(
            session, officer, follower.id, publicity_until=START, now=START
        )
        follower = await actions.confirm_award(session, officer, follower.id, now=START)

    assert follower.state is AwardState.AWARDED
    assert follower.solver_id == call.people.solvers[1].organization_id
