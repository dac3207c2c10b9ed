"""Amendments by two people, and what they can meet on their way."""

import asyncio
import datetime as dt

import pytest
from sqlmodel import col, select

from marketplace.bids.actions import offering
from marketplace.bids.queries import bids as bidding
from marketplace.bids.rules.lifecycle import BidState
from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios import jobs
from marketplace.scenarios.actions import amending
from marketplace.scenarios.errors import (
    AmendmentWaiting,
    DeadlinePassed,
    NoAmendmentWaiting,
)
from marketplace.scenarios.queries import amendments
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.amendments import AmendmentState
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Amendment, ScenarioVersion
from tests.given import bids
from tests.given import scenarios as given
from tests.given.amending import amended, proposed
from tests.given.identity import Someone, someone

CLARIFIED = given.a_content(problem={"zh": "澄清"})
SECOND = dt.timedelta(seconds=1)


async def confirm(
    database: Database, clock: FixedClock, called: given.Called, who: Someone
) -> None:
    """Confirm what waits, under the present version."""
    version = await given.the_version(database, called)
    async with database.writing() as session:
        await amending.confirm(session, who.actor, called.id, expected_version=version, clock=clock)


async def test_nobody_confirms_what_they_proposed(database: Database, clock: FixedClock) -> None:
    """One person with both roles proposes; the roles do not make them two."""
    called = await given.a_published_call(database, clock)
    both = await someone(
        database,
        Role.BUREAU_OFFICER,
        Role.BUREAU_APPROVER,
        organization_id=called.cast.officer.organization_id,
    )
    version = await given.the_version(database, called)
    async with database.writing() as session:
        await amending.propose(
            session,
            both.actor,
            called.id,
            content=CLARIFIED,
            note="澄清",
            expected_version=version,
            clock=clock,
        )

    with pytest.raises(SameHands):
        await confirm(database, clock, called, both)
    with pytest.raises(NotPermitted):
        await confirm(database, clock, called, called.cast.officer)
    await confirm(database, clock, called, called.cast.approver)

    async with database.reading() as session:
        assert (await queries.scenario(session, called.id)).content_version == 2


async def test_a_proposal_changes_nothing_and_waits_alone(
    database: Database, clock: FixedClock
) -> None:
    """Until it is confirmed the content stays; withdrawn, another one may be proposed."""
    called = await given.a_published_call(database, clock)
    await proposed(database, clock, called, CLARIFIED)

    with pytest.raises(AmendmentWaiting):
        await proposed(database, clock, called, CLARIFIED)
    async with database.writing() as session:
        row = await queries.scenario(session, called.id)
        assert row.content_version == 1
        await amending.withdraw(
            session,
            called.cast.officer.actor,
            called.id,
            expected_version=row.version,
            now=clock.now(),
        )
    with pytest.raises(NoAmendmentWaiting):
        await confirm(database, clock, called, called.cast.approver)
    await proposed(database, clock, called, CLARIFIED)

    async with database.reading() as session:
        states = (await session.exec(select(Amendment.state).order_by(col(Amendment.id)))).all()
    assert states == [AmendmentState.WITHDRAWN, AmendmentState.PROPOSED]


async def test_a_proposal_that_waited_too_long_is_refused(
    database: Database, clock: FixedClock
) -> None:
    """Proposed in time and confirmed at the deadline: the content is frozen."""
    called = await given.a_published_call(database, clock)
    await proposed(database, clock, called, CLARIFIED)
    clock.advance(given.WINDOW)

    with pytest.raises(DeadlinePassed):
        await confirm(database, clock, called, called.cast.approver)


async def test_the_fields_decide_and_the_tick_box_is_only_kept(
    database: Database, clock: FixedClock
) -> None:
    """Ticked as immaterial, and material all the same: the deadline moves, the bid is asked."""
    called = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
    bid = await bids.a_sealed_bid(database, clock, called)
    clock.advance(given.WINDOW - dt.timedelta(days=3))
    version = await given.the_version(database, called)
    async with database.writing() as session:
        await amending.propose(
            session,
            called.cast.officer.actor,
            called.id,
            content=CLARIFIED,
            note="澄清",
            claimed_material=False,
            expected_version=version,
            clock=clock,
        )
    async with database.reading() as session:
        waiting = await amendments.waiting(session, called.id)
    assert waiting is not None
    assert (waiting.material, waiting.claimed_material) == (True, False)

    async with database.writing() as session:
        row = await offering.confirm_amendment(
            session,
            called.cast.approver.actor,
            called.id,
            expected_version=version + 1,
            clock=clock,
        )

    assert row.bid_deadline_at == dt.datetime(2026, 4, 13, 16, tzinfo=dt.UTC)
    async with database.reading() as session:
        asked = await bidding.own_bid(session, bid.solver.actor, bid.id)
    assert asked.state is BidState.NEEDS_RECONFIRM


async def test_an_amendment_while_the_clock_stands_gives_its_time_and_the_lost_time(
    database: Database, clock: FixedClock
) -> None:
    """Fifteen days from the amendment, and on top the rest of the suspension."""
    called = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
    clock.advance(given.WINDOW - dt.timedelta(days=3))
    order = await given.suspended(database, clock, called)
    row = await amended(database, clock, called, CLARIFIED)
    announced = row.bid_deadline_at
    clock.advance(dt.timedelta(days=4))

    await given.resumed(database, clock, called, order)

    async with database.reading() as session:
        moved = (await queries.scenario(session, called.id)).bid_deadline_at
    assert announced == dt.datetime(2026, 4, 13, 16, tzinfo=dt.UTC)
    assert moved == announced + dt.timedelta(days=4)


@pytest.mark.postgres
@pytest.mark.parametrize("late", [False, True], ids=["in time", "too late"])
async def test_amending_closing_and_bidding_cannot_pass_each_other(
    database: Database, clock: FixedClock, late: bool
) -> None:
    """A second before the deadline the amendment extends and nothing closes; at it, all is over.

    Whatever the order: a bid under the old content is asked, one under the new is not, and there is
    one version in force.
    """
    called = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
    begun = [await bids.a_draft_bid(database, clock, called) for _ in range(2)]
    await proposed(database, clock, called, CLARIFIED)
    version = await given.the_version(database, called)
    clock.advance(given.WINDOW - (dt.timedelta(0) if late else SECOND))

    async def amend() -> None:
        async with database.writing() as session:
            await offering.confirm_amendment(
                session,
                called.cast.approver.actor,
                called.id,
                expected_version=version,
                clock=clock,
            )

    results = await asyncio.gather(
        bids.sealed(database, clock, begun[0]),
        amend(),
        jobs.close_due_calls(database, clock),
        jobs.close_due_calls(database, clock),
        bids.sealed(database, clock, begun[1]),
        return_exceptions=True,
    )

    refused = [one for one in results if isinstance(one, BaseException)]
    async with database.reading() as session:
        row = await queries.scenario(session, called.id)
        written = select(ScenarioVersion.number).where(ScenarioVersion.scenario_id == called.id)
        numbers = (await session.exec(written.order_by(col(ScenarioVersion.number)))).all()
        bids_now = [await bidding.own_bid(session, one.solver.actor, one.id) for one in begun]
        sealed = [
            None if bid.content_number == 0 else await bidding.bid_version(session, bid.id, 1)
            for bid in bids_now
        ]
    if late:
        assert len(refused) == 3 and all(isinstance(one, MarketplaceError) for one in refused)
        assert (row.state, row.content_version, numbers) == (ScenarioState.CLOSED, 1, [1])
        assert {bid.state for bid in bids_now} == {BidState.DRAFT}
        return
    assert refused == []
    assert (row.state, row.content_version, numbers) == (ScenarioState.PUBLISHED, 2, [1, 2])
    assert row.bid_deadline_at is not None
    assert row.bid_deadline_at >= clock.now() + dt.timedelta(days=15) - dt.timedelta(hours=17)
    for bid, version_of_it in zip(bids_now, sealed, strict=True):
        assert version_of_it is not None
        old = version_of_it.scenario_content_version < row.content_version
        assert (bid.state is BidState.NEEDS_RECONFIRM) == old
