"""What is said about questions on a call: never who asked."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryAsked(Event):
    """A question about a published call waits for an answer; its poster and the bureau hear it."""

    TYPE = "enquiry.asked"
    SUBJECT = "enquiry_id"
    VISIBILITY = Visibility.OWNER

    enquiry_id: UUID
    scenario_id: UUID
    reply_due_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquiryOverdue(Event):
    """A question was not answered in the time that the rules allow."""

    TYPE = "enquiry.overdue"
    SUBJECT = "enquiry_id"
    VISIBILITY = Visibility.OWNER

    enquiry_id: UUID
    scenario_id: UUID
    reply_due_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnquirySetAside(Event):
    """A question will not be answered; only whoever asked it hears so."""

    TYPE = "enquiry.set_aside"
    SUBJECT = "enquiry_id"
    VISIBILITY = Visibility.SEALED

    enquiry_id: UUID
    scenario_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClarificationPublished(Event):
    """A question was answered to everybody at once."""

    TYPE = "clarification.published"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PUBLIC

    scenario_id: UUID
    number: int
    question: str
    answer: str
    content_version: int
