"""What the scoring room remembers of what a panel decides together."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, fen, json_document, text_enum
from marketplace.scoring.rules.voting import Matter


class PanelVote(Row, table=True):
    """How one seat votes on one matter of one bid; never edited, and void once it is recused."""

    __tablename__ = "panel_vote"
    __table_args__ = (UniqueConstraint("seat_id", "bid_id", "matter"),)

    seat_id: UUID = Field(foreign_key="panel_seat.id")
    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    matter: Matter = Field(sa_type=text_enum(Matter))
    agrees: bool
    reason_code: str = Field(max_length=64)
    reason: dict[str, str] = json_document()
    cast_at: dt.datetime


class PriceInquiry(Versioned, table=True):
    """A price that its bidder must explain: why, until when, what it said, what the panel found."""

    __tablename__ = "price_inquiry"

    bid_id: UUID = Field(foreign_key="bid.id", unique=True)
    quote_fen: int = fen()
    hits: dict[str, int] = json_document()
    """Every rule that the quote is below, with its line in fen; empty if the panel asks."""
    figures: dict[str, Any] = json_document()
    """What the lines were made from: quotes, mean, second lowest, maximum, shares and profile."""
    asked_by: UUID | None = Field(default=None, foreign_key="person.id")
    """The judge whose vote made the majority; null where the figures ask."""
    asked_at: dt.datetime
    answer_until: dt.datetime
    """At this instant by the database's clock it is too late to explain."""
    explanation: str | None = Field(default=None, max_length=20_000)
    explained_by: UUID | None = Field(default=None, foreign_key="person.id")
    explained_at: dt.datetime | None = Field(default=None)
    accepted: bool | None = Field(default=None)
    """What the panel, or the clock, decided; null while that is open."""
    decided_at: dt.datetime | None = Field(default=None)
