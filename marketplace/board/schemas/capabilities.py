"""How capabilities are declared and recommendations are shown."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from marketplace.board.queries.capabilities import FittingCall, FittingSolver
from marketplace.board.rules.matching import CODES_MAX, CapabilityGroup
from marketplace.board.schemas.cards import CardOut, MatchOut
from marketplace.board.tables import Capability, SolverListing
from marketplace.wire.shapes import BilingualOut, In, Out

CapabilityCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]


def _truth(value: Any) -> Any:
    # Pydantic would take 1, "yes" and "off"; whoever means yes or no can write true or false.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


class CapabilityOut(Out, frozen=True, kw_only=True):
    """One word of the vocabulary."""

    code: str
    group: CapabilityGroup
    name: BilingualOut

    @classmethod
    def of(cls, row: Capability) -> "CapabilityOut":
        """Read one word."""
        name = BilingualOut(zh=row.name_zh, en=row.name_en)
        return cls(code=row.code, group=row.group, name=name)


class VocabularyOut(Out, frozen=True, kw_only=True):
    """Everything that can be declared and wished for."""

    items: list[CapabilityOut]


class DeclareIn(In):
    """What the caller's organisation can do."""

    codes: Annotated[list[CapabilityCode], Field(max_length=CODES_MAX)]
    recommendable: Annotated[bool, BeforeValidator(_truth)]
    """Whether posters of published calls may be told of the organisation."""


class ListingOut(Out, frozen=True, kw_only=True):
    """What an organisation says it can do."""

    organization_id: UUID
    version: int
    """0: nothing was ever declared."""
    codes: list[str]
    recommendable: bool
    declared_at: dt.datetime | None

    @classmethod
    def of(
        cls, organization_id: UUID, row: SolverListing | None, codes: tuple[str, ...]
    ) -> "ListingOut":
        """Read one listing, or the absence of one."""
        return cls(
            organization_id=organization_id,
            version=0 if row is None else row.version,
            codes=list(codes),
            recommendable=row is not None and row.recommendable,
            declared_at=None if row is None else row.declared_at,
        )


class FittingCallOut(Out, frozen=True, kw_only=True):
    """An open call that suits a solver, and why."""

    card: CardOut
    match: MatchOut

    @classmethod
    def of(cls, found: FittingCall, *, now: dt.datetime) -> "FittingCallOut":
        """Read one recommendation."""
        return cls(card=CardOut.of(found.card, now=now), match=MatchOut.of(found.match))


class FittingCallsOut(Out, frozen=True, kw_only=True):
    """Open calls that suit a solver, most shared capabilities first."""

    items: list[FittingCallOut]


class FittingSolverOut(Out, frozen=True, kw_only=True):
    """A solver that wants to be recommended, and why it suits a call."""

    organization_id: UUID
    name: BilingualOut
    match: MatchOut

    @classmethod
    def of(cls, found: FittingSolver) -> "FittingSolverOut":
        """Read one recommendation."""
        name = BilingualOut(zh=found.organization.name_zh, en=found.organization.name_en)
        return cls(organization_id=found.organization.id, name=name, match=MatchOut.of(found.match))


class FittingSolversOut(Out, frozen=True, kw_only=True):
    """Solvers that suit a call, most shared capabilities first."""

    items: list[FittingSolverOut]
