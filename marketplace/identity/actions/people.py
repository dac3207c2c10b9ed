"""What the identity room can do: people, memberships, experts."""

import datetime as dt
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import (
    MemberJoined,
)
from marketplace.identity.errors import (
    AlreadyMember,
    PersonUnknown,
    RoleNotYours,
)
from marketplace.identity.queries import organizations, people
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.identity.tables.people import ExpertProfile, Member, Person
from marketplace.kit.database import WriteSession

BUREAU_ROLES = frozenset(
    {
        Role.BUREAU_OFFICER,
        Role.BUREAU_APPROVER,
        Role.SUPERVISOR,
        Role.FINANCE,
        Role.AUDITOR,
        Role.REVIEW_BODY,
    }
)
"""Roles that only a government organisation can have, and only an administrator can give."""


async def register_person(
    session: WriteSession, actor: Actor, *, name_zh: str, name_en: str, now: dt.datetime
) -> Person:
    """Enter a person; what they may do comes from memberships."""
    access.require(actor, Permission.MEMBERS_ADD)
    row = Person(name_zh=name_zh, name_en=name_en, registered_at=now)
    session.add(row)
    await session.flush()
    return row


async def add_member(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    person_id: UUID,
    *,
    roles: frozenset[Role],
    now: dt.datetime,
) -> Member:
    """Give a person roles in an organisation.

    Refuses  RoleNotYours for a bureau role from anybody but an administrator, for a bureau role in
    an
             organisation that is not government, and for the administrator's own role.
    """
    access.require(actor, Permission.MEMBERS_ADD)
    organization = await organizations.organization(session, organization_id)
    await people.person(session, person_id)
    _may_give(actor, roles, organization.kind)
    try:
        await people.member(session, organization_id, person_id)
    except PersonUnknown:
        pass
    else:
        raise AlreadyMember(person_id=str(person_id))
    row = Member(
        organization_id=organization_id,
        person_id=person_id,
        roles=sorted(role.value for role in roles),
        joined_at=now,
    )
    session.add(row)
    await session.flush()
    said = MemberJoined(
        organization_id=organization_id, person_id=person_id, roles=tuple(sorted(roles))
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


def _may_give(actor: Actor, roles: frozenset[Role], kind: OrganizationKind) -> None:
    if actor.is_system:
        return
    if Role.PLATFORM_ADMIN in roles:
        raise RoleNotYours(roles=[Role.PLATFORM_ADMIN.value])
    bureau = sorted(role.value for role in roles & BUREAU_ROLES)
    if bureau and not (actor.has(Role.PLATFORM_ADMIN) and kind is OrganizationKind.GOVERNMENT):
        raise RoleNotYours(roles=bureau)


async def register_expert(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    employer_id: UUID,
    specialities: list[str],
) -> ExpertProfile:
    """Enter a person in the expert pool with the employer that decides about recusal."""
    access.require(actor, Permission.MEMBERS_ADD)
    await people.person(session, person_id)
    await organizations.organization(session, employer_id)
    row = ExpertProfile(person_id=person_id, employer_id=employer_id, specialities=specialities)
    session.add(row)
    await session.flush()
    return row
