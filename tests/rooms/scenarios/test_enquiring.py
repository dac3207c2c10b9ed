"""Questions on a call: who answers does not know who asked, and all may read the answer."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest
from sqlmodel import select

from marketplace.events.rules.hearing import Hearer, Said, may_hear
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.errors.organizations import OrganizationNotVerified
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios import jobs
from marketplace.scenarios.actions import enquiring
from marketplace.scenarios.actions.enquiring import Publication
from marketplace.scenarios.errors import (
    ClarificationNeedsAmendment,
    EnquiriesClosed,
    EnquiryUnknown,
    NotThePoster,
    OwnCallNotAsked,
    QuestionNamesAsker,
    TooManyEnquiries,
)
from marketplace.scenarios.queries import amendments, enquiries
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.enquiries import OPEN_PER_ASKER_MAX, EnquiryState
from marketplace.scenarios.tables import Enquiry, Follower
from tests.given import scenarios as given
from tests.given.amending import amended
from tests.given.identity import Someone, an_organization, someone

DAY = dt.timedelta(days=1)


async def ask(
    database: Database,
    clock: FixedClock,
    called: given.Called,
    who: Someone,
    question: str = "数据何时开放?",
) -> Enquiry:
    """Ask something."""
    async with database.writing() as session:
        return await enquiring.ask(session, who.actor, called.id, question=question, clock=clock)


async def draft(database: Database, clock: FixedClock, row: Enquiry, who: Someone) -> Enquiry:
    """Write an answer."""
    async with database.writing() as session:
        return await enquiring.draft_answer(
            session,
            who.actor,
            row.id,
            answer="自发榜之日起开放。",
            expected_version=row.version,
            now=clock.now(),
        )


async def publish(
    database: Database,
    clock: FixedClock,
    row: Enquiry,
    who: Someone,
    publication: Publication | None = None,
) -> Enquiry:
    """Publish the answer."""
    async with database.writing() as session:
        return await enquiring.publish_answer(
            session,
            who.actor,
            row.id,
            publication=publication or Publication(),
            expected_version=row.version,
            now=clock.now(),
        )


async def events_said(database: Database) -> list[EventRow]:
    """Everything said, of questions."""
    async with database.reading() as session:
        rows = (await session.exec(select(EventRow))).all()
    return [one for one in rows if one.type.startswith(("enquiry.", "clarification."))]


@pytest.mark.postgres
async def test_a_question_is_answered_to_everybody_and_names_nobody(
    database: Database, clock: FixedClock
) -> None:
    """Asked, drafted by the poster, published by the officer in neutral words; nothing that is said
    holds the asker's organisation or person.
    """
    called = await given.a_published_call(database, clock)
    asker = await someone(database, Role.SOLVER)
    row = await ask(database, clock, called, asker)
    row = await draft(database, clock, row, called.cast.poster)

    row = await publish(
        database, clock, row, called.cast.officer, Publication(question="何时开放数据?")
    )

    said = await events_said(database)
    secrets = {str(asker.organization_id), str(asker.actor.person_id)}
    assert (row.state, row.number) == (EnquiryState.PUBLISHED, 1)
    assert [one.type for one in said] == ["enquiry.asked", "clarification.published"]
    for one in said:
        text = f"{one.data} {one.actor} {one.organization_id}"
        assert not any(secret in text for secret in secrets)
    assert said[1].data["question"] == "何时开放数据?"


async def test_who_hears_of_a_question(database: Database, clock: FixedClock) -> None:
    """That one was asked: its poster and the bureau.  That one was answered: everybody.  That one
    was set aside: whoever asked it, and not even the bureau.
    """
    called = await given.a_published_call(database, clock)
    asker = await someone(database, Role.SOLVER)
    first = await ask(database, clock, called, asker)
    second = await ask(database, clock, called, asker)
    await publish(
        database,
        clock,
        await draft(database, clock, first, called.cast.poster),
        called.cast.officer,
    )
    async with database.writing() as session:
        await enquiring.set_aside(
            session,
            called.cast.officer.actor,
            second.id,
            reason="与本榜单无关",
            expected_version=second.version,
            now=clock.now(),
        )
    hearers = {
        "poster": (called.cast.poster.organization_id, False),
        "bureau": (called.cast.officer.organization_id, True),
        "asker": (asker.organization_id, False),
        "rival": ((await someone(database, Role.SOLVER)).organization_id, False),
    }

    heard = {
        one.type: {
            name
            for name, (organization_id, hears_all) in hearers.items()
            if may_hear(
                Hearer(organization_id=organization_id, hears_all=hears_all),
                Said(
                    visibility=one.visibility,
                    organization_id=one.organization_id,
                    participants=frozenset({asker.organization_id}),
                ),
            )
        }
        for one in await events_said(database)
    }

    assert heard == {
        "enquiry.asked": {"poster", "bureau"},
        "clarification.published": set(hearers),
        "enquiry.set_aside": {"asker"},
    }


@pytest.mark.postgres
async def test_an_answer_is_overdue_after_three_working_days(
    database: Database, clock: FixedClock
) -> None:
    """Asked on a Friday, due at the end of Wednesday; told once, and not when it was answered."""
    called = await given.a_published_call(database, clock)
    asker = await someone(database, Role.SOLVER)
    clock.move_to(dt.datetime(2026, 3, 6, 2, tzinfo=dt.UTC))
    late, answered = [await ask(database, clock, called, asker) for _ in range(2)]
    answered = await draft(database, clock, answered, called.cast.poster)
    await publish(database, clock, answered, called.cast.officer)
    due = dt.datetime(2026, 3, 11, 16, tzinfo=dt.UTC)

    clock.move_to(due - dt.timedelta(seconds=1))
    early = await jobs.tell_of_overdue_replies(database, clock)
    clock.move_to(due)
    told = await asyncio.gather(*(jobs.tell_of_overdue_replies(database, clock) for _ in range(2)))

    said = [one for one in await events_said(database) if one.type == "enquiry.overdue"]
    assert (late.reply_due_at, early, sum(told)) == (due, 0, 1)
    assert [one.subject_id for one in said] == [late.id]
    assert late.reply_basis is not None
    assert late.reply_basis["period"]["rule"] == "private@1/enquiry_reply"


async def test_who_may_ask_and_what(database: Database, clock: FixedClock) -> None:
    """A verified solver who is not of the call's own side, before the deadline, without saying
    their own name.
    """
    called = await given.a_published_call(database, clock)
    poster_id = called.cast.poster.organization_id
    unverified = await an_organization(database, verified=False)
    named = await an_organization(database, name="某某视觉公司(示例)")
    own = await someone(database, Role.SOLVER, organization_id=poster_id)
    nobody = await someone(database, Role.SOLVER, organization_id=unverified)
    asker = await someone(database, Role.SOLVER, organization_id=named)

    with pytest.raises(OwnCallNotAsked):
        await ask(database, clock, called, own)
    with pytest.raises(OrganizationNotVerified):
        await ask(database, clock, called, nobody)
    with pytest.raises(NotPermitted):
        await ask(database, clock, called, called.cast.officer)
    with pytest.raises(QuestionNamesAsker):
        await ask(database, clock, called, asker, "我司 某某视觉 公司(示例)能否参加?")
    clock.advance(given.WINDOW)
    with pytest.raises(EnquiriesClosed):
        await ask(database, clock, called, asker)


async def test_one_organisation_cannot_flood_a_call(database: Database, clock: FixedClock) -> None:
    """So many unanswered questions at once, and no more; others still may."""
    called = await given.a_published_call(database, clock)
    asker, other = [await someone(database, Role.SOLVER) for _ in range(2)]
    for _ in range(OPEN_PER_ASKER_MAX):
        await ask(database, clock, called, asker)

    with pytest.raises(TooManyEnquiries):
        await ask(database, clock, called, asker)
    await ask(database, clock, called, other)


async def test_whoever_drafts_does_not_publish(database: Database, clock: FixedClock) -> None:
    """Four eyes on what everybody will read; outsiders do not even find the question."""
    called = await given.a_published_call(database, clock)
    asker, rival = [await someone(database, Role.SOLVER) for _ in range(2)]
    row = await ask(database, clock, called, asker)

    with pytest.raises(EnquiryUnknown):
        await draft(database, clock, row, rival)
    for outsider in (asker, called.cast.approver):
        with pytest.raises(NotThePoster):
            await draft(database, clock, row, outsider)
    row = await draft(database, clock, row, called.cast.officer)
    with pytest.raises(SameHands):
        await publish(database, clock, row, called.cast.officer)
    with pytest.raises(NotPermitted):
        await publish(database, clock, row, called.cast.poster)


async def test_an_answer_that_changes_the_call_needs_its_amendment(
    database: Database, clock: FixedClock
) -> None:
    """Without one it is refused, with one from before the question too; then it is published."""
    called = await given.a_published_call(database, clock)
    asker = await someone(database, Role.SOLVER)
    await amended(database, clock, called, given.a_content(problem={"zh": "早先的澄清"}))
    async with database.reading() as session:
        (early,) = await amendments.amendments(
            session, called.id, from_inside=True, after=UUID(int=0), limit=9
        )
    clock.advance(dt.timedelta(hours=1))
    row = await ask(database, clock, called, asker)
    row = await draft(database, clock, row, called.cast.poster)

    for amendment_id in (None, early.id):
        with pytest.raises(ClarificationNeedsAmendment):
            wanted = Publication(changes_content=True, amendment_id=amendment_id)
            await publish(database, clock, row, called.cast.officer, wanted)
    await amended(database, clock, called, given.a_content(problem={"zh": "现在的澄清"}))
    async with database.reading() as session:
        _, made = await amendments.amendments(
            session, called.id, from_inside=True, after=UUID(int=0), limit=9
        )
    wanted = Publication(changes_content=True, amendment_id=made.id)
    row = await publish(database, clock, row, called.cast.officer, wanted)

    assert (row.amendment_id, row.content_version) == (made.id, 3)


@pytest.mark.postgres
async def test_clarifications_are_numbered_without_gaps(
    database: Database, clock: FixedClock
) -> None:
    """Numbers follow the publication, so they do not tell how many questions there are."""
    called = await given.a_published_call(database, clock)
    asker = await someone(database, Role.SOLVER)
    rows = [await ask(database, clock, called, asker) for _ in range(4)]
    drafted = [await draft(database, clock, row, called.cast.poster) for row in rows[1:]]

    await asyncio.gather(
        *(publish(database, clock, row, called.cast.officer) for row in reversed(drafted))
    )

    async with database.reading() as session:
        told = await enquiries.clarifications(session, called.id, after=0, limit=9)
    assert [one.number for one in told] == [1, 2, 3]


@pytest.mark.postgres
async def test_following_twice_is_once_and_leaves_no_trace(
    database: Database, clock: FixedClock
) -> None:
    """Two requests at once make one row; no event; unfollowing twice is no error."""
    called = await given.a_published_call(database, clock)
    fan = await someone(database, Role.SOLVER)
    async with database.reading() as session:
        before = len((await session.exec(select(EventRow))).all())
        version = (await queries.scenario(session, called.id)).version

    async def follow() -> Follower:
        async with database.writing() as session:
            return await enquiring.follow(session, fan.actor, called.id, now=clock.now())

    found = await asyncio.gather(follow(), follow())
    async with database.reading() as session:
        listed = await enquiries.followers_of(session, called.id)
        after = len((await session.exec(select(EventRow))).all())
        unchanged = (await queries.scenario(session, called.id)).version
    for _ in range(2):
        async with database.writing() as session:
            await enquiring.unfollow(session, fan.actor, called.id)

    assert len({one.id for one in found}) == len(listed) == 1
    assert (after, unchanged) == (before, version)
    async with database.reading() as session:
        assert list(await enquiries.followers_of(session, called.id)) == []


async def test_a_draft_call_cannot_be_followed_from_outside(
    database: Database, clock: FixedClock
) -> None:
    """It does not exist for them."""
    called = await given.a_draft(database, clock)
    fan = await someone(database, Role.SOLVER)

    with pytest.raises(MarketplaceError) as refused:
        async with database.writing() as session:
            await enquiring.follow(session, fan.actor, called.id, now=clock.now())

    assert refused.value.code == "scenarios.unknown"
