"""What the pilots room remembers."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import (
    Row,
    Versioned,
    digest,
    fen,
    json_document,
    stored_bytes,
    text_enum,
)
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.lifecycle import PhaseState, PilotState
from marketplace.pilots.rules.settlement import Outcome


class Pilot(Versioned, table=True):
    """One awarded bid tried out, and who pays for it."""

    __tablename__ = "pilot"

    number: str = Field(max_length=64, unique=True)
    """Readable and public: the number of the call and the slot."""
    award_id: UUID = Field(foreign_key="award.id", unique=True)
    scenario_id: UUID = Field(foreign_key="scenario.id", index=True)
    gov_id: UUID = Field(foreign_key="organization.id")
    """The district's purse."""
    poster_id: UUID = Field(foreign_key="organization.id", index=True)
    solver_id: UUID = Field(foreign_key="organization.id", index=True)
    year: int
    """Budget year of every commitment."""
    state: PilotState = Field(sa_type=text_enum(PilotState), index=True)
    handler_id: UUID = Field(foreign_key="person.id")
    """Who handles the pilot for the bureau; may not find that nobody was at fault."""
    contract_sha256: str = digest()
    opened_at: dt.datetime
    ended_at: dt.datetime | None = Field(default=None)
    final_state: PilotState | None = Field(default=None, sa_type=text_enum(PilotState))
    """How it ended, kept when it is settled and closed."""
    closed_at: dt.datetime | None = Field(default=None)


class Phase(Row, table=True):
    """One phase of a pilot, with the terms as signed and the running totals of its claims."""

    __tablename__ = "pilot_phase"
    __table_args__ = (
        UniqueConstraint("pilot_id", "position"),
        UniqueConstraint("pilot_id", "code"),
    )

    pilot_id: UUID = Field(foreign_key="pilot.id")
    position: int
    code: str = Field(max_length=32)
    title: dict[str, str] = json_document()
    ceiling_fen: int = fen()
    ok_bps: dict[str, int] = json_document()
    blameless_fail_bps: dict[str, int] = json_document()
    state: PhaseState = Field(sa_type=text_enum(PhaseState))
    outcome: Outcome | None = Field(default=None, sa_type=text_enum(Outcome))
    started_at: dt.datetime | None = Field(default=None)
    submitted_at: dt.datetime | None = Field(default=None)
    report_sha256: str | None = digest(default=None, nullable=True)
    """Digest of the report the solver submitted for review."""
    ended_at: dt.datetime | None = Field(default=None)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    stop_notice_on: dt.date | None = Field(default=None)
    ground: str | None = Field(default=None, max_length=4000)
    """Why the phase ended as it did."""
    finding: dict[str, Any] | None = json_document(default=None, nullable=True)
    """The five points of a finding of no fault."""
    settled_fen: int = fen(default=0)
    """Shared cost of all approved claims so far."""
    cumulative_fen: dict[str, int] = json_document()
    """What each party has borne of it; replaced whole with each approved claim."""


class Claim(Versioned, table=True):
    """Cost of one phase, claimed by the solver."""

    __tablename__ = "claim"
    __table_args__ = (UniqueConstraint("pilot_id", "number"),)

    pilot_id: UUID = Field(foreign_key="pilot.id")
    phase_id: UUID = Field(foreign_key="pilot_phase.id", index=True)
    number: int
    """1, 2, 3 … within the pilot."""
    state: ClaimState = Field(sa_type=text_enum(ClaimState), index=True)
    claimed_fen: int = fen()
    submitted_by: UUID = Field(foreign_key="person.id")
    submitted_at: dt.datetime
    verified_fen: int | None = fen(default=None, nullable=True)
    verified_by: UUID | None = Field(default=None, foreign_key="person.id")
    verified_at: dt.datetime | None = Field(default=None)
    approved_by: UUID | None = Field(default=None, foreign_key="person.id")
    approved_at: dt.datetime | None = Field(default=None)
    rejected_reason: str | None = Field(default=None, max_length=4000)
    settlement: bytes | None = stored_bytes(default=None, nullable=True)
    """The settlement with every input: from these bytes anybody can compute it again."""
    settlement_sha256: str | None = digest(default=None, nullable=True)
    payable_fen: int | None = fen(default=None, nullable=True)
    """What the funders owe on this claim."""
    bank_reference: str | None = Field(default=None, max_length=128, unique=True)
    paid_by: UUID | None = Field(default=None, foreign_key="person.id")
    paid_at: dt.datetime | None = Field(default=None)


class CostLine(Row, table=True):
    """One cost of a claim."""

    __tablename__ = "cost_line"
    __table_args__ = (UniqueConstraint("claim_id", "key"),)

    claim_id: UUID = Field(foreign_key="claim.id")
    key: str = Field(max_length=128)
    """Voucher number in normal form."""
    taken_key: str | None = Field(default=None, max_length=128, unique=True)
    """The key while the claim lives, null when it was rejected: one cost is claimed once."""
    category: str = Field(max_length=64)
    incurred_on: dt.date
    winding_down: bool = Field(default=False)
    claimed_fen: int = fen()
    verified_fen: int | None = fen(default=None, nullable=True)
