"""What the relations room remembers."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from marketplace.kit.tables import Row, json_document, text_enum
from marketplace.relations.rules.rechecks import Stage
from marketplace.relations.rules.relations import EdgeKind, Ground


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


class StandingCheck(Row, table=True):
    """What was found when an organisation's standing was looked at again; evidence, never edited.

    A check made for a bid stays sealed until the opening: it says that there is a bid.
    """

    __tablename__ = "standing_check"
    __table_args__ = (Index("ix_standing_check_subject", "subject_type", "subject_id"),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    stage: Stage = Field(sa_type=text_enum(Stage))
    subject_type: str = Field(max_length=32)
    """What it was checked for, in the words of events: bid, award, claim."""
    subject_id: UUID
    on_day: dt.date
    findings: list[dict[str, Any]] = json_document()
    """Everything that was found, with its words; empty: nothing."""
    blocked: bool
    """Whether one of the findings keeps the organisation out."""
    counterpart_id: UUID | None = Field(default=None, foreign_key="organization.id")
    """Whom it must not be related to; null where that was not asked."""
    related: bool | None = Field(default=None)
    """Null where it was not asked, or where the records allow no answer."""
    ground: Ground | None = Field(default=None, sa_type=text_enum(Ground))
    path: list[dict[str, str]] = json_document()
    """The ties that prove the relation, in the order in which they are walked."""
    sealed: bool
    """Shown to nobody until the opening of the bids."""
    checked_by: UUID | None = Field(default=None, foreign_key="person.id")
    checked_at: dt.datetime
