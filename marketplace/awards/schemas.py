"""The shapes of the awards room on the wire."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints

from marketplace.awards.rules.lifecycle import AwardState
from marketplace.awards.tables import Award, AwardForfeit
from marketplace.bids.rules.hearings import Ground, HearingState
from marketplace.bids.tables.moves import Hearing
from marketplace.scenarios.tables import Scenario
from marketplace.wire.shapes import BilingualOut, In, LongBilingualIn, Out

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


def _truth(value: Any) -> Any:
    # Whether a winner is sanctioned must not hang on how "off" or 1 is read.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


class DeclineIn(In):
    """Why the winner will not sign."""

    reason: Reason


class ForfeitIn(In):
    """What was found about the cause, and the reason of that."""

    justified: Annotated[bool, BeforeValidator(_truth)]
    reason: Reason


class FindingIn(In):
    """What was decided about an accusation, and why."""

    decision: LongBilingualIn


class AwardOut(Out, frozen=True, kw_only=True):
    """An award, and what its winner declared about not taking it."""

    id: UUID
    version: int
    scenario_id: UUID
    bid_id: UUID
    state: AwardState
    declined_at: dt.datetime | None
    declined_reason: str | None
    justified: bool | None
    """Whether the cause was found to be justified; null until it is decided."""
    ended_at: dt.datetime | None

    @classmethod
    def of(cls, row: Award, forfeit: AwardForfeit | None) -> "AwardOut":
        """Read one award."""
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            bid_id=row.bid_id,
            state=row.state,
            declined_at=None if forfeit is None else forfeit.declared_at,
            declined_reason=None if forfeit is None else forfeit.declared_reason,
            justified=None if forfeit is None else forfeit.justified,
            ended_at=row.ended_at,
        )


class HearingDecisionOut(Out, frozen=True, kw_only=True):
    """How an accusation ended."""

    hearing_id: UUID
    bid_id: UUID
    state: HearingState
    ground: Ground
    decision: BilingualOut | None
    decided_at: dt.datetime | None

    @classmethod
    def of(cls, row: Hearing) -> "HearingDecisionOut":
        """Read one decision."""
        words = row.decision
        return cls(
            hearing_id=row.id,
            bid_id=row.bid_id,
            state=row.state,
            ground=row.ground,
            decision=None if words is None else BilingualOut(zh=words["zh"], en=words.get("en")),
            decided_at=row.decided_at,
        )


class EvaluateAgainIn(In):
    """Why a ranking is made again after an award."""

    reason: Reason


class EvaluateAgainOut(Out, frozen=True, kw_only=True):
    """A call that is evaluated again."""

    scenario_id: UUID
    state: str

    @classmethod
    def of(cls, row: Scenario) -> "EvaluateAgainOut":
        """Read the call."""
        return cls(scenario_id=row.id, state=row.state.value)
