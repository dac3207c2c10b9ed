"""What the scenarios room remembers."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, digest, json_document, text_enum
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.lifecycle import ScenarioState


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
    shelved_until: dt.date | None = Field(default=None)
    bureau_note: str | None = Field(default=None, max_length=2000)
    """Why the bureau returned or shelved the call, for its poster; null once it moves on."""
    published_at: dt.datetime | None = Field(default=None, index=True)
    bid_deadline_at: dt.datetime | None = Field(default=None, index=True)
    deadline_basis: dict[str, Any] | None = json_document(default=None, nullable=True)
    """How the earliest lawful deadline was computed: rule, calendar version, steps."""
    bundle_sha256: str | None = digest(default=None, nullable=True)
    """Digest of everything that was published."""
    panel_seated_at: dt.datetime | None = Field(default=None)
    closed_at: dt.datetime | None = Field(default=None)
    final_at: dt.datetime | None = Field(default=None)
    final_reason: str | None = Field(default=None, max_length=64)
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
