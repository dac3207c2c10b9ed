"""Signals of collusion on the wire."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints

from marketplace.signals.rules.collusion import Kind, Strength
from marketplace.signals.rules.wording import NOTE
from marketplace.signals.tables import (
    REASON_LENGTH_MAX,
    CollusionSignal,
    Judgement,
    SignalJudgement,
    SignalRun,
)
from marketplace.wire.shapes import BilingualOut, In, Out

Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_LENGTH_MAX),
]


class JudgeSignalIn(In):
    """What you make of a signal, and why."""

    judgement: Judgement
    reason: Reason


class SignalJudgementOut(Out, frozen=True, kw_only=True):
    """What somebody made of a signal."""

    judgement: Judgement
    reason: str
    person_id: UUID
    role: str
    judged_at: dt.datetime

    @classmethod
    def of(cls, row: SignalJudgement) -> "SignalJudgementOut":
        """Read one judgement."""
        return cls(
            judgement=row.judgement,
            reason=row.reason,
            person_id=row.person_id,
            role=row.role,
            judged_at=row.judged_at,
        )


class CollusionSignalOut(Out, frozen=True, kw_only=True):
    """One thing that bids have in common, with its evidence."""

    id: UUID
    version: int
    """For If-Match: judge the signal that you have read."""
    kind: Kind
    strength: Strength
    bid_ids: list[UUID]
    evidence: dict[str, Any]
    words: BilingualOut
    rules_version: int
    found_at: dt.datetime
    judgements: list[SignalJudgementOut]
    """The latest one counts."""

    @classmethod
    def of(
        cls, row: CollusionSignal, judgements: Sequence[SignalJudgement]
    ) -> "CollusionSignalOut":
        """Read one signal."""
        return cls(
            id=row.id,
            version=row.version,
            kind=row.kind,
            strength=row.strength,
            bid_ids=[UUID(one) for one in row.bid_ids],
            evidence=row.evidence,
            words=BilingualOut(zh=row.words["zh"], en=row.words["en"]),
            rules_version=row.rules_version,
            found_at=row.found_at,
            judgements=[SignalJudgementOut.of(one) for one in judgements],
        )


class CollusionSignalsOut(Out, frozen=True, kw_only=True):
    """The signals of a call, below what they are not."""

    note: BilingualOut
    computed_at: dt.datetime | None
    """Null: the bids were not compared yet."""
    rules_version: int | None
    items: list[CollusionSignalOut]

    @classmethod
    def of(cls, run: SignalRun | None, items: list[CollusionSignalOut]) -> "CollusionSignalsOut":
        """Read the signals of a call."""
        return cls(
            note=BilingualOut(zh=NOTE["zh"], en=NOTE["en"]),
            computed_at=None if run is None else run.computed_at,
            rules_version=None if run is None else run.rules_version,
            items=items,
        )
