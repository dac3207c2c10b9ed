"""Ask about a published call, answer to everybody at once, and follow a call.

The asker stands in the row and nowhere else: no event, list or problem tells the poster, the bureau
or another bidder who asked.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.enquiries import (
    ClarificationPublished,
    EnquiryAsked,
    EnquiryOverdue,
    EnquirySetAside,
)
from marketplace.identity.queries import standing as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import deadline, local_date
from marketplace.scenarios.actions.moving import check_fresh, person_of, tell
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
from marketplace.scenarios.rules.amendments import AmendmentState
from marketplace.scenarios.rules.enquiries import (
    ENQUIRY,
    OPEN_ENQUIRIES,
    OPEN_PER_ASKER_MAX,
    EnquiryState,
    answers,
    names_one_of,
)
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Enquiry, Follower, Scenario


async def ask(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, question: str, clock: Clock
) -> Enquiry:
    """Ask about a published call before its deadline (E01); the reply clock starts.

    Refuses  EnquiriesClosed, OwnCallNotAsked, OrganizationNotVerified, QuestionNamesAsker because
             the text will be public, TooManyEnquiries.
    """
    access.require(actor, Permission.ENQUIRIES_ASK)
    await queries.scenario_seen_by(session, actor, scenario_id)
    row = await queries.scenario(session, scenario_id, lock=True)
    now = await clock.decisive(session)
    if queries.state_at(row, now) is not ScenarioState.PUBLISHED:
        raise EnquiriesClosed(state=queries.state_at(row, now).value)
    if actor.organization_id in {row.poster_id, row.end_user_id}:
        raise OwnCallNotAsked()
    asker = await identity.organization_in_good_standing(
        session, actor.organization_id, on=local_date(now)
    )
    if names_one_of(question, (asker.name_zh, asker.name_en, asker.uscc)):
        raise QuestionNamesAsker()
    if await enquiries.open_of(session, row.id, asker.id) >= OPEN_PER_ASKER_MAX:
        raise TooManyEnquiries(at_most=OPEN_PER_ASKER_MAX)
    found = Enquiry(
        scenario_id=row.id,
        asker_id=asker.id,
        asked_by=actor.person_id,
        state=EnquiryState(ENQUIRY.initial().target),
        question=question,
        asked_at=now,
    )
    profile = await queries.profile_of(session, row, local_date(now))
    if profile.has("enquiry_reply"):
        calendar = await profiles.work_calendar(session)
        due = deadline(now, profile.period("enquiry_reply"), calendar)
        found.reply_due_at, found.reply_basis = due.at, due.to_document()
    session.add(found)
    await session.flush()
    said = EnquiryAsked(enquiry_id=found.id, scenario_id=row.id, reply_due_at=found.reply_due_at)
    # The event belongs to the poster, who must answer; by whom it came about is not said.
    await events.record(
        session, said, by="nobody", now=now, organization_id=row.poster_id, scenario_id=row.id
    )
    return found


async def draft_answer(
    session: WriteSession,
    actor: Actor,
    enquiry_id: UUID,
    *,
    answer: str,
    expected_version: int,
    now: dt.datetime,
) -> Enquiry:
    """Write an answer for the officer to publish (E02), as poster or officer."""
    _, found = await _to_answer(session, actor, enquiry_id, expected_version)
    found.state = EnquiryState(ENQUIRY.check(found.state, "draft_answer").target)
    found.answer, found.answered_at = answer, now
    found.answered_by = person_of(actor)
    found.version += 1
    await session.flush()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How a clarification is published: in whose words, and whether it changes the call."""

    question: str | None = None
    """The question in neutral words; None: as it was asked."""
    changes_content: bool = False
    amendment_id: UUID | None = None


async def publish_answer(
    session: WriteSession,
    actor: Actor,
    enquiry_id: UUID,
    *,
    publication: Publication,
    expected_version: int,
    now: dt.datetime,
) -> Enquiry:
    """Tell everybody question and answer at once (E03), as another officer than the drafter.

    Refuses  ClarificationNeedsAmendment for an answer that changes the call, unless it names an
             amendment of this call that was confirmed after the question.
    """
    access.require(actor, Permission.SCENARIOS_REVIEW)
    row, found = await _to_answer(session, actor, enquiry_id, expected_version)
    target = ENQUIRY.check(found.state, "publish").target
    duties.require(actor, Duty.CLARIFIER, {Duty.ANSWERER: found.answered_by})
    await _check_amendment(session, found, publication)
    assert found.answer is not None
    number = 1 + await enquiries.published_so_far(session, row.id)
    found.state, found.number = EnquiryState(target), number
    found.public_question = publication.question or found.question
    found.amendment_id, found.content_version = publication.amendment_id, row.content_version
    found.decided_by, found.decided_at = person_of(actor), now
    found.version += 1
    await session.flush()
    said = ClarificationPublished(
        scenario_id=row.id,
        number=number,
        question=found.public_question,
        answer=found.answer,
        content_version=row.content_version,
    )
    await tell(session, actor, row, said, now=now)
    return found


async def set_aside(
    session: WriteSession,
    actor: Actor,
    enquiry_id: UUID,
    *,
    reason: str,
    expected_version: int,
    now: dt.datetime,
) -> Enquiry:
    """Answer a question to nobody (E04), with a reason that only the asker hears."""
    access.require(actor, Permission.SCENARIOS_REVIEW)
    row, found = await _to_answer(session, actor, enquiry_id, expected_version)
    found.state = EnquiryState(ENQUIRY.check(found.state, "set_aside").target)
    found.set_aside_why = reason
    found.decided_by, found.decided_at = person_of(actor), now
    found.version += 1
    await session.flush()
    said = EnquirySetAside(enquiry_id=found.id, scenario_id=row.id, reason=reason)
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=found.asker_id, scenario_id=row.id
    )
    return found


async def tell_overdue(session: WriteSession, enquiry_id: UUID, *, now: dt.datetime) -> bool:
    """Tell poster and bureau once that an answer is overdue."""
    _, found = await _locked(session, enquiry_id)
    due = found.reply_due_at
    if due is None or due > now or found.overdue_told_at or found.state not in OPEN_ENQUIRIES:
        return False
    call = await queries.scenario(session, found.scenario_id)
    found.overdue_told_at = now
    await session.flush()
    said = EnquiryOverdue(enquiry_id=found.id, scenario_id=call.id, reply_due_at=due)
    await events.record(
        session,
        said,
        by=access.SYSTEM.kind,
        now=now,
        organization_id=call.poster_id,
        scenario_id=call.id,
    )
    return True


async def follow(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, now: dt.datetime
) -> Follower:
    """Want to hear of a call, as this person in this organisation; twice is once."""
    access.signed_in(actor)
    await queries.scenario_seen_by(session, actor, scenario_id)
    await queries.scenario(session, scenario_id, lock=True)
    found = await enquiries.following(session, actor, scenario_id)
    if found is None:
        found = Follower(
            scenario_id=scenario_id,
            organization_id=actor.organization_id,
            person_id=actor.person_id,
            followed_at=now,
        )
        session.add(found)
        await session.flush()
    return found


async def unfollow(session: WriteSession, actor: Actor, scenario_id: UUID) -> None:
    """Want to hear of it no more; without having followed nothing happens."""
    access.signed_in(actor)
    await queries.scenario_seen_by(session, actor, scenario_id)
    found = await enquiries.following(session, actor, scenario_id)
    if found is not None:
        await session.delete(found)
        await session.flush()


async def _locked(session: WriteSession, enquiry_id: UUID) -> tuple[Scenario, Enquiry]:
    """Lock the call, then the question: amendments and numbers stand still meanwhile."""
    unlocked = await enquiries.enquiry(session, enquiry_id)
    row = await queries.scenario(session, unlocked.scenario_id, lock=True)
    return row, await enquiries.enquiry(session, enquiry_id, lock=True)


async def _to_answer(
    session: WriteSession, actor: Actor, enquiry_id: UUID, expected_version: int
) -> tuple[Scenario, Enquiry]:
    """Find a question locked, for whoever answers on this call; for others it does not exist."""
    access.signed_in(actor)
    row, found = await _locked(session, enquiry_id)
    if not enquiries.sight_of(actor, row).every and found.asker_id != actor.organization_id:
        raise EnquiryUnknown(enquiry_id=str(enquiry_id))
    if not answers(actor.at(row.organizer_id), row.poster_id, row.end_user_id):
        raise NotThePoster(poster_id=str(row.poster_id))
    check_fresh(found, expected_version)
    return row, found


async def _check_amendment(session: WriteSession, found: Enquiry, publication: Publication) -> None:
    if publication.amendment_id is None:
        if publication.changes_content:
            raise ClarificationNeedsAmendment()
        return
    named = await amendments.amendment(session, found.scenario_id, publication.amendment_id)
    confirmed = named.state is AmendmentState.CONFIRMED and named.decided_at is not None
    if not confirmed or (named.decided_at is not None and named.decided_at < found.asked_at):
        raise ClarificationNeedsAmendment(amendment_id=str(named.id), state=named.state.value)
