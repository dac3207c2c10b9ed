"""What the identity room remembers: registration status and the list of dishonest parties."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.identity.rules.standing import RegistrationStatus
from marketplace.kit.tables import Row, text_enum


class RegistrationEntry(Row, table=True):
    """What the company register said from a day on; never edited, only followed by another."""

    __tablename__ = "registration_entry"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    status: RegistrationStatus = Field(sa_type=text_enum(RegistrationStatus))
    effective_from: dt.date
    source: str = Field(max_length=2_000)
    """Where this is written: an extract, a query of the public register."""
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")
    recorded_at: dt.datetime


class BlacklistEntry(Row, table=True):
    """One dated entry on the list of seriously dishonest parties; never edited, only lifted."""

    __tablename__ = "blacklist_entry"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    listed_from: dt.date
    listed_until: dt.date | None = Field(default=None)
    """The first day on which it runs out by itself."""
    authority: str = Field(max_length=200)
    """Who decided the listing."""
    reason: str = Field(max_length=2_000)
    source: str = Field(max_length=2_000)
    """Number or address of the decision."""
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")
    recorded_at: dt.datetime
    lifted_on: dt.date | None = Field(default=None)
    """The first day on which it no longer counts."""
    lift_reason: str | None = Field(default=None, max_length=2_000)
    lifted_by: UUID | None = Field(default=None, foreign_key="person.id")
    lifted_at: dt.datetime | None = Field(default=None)
