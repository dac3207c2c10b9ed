"""What the bids room remembers of documents: ciphertext, places, sizes and times before the
opening; what they are, and whether they are what was sealed, after it.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from marketplace.bids.rules.documents import DocumentState, Finding
from marketplace.kit.tables import Row, digest, json_document, sealed, stored_bytes, text_enum


class BidDocument(Row, table=True):
    """One document of a bid, closed for the lockbox of the call and the bid's own reading key."""

    __tablename__ = "bid_document"

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    state: DocumentState = Field(sa_type=text_enum(DocumentState))
    client_sealed: bool
    """Whether its parts arrived encrypted; the installation never saw them."""
    head: bytes = stored_bytes()
    """What it announces and the key of its parts, closed."""
    public_key: bytes = stored_bytes()
    """For which its parts are closed."""
    sealed_type: bytes | None = sealed(
        context="bid_document/{id}/type", default=None, nullable=True
    )
    """What it is for, so that its bidder can be told what is missing; under the master key."""
    size_bytes: int = Field(sa_type=BigInteger)
    """As announced; of the sealed parts together where they arrive sealed."""
    offset_bytes: int = Field(sa_type=BigInteger, default=0)
    """How much has arrived; the next part begins here."""
    sealed_sha256: str | None = digest(default=None, nullable=True)
    """Digest of everything that is kept of it, all of it ciphertext; fixed when complete."""
    bound_number: int | None = Field(default=None)
    """The latest sealed content of the bid that has it; null: none."""
    created_at: dt.datetime
    touched_at: dt.datetime
    completed_at: dt.datetime | None = Field(default=None)


class BidDocumentPart(Row, table=True):
    """One encrypted part that has arrived."""

    __tablename__ = "bid_document_part"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    document_id: UUID = Field(foreign_key="bid_document.id")
    number: int
    size_bytes: int = Field(sa_type=BigInteger)
    """By how much it brought the document further."""
    stored_name: str = Field(max_length=36, unique=True)
    sealed_sha256: str = digest()
    """Digest of the ciphertext."""
    received_at: dt.datetime


class OpenedDocument(Row, table=True):
    """A document that an opened offer names: what it is, and whether it is what was sealed."""

    __tablename__ = "opened_document"
    __table_args__ = (UniqueConstraint("bid_id", "named"),)

    bid_id: UUID = Field(foreign_key="bid.id")
    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    named: str = Field(max_length=64)
    """The id by which the sealed offer names it, whether or not there is such a document."""
    document_id: UUID | None = Field(default=None, foreign_key="bid_document.id", index=True)
    finding: Finding = Field(sa_type=text_enum(Finding))
    announced: dict[str, Any] | None = json_document(default=None, nullable=True)
    sealed_key: bytes | None = sealed(
        context="opened_document/{id}/key", default=None, nullable=True
    )
    """The key of its parts; null where the head did not open."""
    found_sha256: str | None = digest(default=None, nullable=True)
    """Digest of the content as it was found."""
    properties: dict[str, Any] | None = json_document(default=None, nullable=True)
    """What the file tells of its making, as read out of it."""
    opened_at: dt.datetime
    due_at: dt.datetime
    """When its content is to be looked at, next."""
    attempts: int = Field(default=0)
    checked_at: dt.datetime | None = Field(default=None)


class BidTrace(Row, table=True):
    """Where a sealed offer came from: closed until the opening, then compared, then forgotten."""

    __tablename__ = "bid_trace"

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    number: int
    """The sealed content that came from there."""
    closed: bytes | None = stored_bytes(default=None, nullable=True)
    """Closed for the lockbox of the call; null once opened or forgotten."""
    address_fingerprint: str | None = digest(default=None, nullable=True)
    """Of the address, keyed and different for each call; null before the opening."""
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Who sealed it; null before the opening."""
    kept_until: dt.datetime | None = Field(default=None, index=True)
    """When the fingerprint is forgotten."""
