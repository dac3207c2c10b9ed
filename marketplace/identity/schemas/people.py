"""The shapes of the identity room on the wire: people, memberships, experts."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.people import Member, Person
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Out


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
    version: int

    @classmethod
    def of(cls, member: Member, person: Person) -> "MemberOut":
        """Read one membership."""
        return cls(
            organization_id=member.organization_id,
            person_id=member.person_id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            roles=member.roles,
            joined_at=member.joined_at,
            version=member.version,
        )


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
