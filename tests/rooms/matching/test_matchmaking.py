"""Who comes to a meeting is known to its host and to whoever comes, and to nobody else."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest
from sqlmodel import col, select

from marketplace.board.actions import capabilities as tags
from marketplace.board.errors import CapabilityUnknown
from marketplace.board.queries import capabilities, cards
from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import OrganizationNotVerified
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.days import day_of
from marketplace.kit.errors import Stale
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.matching import actions, queries
from marketplace.matching.errors import (
    CallNotLinked,
    MatchmakingNotBegun,
    MatchmakingNumberTaken,
    MatchmakingOver,
    NotRegistered,
    NotTheHost,
    StartsInThePast,
)
from marketplace.matching.tables import Matchmaking
from marketplace.scenarios.errors import NotThePoster, ScenarioUnknown
from marketplace.scenarios.queries import calls as scenarios
from tests.conftest import START
from tests.given.board import a_meeting, the_words
from tests.given.identity import Someone, an_organization, someone
from tests.given.scenarios import Called, a_cast, a_content, a_draft, a_published_call

NIL = UUID(int=0)


async def announced(database: Database, clock: FixedClock, called: Called) -> Matchmaking:
    """A meeting about a call, hosted by the bureau."""
    async with database.writing() as session:
        host = called.cast.officer.actor
        return await actions.announce(session, host, a_meeting(clock, called.id), now=clock.now())


async def registered(
    database: Database, clock: FixedClock, who: Someone, meeting: Matchmaking
) -> UUID:
    """Somebody's organisation registered."""
    async with database.writing() as session:
        row = await actions.register(session, who.actor, meeting.id, now=clock.now())
    return row.id


async def seen(database: Database, who: Someone, meeting: Matchmaking) -> set[UUID]:
    """The organisations somebody sees among the registrations."""
    async with database.reading() as session:
        rows = await queries.registrations_seen_by(
            session, who.actor, meeting, after=NIL, limit=100
        )
        return {row.organization_id for row in rows}


@pytest.mark.postgres
class TestRegistering:
    """Coming to a meeting."""

    async def test_only_the_host_sees_all_and_everybody_else_themselves(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Neither the poster of the open call nor another solver learns who comes."""
        called = await a_published_call(database, clock)
        meeting = await announced(database, clock, called)
        first, second = await someone(database, Role.SOLVER), await someone(database, Role.SOLVER)
        for who in (first, second):
            await registered(database, clock, who, meeting)

        both = {first.organization_id, second.organization_id}
        assert await seen(database, called.cast.officer, meeting) == both
        assert await seen(database, first, meeting) == {first.organization_id}
        assert await seen(database, called.cast.poster, meeting) == set()
        other_bureau = await someone(database, Role.BUREAU_OFFICER)
        assert await seen(database, other_bureau, meeting) == set()

    async def test_the_event_of_a_registration_is_sealed(
        self, database: Database, clock: FixedClock
    ) -> None:
        """It is told to the organisation that comes and belongs to no call."""
        called = await a_published_call(database, clock)
        meeting = await announced(database, clock, called)
        who = await someone(database, Role.SOLVER)
        await registered(database, clock, who, meeting)

        async with database.reading() as session:
            told = await session.exec(
                select(EventRow).where(col(EventRow.type) == "matchmaking.registered")
            )
            (event,) = told.all()
        assert event.visibility is Visibility.SEALED
        assert event.organization_id == who.organization_id
        assert event.scenario_id is None

    async def test_registering_twice_or_two_at_once_is_registering_once(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The same row answers every time, and a withdrawal can be taken back."""
        called = await a_published_call(database, clock)
        meeting = await announced(database, clock, called)
        who = await someone(database, Role.SOLVER)

        ids = await asyncio.gather(*(registered(database, clock, who, meeting) for _ in range(3)))
        assert len(set(ids)) == 1
        async with database.writing() as session:
            await actions.withdraw(session, who.actor, meeting.id, now=clock.now())
        with pytest.raises(NotRegistered):
            async with database.writing() as session:
                await actions.withdraw(session, who.actor, meeting.id, now=clock.now())
        assert await registered(database, clock, who, meeting) == ids[0]

    async def test_nobody_registers_once_it_has_begun(
        self, database: Database, clock: FixedClock
    ) -> None:
        """At the moment it starts it is too late."""
        called = await a_published_call(database, clock)
        meeting = await announced(database, clock, called)
        who = await someone(database, Role.SOLVER)
        clock.move_to(meeting.starts_at)

        with pytest.raises(MatchmakingOver):
            await registered(database, clock, who, meeting)


class TestHosting:
    """Announcing a meeting, ending it, and noting what came of it."""

    async def test_a_meeting_cannot_tell_that_a_draft_exists(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Only published calls are linked; a draft is unknown, also for an officer who sees it."""
        draft = await a_draft(database, clock)

        with pytest.raises(ScenarioUnknown):
            await announced(database, clock, draft)

    async def test_refuses_the_past_a_taken_number_and_wrong_hands(
        self, database: Database, clock: FixedClock
    ) -> None:
        """What is announced can be come to, has a number of its own, and a verified host."""
        called = await a_published_call(database, clock)
        host = called.cast.officer.actor
        meeting = await announced(database, clock, called)
        taken = a_meeting(clock, number=meeting.number)
        late = a_meeting(FixedClock(clock.now() - dt.timedelta(days=5)))
        unverified = await an_organization(database, verified=False)
        stranger = await someone(database, Role.ORGANIZATION_ADMIN, organization_id=unverified)
        solver = await someone(database, Role.SOLVER)
        for actor, invitation, refusal in (
            (host, taken, MatchmakingNumberTaken),
            (host, late, StartsInThePast),
            (stranger.actor, a_meeting(clock), OrganizationNotVerified),
            (solver.actor, a_meeting(clock), NotPermitted),
        ):
            with pytest.raises(refusal):
                async with database.writing() as session:
                    await actions.announce(session, actor, invitation, now=clock.now())

    async def test_only_the_host_ends_it_once_and_notes_outcomes_of_linked_calls(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Held when it has begun, by whom it belongs to, in the version they have read."""
        called = await a_published_call(database, clock)
        other = await a_published_call(database, clock)
        meeting = await announced(database, clock, called)
        host, stranger = called.cast.officer.actor, other.cast.officer.actor

        async def held(actor: object, version: int = 1) -> None:
            async with database.writing() as session:
                await actions.end(
                    session,
                    actor,  # type: ignore[arg-type]
                    meeting.id,
                    verb="hold",
                    expected_version=version,
                    now=clock.now(),
                )

        async def noted(scenario_id: UUID) -> None:
            async with database.writing() as session:
                await actions.note_outcomes(
                    session,
                    host,
                    meeting.id,
                    notes=[(scenario_id, "两家企业进入试用(示例)")],
                    now=clock.now(),
                )

        for actor, version, refusal in (
            (host, 1, MatchmakingNotBegun),
            (host, 7, Stale),
            (stranger, 1, NotTheHost),
        ):
            with pytest.raises(refusal):
                await held(actor, version)
        with pytest.raises(MatchmakingNotBegun):
            await noted(called.id)
        clock.move_to(meeting.starts_at)
        await held(host)
        with pytest.raises(MoveNotAllowed):
            await held(host, 2)
        with pytest.raises(CallNotLinked):
            await noted(other.id)
        await noted(called.id)
        counts = {}
        async with database.reading() as session:
            for name, who in (
                ("host", called.cast.officer),
                ("poster", called.cast.poster),
                ("other", other.cast.poster),
            ):
                rows = await queries.outcomes_seen_by(
                    session, who.actor, meeting, after=NIL, limit=10
                )
                counts[name] = len(rows)
        assert counts == {"host": 1, "poster": 1, "other": 0}


class TestRecommending:
    """Calls for a solver, solvers for a call."""

    async def test_both_directions_name_what_is_shared(
        self, database: Database, clock: FixedClock
    ) -> None:
        """More shared words stand higher; who did not opt in, and the poster itself, never."""
        await the_words(database)
        called = await a_published_call(database, clock)
        wishes = ["time_series", "edge_devices"]
        async with database.writing() as session:
            await actions.wish(
                session, SYSTEM, called.id, codes=wishes, expected_version=0, now=clock.now()
            )
        offers = {
            "strong": (["time_series", "edge_devices", "domain_utilities"], True),
            "weak": (["domain_utilities"], True),
            "hidden": (wishes, False),
            "apart": (["speech"], True),
        }
        people = {name: await someone(database, Role.SOLVER) for name in offers}
        for name, (codes, recommendable) in offers.items():
            async with database.writing() as session:
                await tags.declare(
                    session,
                    people[name].actor,
                    people[name].organization_id,
                    codes=codes,
                    recommendable=recommendable,
                    expected_version=0,
                    now=clock.now(),
                )

        async with database.reading() as session:
            card = await cards.card_of(session, called.id)
            assert card is not None
            found = await capabilities.solvers_for(session, card, on=day_of(START), limit=10)
            assert [one.organization.id for one in found] == [
                people["strong"].organization_id,
                people["weak"].organization_id,
            ]
            assert found[0].match.shared == ("domain_utilities", "edge_devices", "time_series")
            calls_for_hidden = await capabilities.calls_for(
                session, people["hidden"].organization_id, limit=10, now=clock.now()
            )
            assert [one.card.scenario_id for one in calls_for_hidden] == [called.id]
            assert calls_for_hidden[0].match.shared == ("edge_devices", "time_series")
            none = await capabilities.calls_for(
                session, people["apart"].organization_id, limit=10, now=clock.now()
            )
            assert none == []

    async def test_declarations_are_ones_own_known_and_fresh(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Not another organisation's, not outside the vocabulary, not on an old version."""
        await the_words(database)
        solver = await someone(database, Role.SOLVER)
        other = await an_organization(database)
        for organization_id, codes, version, refusal in (
            (other, ["speech"], 0, NotPermitted),
            (solver.organization_id, ["fame"], 0, CapabilityUnknown),
            (solver.organization_id, ["speech"], 3, Stale),
        ):
            with pytest.raises(refusal):
                async with database.writing() as session:
                    await tags.declare(
                        session,
                        solver.actor,
                        organization_id,
                        codes=codes,
                        recommendable=True,
                        expected_version=version,
                        now=clock.now(),
                    )

    @pytest.mark.postgres
    async def test_of_two_declarations_at_once_one_is_stale(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Both were decided on nothing declared; the second has to read the first."""
        await the_words(database)
        solver = await someone(database, Role.SOLVER)

        async def declared(code: str) -> None:
            async with database.writing() as session:
                await tags.declare(
                    session,
                    solver.actor,
                    solver.organization_id,
                    codes=[code],
                    recommendable=True,
                    expected_version=0,
                    now=clock.now(),
                )

        told = await asyncio.gather(
            *(declared(code) for code in ("speech", "optimisation")), return_exceptions=True
        )

        assert sorted(type(one) is Stale for one in told) == [False, True]
        async with database.reading() as session:
            assert len(await capabilities.tags_of(session, solver.organization_id)) == 1

    async def test_only_the_poster_wishes(self, database: Database, clock: FixedClock) -> None:
        """A public call is not anybody's to describe."""
        await the_words(database)
        called = await a_published_call(database, clock)
        other = await someone(database, Role.POSTER)

        with pytest.raises(NotThePoster):
            async with database.writing() as session:
                await actions.wish(
                    session, other.actor, called.id, codes=[], expected_version=0, now=clock.now()
                )


class TestSimilar:
    """Hints while drafting."""

    async def test_drafts_of_others_are_never_hinted_at(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The poster sees its own draft and what is published; the bureau sees all, with proof."""
        cast = await a_cast(database)
        mine = await a_draft(database, clock, cast=cast)
        again = await a_draft(database, clock, cast=cast)
        theirs = await a_draft(database, clock)
        public = await a_published_call(database, clock)
        unlike = await a_published_call(
            database,
            clock,
            content=a_content(
                title={"zh": "会议纪要"},
                problem={"zh": "纪要整理太慢。"},
                datasets=[],
                constraints={"zh": [], "en": []},
                no_dataset=True,
            ),
        )
        for who, known in (
            (cast.poster, {again.id, public.id}),
            (cast.officer, {again.id, theirs.id, public.id}),
        ):
            async with database.reading() as session:
                row = await scenarios.scenario(session, mine.id)
                found = await queries.similar(session, who.actor, row)
            assert {one.row.id for one in found} == known
            assert unlike.id not in {one.row.id for one in found}
            assert all(one.phrases and one.same_domain for one in found)
            assert {one.row.id for one in found if one.same_end_user} == {again.id}
