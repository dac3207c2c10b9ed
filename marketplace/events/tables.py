"""The event log: one row per statement, never changed but for its number and the mark of its
fan-out.
"""

import datetime as dt
import json
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from marketplace.events.rules.envelope import Visibility
from marketplace.kit.ids import new_id
from marketplace.kit.tables import Row, big_counter, digest, stored_bytes, text_enum

LOG_ID = 1
_UNNUMBERED = text("number IS NULL")
_UNFANNED = text("fanned_out_at IS NULL")


class EventRow(SQLModel, table=True):
    """One statement.  `record` is what was said; the other columns are there to find it by."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("subject_id", "sequence"),
        Index(
            "ix_event_unnumbered",
            "position",
            postgresql_where=_UNNUMBERED,
            sqlite_where=_UNNUMBERED,
        ),
        Index("ix_event_unfanned", "number", postgresql_where=_UNFANNED, sqlite_where=_UNFANNED),
        {"sqlite_autoincrement": True},
    )

    position: int | None = big_counter()
    """Order of writing, given by the database; gaps are normal, and commits may be out of order."""
    number: int | None = Field(default=None, sa_type=BigInteger, unique=True)
    """1, 2, 3 … in the order in which the log tells it, without holes; given after the commit."""
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
    organizer_id: UUID | None = Field(default=None, index=True)
    """The bureau that organises that call."""
    actor: str = Field(max_length=32)
    """The kind of actor (a role, or `system`), never a person."""
    record: bytes = stored_bytes()
    """The CloudEvents document, as it is served, sent and hashed."""
    sha256: str = digest()
    previous_sha256: str | None = digest(default=None, nullable=True)
    owner_salt: bytes = stored_bytes()
    """What `ownerhash` in the record was salted with."""
    occurred_at: dt.datetime
    fanned_out_at: dt.datetime | None = Field(default=None)
    """When deliveries were made for it; None: not yet."""

    @property
    def data(self) -> dict[str, Any]:
        """The documented fields of the event."""
        found: dict[str, Any] = json.loads(self.record)["data"]
        return found


class EventSequence(SQLModel, table=True):
    """The last number and digest of a subject; its row lock puts the subject's events in a line."""

    __tablename__ = "event_sequence"

    subject_id: UUID = Field(primary_key=True)
    last: int
    last_sha256: str | None = digest(default=None, nullable=True)
    organizer_id: UUID | None = Field(default=None)
    """Of a call: the bureau that organises it."""
    rule_profile: str | None = Field(default=None, max_length=64)
    """Of a call: the rules that were pinned for it."""


class EventLog(SQLModel, table=True):
    """One row: the last number that was given.  Its lock puts those who give numbers in a line."""

    __tablename__ = "event_log"

    id: int = Field(primary_key=True)
    last_number: int = Field(sa_type=BigInteger)


class EventCheckpoint(Row, table=True):
    """One signed digest over the events from one number to another."""

    __tablename__ = "event_checkpoint"

    number: int = Field(unique=True)
    first_event: int = Field(sa_type=BigInteger)
    last_event: int = Field(sa_type=BigInteger)
    fill_key: bytes = stored_bytes()
    """Makes the leaves that stand for nothing; told only with an export of the whole log."""
    document: bytes = stored_bytes()
    """What was signed."""
    sha256: str = digest()
    key_id: str = Field(max_length=64)
    signature: bytes = stored_bytes()
    closed_at: dt.datetime
