"""What the bids room remembers of a bid after its opening: exclusions, revocations, hearings."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.bids.rules.exclusions import HardGround
from marketplace.bids.rules.hearings import Ground, HearingState
from marketplace.kit.tables import Row, Versioned, json_document, text_enum


class HardExclusion(Row, table=True):
    """That the law keeps a bidder out of a call, as the system found it; nobody can override it."""

    __tablename__ = "hard_exclusion"
    __table_args__ = (UniqueConstraint("bid_id", "ground"),)

    bid_id: UUID = Field(foreign_key="bid.id")
    ground: HardGround = Field(sa_type=text_enum(HardGround))
    facts: dict[str, Any] = json_document()
    """What proves it; never another bidder's name or bid."""
    found_at: dt.datetime


class Revocation(Row, table=True):
    """That a bidder took an opened bid back, why, and what follows from it."""

    __tablename__ = "bid_revocation"

    bid_id: UUID = Field(foreign_key="bid.id", unique=True)
    state_before: str = Field(max_length=32)
    reason: str = Field(max_length=2000)
    bond_may_be_kept: bool
    """Whether the call asked for a bid bond, which its poster may now keep."""
    revoked_by: UUID = Field(foreign_key="person.id")
    revoked_at: dt.datetime


class Hearing(Versioned, table=True):
    """What a bidder is accused of, and its time to answer; no bid is invalidated without one."""

    __tablename__ = "bid_hearing"
    __table_args__ = (
        Index(
            "uq_bid_hearing_one_open",
            "bid_id",
            unique=True,
            postgresql_where=text("state IN ('offered', 'answered')"),
            sqlite_where=text("state IN ('offered', 'answered')"),
        ),
    )

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    state: HearingState = Field(sa_type=text_enum(HearingState))
    ground: Ground = Field(sa_type=text_enum(Ground))
    accusation: dict[str, str] = json_document()
    """What is said against the bid, in Chinese and, where given, in English."""
    evidence: list[dict[str, str]] = json_document()
    """What it rests on: a title and a digest of each document."""
    offered_by: UUID = Field(foreign_key="person.id")
    offered_at: dt.datetime
    answer_until: dt.datetime
    """At this instant by the database's clock it is too late to answer, and allowed to decide."""
    answer: str | None = Field(default=None, max_length=20_000)
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: dt.datetime | None = Field(default=None)
    decision: dict[str, str] | None = json_document(default=None, nullable=True)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
