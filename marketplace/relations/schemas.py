"""The shapes of the relations room on the wire."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from marketplace.relations.actions.ties import PartyNamed, Tie
from marketplace.relations.rules.rechecks import Occasion, Stage
from marketplace.relations.rules.relations import EdgeKind, Ground, Relation
from marketplace.relations.tables import OwnershipEdge, Party, StandingCheck
from marketplace.wire.shapes import Bps, Code, In, Out, ShortText

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


class StandingCheckIn(In):
    """What an organisation is to be checked for."""

    stage: Literal[Stage.DECISION, Stage.CONTRACT, Stage.PAYMENT]
    subject_type: Code
    """What depends on it, in the words of events: award, pilot, claim."""
    subject_id: UUID
    counterpart_id: UUID | None = None
    """Another organisation, to ask whether the two are related."""

    def occasion(self) -> Occasion:
        """Turn the request into the value the action takes."""
        return Occasion(
            stage=self.stage,
            subject_type=self.subject_type,
            subject_id=self.subject_id,
            counterpart_id=self.counterpart_id,
        )


class StandingCheckOut(Out, frozen=True, kw_only=True):
    """What was found when an organisation was looked at again."""

    id: UUID
    organization_id: UUID
    stage: Stage
    subject_type: str
    subject_id: UUID
    on: dt.date
    blocked: bool
    findings: list[dict[str, Any]]
    counterpart_id: UUID | None
    related: bool | None
    """Null where it was not asked, or where the records allow no answer."""
    ground: Ground | None
    path: list[dict[str, str]]
    checked_by: UUID | None
    checked_at: dt.datetime

    @classmethod
    def of(cls, row: StandingCheck) -> "StandingCheckOut":
        """Read one check."""
        return cls(
            id=row.id,
            organization_id=row.organization_id,
            stage=row.stage,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            on=row.on_day,
            blocked=row.blocked,
            findings=row.findings,
            counterpart_id=row.counterpart_id,
            related=row.related,
            ground=row.ground,
            path=row.path,
            checked_by=row.checked_by,
            checked_at=row.checked_at,
        )
