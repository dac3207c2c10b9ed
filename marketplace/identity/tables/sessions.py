"""What the identity room remembers: sessions, and accounts elsewhere that open them."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document


class PersonSession(Row, table=True):
    """A person who signed in and acts for one organisation; the token itself is never stored."""

    __tablename__ = "person_session"

    token_sha256: str = digest(unique=True)
    """Of the present token; it changes whenever the rights of the session do."""
    person_id: UUID = Field(foreign_key="person.id", index=True)
    organization_id: UUID = Field(foreign_key="organization.id")
    methods: list[str] = json_document()
    created_at: dt.datetime
    last_seen_at: dt.datetime
    """To within a minute or two."""
    expires_at: dt.datetime
    revoked_at: dt.datetime | None = Field(default=None)


class ExternalIdentity(Row, table=True):
    """An account at an OpenID provider that belongs to a person here."""

    __tablename__ = "external_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    person_id: UUID = Field(foreign_key="person.id", index=True)
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    """The provider's name for the account; the only one that it never gives to somebody else."""
    linked_by: UUID | None = Field(default=None, foreign_key="person.id")
    linked_at: dt.datetime
