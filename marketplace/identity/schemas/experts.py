"""The shapes of the identity room on the wire: the expert pool."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.identity.actions.experts import Standing, TieFacts
from marketplace.identity.rules.ties import TieKind
from marketplace.identity.tables.experts import ExpertTie
from marketplace.identity.tables.people import ExpertProfile, Person
from marketplace.wire.shapes import BilingualOut, Code, In, Out, Truth

Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31))]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Detail = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
SPECIALITIES_MAX = 50


class ExpertIn(In):
    """What the pool knows of an expert."""

    employer_id: UUID
    specialities: Annotated[list[Code], Field(min_length=1, max_length=SPECIALITIES_MAX)]
    """Fields of knowledge, such as `nlp`; `legal` and `economics` where a panel must have them."""
    region: Region | None = None
    available: Truth = True
    away_until: Day | None = None
    """The first day on which an expert who is away can be drawn again."""

    def standing(self) -> Standing:
        """Turn the request into the value the action takes."""
        return Standing(
            employer_id=self.employer_id,
            specialities=self.specialities,
            region=self.region,
            available=self.available,
            away_until=self.away_until,
        )


class NewExpertIn(ExpertIn):
    """A person to enter in the pool."""

    person_id: UUID


class ExpertOut(Out, frozen=True, kw_only=True):
    """An expert, told to whoever looks after the pool and to themself."""

    person_id: UUID
    name: BilingualOut
    employer_id: UUID
    specialities: list[str]
    region: str | None
    available: bool
    away_until: dt.date | None
    version: int

    @classmethod
    def of(cls, row: ExpertProfile, person: Person) -> "ExpertOut":
        """Read one profile."""
        return cls(
            person_id=row.person_id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            employer_id=row.employer_id,
            specialities=row.specialities,
            region=row.region,
            available=row.available,
            away_until=row.away_until,
            version=row.version,
        )


class TieIn(In):
    """A tie to an organisation."""

    organization_id: UUID
    kind: TieKind
    valid_from: Day | None = None
    """Without it: nobody knows when it began."""
    valid_to: Day | None = None
    """The first day on which it no longer holds."""
    detail: Detail | None = None
    """What a declared interest consists of: sealed, and read again by its expert and the bureau."""

    def facts(self) -> TieFacts:
        """Turn the request into the value the action takes."""
        return TieFacts(
            organization_id=self.organization_id,
            kind=self.kind,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            detail=self.detail,
        )


class TieEndIn(In):
    """The end of a tie."""

    valid_to: Day
    """The first day on which it no longer holds."""


class TieOut(Out, frozen=True, kw_only=True):
    """A tie of an expert."""

    id: UUID
    organization_id: UUID
    kind: TieKind
    valid_from: dt.date | None
    valid_to: dt.date | None
    has_detail: bool
    detail: str | None
    """Null where there is none, and for whoever need not know it."""
    recorded_at: dt.datetime

    @classmethod
    def of(cls, row: ExpertTie, detail: str | None) -> "TieOut":
        """Read one tie."""
        return cls(
            id=row.id,
            organization_id=row.organization_id,
            kind=row.kind,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            has_detail=row.sealed_detail is not None,
            detail=detail,
            recorded_at=row.recorded_at,
        )
