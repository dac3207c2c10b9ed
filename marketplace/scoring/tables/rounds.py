"""What the scoring room remembers."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, stored_bytes, text_enum
from marketplace.scoring.rules.submissions import Phase, Source, SubmissionState


class RoundReason(StrEnum):
    """Why a ranking is computed: the first time, or again for one of the closed list of reasons."""

    FIRST = "first"
    SUM_ERROR = "sum_error"
    OUT_OF_RANGE = "out_of_range"
    OBJECTIVE_MISMATCH = "objective_mismatch"
    ABNORMAL_SCORE = "abnormal_score"
    JUDGE_REPLACED = "judge_replaced"
    HIDDEN_SET_REPLACED = "hidden_set_replaced"
    PROTEST_UPHELD = "protest_upheld"


class HiddenSet(Row, table=True):
    """The true answers of one benchmark; a new version never replaces an old one."""

    __tablename__ = "hidden_set"
    __table_args__ = (UniqueConstraint("scenario_id", "criterion", "number"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    criterion: str = Field(max_length=64)
    number: int
    file_name: str = Field(max_length=64)
    """Name in the storage; never told."""
    file_sha256: str = digest()
    rows: int
    slices: list[str] = json_document()
    """The columns that it was checked for: what files are told by slice."""
    uploaded_by: UUID | None = Field(default=None, foreign_key="person.id")
    uploaded_at: dt.datetime
    counts_from: dt.datetime | None = Field(default=None)
    """Since when files are measured against it; null: not before a re-scoring is committed."""


class Submission(Row, table=True):
    """One prediction file of one bid, sent or made of what its endpoint answered.

    With the value that counts; all its values are kept apart.
    """

    __tablename__ = "submission"

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    criterion: str = Field(max_length=64)
    metric: str = Field(max_length=100)
    phase: Phase = Field(sa_type=text_enum(Phase))
    state: SubmissionState = Field(sa_type=text_enum(SubmissionState))
    hidden_set_id: UUID | None = Field(default=None, foreign_key="hidden_set.id")
    """What the value that counts was measured against; null while there is none."""
    source: Source = Field(default=Source.FILE, sa_type=text_enum(Source))
    file_name: str | None = Field(default=None, max_length=64)
    """Name in the storage; null while the endpoint has not answered everything."""
    file_sha256: str | None = digest(default=None, nullable=True)
    size_bytes: int | None = Field(default=None)
    value: str | None = Field(default=None, max_length=80)
    """The metric on what decides, an exact decimal written as text."""
    public_value: str | None = Field(default=None, max_length=80)
    """The metric on the public split; null where there is none."""
    scorer_version: str | None = Field(default=None, max_length=32)
    failure: dict[str, Any] | None = json_document(default=None, nullable=True)
    """Code and facts of why there is no value."""
    quota_day: str = Field(max_length=10)
    """The day in Beijing on which its attempt was reserved."""
    quota_returned: bool = Field(default=False)
    """Whether the attempt was given back, which happens once."""
    selected_at: dt.datetime | None = Field(default=None)
    """When its solver selected it as final; null: not, or not any more."""
    submitted_by: UUID = Field(foreign_key="person.id")
    submitted_at: dt.datetime
    finished_at: dt.datetime | None = Field(default=None)
    file_gone_at: dt.datetime | None = Field(default=None)
    """When a file that costs no attempt was removed; it would fill the storage for nothing."""


class PanelSeat(Row, table=True):
    """One judge of one call; marks of a recused seat are kept and never counted."""

    __tablename__ = "panel_seat"
    __table_args__ = (
        UniqueConstraint("scenario_id", "person_id"),
        UniqueConstraint("scenario_id", "label"),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    label: str = Field(max_length=8)
    """J1, J2 …: what sheets and bidders see instead of a name."""
    is_expert: bool
    """False for a representative of the poster."""
    is_chair: bool = Field(default=False)
    seated_by: UUID | None = Field(default=None, foreign_key="person.id")
    seated_at: dt.datetime
    signed_at: dt.datetime | None = Field(default=None)
    recused_at: dt.datetime | None = Field(default=None)
    recused_by: UUID | None = Field(default=None, foreign_key="person.id")
    recusal_reason: str | None = Field(default=None, max_length=2000)
    sheet_sha256: str | None = digest(default=None, nullable=True)
    """Digest of the canonical sheet that the judge signed."""
    draw_id: UUID | None = Field(default=None, foreign_key="panel_draw.id")
    """The draw this judge comes from; null for whoever was named."""
    named_reason: str | None = Field(default=None, max_length=2000)
    """Why this judge was named and not drawn; null for whoever was drawn."""


class MarkRow(Row, table=True):
    """What one judge gave one bid on one subjective criterion."""

    __tablename__ = "mark"
    __table_args__ = (UniqueConstraint("seat_id", "bid_id", "criterion"),)

    seat_id: UUID = Field(foreign_key="panel_seat.id")
    bid_id: UUID = Field(foreign_key="bid.id")
    criterion: str = Field(max_length=64)
    value: str = Field(max_length=80)
    """An exact decimal written as text."""


class ObjectiveMark(Row, table=True):
    """The mark of one bid on one objective criterion: decided once, the same for every judge."""

    __tablename__ = "objective_mark"
    __table_args__ = (UniqueConstraint("bid_id", "criterion"),)

    bid_id: UUID = Field(foreign_key="bid.id")
    criterion: str = Field(max_length=64)
    value: str = Field(max_length=80)
    decided_by: UUID = Field(foreign_key="person.id")
    decided_at: dt.datetime


class ResponsivenessDecision(Row, table=True):
    """The panel's word on whether one bid answers the call."""

    __tablename__ = "responsiveness_decision"

    bid_id: UUID = Field(foreign_key="bid.id", unique=True)
    responsive: bool
    reason_code: str = Field(max_length=64)
    reason: dict[str, str] = json_document()
    decided_by: UUID = Field(foreign_key="person.id")
    decided_at: dt.datetime


class RankingRound(Row, table=True):
    """One computed ranking with its complete input; stored as bytes, served as stored."""

    __tablename__ = "ranking_round"
    __table_args__ = (UniqueConstraint("scenario_id", "number"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    number: int
    reason: RoundReason = Field(sa_type=text_enum(RoundReason))
    note: str | None = Field(default=None, max_length=2000)
    sheet: bytes = stored_bytes()
    sheet_sha256: str = digest()
    standings: bytes = stored_bytes()
    standings_sha256: str = digest()
    explanations: bytes = stored_bytes()
    summary: dict[str, Any] = json_document()
    """Counts for lists: how many were ranked and excluded."""
    computed_by: UUID = Field(foreign_key="person.id")
    computed_at: dt.datetime
    superseded_at: dt.datetime | None = Field(default=None)
    """When a later round took its place; the only column that changes."""
