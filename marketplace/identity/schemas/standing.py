"""The shapes of the identity room on the wire: registration status, list entries, standing."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.identity.actions.standing import ListingFacts
from marketplace.identity.rules.standing import WORDS, Finding, FindingCode, RegistrationStatus
from marketplace.identity.tables.standing import BlacklistEntry, RegistrationEntry
from marketplace.wire.shapes import BilingualOut, In, Out, ShortText

Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(2999, 12, 31))]
Told = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class RegistrationIn(In):
    """What the company register says."""

    status: RegistrationStatus
    effective_from: Day
    """The first day on which it says so; not later than today."""
    source: Told


class BlacklistEntryIn(In):
    """An entry on the list of seriously dishonest parties."""

    listed_from: Day
    listed_until: Day | None = None
    """The first day on which it runs out by itself; without it, it does not."""
    authority: ShortText
    reason: Told
    source: Told

    def listing(self) -> ListingFacts:
        """Turn the request into the value the action takes."""
        return ListingFacts(
            listed_from=self.listed_from,
            listed_until=self.listed_until,
            authority=self.authority,
            reason=self.reason,
            source=self.source,
        )


class LiftIn(In):
    """The end of an entry."""

    lifted_on: Day
    """The first day on which it no longer counts."""
    reason: Told


class RegistrationOut(Out, frozen=True, kw_only=True):
    """What the company register said from a day on."""

    id: UUID
    status: RegistrationStatus
    effective_from: dt.date
    source: str
    recorded_by: UUID | None
    recorded_at: dt.datetime

    @classmethod
    def of(cls, row: RegistrationEntry) -> "RegistrationOut":
        """Read one entry."""
        return cls(
            id=row.id,
            status=row.status,
            effective_from=row.effective_from,
            source=row.source,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
        )


class BlacklistEntryOut(Out, frozen=True, kw_only=True):
    """One entry on the list of seriously dishonest parties."""

    id: UUID
    listed_from: dt.date
    listed_until: dt.date | None
    authority: str
    reason: str
    source: str
    recorded_by: UUID | None
    recorded_at: dt.datetime
    lifted_on: dt.date | None
    lift_reason: str | None
    lifted_by: UUID | None
    lifted_at: dt.datetime | None

    @classmethod
    def of(cls, row: BlacklistEntry) -> "BlacklistEntryOut":
        """Read one entry."""
        return cls(
            id=row.id,
            listed_from=row.listed_from,
            listed_until=row.listed_until,
            authority=row.authority,
            reason=row.reason,
            source=row.source,
            recorded_by=row.recorded_by,
            recorded_at=row.recorded_at,
            lifted_on=row.lifted_on,
            lift_reason=row.lift_reason,
            lifted_by=row.lifted_by,
            lifted_at=row.lifted_at,
        )


class FindingOut(Out, frozen=True, kw_only=True):
    """One thing that speaks against an organisation on a day."""

    code: FindingCode
    blocking: bool
    """Whether it keeps the organisation out; a notice is only told."""
    title: BilingualOut
    facts: dict[str, str]

    @classmethod
    def of(cls, one: Finding) -> "FindingOut":
        """Read one finding."""
        zh, en = WORDS[one.code]
        return cls(
            code=one.code,
            blocking=one.blocking,
            title=BilingualOut(zh=zh, en=en),
            facts=one.facts,
        )


class StandingOut(Out, frozen=True, kw_only=True):
    """Whether an organisation may take part on a day, and everything that speaks against it."""

    organization_id: UUID
    on: dt.date
    in_good_standing: bool
    findings: list[FindingOut]

    @classmethod
    def of(cls, organization_id: UUID, on: dt.date, found: Sequence[Finding]) -> "StandingOut":
        """Read one answer."""
        return cls(
            organization_id=organization_id,
            on=on,
            in_good_standing=not any(one.blocking for one in found),
            findings=[FindingOut.of(one) for one in found],
        )
