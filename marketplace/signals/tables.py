"""What the signals room remembers."""

import datetime as dt
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from marketplace.kit.tables import Row, Versioned, digest, json_document, text_enum
from marketplace.signals.rules.collusion import Kind, Strength

REASON_LENGTH_MAX = 2_000


class Judgement(StrEnum):
    """What people made of a signal."""

    DISMISSED = "dismissed"
    """It has an innocent explanation."""
    REPORTED_TO_FINANCE = "reported_to_finance"
    """It was reported to the finance department."""


class SignalRun(Row, table=True):
    """One look at all opened bids of a call under one version of the rules."""

    __tablename__ = "signal_run"
    __table_args__ = (UniqueConstraint("scenario_id", "rules_version"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    rules_version: int
    inputs_sha256: str = digest()
    """Digest of the facts that were compared."""
    bids: int
    computed_at: dt.datetime


class CollusionSignal(Versioned, table=True):
    """One thing that bids of a call have in common and should not."""

    __tablename__ = "collusion_signal"
    __table_args__ = (UniqueConstraint("scenario_id", "fingerprint"),)

    scenario_id: UUID = Field(foreign_key="scenario.id")
    fingerprint: str = digest()
    """Digest of what it says: found again, it is the same signal."""
    kind: Kind = Field(sa_type=text_enum(Kind))
    strength: Strength = Field(sa_type=text_enum(Strength))
    bid_ids: list[str] = json_document()
    evidence: dict[str, Any] = json_document()
    words: dict[str, str] = json_document()
    rules_version: int
    """Of the rules that found it first."""
    found_at: dt.datetime


class SignalJudgement(Row, table=True):
    """What the chair or an officer made of a signal; never edited, only followed by another."""

    __tablename__ = "signal_judgement"

    signal_id: UUID = Field(foreign_key="collusion_signal.id", index=True)
    judgement: Judgement = Field(sa_type=text_enum(Judgement))
    reason: str = Field(max_length=REASON_LENGTH_MAX)
    person_id: UUID = Field(foreign_key="person.id")
    role: str = Field(max_length=32)
    """As what the person judged."""
    judged_at: dt.datetime
