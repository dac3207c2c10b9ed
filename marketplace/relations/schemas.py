"""The shapes of the relations room on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.relations.actions import PartyNamed, Tie
from marketplace.relations.rules.relations import EdgeKind, Ground, Relation
from marketplace.relations.tables import OwnershipEdge, Party
from marketplace.wire.shapes import Bps, In, Out, ShortText

SourceText = Annotated[str, Field(min_length=1, max_length=2_000)]
Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31))]


class PartyIn(In):
    """Somebody at the end of a tie: give exactly one of the ids and the name."""

    organization_id: UUID | None = None
    party_id: UUID | None = None
    """A natural person or outside company that an earlier answer named."""
    name: ShortText | None = None
    """A natural person or outside company that was never recorded."""
    is_state: bool = False
    """Whether it exercises the state's ownership."""

    def named(self) -> PartyNamed:
        """Turn the request into the value the action takes."""
        return PartyNamed(
            organization_id=self.organization_id,
            party_id=self.party_id,
            name=self.name,
            is_state=self.is_state,
        )


class OwnershipEdgeIn(In):
    """A tie to record."""

    holder: PartyIn
    target: PartyIn
    kind: EdgeKind
    share_bps: Bps | None = None
    """For shareholders only."""
    valid_from: Day
    valid_to: Day | None = None
    """The first day on which it no longer holds; without it the tie holds until it is ended."""
    source: SourceText

    def tie(self) -> Tie:
        """Turn the request into the value the action takes."""
        return Tie(
            holder=self.holder.named(),
            target=self.target.named(),
            kind=self.kind,
            share_bps=self.share_bps,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            source=self.source,
        )


class EndEdgeIn(In):
    """The end of a tie."""

    valid_to: Day
    """The first day on which it no longer holds."""


class RelatedPartyCheckIn(In):
    """Two organisations, and the day that counts."""

    a: UUID
    b: UUID
    on: Day


class PartyOut(Out, frozen=True, kw_only=True):
    """Somebody at the end of a tie."""

    id: UUID
    organization_id: UUID | None
    name: str
    is_state: bool

    @classmethod
    def of(cls, row: Party) -> "PartyOut":
        """Read one party."""
        return cls(
            id=row.id, organization_id=row.organization_id, name=row.name, is_state=row.is_state
        )


class OwnershipEdgeOut(Out, frozen=True, kw_only=True):
    """One tie between two parties."""

    id: UUID
    holder: PartyOut
    target: PartyOut
    kind: EdgeKind
    share_bps: int | None
    valid_from: dt.date
    valid_to: dt.date | None
    source: str
    recorded_at: dt.datetime
    recorded_by: UUID | None
    ended_at: dt.datetime | None
    ended_by: UUID | None

    @classmethod
    def of(cls, row: OwnershipEdge, parties: Mapping[UUID, Party]) -> "OwnershipEdgeOut":
        """Read one tie and its two ends."""
        return cls(
            id=row.id,
            holder=PartyOut.of(parties[row.holder_id]),
            target=PartyOut.of(parties[row.target_id]),
            kind=row.kind,
            share_bps=row.share_bps,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            source=row.source,
            recorded_at=row.recorded_at,
            recorded_by=row.recorded_by,
            ended_at=row.ended_at,
            ended_by=row.ended_by,
        )


class RelatedPartyCheckOut(Out, frozen=True, kw_only=True):
    """Whether two organisations were related on a day, and the ties that prove it."""

    a: UUID
    b: UUID
    on: dt.date
    related: bool
    ground: Ground | None
    path: list[OwnershipEdgeOut]
    """Ties in the order in which they are walked from `a` to `b`."""

    @classmethod
    def of(
        cls,
        asked: RelatedPartyCheckIn,
        found: Relation | None,
        edges: Mapping[UUID, OwnershipEdge],
        parties: Mapping[UUID, Party],
    ) -> "RelatedPartyCheckOut":
        """Read one answer."""
        path = () if found is None else found.path
        return cls(
            a=asked.a,
            b=asked.b,
            on=asked.on,
            related=found is not None,
            ground=None if found is None else found.ground,
            path=[OwnershipEdgeOut.of(edges[edge.id], parties) for edge in path],
        )
