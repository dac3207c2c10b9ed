"""The lint where it decides: what blocks a purchase, what a grant needs, what a year adds up to."""

import dataclasses
from typing import Any

import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import calls
from marketplace.scenarios.errors import LintFailed, ReviewIncomplete
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import siblings
from tests.given import scenarios as given

CONSULTATION = "ns-01-emergency-early-warning"
GRANT = "ns-07-road-inspection"
LOCAL = {"code": "local", "zh": "註冊地須在本市", "en": "Registered here"}


def with_local_firms_only(name: str) -> dict[str, Any]:
    """A shipped call with one condition too many."""
    content = given.a_content(name)
    content["qualifications"].append(LOCAL)
    return content


class TestConditions:
    """A condition that shuts out bidders."""

    async def test_blocks_the_approval_of_a_purchase(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The approver is told the rule and the field."""
        content = with_local_firms_only(CONSULTATION)
        track = Track.PROCUREMENT_CONSULTATION
        with pytest.raises(LintFailed) as refusal:
            await given.an_approved_call(database, clock, track=track, content=content)

        findings: Any = refusal.value.facts["findings"]
        (finding,) = findings
        assert finding["rule"] == "LINT-04"
        assert finding["pointer"] == "/qualifications/4"
        assert finding["suggestion"]["zh"]

    async def test_lets_a_grant_pass_with_a_recorded_review_only(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The finding stands, and somebody has to put the fair-competition review on record."""
        called = await given.an_accepted_call(
            database, clock, track=Track.SUBSIDY, content=with_local_firms_only(GRANT)
        )
        approver, now = called.cast.approver.actor, clock.now()
        version = await given.the_version(database, called)
        unreviewed = given.REVIEW | {"fair_competition_review": " "}

        async with database.writing() as session:
            with pytest.raises(ReviewIncomplete):
                await calls.approve(
                    session, approver, called.id,
                    review=unreviewed, expected_version=version, now=now,
                )  # fmt: skip
            row = await calls.approve(
                session, approver, called.id,
                review=given.REVIEW, expected_version=version, now=now,
            )  # fmt: skip
            findings = await calls.lint(session, row, now=now)

        assert [(one.rule, one.severity) for one in findings] == [("LINT-04", "needs_review")]
        assert row.review == given.REVIEW


class TestSplitting:
    """Purchases of one unit in one year."""

    @pytest.mark.postgres
    async def test_finds_the_other_live_calls_of_the_same_unit_and_year(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A call that is only a draft, of another unit, or of another year binds nothing."""
        cast, other = await given.a_cast(database), await given.a_cast(database)
        # Another unit under the same bureau.
        stranger = dataclasses.replace(cast, poster=other.poster, end_user=other.end_user)
        bureau_id = cast.officer.organization_id
        batch = await given.a_batch(database, clock, organizer_id=bureau_id)
        content = given.a_content(CONSULTATION)
        track = Track.PROCUREMENT_CONSULTATION

        async def drafted(who: given.Cast) -> given.Called:
            return await given.a_draft(
                database, clock, cast=who, track=track, content=content, batch_id=batch
            )

        mine, draft, theirs = await drafted(cast), await drafted(cast), await drafted(stranger)
        await given.approved(database, clock, theirs)
        async with database.reading() as session:
            row = await queries.scenario(session, draft.id)
            before = await siblings.siblings(session, row)
        await given.approved(database, clock, mine)
        async with database.reading() as session:
            row = await queries.scenario(session, draft.id)
            after = await siblings.siblings(session, row)
            itself = await siblings.siblings(session, await queries.scenario(session, mine.id))

        assert before == ()
        assert [(one.track, one.ceiling_fen) for one in after] == [(track, 180_000_000)]
        assert itself == ()

    @pytest.mark.postgres
    async def test_blocks_the_second_half_of_a_purchase(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Two of 1.8 million each are more than the threshold; the first one was approved."""
        cast = await given.a_cast(database)
        bureau_id = cast.officer.organization_id
        batch = await given.a_batch(database, clock, organizer_id=bureau_id)
        content = given.a_content(CONSULTATION)
        track = Track.PROCUREMENT_CONSULTATION
        first = await given.a_draft(
            database, clock, cast=cast, track=track, content=content, batch_id=batch
        )
        second = await given.a_draft(
            database, clock, cast=cast, track=track, content=content, batch_id=batch
        )
        await given.approved(database, clock, first)

        with pytest.raises(LintFailed) as refusal:
            await given.approved(database, clock, second)

        assert refusal.value.facts["rules"] == ["LINT-13"]
