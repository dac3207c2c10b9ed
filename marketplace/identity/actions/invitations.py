"""What the identity room can do: invite people into an organisation, and let them accept."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.memberships import InvitationRevoked, MemberInvited
from marketplace.identity.actions import keys as issuing
from marketplace.identity.actions import memberships as joining
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.errors.people import NameMissing, NameNotWanted, TooManyInvitations
from marketplace.identity.queries import memberships
from marketplace.identity.rules import access, credentials, invitations
from marketplace.identity.rules import roles as rules
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.roles import Giving
from marketplace.identity.tables.memberships import Invitation
from marketplace.identity.tables.people import Member, Person
from marketplace.kit.database import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation at the only moment its token is known."""

    row: Invitation
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """The name under which somebody without an account joins."""

    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A membership that has just begun, and the key that came with it, shown this once."""

    member: Member
    person: Person
    key: issuing.IssuedKey | None


async def invite(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    roles: frozenset[Role],
    note: str | None,
    days: int,
    open_max: int,
    entropy: bytes,
    now: dt.datetime,
) -> Invited:
    """Offer roles in an organisation to whoever will hold the token.

    Shape    `entropy` is 21 random bytes or more; `days` is how long the token opens.
    Refuses  OrganizationUnknown for outsiders, NotPermitted for whoever does not administer it,
             RoleNotYours, RolesIncompatible, TooManyInvitations above `open_max`.
    """
    where = await _administered(session, actor, organization_id, lock=True)
    rules.check_given(actor, where, roles)
    rules.check_together(roles)
    waiting = await memberships.open_invitations(session, organization_id, now=now)
    if len(waiting) >= open_max:
        raise TooManyInvitations(open=len(waiting), maximum=open_max)
    prefix, secret = invitations.halves_of(entropy)
    row = Invitation(
        organization_id=organization_id,
        roles=sorted(role.value for role in roles),
        note=note,
        prefix=prefix,
        secret_sha256=credentials.hash_secret(secret),
        invited_by=None if actor.is_system else actor.person_id,
        invited_at=now,
        expires_at=now + dt.timedelta(days=days),
    )
    session.add(row)
    await session.flush()
    said = MemberInvited(
        invitation_id=row.id,
        organization_id=organization_id,
        roles=tuple(sorted(roles)),
        expires_at=row.expires_at,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return Invited(row=row, token=invitations.assemble_token(prefix, secret))


async def revoke(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    invitation_id: UUID,
    *,
    now: dt.datetime,
) -> Invitation:
    """Take an invitation back; doing it again changes nothing.

    Refuses  InvitationUsed for one that was accepted: from there the way is to remove the member.
    """
    await _administered(session, actor, organization_id, lock=True)
    row = await memberships.invitation(session, organization_id, invitation_id, lock=True)
    if row.revoked_at is not None:
        return row
    if row.accepted_at is not None:
        invitations.check_open(_facts(row), now)
    row.revoked_at = now
    row.revoked_by = None if actor.is_system else actor.person_id
    await session.flush()
    said = InvitationRevoked(invitation_id=row.id, organization_id=organization_id)
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return row


async def accept(
    session: WriteSession,
    actor: Actor,
    token: str,
    *,
    newcomer: Newcomer | None,
    key_name: str | None,
    entropy: bytes,
    now: dt.datetime,
) -> Accepted:
    """Join with a token: as oneself when signed in, as a new person otherwise.

    Whoever signs in stays one person in several organisations, so that what they did for one is
    known in the other.  A new person gets a first key; one who is signed in, if `key_name` asks.

    Refuses  InvitationUnknown; InvitationUsed, InvitationRevoked, InvitationExpired to whoever
             holds the right token; NameMissing, NameNotWanted; NotPermitted for a limited key;
             AlreadyMember, RolesIncompatible.
    """
    unlocked = await memberships.invitation_of_token(session, token)
    await memberships.place(session, unlocked.organization_id, lock=True)
    row = await memberships.invitation_of_token(session, token, lock=True)
    invitations.check_open(_facts(row), now)
    person_id = await _whoever_joins(session, actor, newcomer, now=now)
    roles = frozenset(map(Role, row.roles))
    member = await joining.join(
        session,
        actor,
        row.organization_id,
        person_id,
        roles=roles,
        given_by=row.invited_by,
        now=now,
    )
    row.accepted_at, row.accepted_by = now, person_id
    await session.flush()
    key = None
    if actor.is_nobody or key_name is not None:
        joined = Actor(person_id=person_id, organization_id=row.organization_id, roles=roles)
        key = await issuing.issue_key(
            session,
            joined,
            row.organization_id,
            person_id,
            name=key_name or "first key",
            scopes=None,
            expires_at=None,
            entropy=entropy,
            now=now,
        )
    person = await memberships.person_locked(session, person_id)
    return Accepted(member=member, person=person, key=key)


async def administered(session: ReadSession, actor: Actor, organization_id: UUID) -> Giving:
    """Find an organisation whose invitations the actor may read."""
    return await _administered(session, actor, organization_id, lock=False)


async def _administered(
    session: ReadSession, actor: Actor, organization_id: UUID, *, lock: bool
) -> Giving:
    """Find an organisation the actor invites for: as its administrator, or as the platform's.

    Not as the bureau: whoever holds a token that nobody accepted could join under any name.
    """
    access.signed_in(actor)
    own = actor.organization_id == organization_id
    platform = actor.may(Permission.MEMBERS_ADD) and (
        actor.is_system or actor.has(Role.PLATFORM_ADMIN)
    )
    if not own and not actor.may(Permission.ORGANIZATIONS_READ):
        raise OrganizationUnknown(organization_id=str(organization_id))
    if not platform and not (own and actor.may(Permission.MEMBERS_MANAGE)):
        raise NotPermitted(permission=Permission.MEMBERS_MANAGE.value)
    return await memberships.place(session, organization_id, lock=lock)


async def _whoever_joins(
    session: WriteSession, actor: Actor, newcomer: Newcomer | None, *, now: dt.datetime
) -> UUID:
    """Name the person who joins; somebody new is entered."""
    if actor.is_nobody:
        if newcomer is None:
            raise NameMissing()
        person = Person(name_zh=newcomer.name_zh, name_en=newcomer.name_en, registered_at=now)
        session.add(person)
        await session.flush()
        return person.id
    if newcomer is not None:
        raise NameNotWanted()
    if actor.scopes is not None:
        # A limited key does what it names; that its person joins somewhere is not among it.
        raise NotPermitted(permission=Permission.MEMBERS_MANAGE.value)
    return actor.person_id


def _facts(row: Invitation) -> invitations.Open:
    return invitations.Open(
        expires_at=row.expires_at, accepted_at=row.accepted_at, revoked_at=row.revoked_at
    )
