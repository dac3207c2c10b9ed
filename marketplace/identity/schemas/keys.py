"""The shapes of the identity room on the wire: API keys."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from marketplace.identity.rules.access import Permission
from marketplace.identity.tables.keys import ApiKey
from marketplace.wire.shapes import In, Moment, Out, ShortText, WholeNumber


class ApiKeyIn(In):
    """An API key to issue; without `person_id` and `organization_id` for oneself."""

    name: ShortText
    person_id: UUID | None = None
    organization_id: UUID | None = None
    scopes: Annotated[list[Permission], Field(max_length=64)] | None = None
    expires_at: Moment | None = None


class RotateIn(In):
    """How long the old secret stays good."""

    grace_days: Annotated[WholeNumber, Field(ge=0, le=7)]


class ApiKeyOut(Out, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    replaces_id: UUID | None

    @classmethod
    def of(cls, row: ApiKey) -> "ApiKeyOut":
        """Read one key."""
        return cls(**_key_facts(row))


class IssuedKeyOut(Out, frozen=True, kw_only=True):
    """A new API key with its secret: shown this once."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    last_used_at: dt.datetime | None
    replaces_id: UUID | None
    key: str

    @classmethod
    def of_issued(cls, row: ApiKey, key: str) -> "IssuedKeyOut":
        """Read one new key."""
        return cls(**_key_facts(row), key=key)


def _key_facts(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "organization_id": row.organization_id,
        "person_id": row.person_id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
        "replaces_id": row.replaces_id,
    }
