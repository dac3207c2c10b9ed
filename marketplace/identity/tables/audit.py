"""What the identity room remembers: who did what, and who was refused."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from marketplace.kit.tables import Row, json_document, text_enum


class Outcome(StrEnum):
    """How an act ended."""

    PERFORMED = "performed"
    """It was done; the entry was committed with it."""
    DENIED = "denied"
    """The credential, the role or the separation of duties did not allow it."""
    NOT_FOUND = "not_found"
    """No such thing, or none that the asker may know of: the answer does not tell which."""


class AuditEntry(Row, table=True):
    """One act at one door; written once, read by auditors."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_person", "person_id", "id"),
        Index("ix_audit_entry_organization", "organization_id", "id"),
        Index("ix_audit_entry_operation", "operation", "id"),
        Index("ix_audit_entry_outcome", "outcome", "id"),
        Index("ix_audit_entry_address_kept", "address_kept_until"),
        Index("ix_audit_entry_sealed_under", "sealed_under"),
    )

    occurred_at: dt.datetime
    outcome: Outcome = Field(sa_type=text_enum(Outcome))
    operation: str = Field(max_length=64)
    """The operation of the OpenAPI document, or `cli:` and the command."""
    subject: dict[str, Any] = json_document()
    """The ids in the address, by the name they have there."""
    code: str | None = Field(default=None, max_length=64)
    """Why it was refused; null where it was done."""
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Null: nobody was signed in, or the platform itself acted."""
    organization_id: UUID | None = Field(default=None, foreign_key="organization.id")
    roles: list[str] = json_document()
    """The roles that the person acted with, as they were then."""
    key_id: UUID | None = Field(default=None)
    """The API key that spoke for the person."""
    session_id: UUID | None = Field(default=None)
    """The session that spoke for the person."""
    request_id: str | None = Field(default=None, max_length=64)
    """The request in the server's log."""
    address: str | None = Field(default=None, max_length=64)
    """Where the request came from; forgotten after `address_kept_until`."""
    address_kept_until: dt.datetime | None = Field(default=None)
    sealed_under: UUID | None = Field(default=None)
    """The id of the thing that nobody else may know of yet; while it is set, no auditor reads the
    entry: it would tell who bids.
    """


class KnownThing(Row, table=True):
    """Something that was a secret and is one no more: acts on it are listed at once."""

    __tablename__ = "audit_known"

    thing: UUID = Field(unique=True)
    """The id that entries were sealed under."""
