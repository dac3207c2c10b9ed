"""What is remembered of measuring: every result, the queue, and the attempts that were used."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, text_enum
from marketplace.scoring.rules.work import WorkKind, WorkState


class SubmissionResult(Row, table=True):
    """What one submission measured against one hidden set with one scorer; never changed."""

    __tablename__ = "submission_result"
    __table_args__ = (
        UniqueConstraint(
            "submission_id",
            "hidden_set_id",
            "scorer_version",
            # The name that the convention would give is too long for PostgreSQL.
            name="uq_submission_result_once",
        ),
    )

    submission_id: UUID = Field(foreign_key="submission.id")
    hidden_set_id: UUID = Field(foreign_key="hidden_set.id", index=True)
    scorer_version: str = Field(max_length=32)
    value: str | None = Field(default=None, max_length=80)
    """Null where the file cannot be measured against this set; `failure` says why."""
    public_value: str | None = Field(default=None, max_length=80)
    failure: dict[str, Any] | None = json_document(default=None, nullable=True)
    detail: dict[str, Any] = json_document()
    """What else was found: rows, slices, digests."""
    measured_at: dt.datetime


class ResultOutcomes(Row, table=True):
    """What a measured file got by group of rows, from which certainty is computed.

    Beside the result and not in it: results are listed, and these are read once a round.
    """

    __tablename__ = "result_outcomes"

    result_id: UUID = Field(foreign_key="submission_result.id", unique=True)
    document: bytes
    """See `rules.outcomes`."""


class Work(Row, table=True):
    """Something that takes a while: who may see it, how far it is, and who has it now."""

    __tablename__ = "work"
    __table_args__ = (
        Index(
            "ix_work_due",
            "priority",
            "next_at",
            "id",
            postgresql_where=text("state IN ('queued', 'running')"),
            sqlite_where=text("state IN ('queued', 'running')"),
        ),
        Index("ix_work_kind_state_finished", "kind", "state", "finished_at"),
    )

    kind: WorkKind = Field(sa_type=text_enum(WorkKind))
    subject_id: UUID = Field(index=True)
    """The submission or the re-scoring it is about."""
    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    organization_id: UUID | None = Field(default=None, foreign_key="organization.id")
    """Whose work it is; null: the bureau's."""
    sealed: bool = Field(default=False)
    """Whether it tells that somebody bids: then nobody but its owner may know of it."""
    state: WorkState = Field(sa_type=text_enum(WorkState))
    priority: int
    steps_total: int
    steps_done: int = Field(default=0)
    tries: int = Field(default=0)
    """Leases since the last step that came to an end."""
    next_at: dt.datetime
    """When it may be taken; while it is leased, the end of the lease."""
    lease_token: UUID | None = Field(default=None)
    failure: dict[str, Any] | None = json_document(default=None, nullable=True)
    created_at: dt.datetime
    started_at: dt.datetime | None = Field(default=None)
    finished_at: dt.datetime | None = Field(default=None)
    busy_ms: int = Field(default=0)
    """How long it was worked on, all tries together."""


class QuotaUse(Row, table=True):
    """How many attempts of one bid in one phase of one criterion are used, on a day or in all."""

    __tablename__ = "quota_use"
    __table_args__ = (UniqueConstraint("bid_id", "criterion", "phase", "day"),)

    bid_id: UUID = Field(foreign_key="bid.id")
    criterion: str = Field(max_length=64)
    phase: str = Field(max_length=32)
    day: str = Field(max_length=10)
    """A day in Beijing, or `all`."""
    used: int


class Rescoring(Row, table=True):
    """All stored submissions of one criterion measured against a newer hidden set, then compared.

    Nothing counts before it is committed, and what is committed is what was looked at.
    """

    __tablename__ = "rescoring"
    __table_args__ = (
        Index(
            "uq_rescoring_one_open",
            "scenario_id",
            "criterion",
            unique=True,
            postgresql_where=text("committed_at IS NULL AND cancelled_at IS NULL"),
            sqlite_where=text("committed_at IS NULL AND cancelled_at IS NULL"),
        ),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id")
    criterion: str = Field(max_length=64)
    hidden_set_id: UUID = Field(foreign_key="hidden_set.id")
    reason: str = Field(max_length=2000)
    work_id: UUID = Field(foreign_key="work.id")
    after_id: UUID
    """Every submission up to this one has been measured."""
    requested_by: UUID = Field(foreign_key="person.id")
    requested_at: dt.datetime
    committed_by: UUID | None = Field(default=None, foreign_key="person.id")
    committed_at: dt.datetime | None = Field(default=None)
    preview_sha256: str | None = digest(default=None, nullable=True)
    """Digest of the difference that was committed."""
    cancelled_at: dt.datetime | None = Field(default=None)
