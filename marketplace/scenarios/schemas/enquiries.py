"""What is asked about a call, what is answered, and who may read how much of it."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from marketplace.identity.rules.access import Actor
from marketplace.scenarios.queries.enquiries import sight_of
from marketplace.scenarios.rules.enquiries import OPEN_ENQUIRIES, EnquiryState
from marketplace.scenarios.rules.part_choices import of_enquiry
from marketplace.scenarios.schemas.calls import Reason, actions_out
from marketplace.scenarios.tables import Enquiry, Scenario
from marketplace.wire.shapes import ActionsOut, In, Out

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Answer = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000)]


class EnquiryIn(In):
    """A question; it will be public, so it does not say who asks."""

    question: Question


class AnswerIn(In):
    """An answer for the officer to publish."""

    answer: Answer


class PublishAnswerIn(In):
    """How question and answer are published."""

    question: Question | None = None
    """The question in neutral words; without it, as it was asked."""
    changes_content: bool = False
    """Whether the answer changes what the call says; then it needs an amendment."""
    amendment_id: UUID | None = None
    """The confirmed amendment that makes the change."""


class SetAsideIn(In):
    """Why a question is not answered; only its asker reads it."""

    reason: Reason


class AskerOut(Out, frozen=True, kw_only=True):
    """Who asked; shown to themselves and to those who look into abuse."""

    organization_id: UUID
    person_id: UUID


class EnquiryOut(Out, frozen=True, kw_only=True):
    """A question as its reader may see it."""

    id: UUID
    version: int
    scenario_id: UUID
    state: EnquiryState
    question: str
    asked_at: dt.datetime
    reply_due_at: dt.datetime | None
    overdue: bool
    answer: str | None
    """For the asker, once it is published."""
    number: int | None
    """Which clarification it became."""
    set_aside_why: str | None
    asker: AskerOut | None
    actions: ActionsOut

    @classmethod
    def of(
        cls, row: Enquiry, *, call: Scenario, actor: Actor, english: bool, now: dt.datetime
    ) -> "EnquiryOut":
        """Read one question as its reader may see it."""
        sight, own = sight_of(actor, call), row.asker_id == actor.organization_id
        choices = of_enquiry(
            actor.at(call.organizer_id),
            row.state,
            poster_id=call.poster_id,
            end_user_id=call.end_user_id,
            drafted_by=row.answered_by,
        )
        told = sight.every or row.state is EnquiryState.PUBLISHED
        late = row.reply_due_at is not None and now >= row.reply_due_at
        asker = AskerOut(organization_id=row.asker_id, person_id=row.asked_by)
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            state=row.state if told or row.state is EnquiryState.SET_ASIDE else EnquiryState.ASKED,
            question=row.question,
            asked_at=row.asked_at,
            reply_due_at=row.reply_due_at,
            overdue=late and row.state in OPEN_ENQUIRIES,
            answer=row.answer if told else None,
            number=row.number,
            set_aside_why=row.set_aside_why,
            asker=asker if own or sight.askers else None,
            actions=actions_out(choices, english=english),
        )


class ClarificationOut(Out, frozen=True, kw_only=True):
    """A question and its answer, as everybody reads them."""

    number: int
    question: str
    answer: str
    published_at: dt.datetime
    content_version: int
    """The content version that was in force."""
    amendment_id: UUID | None

    @classmethod
    def of(cls, row: Enquiry) -> "ClarificationOut":
        """Read one clarification; of the asker there is nothing."""
        assert row.number is not None and row.answer is not None
        assert row.public_question is not None and row.decided_at is not None
        assert row.content_version is not None
        return cls(
            number=row.number,
            question=row.public_question,
            answer=row.answer,
            published_at=row.decided_at,
            content_version=row.content_version,
            amendment_id=row.amendment_id,
        )


class FollowingOut(Out, frozen=True, kw_only=True):
    """That the caller follows a call."""

    scenario_id: UUID
    followed_at: dt.datetime
