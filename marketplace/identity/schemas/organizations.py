"""The shapes of the identity room on the wire: organisations and their register."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.identity.actions.organizations import OrganizationProfile
from marketplace.identity.tables.organizations import (
    Organization,
    OrganizationKind,
    SizeClass,
    Verification,
)
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Out


class OrganizationIn(In):
    """An organisation to register."""

    uscc: Annotated[str, Field(min_length=18, max_length=18)]
    name: BilingualIn
    kind: OrganizationKind
    region: Annotated[str, Field(min_length=1, max_length=64)]
    size_class: SizeClass = SizeClass.NONE
    is_startup: bool = False

    def profile(self) -> OrganizationProfile:
        """Turn the request into the value the action takes."""
        return OrganizationProfile(
            uscc=self.uscc,
            name_zh=self.name.zh,
            name_en=self.name.en or self.name.zh,
            kind=self.kind,
            region=self.region,
            size_class=self.size_class,
            is_startup=self.is_startup,
        )


class OrganizationOut(Out, frozen=True, kw_only=True):
    """An organisation."""

    id: UUID
    version: int
    uscc: str
    name: BilingualOut
    kind: OrganizationKind
    size_class: SizeClass
    is_startup: bool
    region: str
    verification: Verification
    """`pending` until an officer has verified the profile as it stands."""
    verified_at: dt.datetime | None
    blacklisted: bool
    """Whether it is on the list of seriously dishonest parties today."""

    @classmethod
    def of(cls, row: Organization, *, blacklisted: bool) -> "OrganizationOut":
        """Read one organisation, column by column."""
        return cls(
            id=row.id,
            version=row.version,
            uscc=row.uscc,
            name=BilingualOut(zh=row.name_zh, en=row.name_en),
            kind=row.kind,
            size_class=row.size_class,
            is_startup=row.is_startup,
            region=row.region,
            verification=row.verification,
            verified_at=row.verified_at,
            blacklisted=blacklisted,
        )
