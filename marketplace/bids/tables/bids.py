"""What the bids room remembers.  Sealed means bytes: no column of a sealed bid can be read."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.custody.rules.sides import How
from marketplace.kit.tables import (
    Row,
    Versioned,
    digest,
    fen,
    json_document,
    sealed,
    stored_bytes,
    text_enum,
)

_LIVE = text("state IN ('draft', 'submitted', 'needs_reconfirm')")


class Bid(Versioned, table=True):
    """One organisation's part in one call."""

    __tablename__ = "bid"
    __table_args__ = (
        Index(
            "uq_bid_one_live",
            "scenario_id",
            "solver_id",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        # Whether somebody takes part in a call is asked with every look at its boards.
        Index("ix_bid_call_and_solver", "scenario_id", "solver_id"),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id")
    solver_id: UUID = Field(foreign_key="organization.id", index=True)
    author_id: UUID = Field(foreign_key="person.id")
    state: BidState = Field(sa_type=text_enum(BidState))
    reading_public_key: bytes | None = stored_bytes(default=None, nullable=True)
    """The bidder's own key: every sealed content is closed to it too, until the deadline."""
    content_number: int = Field(default=0)
    """Which sealed version counts; 0 while there is none."""
    created_at: dt.datetime
    submitted_at: dt.datetime | None = Field(default=None)
    """When the counting version was accepted: server time, decided by the database's clock."""
    quote_fen: int | None = fen(default=None, nullable=True)
    """Null until the opening."""
    offer: dict[str, Any] | None = json_document(default=None, nullable=True)
    """The opened offer; null until the opening."""
    exclusion: str | None = Field(default=None, max_length=64)
    """Why the bid is out, as a code; null while it is in."""
    exclusion_reason: dict[str, str] | None = json_document(default=None, nullable=True)


class BidVersion(Row, table=True):
    """One sealed content of a bid; kept sealed for ever when a newer one replaced it."""

    __tablename__ = "bid_version"
    __table_args__ = (UniqueConstraint("bid_id", "number"),)

    bid_id: UUID = Field(foreign_key="bid.id")
    number: int
    scenario_content_version: int
    """The content of the call this offer answers."""
    sealed: bytes = stored_bytes()
    sealed_sha256: str = digest()
    content_sha256: str = digest()
    """Digest of the plaintext with its random salt: proves after the opening what was sealed."""
    received_at: dt.datetime
    sealed_by: SealedBy = Field(default=SealedBy.PLATFORM, sa_type=text_enum(SealedBy))
    receipt: bytes | None = stored_bytes(default=None, nullable=True)
    """The receipt as it was signed; null in versions older than signatures."""
    receipt_signature: bytes | None = stored_bytes(default=None, nullable=True)
    receipt_key_id: str | None = Field(default=None, max_length=16)
    """Names the pair of the notary that signed."""


class Opening(Row, table=True):
    """The act of opening: requested by an officer, completed by a supervisor."""

    __tablename__ = "opening"

    scenario_id: UUID = Field(foreign_key="scenario.id", unique=True)
    officer_id: UUID = Field(foreign_key="person.id")
    requested_at: dt.datetime
    officer_share: bytes | None = sealed(
        context="opening/{scenario_id}/officer_share", default=None, nullable=True
    )
    """What the officer released, until the witness comes; null before and after."""
    officer_how: How | None = Field(default=None, sa_type=text_enum(How))
    officer_reason: str | None = Field(default=None, max_length=2000)
    """Why the recovery share was used in place of the officer's."""
    witness_id: UUID | None = Field(default=None, foreign_key="person.id")
    opened_at: dt.datetime | None = Field(default=None)
    record: bytes | None = stored_bytes(default=None, nullable=True)
    record_sha256: str | None = digest(default=None, nullable=True)
    record_signature: bytes | None = stored_bytes(default=None, nullable=True)
    record_key_id: str | None = Field(default=None, max_length=16)


class EligibilityCheck(Row, table=True):
    """The answer to every qualification of one bid."""

    __tablename__ = "eligibility_check"

    bid_id: UUID = Field(foreign_key="bid.id", unique=True)
    items: list[dict[str, Any]] = json_document()
    checked_by: UUID = Field(foreign_key="person.id")
    checked_at: dt.datetime
