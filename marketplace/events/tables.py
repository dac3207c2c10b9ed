"""The event log: one row per statement, never changed but for the mark of its fan-out."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from marketplace.events.rules.envelope import Visibility
from marketplace.kit.ids import new_id
from marketplace.kit.tables import big_counter, json_document, text_enum


class EventRow(SQLModel, table=True):
    """One statement."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("subject_id", "sequence"),
        Index("ix_event_unfanned", "fanned_out_at", "position"),
        {"sqlite_autoincrement": True},
    )

    position: int | None = big_counter()
    """Order of writing, given by the database; gaps are normal, and commits may be out of order."""
    id: UUID = Field(default_factory=new_id, unique=True)
    type: str = Field(max_length=64, index=True)
    schema_version: int
    subject_type: str = Field(max_length=32)
    subject_id: UUID
    sequence: int
    """1, 2, 3 … for each subject, without holes."""
    visibility: Visibility = Field(sa_type=text_enum(Visibility))
    organization_id: UUID | None = Field(default=None, index=True)
    """Whose event it is: may hear OWNER events."""
    scenario_id: UUID | None = Field(default=None, index=True)
    """The call it belongs to: its participants may hear PARTICIPANTS events."""
    actor: str = Field(max_length=32)
    """The kind of actor (a role, or `system`), never a person."""
    data: dict[str, Any] = json_document()
    occurred_at: dt.datetime
    fanned_out_at: dt.datetime | None = Field(default=None)
    """When deliveries were made for it; None: not yet."""


class EventSequence(SQLModel, table=True):
    """The last number given to a subject; its row lock puts the subject's events in a line."""

    __tablename__ = "event_sequence"

    subject_id: UUID = Field(primary_key=True)
    last: int
