"""Proposals are filed in time, by their own posters, and ranked once the window has closed."""

import asyncio
import datetime as dt
import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlmodel import col, select

from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import Stale
from marketplace.scenarios.errors import NotThePoster, ScenarioUnknown
from marketplace.scoring.rules import verification
from marketplace.solicitations import actions, queries
from marketplace.solicitations.errors import (
    AlreadyFiled,
    DomainNotInvited,
    NotAProposal,
    NothingToRank,
    ProposalUnknown,
    ProposalWithdrawn,
    SchemeHasOtherContent,
    SolicitationNumberTaken,
    WindowClosed,
    WindowStillOpen,
    WindowUnfit,
)
from marketplace.solicitations.rules.scheme import scheme_from
from marketplace.solicitations.tables import Proposal, ReadinessRound, Solicitation
from tests.given.board import a_declaration, an_invitation, the_scheme, the_words
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_cast, a_draft, a_published_call, submitted

NIL = UUID(int=0)


async def announced(database: Database, clock: FixedClock, **wanted: Any) -> Solicitation:
    """A solicitation for scenarios of utilities, open for ten days."""
    await the_words(database)
    officer = await someone(database, Role.BUREAU_OFFICER)
    async with database.writing() as session:
        return await actions.announce(
            session, officer.actor, an_invitation(clock, **wanted), now=clock.now()
        )


async def filed(
    database: Database,
    clock: FixedClock,
    invited: Solicitation,
    draft: Called,
    *,
    by: Someone | None = None,
    **stated: Any,
) -> Proposal:
    """A draft filed by its poster, or by somebody else."""
    async with database.writing() as session:
        return await actions.file(
            session,
            (by or draft.cast.poster).actor,
            invited.id,
            scenario_id=draft.id,
            declaration=a_declaration(**stated),
            clock=clock,
        )


async def ranked(database: Database, clock: FixedClock, invited: Solicitation) -> ReadinessRound:
    """One more round."""
    async with database.writing() as session:
        return await actions.rank(session, SYSTEM, invited.id, clock=clock)


class TestAnnouncing:
    """What can be announced."""

    async def test_refuses_a_window_in_the_past_and_a_taken_number(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Nobody could file under the first, nobody could tell the second apart."""
        invited = await announced(database, clock)

        past = an_invitation(FixedClock(clock.now() - dt.timedelta(days=20)))
        with pytest.raises(WindowUnfit):
            async with database.writing() as session:
                await actions.announce(session, SYSTEM, past, now=clock.now())
        with pytest.raises(SolicitationNumberTaken):
            await announced(database, clock, number=invited.number)

    async def test_a_loaded_scheme_is_not_changed(self, database: Database) -> None:
        """The same version again is nothing new, with other weights it is refused."""
        await the_words(database)
        await the_words(database)
        other = dict(the_scheme().document) | {"calls_per_year": 200}

        with pytest.raises(SchemeHasOtherContent):
            async with database.writing() as session:
                await actions.load_scheme(
                    session, SYSTEM, scheme_from(other), now=dt.datetime.now(dt.UTC)
                )


@pytest.mark.postgres
class TestFiling:
    """Who files what, and when."""

    async def test_the_window_decides_to_the_moment(
        self, database: Database, clock: FixedClock
    ) -> None:
        """One microsecond before it closes is in time; at that moment it is too late."""
        invited = await announced(database, clock)
        in_time, late = await a_draft(database, clock), await a_draft(database, clock)
        clock.move_to(invited.closes_at - dt.timedelta(microseconds=1))
        await filed(database, clock, invited, in_time)
        clock.move_to(invited.closes_at)

        with pytest.raises(WindowClosed):
            await filed(database, clock, invited, late)

    async def test_files_only_ones_own_scenario_in_preparation_in_an_invited_domain(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Another's draft does not exist, another's public call is not mine, a call is no more a
        proposal, and a solver has nothing to propose.
        """
        invited = await announced(database, clock)
        elsewhere = await announced(database, clock, domains=("health",))
        draft, public = await a_draft(database, clock), await a_published_call(database, clock)
        other, solver = await someone(database, Role.POSTER), await someone(database, Role.SOLVER)
        for where, what, who, refusal in (
            (invited, draft, other, ScenarioUnknown),
            (invited, public, other, NotThePoster),
            (invited, public, public.cast.poster, NotAProposal),
            (elsewhere, draft, draft.cast.poster, DomainNotInvited),
            (invited, draft, solver, NotPermitted),
        ):
            with pytest.raises(refusal):
                await filed(database, clock, where, what, by=who)

    async def test_two_at_once_file_once(self, database: Database, clock: FixedClock) -> None:
        """The second is told that it is filed already."""
        invited, draft = await announced(database, clock), await a_draft(database, clock)

        told = await asyncio.gather(
            *(filed(database, clock, invited, draft) for _ in range(3)), return_exceptions=True
        )

        assert sorted(type(one) is AlreadyFiled for one in told) == [False, True, True]

    async def test_is_corrected_withdrawn_and_filed_again_by_its_poster_only(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A correction keeps the place in the queue; coming back after a withdrawal does not."""
        invited, draft = await announced(database, clock), await a_draft(database, clock)
        proposal = await filed(database, clock, invited, draft)
        clock.advance(dt.timedelta(hours=1))
        other = await someone(database, Role.POSTER)

        async def corrected(who: Someone, version: int) -> Proposal:
            async with database.writing() as session:
                return await actions.correct(
                    session,
                    who.actor,
                    proposal.id,
                    declaration=a_declaration(end_users=7),
                    expected_version=version,
                    clock=clock,
                )

        with pytest.raises(ProposalUnknown):
            await corrected(other, 1)
        with pytest.raises(Stale):
            await corrected(draft.cast.poster, 9)
        changed = await corrected(draft.cast.poster, 1)
        assert changed.filed_at == proposal.filed_at
        assert changed.declaration["end_users"] == 7
        async with database.writing() as session:
            await actions.withdraw(
                session, draft.cast.poster.actor, proposal.id, expected_version=2, clock=clock
            )
        with pytest.raises(ProposalWithdrawn):
            await corrected(draft.cast.poster, 3)
        again = await filed(database, clock, invited, draft)
        assert (again.id, again.filed_at) == (proposal.id, clock.now())


@pytest.mark.postgres
class TestRanking:
    """Rounds of readiness."""

    async def test_ranks_after_the_window_and_keeps_what_it_was_decided_on(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The stored document proves itself offline; a second round is one more, equal in figures;
        posters learn their own place, the event tells the bureau only.
        """
        invited = await announced(database, clock)
        strong = await submitted(database, clock, await a_draft(database, clock))
        weak = await submitted(database, clock, await a_draft(database, clock))
        unready = await a_draft(database, clock)
        ours = await filed(database, clock, invited, strong, end_users=500)
        theirs = await filed(database, clock, invited, weak, end_users=5)
        draft = await filed(database, clock, invited, unready)
        with pytest.raises(WindowStillOpen):
            await ranked(database, clock, invited)
        clock.move_to(invited.closes_at)

        first, second = [await ranked(database, clock, invited) for _ in range(2)]

        assert (first.number, second.number) == (1, 2)
        document = json.loads(first.document)
        assert verification.verify(document).equal
        assert [one["bid_id"] for one in document["standings"]["standings"]] == [
            str(ours.id),
            str(theirs.id),
        ]
        assert [one["bid_id"] for one in document["standings"]["excluded"]] == [str(draft.id)]
        assert msgspec.json.decode(first.document)["sheet"]["profile_code"] == "own-design"
        async with database.reading() as session:
            place = await queries.place_of(session, theirs)
            told = await session.exec(
                select(EventRow).where(col(EventRow.type) == "solicitation.ranked")
            )
            assert {event.visibility for event in told.all()} == {Visibility.INTERNAL}
        assert place is not None
        assert (place["rank"], place["ranked"], place["round_number"]) == (2, 2, 2)
        assert str(ours.id) not in json.dumps(place)

    async def test_drafts_alone_are_nothing_to_rank(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A round without a place would say nothing."""
        invited, draft = await announced(database, clock), await a_draft(database, clock)
        await filed(database, clock, invited, draft)
        clock.move_to(invited.closes_at)

        with pytest.raises(NothingToRank):
            await ranked(database, clock, invited)

    async def test_calls_opened_this_year_use_up_the_places_of_their_domain(
        self, database: Database, clock: FixedClock
    ) -> None:
        """What hangs on the board counts from the new year of Beijing."""
        await a_published_call(database, clock)
        clock.advance(dt.timedelta(minutes=1))

        async with database.reading() as session:
            assert await queries.published_this_year(session, clock.now()) == {"utilities": 1}
            next_year = clock.now() + dt.timedelta(days=366)
            assert await queries.published_this_year(session, next_year) == {}


async def test_proposals_are_seen_by_their_posters_and_the_bureau(
    database: Database, clock: FixedClock
) -> None:
    """Another poster sees neither the list nor the single proposal; nor does another bureau."""
    invited, cast = await announced(database, clock), await a_cast(database)
    bureau = await someone(database, Role.BUREAU_OFFICER, organization_id=invited.organizer_id)
    mine = await filed(database, clock, invited, await a_draft(database, clock, cast=cast))
    theirs = await filed(database, clock, invited, await a_draft(database, clock))
    for who, known in (
        (cast.poster, {mine.id}),
        (bureau, {mine.id, theirs.id}),
        (cast.officer, set()),
    ):
        async with database.reading() as session:
            rows = await queries.proposals_seen_by(
                session, who.actor, invited.id, after=NIL, limit=10
            )
        assert {row.id for row, _ in rows} == known
    async with database.reading() as session:
        with pytest.raises(ProposalUnknown):
            await queries.proposal_seen_by(session, cast.poster.actor, theirs.id)
