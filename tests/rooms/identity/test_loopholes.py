"""Ways around separated duties that were open once, each tried by one person with every role."""

import dataclasses
from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest

from marketplace.awards.actions import forfeits
from marketplace.bids.actions import eligibility
from marketplace.identity.actions import people
from marketplace.identity.errors.access import SameHands
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.pilots.actions import claims, running
from marketplace.pilots.errors import OfTheSolver
from marketplace.pilots.rules.settlement import Outcome
from marketplace.scenarios.actions import amending, calls, drafting
from marketplace.scoring.actions import marking, panels
from tests.conftest import START
from tests.given import scenarios as given
from tests.given.awards import a_ranked_call, a_standing_award
from tests.given.identity import Someone, someone
from tests.given.pilots import a_line, an_open_pilot
from tests.given.scoring import an_evaluating_play

ALL_OF_THE_BUREAU = (Role.BUREAU_OFFICER, Role.BUREAU_APPROVER)


def also(actor: Actor, *roles: Role, at: UUID | None = None) -> Actor:
    """The same person with more roles, or acting for another organisation."""
    return dataclasses.replace(
        actor, roles=actor.roles | set(roles), organization_id=at or actor.organization_id
    )


def pair_of(refused: pytest.ExceptionInfo[SameHands]) -> Sequence[str]:
    """The two duties of a refusal: what was tried, and what had been done."""
    duty, earlier = refused.value.facts["duty"], refused.value.facts["earlier"]
    assert isinstance(duty, dict)
    assert isinstance(earlier, dict)
    return duty["code"], earlier["code"]


class TestCalls:
    """From the draft to the amendment."""

    async def test_whoever_only_signed_the_need_is_an_author_too(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The end user's signatory, also an officer elsewhere, does not review what they signed."""
        called = await given.a_submitted_call(database, clock)
        bureau = called.cast.officer.organization_id
        signer = also(called.cast.end_user.actor, Role.BUREAU_OFFICER, at=bureau)
        version = await given.the_version(database, called)

        async with database.writing() as session:
            with pytest.raises(SameHands) as refused:
                await calls.accept(
                    session, signer, called.id, expected_version=version, now=clock.now()
                )
        assert pair_of(refused) == ("officer", "author")

    async def test_a_review_that_was_returned_is_not_forgotten(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The first officer does not approve after a second one took the call; nor rewrites it."""
        called = await given.an_accepted_call(database, clock)
        bureau = called.cast.officer.organization_id
        first = also(called.cast.officer.actor, *ALL_OF_THE_BUREAU, Role.POSTER)
        second = await someone(database, Role.BUREAU_OFFICER, organization_id=bureau)
        poster, now = called.cast.poster.actor, clock.now()
        version = await given.the_version(database, called)
        async with database.writing() as session:
            row = await calls.send_back(
                session, first, called.id, reason="不全", expected_version=version, now=now
            )
            writing = also(first, at=poster.organization_id)
            with pytest.raises(SameHands) as rewriting:
                await drafting.revise(
                    session,
                    writing,
                    called.id,
                    content=given.a_content(),
                    expected_version=row.version,
                    now=now,
                )
            row = await drafting.submit(
                session, poster, called.id, expected_version=row.version, now=now
            )
            row = await calls.accept(
                session, second.actor, called.id, expected_version=row.version, now=now
            )
            with pytest.raises(SameHands) as approving:
                await calls.approve(
                    session,
                    first,
                    called.id,
                    review=given.REVIEW,
                    expected_version=row.version,
                    now=now,
                )

        assert pair_of(rewriting) == ("author", "officer")
        assert pair_of(approving) == ("approver", "officer")

    async def test_an_amendment_is_written_by_neither_author_nor_approver(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Nobody reviews an amendment after it is published, so other hands write it."""
        called = await given.a_published_call(database, clock)
        content = given.a_content(problem={"zh": "澄清(示例)"})
        bureau = called.cast.officer.organization_id

        for who, earlier in (
            (called.cast.poster, "author"),
            (called.cast.approver, "approver"),
        ):
            async with database.writing() as session:
                with pytest.raises(SameHands) as refused:
                    await amending.propose(
                        session,
                        also(who.actor, Role.BUREAU_OFFICER, at=bureau),
                        called.id,
                        content=content,
                        note="更正",
                        expected_version=await given.the_version(database, called),
                        clock=clock,
                    )
            assert pair_of(refused) == ("amender", earlier)


class TestPanels:
    """Who judges, who seats, who decides."""

    async def test_nobody_seats_himself_and_no_judge_changes_the_panel(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Neither as replacement for a colleague nor by letting one go."""
        play = await an_evaluating_play(client, database, clock)
        call_id, officer = UUID(play.scenario_id), play.cast.officer.actor
        bureau = officer.organization_id
        judge = also(play.experts[1].actor, Role.BUREAU_OFFICER, at=bureau)

        async with database.writing() as session:
            with pytest.raises(SameHands) as letting_go:
                await panels.recuse(session, judge, call_id, "J3", reason="x", now=START)
            await panels.recuse(session, officer, call_id, "J3", reason="x", now=START)
            with pytest.raises(SameHands) as himself:
                await panels.replace(
                    session, officer, call_id, "J3", person_id=officer.person_id, now=START
                )

        assert pair_of(letting_go) == ("seater", "judge")
        assert pair_of(himself)[0] == "judge"

    @pytest.mark.parametrize("duty", ["officer", "supervisor"])
    async def test_whoever_had_the_call_in_hand_judges_nothing_in_it(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, duty: str
    ) -> None:
        """Neither the officer who opened and checked nor the witness, whatever their roles now."""
        play = await an_evaluating_play(client, database, clock)
        call_id = UUID(play.scenario_id)
        who: Someone = getattr(play.cast, duty)
        bureau = play.cast.officer.organization_id
        other = await someone(database, Role.BUREAU_OFFICER, organization_id=bureau)

        async with database.writing() as session:
            await panels.recuse(session, other.actor, call_id, "J3", reason="x", now=START)
            with pytest.raises(SameHands) as refused:
                await panels.replace(
                    session,
                    other.actor,
                    call_id,
                    "J3",
                    person_id=who.actor.person_id,
                    now=START,
                )
        assert pair_of(refused)[0] == "judge"

    async def test_a_judge_who_checks_a_bid_marks_no_more(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What was done after being seated counts as much as what was done before."""
        play = await an_evaluating_play(client, database, clock, checked=False)
        judge = play.experts[1].actor
        bid_id = UUID(play.bids["ours"])
        async with database.writing() as session:
            await eligibility.check_eligibility(
                session,
                also(judge, Role.BUREAU_OFFICER, at=play.cast.officer.organization_id),
                bid_id,
                findings=[eligibility.Finding(code="licence", passed=True)],
                now=START,
            )
        async with database.writing() as session:
            with pytest.raises(SameHands) as refused:
                await marking.record_marks(
                    session, judge, UUID(play.scenario_id), marks=[], sign=False, now=START
                )

        assert pair_of(refused) == ("judge", "checker")

    async def test_a_judge_does_not_take_the_award_back(
        self, database: Database, clock: FixedClock
    ) -> None:
        """To make the next in rank the winner is to decide, too."""
        call = await a_ranked_call(database)
        award = await a_standing_award(database, call, clock)

        async with database.writing() as session:
            with pytest.raises(SameHands) as refused:
                await forfeits.forfeit_award(
                    session,
                    call.people.judge.actor,
                    award.id,
                    justified=False,
                    reason="x",
                    clock=clock,
                )
        assert pair_of(refused) == ("decider", "judge")


class TestPilots:
    """Cost and acceptance."""

    async def test_people_of_the_solver_verify_nothing_for_anybody(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A colleague of the claimant who came to the bureau, or to a laboratory, stays one."""
        pilot = await an_open_pilot(database, clock)
        await pilot.run("P0", Outcome.PASSED)
        claim = await pilot.claim("P0", a_line(100))
        solver_id = pilot.people.solvers[0].organization_id
        colleague = await someone(database, Role.SOLVER, organization_id=solver_id)
        lab = await someone(database, Role.TEST_LAB, kind=OrganizationKind.TEST_LAB)
        async with database.writing() as session:
            await people.add_member(
                session,
                SYSTEM,
                lab.organization_id,
                colleague.actor.person_id,
                roles=frozenset({Role.TEST_LAB}),
                now=START,
            )
        there = Actor(
            person_id=colleague.actor.person_id,
            organization_id=lab.organization_id,
            roles=frozenset({Role.TEST_LAB}),
        )

        async with database.writing() as session:
            with pytest.raises(OfTheSolver):
                await claims.verify_claim(
                    session, there, claim.id, verified_fen={"FP-1": 100}, now=START
                )
            done = await claims.verify_claim(
                session, lab.actor, claim.id, verified_fen={"FP-1": 100}, now=START
            )
        assert done.verified_by == lab.actor.person_id

    async def test_whoever_handles_a_pilot_does_not_accept_it(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A poster who opened the pilot leaves the acceptance to a colleague."""
        pilot = await an_open_pilot(database, clock)
        handler = pilot.people.officer.actor
        poster_id = pilot.people.poster.organization_id

        async with database.writing() as session:
            with pytest.raises(SameHands) as refused:
                await running.accept_pilot(
                    session, also(handler, Role.POSTER, at=poster_id), pilot.id, now=START
                )
        assert pair_of(refused) == ("accepter", "handler")
