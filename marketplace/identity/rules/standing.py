"""Whether an organisation may take part on a day: verified, registered, and on no list.

Cast.  A `Record` is what the register knows.  A `Finding` is one thing it says about the day, in
words that people read; a blocking one keeps the organisation out of a bid, an award, a contract or
a payment until it is cured, a notice is only told.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from marketplace.identity.errors.organizations import (
    ListingMisdated,
    NotInGoodStanding,
    OrganizationNotVerified,
)
from marketplace.identity.rules.declarations import Declared, in_force
from marketplace.kit.errors import MarketplaceError


class RegistrationStatus(StrEnum):
    """What the company register says about an organisation."""

    ACTIVE = "active"
    """存续."""
    ABNORMAL = "abnormal"
    """经营异常: on the list of abnormal operation; a warning that is cured by filing."""
    SUSPENDED = "suspended"
    """停业."""
    REVOKED = "revoked"
    """吊销."""
    DEREGISTERED = "deregistered"
    """注销."""


class FindingCode(StrEnum):
    """What can be found."""

    NOT_VERIFIED = "not_verified"
    BLACKLISTED = "blacklisted"
    REGISTRATION_UNCHECKED = "registration_unchecked"
    REGISTRATION_ABNORMAL = "registration_abnormal"
    REGISTRATION_SUSPENDED = "registration_suspended"
    REGISTRATION_REVOKED = "registration_revoked"
    REGISTRATION_DEREGISTERED = "registration_deregistered"


WORDS: Final[dict[FindingCode, tuple[str, str]]] = {
    FindingCode.NOT_VERIFIED: ("单位信息待核验。", "The profile waits to be verified."),
    FindingCode.BLACKLISTED: (
        "当日在严重失信主体名单内。",
        "On the list of seriously dishonest parties on this day.",
    ),
    FindingCode.REGISTRATION_UNCHECKED: (
        "尚无当日有效的登记状态记录。",
        "No registration status is on record for this day.",
    ),
    FindingCode.REGISTRATION_ABNORMAL: (
        "登记状态为经营异常。",
        "The register lists it for abnormal operation.",
    ),
    FindingCode.REGISTRATION_SUSPENDED: ("登记状态为停业。", "Its business is suspended."),
    FindingCode.REGISTRATION_REVOKED: ("营业执照已吊销。", "Its business licence is revoked."),
    FindingCode.REGISTRATION_DEREGISTERED: ("登记已注销。", "It is struck off the register."),
}
"""Chinese and English words of each finding."""

NOTICES: Final = frozenset({FindingCode.REGISTRATION_UNCHECKED, FindingCode.REGISTRATION_ABNORMAL})
"""Findings that are told and keep nobody out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One entry of the list of seriously dishonest parties."""

    id: UUID
    authority: str
    listed_from: dt.date
    listed_until: dt.date | None = None
    """The first day on which it runs out by itself."""
    lifted_on: dt.date | None = None
    """The first day on which it no longer counts, because it was lifted."""

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether the entry counts on a day; the day it ends does not."""
        ends = [end for end in (self.listed_until, self.lifted_on) if end is not None]
        return self.listed_from <= day and all(day < end for end in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the register knows of one organisation."""

    organization_id: UUID
    verified: bool
    registrations: Sequence[Declared[RegistrationStatus]] = ()
    listings: Sequence[Listing] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing the record says about a day."""

    code: FindingCode
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def blocking(self) -> bool:
        """Tell whether it keeps the organisation out."""
        return self.code not in NOTICES

    def document(self) -> dict[str, Any]:
        """Write it as it is kept and told, with its words in both languages."""
        zh, en = WORDS[self.code]
        return {
            "code": self.code.value,
            "blocking": self.blocking,
            "title": {"zh": zh, "en": en},
            "facts": dict(self.facts),
        }


def findings_on(record: Record, on: dt.date) -> tuple[Finding, ...]:
    """Say everything that speaks against an organisation on a day, blocking or not.

    >>> clean = Record(organization_id=UUID(int=1), verified=False)
    >>> [one.code.value for one in findings_on(clean, dt.date(2026, 3, 2))]
    ['not_verified', 'registration_unchecked']
    """
    found = [] if record.verified else [Finding(code=FindingCode.NOT_VERIFIED)]
    for one in record.listings:
        if one.holds_on(on):
            facts = {
                "entry_id": str(one.id),
                "authority": one.authority,
                "listed_from": str(one.listed_from),
            }
            found.append(Finding(code=FindingCode.BLACKLISTED, facts=facts))
    status = in_force(record.registrations, on)
    if status is None:
        found.append(Finding(code=FindingCode.REGISTRATION_UNCHECKED))
    elif status.value is not RegistrationStatus.ACTIVE:
        code = FindingCode(f"registration_{status.value.value}")
        found.append(Finding(code=code, facts={"since": str(status.since)}))
    return tuple(found)


def refusal(
    organization_id: UUID, findings: Iterable[Finding], *, on: dt.date
) -> MarketplaceError | None:
    """Make the refusal that findings call for, with all that blocks; None where nothing does."""
    blocking = [one for one in findings if one.blocking]
    if not blocking:
        return None
    if [one.code for one in blocking] == [FindingCode.NOT_VERIFIED]:
        return OrganizationNotVerified(organization_id=str(organization_id))
    return NotInGoodStanding(
        organization_id=str(organization_id),
        on=str(on),
        findings=[one.document() for one in blocking],
    )


def check_listing(listing: Listing) -> None:
    """Refuse an entry that ends before it begins; an end on its first day says it never counted.

    Refuses  ListingMisdated.
    """
    for end in (listing.listed_until, listing.lifted_on):
        if end is not None and end < listing.listed_from:
            raise ListingMisdated(listed_from=str(listing.listed_from), end=str(end))
