"""Writing, reviewing and publishing a call: who may, under which rules, and what is said."""

import asyncio
import dataclasses
import datetime as dt

import pytest
from sqlmodel import select

from marketplace.events import queries as events
from marketplace.events.rules.envelope import Visibility
from marketplace.identity.errors.access import SameHands
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.profiles import actions as profiles
from marketplace.profiles.errors import CalendarYearNotLoaded
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import calls, drafting, publishing
from marketplace.scenarios.errors import DeadlineTooEarly, LintFailed
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.content import content_from
from marketplace.scenarios.rules.lifecycle import FailReason
from marketplace.scenarios.tables import Scenario
from tests.given import scenarios as given
from tests.given.identity import someone
from tests.given.profiles import a_profile, shipped_rules
from tests.given.traces import everything


class TestDuties:
    """Whoever prepares does not decide."""

    async def test_the_author_does_not_accept_and_the_officer_does_not_approve(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Somebody with all the roles still cannot act twice on one call."""
        cast = await given.a_cast(database)
        all_in_one = await someone(
            database,
            *(Role.POSTER, Role.BUREAU_OFFICER, Role.BUREAU_APPROVER),
            organization_id=cast.officer.organization_id,
        )
        cast = dataclasses.replace(cast, poster=all_in_one, end_user=all_in_one)
        called = await given.submitted(
            database, clock, await given.a_draft(database, clock, cast=cast)
        )
        who, now = all_in_one.actor, clock.now()

        async with database.writing() as session:
            with pytest.raises(SameHands):
                await calls.accept(session, who, called.id, expected_version=3, now=now)
            row = await calls.accept(
                session, cast.officer.actor, called.id, expected_version=3, now=now
            )
            with pytest.raises(SameHands):
                await calls.approve(
                    session,
                    who,
                    called.id,
                    review=given.REVIEW,
                    expected_version=row.version,
                    now=now,
                )

    async def test_the_officer_may_not_publish_what_they_reviewed(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Not even after somebody else approved it."""
        cast = await given.a_cast(database)
        both = await someone(
            database,
            Role.BUREAU_OFFICER,
            Role.BUREAU_APPROVER,
            organization_id=cast.approver.organization_id,
        )
        cast = dataclasses.replace(cast, officer=both)
        called = await given.approved(
            database, clock, await given.a_draft(database, clock, cast=cast)
        )
        version = await given.the_version(database, called)

        async with database.writing() as session:
            with pytest.raises(SameHands):
                await publishing.publish(
                    session,
                    both.actor,
                    called.id,
                    bid_deadline_at=clock.now() + given.WINDOW,
                    expected_version=version,
                    clock=clock,
                )


class TestNumbers:
    """Every call has a number of its batch."""

    @pytest.mark.postgres
    async def test_calls_drafted_at_once_get_different_numbers(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Five posters at the same moment: 001 to 005, none twice, none left out."""
        await shipped_rules(database)
        batch_id = await given.a_batch(database, clock)
        casts = [await given.a_cast(database) for _ in range(5)]

        async def draft(cast: given.Cast) -> str:
            async with database.writing() as session:
                row = await drafting.draft(
                    session,
                    cast.poster.actor,
                    batch_id,
                    poster_id=cast.poster.organization_id,
                    end_user_id=cast.end_user.organization_id,
                    track=Track.PRIVATE,
                    content=given.a_content(),
                    now=clock.now(),
                )
            return row.number

        numbers = await asyncio.gather(*map(draft, casts))

        assert sorted(number[-3:] for number in numbers) == ["001", "002", "003", "004", "005"]


class TestRulesOfTheCall:
    """A call runs under the rules it was approved under."""

    async def test_a_later_version_of_the_rules_does_not_touch_it(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Approved under version 1; version 2 wants more days; version 1 is what counts."""
        called = await given.an_approved_call(database, clock)
        document = a_profile(Track.PRIVATE).to_document() | {"version": 2}
        parameters = document["parameters"]
        assert isinstance(parameters, dict)
        parameters["bid_window"]["value"] = 60
        stricter = type(a_profile(Track.PRIVATE)).from_document(document)
        async with database.writing() as session:
            await profiles.load_profile(session, SYSTEM, stricter, now=clock.now())

        await publish(database, clock, called, clock.now() + dt.timedelta(days=10))
        fresh = await given.an_approved_call(database, clock)

        with pytest.raises(DeadlineTooEarly):
            await publish(database, clock, fresh, clock.now() + dt.timedelta(days=10))

    async def test_a_call_approved_under_weaker_rules_is_checked_again(
        self, database: Database, clock: FixedClock
    ) -> None:
        """F01 at publication: what slipped through approval is stopped before it is public."""
        called = await given.an_approved_call(database, clock)
        async with database.writing() as session:
            row = await queries.scenario(session, called.id)
            version = await queries.version(session, called.id, 1)
            version.content = broken_weights()
            assert row.state == "approved"
        before = await everything(database)

        with pytest.raises(LintFailed) as refused:
            await publish(database, clock, called, clock.now() + given.WINDOW)

        assert refused.value.facts["rules"] == ["LINT-01"]
        assert await everything(database) == before

    async def test_no_deadline_is_guessed_without_a_calendar(
        self, database: Database, clock: FixedClock
    ) -> None:
        """At the end of the last loaded year the working days of the next are not known."""
        called = await given.an_approved_call(database, clock)
        clock.move_to(dt.datetime(2026, 12, 30, tzinfo=dt.UTC))

        with pytest.raises(CalendarYearNotLoaded):
            await publish(database, clock, called, clock.now() + given.WINDOW)


async def publish(
    database: Database, clock: FixedClock, called: given.Called, deadline_at: dt.datetime
) -> Scenario:
    """Publish with a deadline of one's choice."""
    version = await given.the_version(database, called)
    async with database.writing() as session:
        return await publishing.publish(
            session,
            called.cast.approver.actor,
            called.id,
            bid_deadline_at=deadline_at,
            expected_version=version,
            clock=clock,
        )


def broken_weights() -> dict[str, object]:
    """A content as it is stored, with weights of 95."""
    content = given.a_content()
    content["criteria"][0]["weight_bps"] -= 500
    return content_from(content).to_document()


class TestSaid:
    """What the log says of a call."""

    async def test_nothing_is_public_before_publication(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Every step is said to the bureau; the first public word is the publication."""
        called = await given.a_published_call(database, clock)

        async with database.reading() as session:
            said = await events.about(session, called.id)

        assert [row.data.get("verb", row.type) for row in said] == [
            *("create", "sign_need", "submit", "accept", "approve", "scenario.published"),
        ]
        public = [row for row in said if row.visibility is not Visibility.INTERNAL]
        assert [row.type for row in public] == ["scenario.published"]
        assert [row.sequence for row in said] == [1, 2, 3, 4, 5, 6]
        assert set(public[0].data["title"]) == {"zh", "en"}

    async def test_a_refusal_says_nothing(self, database: Database, clock: FixedClock) -> None:
        """A move that is refused leaves neither row nor event."""
        called = await given.a_submitted_call(database, clock)
        before = await everything(database)

        with pytest.raises(MarketplaceError):
            async with database.writing() as session:
                await calls.approve(
                    session,
                    called.cast.approver.actor,
                    called.id,
                    review=given.REVIEW,
                    expected_version=3,
                    now=clock.now(),
                )

        assert await everything(database) == before


class TestRelaunch:
    """A failed call is taken up again by a new one."""

    async def test_names_the_call_it_takes_up(self, database: Database, clock: FixedClock) -> None:
        """Only the poster's own failed or cancelled call can be named."""
        failed = await given.a_published_call(database, clock)
        clock.advance(given.WINDOW)
        version = await given.the_version(database, failed)
        async with database.writing() as session:
            row = await calls.fail(
                session,
                failed.cast.approver.actor,
                failed.id,
                reason=FailReason.TOO_FEW_ELIGIBLE,
                expected_version=version,
                now=clock.now(),
            )
            poster = failed.cast.poster
            again = await drafting.draft(
                session,
                poster.actor,
                row.batch_id,
                poster_id=poster.organization_id,
                end_user_id=poster.organization_id,
                track=Track.PRIVATE,
                content=given.a_content(),
                supersedes_id=failed.id,
                now=clock.now(),
            )

        assert (again.supersedes_id, again.state) == (failed.id, "draft")
        async with database.reading() as session:
            ended = (await session.exec(select(Scenario).where(Scenario.id == failed.id))).one()
        assert (ended.final_at, ended.closed_at) == (clock.now(), ended.bid_deadline_at)
