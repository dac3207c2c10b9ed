"""What the identity room remembers: people, memberships, experts."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, json_document


class Person(Row, table=True):
    """A human being, with no more about them than the trade needs."""

    __tablename__ = "person"

    name_zh: str = Field(max_length=100)
    name_en: str = Field(max_length=100)
    registered_at: dt.datetime
    erased_at: dt.datetime | None = Field(default=None)
    """When they asked to be forgotten."""
    name_kept_until: dt.date | None = Field(default=None, index=True)
    """The day on which nothing asks to keep the name any longer; null: it goes with the wish."""


class Member(Versioned, table=True):
    """A person's roles in one organisation, as they are now or were when the person left.

    Whoever comes back has the same row again; what was in between is told by the periods.
    """

    __tablename__ = "member"
    __table_args__ = (UniqueConstraint("organization_id", "person_id"),)

    organization_id: UUID = Field(foreign_key="organization.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    roles: list[str] = json_document()
    joined_at: dt.datetime
    """When the present, or last, stay began."""
    left_at: dt.datetime | None = Field(default=None)


class ExpertProfile(Versioned, table=True):
    """What an expert knows, and who employs them: the ground of a draw and of recusal."""

    __tablename__ = "expert_profile"

    person_id: UUID = Field(foreign_key="person.id", unique=True)
    employer_id: UUID = Field(foreign_key="organization.id", index=True)
    specialities: list[str] = json_document()
    available: bool = Field(default=True)
    away_until: dt.date | None = Field(default=None)
    """The first day on which an expert who is away can be drawn again; null: not away."""
    region: str | None = Field(default=None, max_length=6)
    """Where they work, as a code of administrative divisions."""
