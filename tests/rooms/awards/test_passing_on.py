"""What follows a winner who forfeits (SC19), and decisions while a call is suspended."""

import pytest

from marketplace.awards.actions import awarding as actions
from marketplace.awards.errors import AwardsStanding, NoCandidateLeft, ReasonMissing
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.scenarios.errors import Suspended
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import FailReason, ScenarioState
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario
from tests.conftest import START
from tests.given import scenarios as given
from tests.given.awards import RankedCall, a_ranked_call, a_standing_award, forfeited


async def a_forfeited_call(database: Database, clock: FixedClock) -> RankedCall:
    """A call whose only award stood, and was forfeited."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    await forfeited(database, clock, call, award)
    return call


async def pass_on(database: Database, call: RankedCall, *, reason: str = "递补") -> Scenario:
    """Go back to the decision."""
    async with database.writing() as session:
        return await actions.pass_to_next(
            session, call.people.approver.actor, call.id, reason=reason, now=START
        )


async def fail(database: Database, call: RankedCall) -> Scenario:
    """End the call."""
    async with database.writing() as session:
        return await actions.fail_after_forfeit(
            session,
            call.people.approver.actor,
            call.id,
            reason=FailReason.TOO_FEW_RESPONSIVE,
            note="第一名放弃,其余报价不再有效",
            now=START,
        )


async def test_the_next_in_rank_is_decided_and_the_call_goes_the_way_again(
    database: Database, clock: FixedClock
) -> None:
    """SC19a: awarded, back to decided, and the second in rank gets the slot."""
    call = await a_forfeited_call(database, clock)

    row = await pass_on(database, call)
    async with database.writing() as session:
        second = await actions.decide_award(
            session, call.people.approver.actor, call.id, call.bids[1], reason="递补", now=START
        )

    assert row.state is ScenarioState.DECIDED
    assert (second.slot, second.round_rank, second.state) == (1, 2, AwardState.DECIDED)


async def test_a_person_may_choose_to_fail_the_call_instead(
    database: Database, clock: FixedClock
) -> None:
    """SC19b: failed with reason, note and final status, and everybody hears it."""
    call = await a_forfeited_call(database, clock)

    row = await fail(database, call)

    async with database.reading() as session:
        last = (await events.about(session, call.id))[-1]
    assert (row.state, row.final_status) == (ScenarioState.FAILED, ScenarioState.FAILED)
    assert (row.final_reason, row.final_at) == ("too_few_responsive", START)
    assert (last.type, last.visibility) == ("scenario.failed", "public")
    assert last.data["note"] == "第一名放弃,其余报价不再有效"


async def test_there_is_no_third_option(database: Database, clock: FixedClock) -> None:
    """Not while an award stands, not without a reason, not by an officer, not twice."""
    standing = await a_ranked_call(database)
    await a_standing_award(database, standing, clock)
    with pytest.raises(AwardsStanding):
        await pass_on(database, standing)
    with pytest.raises(AwardsStanding):
        await fail(database, standing)

    call = await a_forfeited_call(database, clock)
    with pytest.raises(ReasonMissing):
        await pass_on(database, call, reason=" ")
    with pytest.raises(NotPermitted):
        async with database.writing() as session:
            await actions.pass_to_next(
                session, call.people.officer.actor, call.id, reason="递补", now=START
            )
    await pass_on(database, call)
    with pytest.raises(MoveNotAllowed):
        await pass_on(database, call)


async def test_nobody_is_left_when_all_have_forfeited(
    database: Database, clock: FixedClock
) -> None:
    """After the third has gone as well there is no candidate, and the call can only fail."""
    call = await a_forfeited_call(database, clock)
    approver, officer = call.people.approver.actor, call.people.officer.actor
    for bid_id in call.bids[1:]:
        await pass_on(database, call)
        async with database.writing() as session:
            award = await actions.decide_award(
                session, approver, call.id, bid_id, reason="递补", now=START
            )
            await actions.announce_award(
                session, officer, award.id, publicity_until=START, now=START
            )
            await actions.confirm_award(session, officer, award.id, now=START)
        await forfeited(database, clock, call, award)

    with pytest.raises(NoCandidateLeft):
        await pass_on(database, call)
    assert (await fail(database, call)).state is ScenarioState.FAILED


async def test_a_suspension_of_the_decision_bars_it(database: Database, clock: FixedClock) -> None:
    """No award while it lasts; the call stays where it was."""
    call = await a_ranked_call(database)
    called = given.Called(id=call.id, cast=await given.a_cast(database))
    order = await given.suspended(database, clock, called, blocks=(Block.DECIDING,))

    async def decide() -> None:
        async with database.writing() as session:
            await actions.decide_award(
                session, call.people.approver.actor, call.id, call.bids[0], reason="最优", now=START
            )

    with pytest.raises(Suspended):
        await decide()
    async with database.reading() as session:
        assert (await scenarios.scenario(session, call.id)).state is ScenarioState.EVALUATING
    await given.resumed(database, clock, called, order)
    await decide()
