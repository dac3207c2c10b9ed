"""The shapes of the scoring room on the wire: draws, recusals, the chair, the report, a stop."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.scoring.actions.draws import Plan
from marketplace.scoring.rules.conflicts import Conflict
from marketplace.scoring.rules.rubric import JUDGES_MAX
from marketplace.scoring.schemas.rounds import Label, Reason
from marketplace.scoring.tables.panels import (
    Consent,
    EvaluationReport,
    EvaluationStop,
    PanelDraw,
    RecusalKind,
    RecusalRequest,
    ReportSignature,
)
from marketplace.scoring.tables.rounds import PanelSeat
from marketplace.wire.shapes import (
    Code,
    In,
    LongBilingualIn,
    Moment,
    Out,
    ShortText,
    Truth,
    WholeNumber,
)

FIELDS_MAX = 20
INTERESTED_MAX = 500
Entropy = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Told = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]


class PanelDrawIn(In):
    """What is drawn, and for when."""

    review_at: Moment
    """When the review begins; some tracks do not let judges be drawn long before."""
    size: Annotated[WholeNumber, Field(ge=1, le=JUDGES_MAX)] | None = None
    """Judges in all; without it as few as the track allows."""
    representatives: Annotated[list[UUID], Field(max_length=JUDGES_MAX)] = Field(
        default_factory=list
    )
    """People of the poster who sit beside the experts."""
    fields: Annotated[list[Code], Field(max_length=FIELDS_MAX)] = Field(default_factory=list)
    """Fields of knowledge of which an expert must have one."""
    interested: Annotated[list[UUID], Field(max_length=INTERESTED_MAX)] = Field(
        default_factory=list
    )
    """Organisations that openly mean to bid: whoever is tied to one is not drawn."""
    secret: Entropy | None = None
    """The officer's 32 random bytes; without it they are made here."""

    def plan(self) -> Plan:
        """Turn the request into the value the action takes."""
        return Plan(
            review_at=self.review_at,
            size=self.size,
            representatives=self.representatives,
            fields=frozenset(self.fields),
            interested=frozenset(self.interested),
            secret=self.secret,
        )


class ContributionIn(In):
    """The supervisor's 32 random bytes."""

    contribution: Entropy


class GiveUpIn(In):
    """Why a draw is given up."""

    reason: Reason


class PanelDrawOut(Out, frozen=True, kw_only=True):
    """A draw of judges; its record is a document of its own."""

    id: UUID
    number: int
    state: str
    """`open`, `drawn` or `given_up`."""
    pool_sha256: str
    commitment: str
    seats: int
    eligible: int
    not_eligible: int
    opened_by: UUID
    opened_at: dt.datetime
    contributed_by: UUID | None
    drawn_at: dt.datetime | None
    record_sha256: str | None
    given_up_at: dt.datetime | None
    given_up_reason: str | None

    @classmethod
    def of(cls, row: PanelDraw) -> "PanelDrawOut":
        """Read one draw."""
        pool = json.loads(row.pool)
        ended = "drawn" if row.drawn_at is not None else "given_up"
        is_open = row.drawn_at is None and row.given_up_at is None
        return cls(
            id=row.id,
            number=row.number,
            state="open" if is_open else ended,
            pool_sha256=row.pool_sha256,
            commitment=row.commitment,
            seats=pool["seats"],
            eligible=len(pool["eligible"]),
            not_eligible=len(pool["ineligible"]),
            opened_by=row.opened_by,
            opened_at=row.opened_at,
            contributed_by=row.contributed_by,
            drawn_at=row.drawn_at,
            record_sha256=row.record_sha256,
            given_up_at=row.given_up_at,
            given_up_reason=row.given_up_reason,
        )


class RecusalRequestIn(In):
    """That somebody should not judge."""

    name: ShortText
    """Whom it is about; a judge who declares an interest of their own writes their own name."""
    reasons: Told


class RecusalDecisionIn(In):
    """What is decided on a request."""

    accepted: Truth
    person_id: UUID | None = None
    """Who it is about; needed where a request is accepted."""
    decision: Reason


class RecusalRequestOut(Out, frozen=True, kw_only=True):
    """A request; its decision is told to those who asked with the result, and not before."""

    id: UUID
    kind: RecusalKind
    name: str
    reasons: str
    filed_at: dt.datetime
    state: str
    """`received`, `accepted` or `refused`."""
    person_id: UUID | None
    decision: str | None
    decided_at: dt.datetime | None

    @classmethod
    def of(cls, row: RecusalRequest, *, decided: bool) -> "RecusalRequestOut":
        """Read one request, with its decision or without."""
        known = decided and row.decided_at is not None
        return cls(
            id=row.id,
            kind=row.kind,
            name=row.name,
            reasons=row.reasons,
            filed_at=row.filed_at,
            state=("accepted" if row.accepted else "refused") if known else "received",
            person_id=row.person_id if known else None,
            decision=row.decision if known else None,
            decided_at=row.decided_at if known else None,
        )


class ConflictOut(Out, frozen=True, kw_only=True):
    """One ground on which a judge who sits may not judge."""

    judge: str
    bid_id: UUID | None
    facts: dict[str, str]

    @classmethod
    def of(cls, found: Conflict, judge: str) -> "ConflictOut":
        """Read one conflict."""
        return cls(judge=judge, bid_id=found.party.bid_id, facts=found.facts())


class ProgressOut(Out, frozen=True, kw_only=True):
    """How far the panel is, in numbers."""

    judges: int
    signed: int
    seats_empty: int
    has_chair: bool
    stopped: bool


class ChairVoteIn(In):
    """Whom a judge wants in the chair."""

    label: Label


class ChairOut(Out, frozen=True, kw_only=True):
    """The chair of a panel, once somebody has more than half of the votes."""

    chair: str | None

    @classmethod
    def of(cls, seat: PanelSeat | None) -> "ChairOut":
        """Read the result of a vote."""
        return cls(chair=None if seat is None else seat.label)


class ReportIn(In):
    """What the chair writes in the report."""

    text: LongBilingualIn


class ReportSignIn(In):
    """A judge's word on the report."""

    dissent: Told | None = None
    """What the judge does not agree with, and why; without it the report is signed."""


class SilenceIn(In):
    """A judge who neither signed nor dissented."""

    label: Label


class SignatureOut(Out, frozen=True, kw_only=True):
    """One judge's word on the report."""

    judge: str
    consent: Consent
    dissent: str | None
    recorded_at: dt.datetime

    @classmethod
    def of(cls, row: ReportSignature, judge: str) -> "SignatureOut":
        """Read one signature."""
        return cls(
            judge=judge, consent=row.consent, dissent=row.dissent, recorded_at=row.recorded_at
        )


class ReportOut(Out, frozen=True, kw_only=True):
    """The panel's report about the round that counts."""

    id: UUID
    round_id: UUID
    document: dict[str, Any]
    document_sha256: str
    """Of the canonical bytes of `document`: what every signature stands under."""
    closed_at: dt.datetime
    signatures: list[SignatureOut]
    unsigned: list[str]

    @classmethod
    def of(
        cls,
        row: EvaluationReport,
        signed: Sequence[ReportSignature],
        seats: Sequence[PanelSeat],
    ) -> "ReportOut":
        """Read a report with what its judges said."""
        labels = {seat.id: seat.label for seat in seats}
        said = {one.seat_id for one in signed}
        return cls(
            id=row.id,
            round_id=row.round_id,
            document=json.loads(row.document),
            document_sha256=row.document_sha256,
            closed_at=row.closed_at,
            signatures=[SignatureOut.of(one, labels[one.seat_id]) for one in signed],
            unsigned=[
                seat.label for seat in seats if seat.recused_at is None and seat.id not in said
            ],
        )


class StopIn(In):
    """Why the panel stops."""

    explanation: Told


class ResumeIn(In):
    """Why the panel can go on."""

    decision: Reason


class StopOut(Out, frozen=True, kw_only=True):
    """That the panel stopped, and what the bureau decided."""

    id: UUID
    explanation: str
    stopped_at: dt.datetime
    decision: str | None
    decided_at: dt.datetime | None

    @classmethod
    def of(cls, row: EvaluationStop) -> "StopOut":
        """Read one stop."""
        return cls(
            id=row.id,
            explanation=row.explanation,
            stopped_at=row.stopped_at,
            decision=row.decision,
            decided_at=row.decided_at,
        )
