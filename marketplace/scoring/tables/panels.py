"""What the scoring room remembers of a panel: draws, recusals, the chair, the report, a stop."""

import datetime as dt
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.kit.tables import Row, digest, sealed, stored_bytes, text_enum

_OPEN_DRAW = text("drawn_at IS NULL AND given_up_at IS NULL")
_OPEN_STOP = text("decided_at IS NULL")


class PanelDraw(Row, table=True):
    """One draw of judges: a frozen pool, what both sides gave, and the witnessed record."""

    __tablename__ = "panel_draw"
    __table_args__ = (
        UniqueConstraint("scenario_id", "number"),
        Index(
            "uq_panel_draw_one_open",
            "scenario_id",
            unique=True,
            postgresql_where=_OPEN_DRAW,
            sqlite_where=_OPEN_DRAW,
        ),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id")
    number: int
    pool: bytes = stored_bytes()
    """Who could be drawn and who could not, and why: canonical bytes, fixed before the draw."""
    pool_sha256: str = digest()
    commitment: str = digest()
    """What binds the officer's side to a secret that nobody has seen yet."""
    sealed_secret: bytes | None = sealed(
        context="panel_draw/{id}/secret", default=None, nullable=True
    )
    """The officer's side; forgotten here when the record holds it."""
    opened_by: UUID = Field(foreign_key="person.id")
    opened_at: dt.datetime
    contributed_by: UUID | None = Field(default=None, foreign_key="person.id")
    drawn_at: dt.datetime | None = Field(default=None)
    record: bytes | None = stored_bytes(default=None, nullable=True)
    record_sha256: str | None = digest(default=None, nullable=True)
    given_up_by: UUID | None = Field(default=None, foreign_key="person.id")
    given_up_at: dt.datetime | None = Field(default=None)
    given_up_reason: str | None = Field(default=None, max_length=2000)


class RecusalKind(StrEnum):
    """Who says that somebody should not judge."""

    REQUEST = "request"
    """A bidder, or whoever may become one, in writing."""
    DECLARATION = "declaration"
    """The judge themself."""


class RecusalRequest(Row, table=True):
    """That somebody should not judge a call, in writing and with reasons, and what was decided."""

    __tablename__ = "recusal_request"

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    kind: RecusalKind = Field(sa_type=text_enum(RecusalKind))
    organization_id: UUID = Field(foreign_key="organization.id")
    filed_by: UUID = Field(foreign_key="person.id")
    filed_at: dt.datetime
    name: str = Field(max_length=200)
    """Whom it is about, as the requester knows the name: who judges is secret."""
    reasons: str = Field(max_length=5000)
    person_id: UUID | None = Field(default=None, foreign_key="person.id")
    """Who that is, once somebody has decided."""
    accepted: bool | None = Field(default=None)
    decision: str | None = Field(default=None, max_length=2000)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)


class ChairVote(Row, table=True):
    """Whom one judge wants in the chair; changed until there is a majority."""

    __tablename__ = "chair_vote"

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    seat_id: UUID = Field(foreign_key="panel_seat.id", unique=True)
    for_seat_id: UUID = Field(foreign_key="panel_seat.id")
    voted_at: dt.datetime


class EvaluationReport(Row, table=True):
    """What the panel reports about one round: canonical bytes that every judge signs."""

    __tablename__ = "evaluation_report"

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    round_id: UUID = Field(foreign_key="ranking_round.id", unique=True)
    document: bytes = stored_bytes()
    document_sha256: str = digest()
    closed_by: UUID = Field(foreign_key="person.id")
    closed_at: dt.datetime


class Consent(StrEnum):
    """What a judge says to the report."""

    AGREED = "agreed"
    DISSENTED = "dissented"
    SILENT = "silent"
    """Neither signed nor dissented in writing: counts as agreed (procurement regulations, 41)."""


class ReportSignature(Row, table=True):
    """One judge's word on the report."""

    __tablename__ = "report_signature"
    __table_args__ = (UniqueConstraint("report_id", "seat_id"),)

    report_id: UUID = Field(foreign_key="evaluation_report.id")
    seat_id: UUID = Field(foreign_key="panel_seat.id")
    consent: Consent = Field(sa_type=text_enum(Consent))
    dissent: str | None = Field(default=None, max_length=5000)
    """What the judge does not agree with, and why."""
    recorded_by: UUID = Field(foreign_key="person.id")
    """The judge; for a silent one the officer who writes down that the time is over."""
    recorded_at: dt.datetime


class EvaluationStop(Row, table=True):
    """That the panel stopped because the file is against the law, and what the bureau decided."""

    __tablename__ = "evaluation_stop"
    __table_args__ = (
        Index(
            "uq_evaluation_stop_one_open",
            "scenario_id",
            unique=True,
            postgresql_where=_OPEN_STOP,
            sqlite_where=_OPEN_STOP,
        ),
    )

    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    stopped_by: UUID = Field(foreign_key="person.id")
    stopped_at: dt.datetime
    explanation: str = Field(max_length=5000)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: dt.datetime | None = Field(default=None)
    decision: str | None = Field(default=None, max_length=2000)
