"""What the identity room remembers: who held which roles when, and who is invited."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, text_enum

_STILL = text("ended_at IS NULL")


class PeriodEnd(StrEnum):
    """Why somebody no longer holds the roles of a period."""

    ROLES_CHANGED = "roles_changed"
    LEFT = "left"
    REMOVED = "removed"


class MembershipPeriod(Row, table=True):
    """A time in which a person held exactly these roles in an organisation; written once, ended
    once.
    """

    __tablename__ = "membership_period"
    __table_args__ = (
        Index(
            "uq_membership_period_one_open",
            "member_id",
            unique=True,
            postgresql_where=_STILL,
            sqlite_where=_STILL,
        ),
    )

    member_id: UUID = Field(foreign_key="member.id", index=True)
    roles: list[str] = json_document()
    began_at: dt.datetime
    began_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Who gave the roles: whoever added, invited or changed; null for the platform itself."""
    ended_at: dt.datetime | None = Field(default=None)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_as: PeriodEnd | None = Field(default=None, sa_type=text_enum(PeriodEnd))


class Invitation(Row, table=True):
    """An offer of roles in an organisation to whoever holds the token; the token is not stored."""

    __tablename__ = "invitation"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    roles: list[str] = json_document()
    note: str | None = Field(default=None, max_length=200)
    """For whom it is meant, in the words of whoever invites."""
    prefix: str = Field(max_length=16, unique=True)
    secret_sha256: str = digest()
    invited_by: UUID | None = Field(default=None, foreign_key="person.id", index=True)
    invited_at: dt.datetime
    expires_at: dt.datetime
    accepted_at: dt.datetime | None = Field(default=None)
    accepted_by: UUID | None = Field(default=None, foreign_key="person.id")
    revoked_at: dt.datetime | None = Field(default=None)
    revoked_by: UUID | None = Field(default=None, foreign_key="person.id")
