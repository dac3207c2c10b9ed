"""Suspensions: who orders and lifts them, what they bar, and what they do to the bid clock."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest

from marketplace.bids.errors.bids import TooEarlyToOpen
from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios import jobs
from marketplace.scenarios.errors import (
    NotSuspendable,
    NotYourSuspension,
    Suspended,
    SuspensionInPast,
    SuspensionOver,
    SuspensionTooLong,
)
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario
from tests.given import bids
from tests.given import scenarios as given
from tests.given.identity import someone

DAY = dt.timedelta(days=1)


async def row_of(database: Database, called: given.Called) -> Scenario:
    """The call as it is written down."""
    async with database.reading() as session:
        return await queries.scenario(session, called.id)


async def deadline_of(database: Database, called: given.Called) -> dt.datetime:
    """The deadline as announced."""
    at = (await row_of(database, called)).bid_deadline_at
    assert at is not None
    return at


async def said_of(database: Database, called: given.Called, kind: str) -> list[dict[str, object]]:
    """What was said of a call, of one type."""
    async with database.reading() as session:
        return [one.data for one in await events.about(session, called.id) if one.type == kind]


@pytest.mark.postgres
async def test_a_lifted_suspension_moves_the_deadline_by_the_time_that_was_lost(
    database: Database, clock: FixedClock
) -> None:
    """Three days and an hour: the deadline is that much later, with the reasons beside it."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    clock.advance(DAY)
    order = await given.suspended(database, clock, called)
    clock.advance(3 * DAY + dt.timedelta(hours=1))

    await given.resumed(database, clock, called, order)

    row = await row_of(database, called)
    assert row.bid_deadline_at == old + 3 * DAY + dt.timedelta(hours=1)
    assert row.clock_stopped_at is None
    assert row.deadline_basis is not None and len(row.deadline_basis["shifts"]) == 1
    shifted = await said_of(database, called, "deadline.shifted")
    assert [one["rule"] for one in shifted] == ["suspension"]
    assert len(await said_of(database, called, "scenario.resumed")) == 1


@pytest.mark.postgres
async def test_a_suspended_call_does_not_close(database: Database, clock: FixedClock) -> None:
    """Long after the announced deadline it is still published; resumed, it closes in its time."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    clock.move_to(old - DAY)
    order = await given.suspended(database, clock, called)
    clock.move_to(old + 9 * DAY)

    closed = await jobs.close_due_calls(database, clock)
    seen = queries.state_at(await row_of(database, called), clock.now())
    await given.resumed(database, clock, called, order)
    early = await jobs.close_due_calls(database, clock)
    clock.advance(DAY)
    late = await jobs.close_due_calls(database, clock)

    assert (closed, seen, early, late) == (0, ScenarioState.PUBLISHED, 0, 1)
    assert (await row_of(database, called)).closed_at == old + 10 * DAY


@pytest.mark.postgres
async def test_an_end_that_was_said_needs_no_job(database: Database, clock: FixedClock) -> None:
    """Nobody writes the end down; the clock runs again, the call closes, the job catches up."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    await given.suspended(database, clock, called, until_at=clock.now() + 5 * DAY)

    before, after = old + 5 * DAY - dt.timedelta(seconds=1), old + 5 * DAY
    row = await row_of(database, called)
    states = [queries.state_at(row, at) for at in (clock.now() + DAY, before, after)]
    shown = [queries.deadline_shown(row, at) for at in (clock.now() + DAY, before)]
    clock.move_to(after)
    written = [
        await jobs.close_due_calls(database, clock),
        await jobs.end_suspensions(database, clock),
    ]
    again = await jobs.end_suspensions(database, clock)

    assert states == [ScenarioState.PUBLISHED, ScenarioState.PUBLISHED, ScenarioState.CLOSED]
    assert shown == [old, after]
    assert (written, again) == ([1, 1], 0)
    assert (await row_of(database, called)).closed_at == after
    assert [one["ended"] for one in await said_of(database, called, "scenario.resumed")] == [
        "expired"
    ]


async def test_two_suspensions_at_once_cost_each_moment_once(
    database: Database, clock: FixedClock
) -> None:
    """Day 1 to 4 and day 3 to 6 are five days, not six; the clock runs when the last one ends."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    clock.advance(DAY)
    first = await given.suspended(database, clock, called)
    clock.advance(2 * DAY)
    second = await given.suspended(database, clock, called, by=called.cast.approver)
    clock.advance(DAY)

    await given.resumed(database, clock, called, first)
    between = await row_of(database, called)
    clock.advance(2 * DAY)
    await given.resumed(database, clock, called, second, by=called.cast.approver)

    assert (between.bid_deadline_at, between.clock_stopped_at is not None) == (old, True)
    assert await deadline_of(database, called) == old + 5 * DAY


async def test_time_that_was_given_back_is_not_given_back_again(
    database: Database, clock: FixedClock
) -> None:
    """Two days, and later three more: five days in all, told in two shifts."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    for days in (2, 3):
        clock.advance(DAY)
        order = await given.suspended(database, clock, called)
        clock.advance(days * DAY)
        await given.resumed(database, clock, called, order)

    row = await row_of(database, called)
    assert row.bid_deadline_at == old + 5 * DAY
    assert row.deadline_basis is not None
    shifts = [one["by_seconds"] for one in row.deadline_basis["shifts"]]
    assert shifts == [days * DAY.total_seconds() for days in (2, 3)]


async def test_a_suspension_that_bars_only_signing_leaves_the_clock_alone(
    database: Database, clock: FixedClock
) -> None:
    """Bidders lose no time, so the deadline stays where it is."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    order = await given.suspended(database, clock, called, blocks=(Block.SIGNING,))
    clock.advance(DAY)

    await given.resumed(database, clock, called, order)

    assert await deadline_of(database, called) == old
    assert await said_of(database, called, "deadline.shifted") == []


@pytest.mark.postgres
async def test_what_is_barred_is_refused(database: Database, clock: FixedClock) -> None:
    """Bidding while it lasts; opening, though the call is closed; and both go on afterwards."""
    called = await given.a_published_call(database, clock)
    bid = await bids.a_draft_bid(database, clock, called)
    order = await given.suspended(database, clock, called)
    with pytest.raises(Suspended) as barred:
        await bids.sealed(database, clock, bid)
    await given.resumed(database, clock, called, order)
    await bids.sealed(database, clock, bid)

    clock.move_to(await deadline_of(database, called))
    await given.the_panel_seated(database, clock, called)
    order = await given.suspended(database, clock, called, blocks=(Block.OPENING,))
    with pytest.raises(Suspended):
        await requested_opening(database, clock, called)
    await given.resumed(database, clock, called, order)
    await requested_opening(database, clock, called)

    assert barred.value.facts["cause"] == "complaint"
    assert "bidding" in str(barred.value.facts["blocks"])


async def requested_opening(database: Database, clock: FixedClock, called: given.Called) -> None:
    """The officer begins the opening."""
    await bids.requested(database, clock, called)


async def test_a_suspended_call_is_not_opened_at_its_announced_deadline(
    database: Database, clock: FixedClock
) -> None:
    """The deadline has not come, because the clock stands."""
    called = await given.a_published_call(database, clock)
    await given.the_panel_seated(database, clock, called)
    await given.suspended(database, clock, called, blocks=(Block.BIDDING,))
    clock.advance(given.WINDOW + DAY)

    with pytest.raises(TooEarlyToOpen):
        await requested_opening(database, clock, called)


async def test_a_review_body_suspends_for_thirty_days_at_most(
    database: Database, clock: FixedClock
) -> None:
    """The profile's maximum, to the end of the thirtieth day; never without an end."""
    called = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
    body = await someone(database, Role.REVIEW_BODY)
    last = dt.datetime(2026, 4, 1, 16, tzinfo=dt.UTC)

    for until_at in (None, last + dt.timedelta(seconds=1)):
        with pytest.raises(SuspensionTooLong) as refused:
            await given.suspended(database, clock, called, by=body, until_at=until_at)
        assert refused.value.facts["latest_at"] == last
    order = await given.suspended(database, clock, called, by=body, until_at=last)

    assert order.authority.value == "review_body"


async def test_only_the_kind_of_authority_that_ordered_it_lifts_it(
    database: Database, clock: FixedClock
) -> None:
    """The bureau cannot let go on what the review body has stopped; another member of it can."""
    called = await given.a_published_call(database, clock)
    body, colleague = [await someone(database, Role.REVIEW_BODY) for _ in range(2)]
    order = await given.suspended(database, clock, called, by=body, until_at=clock.now() + DAY)

    for other in (called.cast.approver, called.cast.supervisor):
        with pytest.raises(NotYourSuspension):
            await given.resumed(database, clock, called, order, by=other)
    await given.resumed(database, clock, called, order, by=colleague)

    with pytest.raises(SuspensionOver):
        async with database.reading() as session:
            order = await session.get_one(type(order), order.id)
        await given.resumed(database, clock, called, order, by=colleague)


async def test_who_may_not_suspend_and_what_cannot_be_suspended(
    database: Database, clock: FixedClock
) -> None:
    """Officers and posters may not; drafts and ended calls cannot; an end lies ahead."""
    draft = await given.a_draft(database, clock)
    called = await given.a_published_call(database, clock)

    for nobody in (called.cast.officer, called.cast.poster):
        with pytest.raises(NotPermitted):
            await given.suspended(database, clock, called, by=nobody)
    with pytest.raises(NotSuspendable):
        await given.suspended(database, clock, draft)
    with pytest.raises(SuspensionInPast):
        await given.suspended(database, clock, called, until_at=clock.now())


async def test_a_suspension_after_the_deadline_gives_no_time_back(
    database: Database, clock: FixedClock
) -> None:
    """No job has closed the call, and yet it was over: late bidders gain nothing."""
    called = await given.a_published_call(database, clock)
    old = await deadline_of(database, called)
    clock.move_to(old)

    await given.suspended(database, clock, called)

    row = await row_of(database, called)
    assert (row.state, row.bid_deadline_at) == (ScenarioState.CLOSED, old)
    assert row.clock_stopped_at is None


async def test_lists_agree_with_the_clock(database: Database, clock: FixedClock) -> None:
    """A list of open or closed calls says what each call says, also while clocks stand."""
    plain = await given.a_published_call(database, clock)
    stopped = await given.a_published_call(database, clock)
    moved = await given.a_published_call(database, clock)
    await given.suspended(database, clock, stopped)
    await given.suspended(database, clock, moved, until_at=clock.now() + DAY)

    for after in (dt.timedelta(0), given.WINDOW, given.WINDOW + DAY):
        now = clock.now() + after
        async with database.reading() as session:
            listed = {
                state: {
                    row.id
                    for row, *_ in await queries.scenario_rows(
                        session,
                        plain.cast.officer.actor,
                        after=UUID(int=0),
                        limit=9,
                        state=state,
                        now=now,
                    )
                }
                for state in (ScenarioState.PUBLISHED, ScenarioState.CLOSED)
            }
            for one in (plain, stopped, moved):
                row = await queries.scenario(session, one.id)
                assert one.id in listed[queries.state_at(row, now)]
        assert sum(map(len, listed.values())) == 3


@pytest.mark.postgres
@pytest.mark.parametrize("seconds", [-1, 0], ids=["in time", "too late"])
async def test_suspending_and_closing_cannot_pass_each_other(
    database: Database, clock: FixedClock, seconds: int
) -> None:
    """A second before the deadline the clock stops and nothing closes; at it, it is over."""
    called = await given.a_published_call(database, clock)
    bid = await bids.a_draft_bid(database, clock, called)
    old = await deadline_of(database, called)
    clock.move_to(old + dt.timedelta(seconds=seconds))

    await asyncio.gather(
        given.suspended(database, clock, called),
        jobs.close_due_calls(database, clock),
        jobs.close_due_calls(database, clock),
        bids.sealed(database, clock, bid),
        return_exceptions=True,
    )

    row = await row_of(database, called)
    closed = len(await said_of(database, called, "scenario.closed"))
    if seconds < 0:
        assert (row.state, closed) == (ScenarioState.PUBLISHED, 0)
        assert row.clock_stopped_at == clock.now()
    else:
        assert (row.state, closed) == (ScenarioState.CLOSED, 1)
        assert row.clock_stopped_at is None
    assert row.bid_deadline_at == old
