"""What is asked of a suspension, and what is answered about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.identity.rules.access import Actor
from marketplace.scenarios.queries.suspensions import order_of
from marketplace.scenarios.rules.part_choices import of_suspension
from marketplace.scenarios.rules.suspensions import (
    Authority,
    Block,
    Cause,
    SuspensionState,
    state_of,
)
from marketplace.scenarios.schemas.calls import Reason, actions_out
from marketplace.scenarios.tables import Suspension
from marketplace.wire.shapes import ActionsOut, In, Moment, Out


class SuspensionIn(In):
    """Why a call is suspended, what is barred, and until when."""

    cause: Cause
    """The class of the cause; public."""
    reason: Reason
    """The story; for those inside only."""
    blocks: Annotated[list[Block], Field(min_length=1, max_length=len(Block))]
    """What is barred; bidding or closing among them holds the bid clock."""
    until_at: Moment | None = None
    """When it ends by itself; without it, when it is lifted.  A review body must say."""


class LiftIn(In):
    """Why a suspension ends before its time."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads, in which language, and whether they may know what is not public."""

    actor: Actor
    english: bool
    from_inside: bool


class SuspensionOut(Out, frozen=True, kw_only=True):
    """A suspension, without the people behind it."""

    id: UUID
    version: int
    scenario_id: UUID
    state: SuspensionState
    """Derived from its dates."""
    cause: Cause
    authority: Authority
    blocks: list[str]
    from_at: dt.datetime
    until_at: dt.datetime | None
    lifted_at: dt.datetime | None
    reason: str | None
    """The story; null for whoever is outside."""
    lifted_why: str | None
    actions: ActionsOut

    @classmethod
    def of(cls, row: Suspension, *, now: dt.datetime, reader: Reader) -> "SuspensionOut":
        """Read one suspension as its reader may see it."""
        state = state_of(order_of(row), now)
        choices = of_suspension(reader.actor, row.authority, state)
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            state=state,
            cause=row.cause,
            authority=row.authority,
            blocks=row.blocks,
            from_at=row.from_at,
            until_at=row.until_at,
            lifted_at=row.lifted_at,
            reason=row.reason if reader.from_inside else None,
            lifted_why=row.lifted_why if reader.from_inside else None,
            actions=actions_out(choices, english=reader.english),
        )
