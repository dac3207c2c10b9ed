"""Publication at a set time and by the batch; calls put aside and taken up again."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios import jobs
from marketplace.scenarios.actions import calls, drafting, publishing
from marketplace.scenarios.errors import (
    BatchBlocked,
    BatchEmpty,
    DeadlineTooEarly,
    NotTheOrganizer,
    PublicationInPast,
    ReviewDatePassed,
)
from marketplace.scenarios.queries import batches
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries.due import shelved
from marketplace.scenarios.rules.lifecycle import CancelReason, ScenarioState
from marketplace.scenarios.tables import Batch, Scenario
from tests.given import scenarios as given
from tests.given.traces import everything

DAY = dt.timedelta(days=1)


async def row_of(database: Database, called: given.Called) -> Scenario:
    """The call as it is written down."""
    async with database.reading() as session:
        return await queries.scenario(session, called.id)


async def said_of(database: Database, called: given.Called) -> list[str]:
    """The types of what was said of a call."""
    async with database.reading() as session:
        return [one.type for one in await events.about(session, called.id)]


@pytest.mark.postgres
async def test_a_scheduled_call_is_published_once_when_its_time_has_come(
    database: Database, clock: FixedClock
) -> None:
    """Not before; then by whichever of three processes comes first, and by no other."""
    called = await given.an_approved_call(database, clock)
    at = await given.scheduled(database, clock, called)

    early = await jobs.publish_due_calls(database, clock)
    clock.move_to(at)
    published = await asyncio.gather(*(jobs.publish_due_calls(database, clock) for _ in range(3)))

    row = await row_of(database, called)
    assert (early, sum(published)) == (0, 1)
    assert (row.state, row.published_at) == (ScenarioState.PUBLISHED, at)
    assert (row.bid_deadline_at, row.publish_at) == (at + given.WINDOW, None)
    assert (await said_of(database, called)).count("scenario.published") == 1


@pytest.mark.postgres
async def test_a_guard_that_fails_leaves_the_call_approved_with_a_note(
    database: Database, clock: FixedClock
) -> None:
    """The job came so late that the bid window is too short: said once, not tried at every tick."""
    called = await given.an_approved_call(database, clock, track=Track.PROCUREMENT_TENDER)
    at = await given.scheduled(database, clock, called)
    clock.move_to(at + 15 * DAY)

    published = await jobs.publish_due_calls(database, clock)
    after = await everything(database)
    again = await jobs.publish_due_calls(database, clock)

    row = await row_of(database, called)
    async with database.reading() as session:
        last = (await events.about(session, called.id))[-1]
    assert (published, again) == (0, 0)
    assert await everything(database) == after
    assert (row.state, row.publish_at) == (ScenarioState.APPROVED, None)
    assert row.publish_note == "scenarios.deadline_too_early"
    assert (last.data["verb"], last.data["reason"]) == ("publication_refused", row.publish_note)


async def test_a_schedule_is_checked_when_it_is_made(database: Database, clock: FixedClock) -> None:
    """A time that is past, and a deadline that would be too early on that day."""
    called = await given.an_approved_call(database, clock, track=Track.PROCUREMENT_TENDER)

    with pytest.raises(PublicationInPast):
        await given.scheduled(database, clock, called, ahead=dt.timedelta(0))
    with pytest.raises(DeadlineTooEarly):
        async with database.writing() as session:
            await publishing.schedule(
                session,
                called.cast.approver.actor,
                called.id,
                publish_at=clock.now() + DAY,
                bid_deadline_at=clock.now() + 20 * DAY,
                expected_version=await given.the_version(database, called),
                clock=clock,
            )


@pytest.mark.postgres
async def test_publishing_and_taking_back_or_cancelling_cannot_both_happen(
    database: Database, clock: FixedClock
) -> None:
    """Either the schedule is taken back and nothing is published, or the other way round; a
    cancellation under the version before the publication never counts.
    """
    called = await given.an_approved_call(database, clock)
    clock.move_to(await given.scheduled(database, clock, called))
    version = await given.the_version(database, called)
    approver = called.cast.approver.actor

    async def take_back() -> str:
        try:
            async with database.writing() as session:
                await publishing.unschedule(
                    session, approver, called.id, expected_version=version, now=clock.now()
                )
        except MarketplaceError as refusal:
            return refusal.code
        return "taken back"

    async def cancel() -> str:
        try:
            async with database.writing() as session:
                await calls.cancel(
                    session,
                    approver,
                    called.id,
                    reason=CancelReason.FUNDING_LOST,
                    expected_version=version,
                    now=clock.now(),
                )
        except MarketplaceError as refusal:
            return refusal.code
        return "cancelled"

    published, taken, cancelled = await asyncio.gather(
        jobs.publish_due_calls(database, clock), take_back(), cancel()
    )

    state = (await row_of(database, called)).state
    assert (published == 1) != (taken == "taken back")
    assert state is (ScenarioState.PUBLISHED if published else ScenarioState.APPROVED)
    assert cancelled in {"lifecycle.move_not_allowed", "marketplace.stale_version"}


async def put_aside(
    database: Database, clock: FixedClock, called: given.Called, *, days: int
) -> None:
    """Shelve a call until some days from now."""
    version = await given.the_version(database, called)
    async with database.writing() as session:
        await calls.shelve(
            session,
            called.cast.approver.actor,
            called.id,
            reason="缓办",
            review_on=clock.now().date() + days * DAY,
            expected_version=version,
            now=clock.now(),
        )


@pytest.mark.postgres
async def test_the_bureau_is_told_once_when_a_review_is_due(
    database: Database, clock: FixedClock
) -> None:
    """A shelved call is listed from the start, due on its day, and said so one time."""
    called = await given.an_approved_call(database, clock)
    await given.scheduled(database, clock, called)
    await put_aside(database, clock, called, days=10)
    early = await jobs.tell_of_reviews(database, clock)
    clock.advance(10 * DAY)

    told = [await jobs.tell_of_reviews(database, clock) for _ in range(2)]

    row = await row_of(database, called)
    async with database.reading() as session:
        listed = await shelved(session, clock.now().date(), after=UUID(int=0), limit=9)
        earlier = await shelved(session, clock.now().date() - DAY, after=UUID(int=0), limit=9)
    assert (early, told) == (0, [1, 0])
    assert (await said_of(database, called)).count("scenario.review_due") == 1
    assert ([one.id for one in listed], list(earlier)) == ([called.id], [])
    # What was scheduled before is forgotten: a shelved call does not publish itself.
    assert row.publish_at is None


async def test_a_revival_dates_the_cost_ceiling_anew(database: Database, clock: FixedClock) -> None:
    """The ceiling is in the prices of the approval, and after a revival in those of that day."""
    called = await given.an_approved_call(database, clock)
    before = (await row_of(database, called)).ceiling_as_of
    with pytest.raises(ReviewDatePassed):
        await put_aside(database, clock, called, days=0)
    await put_aside(database, clock, called, days=10)
    clock.advance(40 * DAY)

    version = await given.the_version(database, called)
    async with database.writing() as session:
        row = await calls.revive(
            session,
            called.cast.approver.actor,
            called.id,
            expected_version=version,
            now=clock.now(),
        )

    assert (before, row.ceiling_as_of) == (dt.date(2026, 3, 2), dt.date(2026, 4, 11))
    assert (row.state, row.shelved_until) == (ScenarioState.APPROVED, None)


async def publish_batch(
    database: Database, clock: FixedClock, batch_id: UUID, cast: given.Cast
) -> Batch:
    """Publish a batch under its present version."""
    async with database.writing() as session:
        batch = await batches.batch(session, batch_id)
        row, _ = await publishing.publish_batch(
            session,
            cast.approver.actor,
            batch_id,
            bid_deadline_at=clock.now() + given.WINDOW,
            expected_version=batch.version,
            clock=clock,
        )
    return row


@pytest.mark.postgres
async def test_a_batch_is_published_whole_or_not_at_all(
    database: Database, clock: FixedClock
) -> None:
    """One draft keeps two approved calls from going online, and is named; then all go."""
    cast = await given.a_cast(database)
    batch_id = await given.a_batch(database, clock, organizer_id=cast.officer.organization_id)

    async def another() -> given.Called:
        return await given.a_draft(database, clock, cast=cast, batch_id=batch_id)

    ready = [await given.approved(database, clock, await another()) for _ in range(2)]
    aside = await given.approved(database, clock, await another())
    await put_aside(database, clock, aside, days=10)
    draft = await another()
    before = await everything(database)

    with pytest.raises(BatchBlocked) as blocked:
        await publish_batch(database, clock, batch_id, cast)
    unchanged = await everything(database) == before
    await given.approved(database, clock, draft)
    await publish_batch(database, clock, batch_id, cast)
    with pytest.raises(BatchEmpty):
        await publish_batch(database, clock, batch_id, cast)

    facts = blocked.value.facts["blocked"]
    assert isinstance(facts, list)
    assert [(one["scenario_id"], one["code"]) for one in facts] == [
        (str(draft.id), "lifecycle.move_not_allowed")
    ]
    assert unchanged
    states = [(await row_of(database, one)).state for one in (*ready, draft, aside)]
    assert states == [ScenarioState.PUBLISHED] * 3 + [ScenarioState.SHELVED]


@pytest.mark.postgres
async def test_a_year_is_counted_by_domain_against_its_goal(
    database: Database, clock: FixedClock
) -> None:
    """Published counts, whatever became of it; drafts and other years do not."""
    cast = await given.a_cast(database)
    batch_id = await given.a_batch(database, clock, organizer_id=cast.officer.organization_id)
    water = [await given.a_published_call(database, clock, cast=cast) for _ in range(2)]
    await given.a_published_call(database, clock, content=given.a_content(domain="health"))
    await given.a_draft(database, clock)
    version = await given.the_version(database, water[0])
    async with database.writing() as session:
        await calls.cancel(
            session,
            cast.approver.actor,
            water[0].id,
            reason=CancelReason.FUNDING_LOST,
            expected_version=version,
            now=clock.now(),
        )
        row = await drafting.plan_batch(
            session,
            cast.officer.actor,
            batch_id,
            scenarios=40,
            by_domain={"health": 10},
            planned_for=None,
            expected_version=1,
        )

    async with database.reading() as session:
        found = await batches.progress_of(session, 2026)
        other = await batches.progress_of(session, 2025)

    assert (found.published, found.missing, found.planned, found.goal) == (3, 97, 40, 100)
    told = {one.domain: (one.published, one.running, dict(one.ended)) for one in found.domains}
    assert told == {"health": (1, 1, {}), "utilities": (2, 1, {"cancelled": 1})}
    assert (other.published, other.domains) == (0, ())
    assert row.planned_by_domain == {"health": 10}


async def test_only_the_organiser_plans_a_batch(database: Database, clock: FixedClock) -> None:
    """An officer of another bureau does not."""
    cast = await given.a_cast(database)
    batch_id = await given.a_batch(database, clock)

    with pytest.raises(NotTheOrganizer):
        async with database.writing() as session:
            await drafting.plan_batch(
                session,
                cast.officer.actor,
                batch_id,
                scenarios=1,
                by_domain={},
                planned_for=None,
                expected_version=1,
            )
