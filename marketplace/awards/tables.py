"""What the awards room remembers."""

import datetime as dt
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.awards.rules.lifecycle import AwardState
from marketplace.kit.tables import Row, Versioned, fen, text_enum


class Award(Versioned, table=True):
    """One slot of a call given to one bid."""

    __tablename__ = "award"
    __table_args__ = (UniqueConstraint("scenario_id", "live_slot"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    slot: int
    """1, 2, 3 … as many as the call runs pilots in parallel."""
    live_slot: int | None = Field(default=None)
    """The slot while the award holds it, null afterwards: the database lets nobody else in."""
    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    solver_id: UUID = Field(foreign_key="organization.id", index=True)
    round_rank: int
    """The rank in the round the award was decided from."""
    quote_fen: int | None = fen(default=None, nullable=True)
    """Null where the call asks for no price."""
    state: AwardState = Field(sa_type=text_enum(AwardState), index=True)
    reason: str = Field(max_length=2000)
    decided_by: UUID = Field(foreign_key="person.id")
    decided_at: dt.datetime
    publicity_until: dt.datetime | None = Field(default=None)
    """Objections are possible before this time; nothing is signed before it."""
    confirmed_at: dt.datetime | None = Field(default=None)
    ended_at: dt.datetime | None = Field(default=None)
    ended_reason: str | None = Field(default=None, max_length=2000)


class AwardForfeit(Row, table=True):
    """Why a winner does not take its award: what it declared, and what was decided about that."""

    __tablename__ = "award_forfeit"

    award_id: UUID = Field(foreign_key="award.id", unique=True)
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Who declined it for the winner; null where only the time to sign ran out."""
    declared_at: dt.datetime | None = Field(default=None)
    declared_reason: str | None = Field(default=None, max_length=2000)
    sign_until: dt.datetime | None = Field(default=None)
    """When the time to sign was over; null where the winner declined before."""
    justified: bool | None = Field(default=None)
    """Whether the cause was found to be justified: then no sanction follows; null until decided."""
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
