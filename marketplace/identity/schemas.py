"""The shapes of the identity room on the wire."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from marketplace.identity.actions import OrganizationProfile
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables import (
    ApiKey,
    Member,
    Organization,
    OrganizationKind,
    Person,
    SizeClass,
)
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Moment, Out, ShortText


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
    verified_at: dt.datetime | None
    blacklisted: bool

    @classmethod
    def of(cls, row: Organization) -> "OrganizationOut":
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
            verified_at=row.verified_at,
            blacklisted=row.blacklisted,
        )


class MemberIn(In):
    """A person to add, and the roles to give."""

    name: BilingualIn | None = None
    person_id: UUID | None = None
    """Give either the id of a known person or the name of a new one."""
    roles: Annotated[list[Role], Field(min_length=1, max_length=10)]


class MemberOut(Out, frozen=True, kw_only=True):
    """A person's roles in an organisation."""

    organization_id: UUID
    person_id: UUID
    name: BilingualOut
    roles: list[str]
    joined_at: dt.datetime

    @classmethod
    def of(cls, member: Member, person: Person) -> "MemberOut":
        """Read one membership."""
        return cls(
            organization_id=member.organization_id,
            person_id=member.person_id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            roles=member.roles,
            joined_at=member.joined_at,
        )


class ApiKeyIn(In):
    """An API key to issue; without `person_id` and `organization_id` for oneself."""

    name: ShortText
    person_id: UUID | None = None
    organization_id: UUID | None = None
    scopes: Annotated[list[Permission], Field(max_length=64)] | None = None
    expires_at: Moment | None = None


class ApiKeyOut(Out, frozen=True, kw_only=True):
    """An API key without its secret."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, row: ApiKey) -> "ApiKeyOut":
        """Read one key."""
        return cls(**_key_facts(row))


class IssuedKeyOut(Out, frozen=True, kw_only=True):
    """A new API key with its secret: shown this once."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    name: str
    prefix: str
    scopes: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None
    key: str

    @classmethod
    def of_issued(cls, row: ApiKey, key: str) -> "IssuedKeyOut":
        """Read one new key."""
        return cls(**_key_facts(row), key=key)


def _key_facts(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "organization_id": row.organization_id,
        "person_id": row.person_id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
    }


class MeOut(Out, frozen=True, kw_only=True):
    """Who you are to the platform, and what you may ask for."""

    person: BilingualOut
    person_id: UUID
    organization: BilingualOut
    organization_id: UUID
    roles: list[str]
    permissions: list[str]

    @classmethod
    def of(cls, actor: Actor, person: Person, organization: Organization) -> "MeOut":
        """Describe the actor."""
        return cls(
            person=BilingualOut(zh=person.name_zh, en=person.name_en),
            person_id=person.id,
            organization=BilingualOut(zh=organization.name_zh, en=organization.name_en),
            organization_id=organization.id,
            roles=sorted(role.value for role in actor.roles),
            permissions=sorted(item.value for item in Permission if actor.may(item)),
        )
