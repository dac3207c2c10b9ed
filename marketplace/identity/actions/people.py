"""What the identity room can do: people and memberships."""

import datetime as dt
from uuid import UUID

from marketplace.identity.actions import memberships as joining
from marketplace.identity.queries import memberships
from marketplace.identity.rules import access
from marketplace.identity.rules import roles as rules
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables.people import Member, Person
from marketplace.kit.database import WriteSession


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
    """Give a person roles in an organisation without asking the person.

    The bureau does so for the first people of an organisation.  Once it has an administrator,
    people are invited and accept.

    Refuses  OwnMembership for oneself; NotPermitted once there is an administrator, except for the
             platform's; RoleNotYours, RolesIncompatible, AlreadyMember.
    """
    access.require(actor, Permission.MEMBERS_ADD)
    where = await memberships.place(session, organization_id, lock=True)
    rules.check_not_oneself(actor, where, person_id)
    rules.check_given(actor, where, roles)
    return await joining.join(
        session, actor, organization_id, person_id, roles=roles, given_by=actor, now=now
    )
