"""What the identity room remembers: API keys."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document


class ApiKey(Row, table=True):
    """A machine credential of one person in one organisation; the secret itself is never stored."""

    __tablename__ = "api_key"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    person_id: UUID = Field(foreign_key="person.id")
    name: str = Field(max_length=100)
    prefix: str = Field(max_length=16, unique=True)
    secret_sha256: str = digest()
    scopes: list[str] | None = json_document(default=None, nullable=True)
    """Permissions the key is limited to; null: all of the person's."""
    created_at: dt.datetime
    expires_at: dt.datetime | None = Field(default=None)
    revoked_at: dt.datetime | None = Field(default=None)
    last_used_at: dt.datetime | None = Field(default=None)
    """To within a minute or two: noted in memory, written down now and then."""
    replaces_id: UUID | None = Field(default=None, foreign_key="api_key.id", unique=True)
    """The key that this one was rotated from; it dies when its grace is over."""
