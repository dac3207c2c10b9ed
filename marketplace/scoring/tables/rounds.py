"""What the scoring room remembers."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, json_document, stored_bytes, text_enum


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
    uploaded_by: UUID | None = Field(default=None, foreign_key="person.id")
    uploaded_at: dt.datetime


class Submission(Row, table=True):
    """One prediction file of one bid, scored against one hidden set."""

    __tablename__ = "submission"

    bid_id: UUID = Field(foreign_key="bid.id", index=True)
    criterion: str = Field(max_length=64)
    metric: str = Field(max_length=100)
    hidden_set_id: UUID = Field(foreign_key="hidden_set.id")
    file_name: str = Field(max_length=64)
    file_sha256: str = digest()
    size_bytes: int
    value: str = Field(max_length=80)
    """The metric, an exact decimal written as text."""
    scorer_version: str = Field(max_length=32)
    submitted_by: UUID = Field(foreign_key="person.id")
    submitted_at: dt.datetime


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
