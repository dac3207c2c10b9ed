"""What the identity room can do: memberships begin, change, end, and begin again.

Locks are taken in this order: organisation, invitation, person, member.
"""

import datetime as dt
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import ApiKeyRevoked, MemberJoined
from marketplace.events.rules.catalogue.memberships import (
    InvitationRevoked,
    MemberLeft,
    MemberRolesChanged,
)
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.people import AlreadyMember, LastAdministrator, PersonUnknown
from marketplace.identity.queries import keys, memberships, people
from marketplace.identity.rules import access
from marketplace.identity.rules import roles as rules
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables.memberships import MembershipPeriod, PeriodEnd
from marketplace.identity.tables.people import Member
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Stale


async def join(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    person_id: UUID,
    *,
    roles: frozenset[Role],
    given_by: Actor | UUID | None,
    now: dt.datetime,
) -> Member:
    """Begin a membership, or begin it again; only for actions that have decided who may.

    The organisation must be locked.  Keys of an earlier stay stay dead: whoever comes back gets
    new ones.

    Refuses  AlreadyMember; RolesIncompatible, also with what the person holds elsewhere.
    """
    await memberships.person_locked(session, person_id)
    row = await memberships.ever_member(session, organization_id, person_id, lock=True)
    if row is not None and row.left_at is None:
        raise AlreadyMember(person_id=str(person_id))
    await _check_together(session, organization_id, person_id, roles)
    written = sorted(role.value for role in roles)
    if row is None:
        row = Member(
            organization_id=organization_id, person_id=person_id, roles=written, joined_at=now
        )
        session.add(row)
    else:
        await _revoke_keys(session, actor, row, now=now)
        row.roles, row.joined_at, row.left_at = written, now, None
        row.version += 1
    await session.flush()
    await _begin_period(session, row, given_by, now=now)
    said = MemberJoined(
        organization_id=organization_id, person_id=person_id, roles=tuple(sorted(roles))
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


async def change_roles(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    person_id: UUID,
    *,
    roles: frozenset[Role],
    expected_version: int,
    now: dt.datetime,
) -> Member:
    """Replace a member's roles, effective with the next request of every key and session.

    Who may give a role may also take it, and nobody else: an organisation's administrator cannot
    end what the platform's gave in a bureau.

    Refuses  PersonUnknown, NotPermitted, OwnMembership, RoleNotYours, RolesIncompatible,
             LastAdministrator, Stale.
    """
    access.signed_in(actor)
    await memberships.member_seen_by(session, actor, organization_id, person_id)
    where = await memberships.place(session, organization_id, lock=True)
    _require_manager(actor, where)
    rules.check_not_oneself(actor, where, person_id)
    await memberships.person_locked(session, person_id)
    row = await _present(session, organization_id, person_id, expected_version)
    before = frozenset(map(Role, row.roles))
    rules.check_given(actor, where, roles ^ before)
    if roles == before:
        return row
    await _check_together(session, organization_id, person_id, roles)
    if Role.ORGANIZATION_ADMIN in before - roles:
        await _check_successor(session, organization_id, person_id)
        await _revoke_invitations(session, actor, organization_id, person_id, now=now)
    row.roles = sorted(role.value for role in roles)
    row.version += 1
    await _end_period(session, row, actor, PeriodEnd.ROLES_CHANGED, now=now)
    await _begin_period(session, row, actor, now=now)
    said = MemberRolesChanged(
        organization_id=organization_id,
        person_id=person_id,
        roles=tuple(sorted(roles)),
        before=tuple(sorted(before)),
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


async def leave(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    person_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Member:
    """End a membership: one's own, or, as whoever manages the organisation, somebody else's.

    Its keys are revoked, and the invitations that the person sent.  What they did stays theirs.

    Refuses  PersonUnknown, NotPermitted, LastAdministrator while others are there, Stale.
    """
    access.signed_in(actor)
    await memberships.member_seen_by(session, actor, organization_id, person_id)
    where = await memberships.place(session, organization_id, lock=True)
    oneself = actor.person_id == person_id
    # A key that was limited names no permission for this, so it cannot end its own membership.
    if not oneself or actor.scopes is not None:
        _require_manager(actor, where)
    row = await _present(session, organization_id, person_id, expected_version)
    if not oneself:
        rules.check_given(actor, where, frozenset(map(Role, row.roles)))
    await _check_successor(session, organization_id, person_id)
    row.left_at = now
    row.version += 1
    await _end_period(
        session, row, actor, PeriodEnd.LEFT if oneself else PeriodEnd.REMOVED, now=now
    )
    await _revoke_keys(session, actor, row, now=now)
    await _revoke_invitations(session, actor, organization_id, person_id, now=now)
    said = MemberLeft(organization_id=organization_id, person_id=person_id, removed=not oneself)
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


def _require_manager(actor: Actor, where: rules.Giving) -> None:
    """Refuse whoever does not manage the people of an organisation."""
    if not rules.may_manage(actor, where):
        raise NotPermitted(permission=Permission.MEMBERS_MANAGE.value)


async def _present(
    session: WriteSession, organization_id: UUID, person_id: UUID, expected_version: int
) -> Member:
    row = await memberships.ever_member(session, organization_id, person_id, lock=True)
    if row is None or row.left_at is not None:
        raise PersonUnknown(person_id=str(person_id))
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    return row


async def _check_together(
    session: WriteSession, organization_id: UUID, person_id: UUID, roles: frozenset[Role]
) -> None:
    """Refuse roles that exclude each other, here or with the person's other organisations."""
    held = await people.roles_of(session, person_id)
    rules.check_together(roles, [found for where, found in held if where != organization_id])


async def _check_successor(session: WriteSession, organization_id: UUID, person_id: UUID) -> None:
    present = await memberships.present(session, organization_id)
    if rules.is_last_administrator(person_id, present):
        raise LastAdministrator(members_left=len(present) - 1)


async def _begin_period(
    session: WriteSession, row: Member, given_by: Actor | UUID | None, *, now: dt.datetime
) -> None:
    session.add(
        MembershipPeriod(
            member_id=row.id, roles=row.roles, began_at=now, began_by=_person_of(given_by)
        )
    )
    await session.flush()


async def _end_period(
    session: WriteSession, row: Member, actor: Actor, ended_as: PeriodEnd, *, now: dt.datetime
) -> None:
    period = await memberships.open_period(session, row.id)
    if period is not None:
        period.ended_at, period.ended_by, period.ended_as = now, _person_of(actor), ended_as
    await session.flush()


async def _revoke_keys(
    session: WriteSession, actor: Actor, row: Member, *, now: dt.datetime
) -> None:
    """Revoke every key of a membership: a key must not come back to life with its person."""
    for key in await keys.api_keys_of(session, row.organization_id):
        if key.person_id == row.person_id and key.revoked_at is None:
            key.revoked_at = now
            said = ApiKeyRevoked(api_key_id=key.id, organization_id=key.organization_id)
            await events.record(
                session, said, by=actor.kind, now=now, organization_id=key.organization_id
            )
    await session.flush()


async def _revoke_invitations(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    inviter_id: UUID,
    *,
    now: dt.datetime,
) -> None:
    """Revoke what somebody who no longer administers has sent out."""
    for row in await memberships.open_invitations(session, organization_id, now=now):
        if row.invited_by == inviter_id:
            row.revoked_at, row.revoked_by = now, _person_of(actor)
            said = InvitationRevoked(invitation_id=row.id, organization_id=organization_id)
            await events.record(
                session, said, by=actor.kind, now=now, organization_id=organization_id
            )
    await session.flush()


def _person_of(given_by: Actor | UUID | None) -> UUID | None:
    """Name a person; the platform itself and nobody are none."""
    if isinstance(given_by, Actor):
        return None if given_by.is_system or given_by.is_nobody else given_by.person_id
    return given_by
