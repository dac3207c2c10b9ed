"""What the scenarios room remembers."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, digest, json_document, text_enum
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.amendments import AmendmentState
from marketplace.scenarios.rules.enquiries import EnquiryState
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import Authority, Cause


class PosterType(StrEnum):
    """Who poses the problem."""

    GOVERNMENT = "government"
    COMPANY = "company"


class Batch(Versioned, table=True):
    """A list of calls that are published together."""

    __tablename__ = "batch"

    number: str = Field(max_length=40, unique=True)
    """Readable and public, as in NS-2026-B1."""
    title: dict[str, str] = json_document()
    year: int
    organizer_id: UUID = Field(foreign_key="organization.id")
    scenarios_numbered: int = Field(default=0)
    """How many numbers were given out; the next scenario gets the next one."""
    planned_scenarios: int | None = Field(default=None)
    """How many calls the organiser means to publish in it."""
    planned_by_domain: dict[str, int] | None = json_document(default=None, nullable=True)
    planned_for: dt.date | None = Field(default=None)
    """When the organiser means to publish it."""
    published_at: dt.datetime | None = Field(default=None)
    """When it was last published as a whole."""
    created_at: dt.datetime


class Scenario(Versioned, table=True):
    """One call and where it stands."""

    __tablename__ = "scenario"

    number: str = Field(max_length=48, unique=True)
    batch_id: UUID = Field(foreign_key="batch.id", index=True)
    organizer_id: UUID = Field(foreign_key="organization.id", index=True)
    """The bureau of the batch: its officers and approvers, and no others, act on the call."""
    state: ScenarioState = Field(sa_type=text_enum(ScenarioState), index=True)
    track: Track = Field(sa_type=text_enum(Track))
    poster_type: PosterType = Field(sa_type=text_enum(PosterType))
    poster_id: UUID = Field(foreign_key="organization.id", index=True)
    end_user_id: UUID = Field(foreign_key="organization.id")
    """The unit that has the need: it signs need and metrics before the call is submitted."""
    content_version: int
    """The version of the content that is in force."""
    author_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Null where the platform itself loaded the call."""
    officer_id: UUID | None = Field(default=None, foreign_key="person.id")
    earlier_officers: list[str] | None = json_document(default=None, nullable=True)
    """Whoever reviewed the call before it was returned: persons, for the separation of duties."""
    submitted_by: UUID | None = Field(default=None, foreign_key="person.id")
    approver_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Whoever approved it."""
    publisher_id: UUID | None = Field(default=None, foreign_key="person.id")
    need_signed_by: UUID | None = Field(default=None, foreign_key="person.id")
    need_signed_at: dt.datetime | None = Field(default=None)
    review: dict[str, str] | None = json_document(default=None, nullable=True)
    """Feasibility opinion and fair-competition review, as given at approval."""
    profile_code: str | None = Field(default=None, max_length=64)
    profile_version: int | None = Field(default=None)
    """Pinned at approval: a later change of the rules does not touch this call."""
    ceiling_as_of: dt.date | None = Field(default=None)
    """The day whose prices the cost ceiling is in: that of the approval, or of a later revival."""
    shelved_until: dt.date | None = Field(default=None)
    review_told_at: dt.datetime | None = Field(default=None)
    """When the bureau was told that the review of a shelved call is due."""
    bureau_note: str | None = Field(default=None, max_length=2000)
    """Why the bureau returned or shelved the call, for its poster; null once it moves on."""
    publish_at: dt.datetime | None = Field(default=None, index=True)
    """When an approved call is to be published by itself; null: by hand."""
    publish_deadline_at: dt.datetime | None = Field(default=None)
    """The bid deadline it is then published with."""
    publish_note: str | None = Field(default=None, max_length=500)
    """Why a scheduled publication did not take place: the code of the refusal."""
    published_at: dt.datetime | None = Field(default=None, index=True)
    bid_deadline_at: dt.datetime | None = Field(default=None, index=True)
    """The deadline as announced; while the clock stands, `shifted_deadline_at` decides."""
    clock_stopped_at: dt.datetime | None = Field(default=None)
    """Since when a suspension holds the bid clock, until its time is added to the deadline."""
    clock_resumes_at: dt.datetime | None = Field(default=None)
    """When the clock runs again; null while nobody has said."""
    shifted_deadline_at: dt.datetime | None = Field(default=None)
    """The deadline with all known suspensions in it; null while an end is not known."""
    deadline_basis: dict[str, Any] | None = json_document(default=None, nullable=True)
    """How the earliest lawful deadline was computed: rule, calendar version, steps."""
    bundle_sha256: str | None = digest(default=None, nullable=True)
    """Digest of everything that was published."""
    lockbox_id: UUID | None = Field(default=None, foreign_key="lockbox.id")
    """Under whose public key the bids are sealed; made with the publication."""
    panel_seated_at: dt.datetime | None = Field(default=None)
    closed_at: dt.datetime | None = Field(default=None)
    final_at: dt.datetime | None = Field(default=None)
    final_status: ScenarioState | None = Field(
        default=None, sa_type=text_enum(ScenarioState), index=True
    )
    """How the call ended, with `final_at`; whether it is open is derived from its dates."""
    final_reason: str | None = Field(default=None, max_length=64)
    final_note: str | None = Field(default=None, max_length=2000)
    """The reasons in words, as told to everybody."""
    supersedes_id: UUID | None = Field(default=None, foreign_key="scenario.id")
    """The failed call that this one takes up again."""
    created_at: dt.datetime


class ScenarioVersion(Row, table=True):
    """One content document of a call; written once, never edited after publication."""

    __tablename__ = "scenario_version"
    __table_args__ = (UniqueConstraint("scenario_id", "number"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    number: int
    content: dict[str, Any] = json_document()
    sha256: str = digest()
    title_zh: str = Field(max_length=200)
    title_en: str | None = Field(default=None, max_length=200)
    illustrative: bool = Field(default=False)
    """Invented for demonstration; whoever shows the call says so."""
    written_by: UUID | None = Field(default=None, foreign_key="person.id")
    written_at: dt.datetime
    note: str | None = Field(default=None, max_length=2000)
    """Why it was amended, as published."""


class Amendment(Versioned, table=True):
    """A change of a published call that an officer proposes and an approver confirms."""

    __tablename__ = "amendment"
    __table_args__ = (UniqueConstraint("scenario_id", "open_mark"),)

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    state: AmendmentState = Field(sa_type=text_enum(AmendmentState))
    open_mark: int | None = Field(default=None)
    """1 while it waits, null afterwards: the database lets no second one wait beside it."""
    based_on: int
    """The content version that it changes; another amendment in between makes it outdated."""
    content: dict[str, Any] = json_document()
    note: str = Field(max_length=2000)
    changed: list[str] = json_document()
    material: bool
    """Judged by the fields that changed."""
    claimed_material: bool | None = Field(default=None)
    """What the officer thought; kept, and not decisive."""
    proposed_by: UUID | None = Field(default=None, foreign_key="person.id")
    proposed_at: dt.datetime
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
    content_version: int | None = Field(default=None)
    """The version it became."""


class Suspension(Versioned, table=True):
    """A stretch in which some moves of a call are barred; an overlay, not a state."""

    __tablename__ = "suspension"

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    cause: Cause = Field(sa_type=text_enum(Cause))
    authority: Authority = Field(sa_type=text_enum(Authority))
    reason: str = Field(max_length=2000)
    """In words, for those inside; what is public is the cause."""
    blocks: list[str] = json_document()
    """The moves that are barred."""
    from_at: dt.datetime
    until_at: dt.datetime | None = Field(default=None, index=True)
    """When it ends by itself; null: when it is lifted."""
    ordered_by: UUID | None = Field(default=None, foreign_key="person.id")
    lifted_at: dt.datetime | None = Field(default=None)
    """When it was lifted, or its end written down."""
    lifted_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Null where time ended it."""
    lifted_why: str | None = Field(default=None, max_length=2000)
    counted_at: dt.datetime | None = Field(default=None)
    """When its time was added to the bid deadline."""


class Enquiry(Versioned, table=True):
    """A question about a published call, and its answer.  Who asked is nobody's business."""

    __tablename__ = "enquiry"
    __table_args__ = (UniqueConstraint("scenario_id", "number"),)

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    asker_id: UUID = Field(foreign_key="organization.id", index=True)
    asked_by: UUID = Field(foreign_key="person.id")
    state: EnquiryState = Field(sa_type=text_enum(EnquiryState))
    question: str = Field(max_length=4000)
    asked_at: dt.datetime
    reply_due_at: dt.datetime | None = Field(default=None, index=True)
    reply_basis: dict[str, Any] | None = json_document(default=None, nullable=True)
    """How the reply clock was computed."""
    overdue_told_at: dt.datetime | None = Field(default=None)
    answer: str | None = Field(default=None, max_length=8000)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: dt.datetime | None = Field(default=None)
    public_question: str | None = Field(default=None, max_length=4000)
    """The question as it is published."""
    number: int | None = Field(default=None)
    """Which clarification of the call it is, counted by publication: gaps would tell of others."""
    amendment_id: UUID | None = Field(default=None, foreign_key="amendment.id")
    """The amendment that makes what the answer changes part of the call."""
    content_version: int | None = Field(default=None)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
    set_aside_why: str | None = Field(default=None, max_length=2000)


class Follower(Row, table=True):
    """A person who wants to hear of a call; private, and counted nowhere."""

    __tablename__ = "follower"
    __table_args__ = (UniqueConstraint("scenario_id", "organization_id", "person_id"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    organization_id: UUID = Field(foreign_key="organization.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    followed_at: dt.datetime
