"""What the relations room remembers."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.kit.tables import Row, text_enum
from marketplace.relations.rules.relations import EdgeKind


class Party(Row, table=True):
    """Somebody who can own or be owned: an organisation, an outside company, a natural person."""

    __tablename__ = "party"

    organization_id: UUID | None = Field(default=None, foreign_key="organization.id", unique=True)
    """The organisation of the register that this party is; null for everybody else."""
    name: str = Field(max_length=200)
    is_state: bool = Field(default=False)
    """Exercises the state's ownership: what it controls is not related for that reason alone."""
    recorded_at: dt.datetime


class OwnershipEdge(Row, table=True):
    """One dated tie between two parties; never edited, only ended."""

    __tablename__ = "ownership_edge"

    holder_id: UUID = Field(foreign_key="party.id", index=True)
    target_id: UUID = Field(foreign_key="party.id", index=True)
    kind: EdgeKind = Field(sa_type=text_enum(EdgeKind))
    share_bps: int | None = Field(default=None)
    valid_from: dt.date
    valid_to: dt.date | None = Field(default=None)
    """The first day on which it no longer holds."""
    source: str = Field(max_length=2_000)
    """Where this is written: a register extract, a report, a declaration."""
    recorded_at: dt.datetime
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: dt.datetime | None = Field(default=None)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
