"""What the identity room can do."""

import datetime as dt
import os
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import (
    ApiKeyIssued,
    ApiKeyRevoked,
    MemberJoined,
    OrganizationRegistered,
    OrganizationVerified,
)
from marketplace.identity import queries
from marketplace.identity.errors import (
    AlreadyMember,
    AlreadyRegistered,
    CreditCodeInvalid,
    KeyUnknown,
    NotPermitted,
    PersonUnknown,
    RoleNotYours,
    ScopeTooWide,
)
from marketplace.identity.rules import access, credentials
from marketplace.identity.rules.access import ROLE_PERMISSIONS, Actor, Permission, Role
from marketplace.identity.tables import (
    ApiKey,
    ExpertProfile,
    Member,
    Organization,
    OrganizationKind,
    Person,
    SizeClass,
)
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Stale

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationProfile:
    """What is filled in once and reused everywhere."""

    uscc: str
    name_zh: str
    name_en: str
    kind: OrganizationKind
    region: str
    size_class: SizeClass = SizeClass.NONE
    is_startup: bool = False


async def register_organization(
    session: WriteSession, actor: Actor, profile: OrganizationProfile, *, now: dt.datetime
) -> Organization:
    """Enter an organisation in the register, unverified."""
    access.require(actor, Permission.ORGANIZATIONS_REGISTER)
    if not credentials.is_uscc(profile.uscc):
        raise CreditCodeInvalid(uscc=profile.uscc)
    if await queries.organization_by_uscc(session, profile.uscc) is not None:
        raise AlreadyRegistered(uscc=profile.uscc)
    row = Organization(
        uscc=profile.uscc,
        name_zh=profile.name_zh,
        name_en=profile.name_en,
        kind=profile.kind,
        size_class=profile.size_class,
        is_startup=profile.is_startup,
        region=profile.region,
        registered_at=now,
    )
    session.add(row)
    await session.flush()
    said = OrganizationRegistered(organization_id=row.id, kind=row.kind)
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    return row


async def verify_organization(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    *,
    expected_version: int,
    now: dt.datetime,
) -> Organization:
    """Confirm that an organisation is what it says; only then may it post or bid."""
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    row = await queries.organization(session, organization_id)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    if row.verified_at is None:
        row.verified_at = now
        row.verified_by = None if actor.is_system else actor.person_id
        row.version += 1
        said = OrganizationVerified(organization_id=row.id)
        await events.record(session, said, by=actor.kind, now=now, organization_id=row.id)
    await session.flush()
    return row


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
    organization = await queries.organization(session, organization_id)
    await queries.person(session, person_id)
    _may_give(actor, roles, organization.kind)
    try:
        await queries.member(session, organization_id, person_id)
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
    await queries.person(session, person_id)
    await queries.organization(session, employer_id)
    row = ExpertProfile(person_id=person_id, employer_id=employer_id, specialities=specialities)
    session.add(row)
    await session.flush()
    return row


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """An API key at the only moment its secret is known."""

    row: ApiKey
    key: str


async def issue_key(
    session: WriteSession,
    actor: Actor,
    organization_id: UUID,
    person_id: UUID,
    *,
    name: str,
    scopes: frozenset[Permission] | None,
    expires_at: dt.datetime | None,
    entropy: bytes,
    now: dt.datetime,
) -> IssuedKey:
    """Issue an API key for oneself, or, as administrator, for any member.

    Shape    `entropy` is 21 random bytes or more; the key is made from it and shown once.
    Refuses  NotPermitted for somebody else's key, ScopeTooWide for scopes the person does not have.
    """
    access.signed_in(actor)
    for_self = (actor.organization_id, actor.person_id) == (organization_id, person_id)
    if not for_self and not actor.may(Permission.KEYS_ISSUE):
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    member = await queries.member(session, organization_id, person_id)
    wanted = _scopes_within(actor, member, scopes, for_self=for_self)
    text = entropy.hex()
    prefix = text[: credentials.PREFIX_LENGTH]
    secret = text[credentials.PREFIX_LENGTH :][: credentials.SECRET_LENGTH]
    row = ApiKey(
        organization_id=organization_id,
        person_id=person_id,
        name=name,
        prefix=prefix,
        secret_sha256=credentials.hash_secret(secret),
        scopes=wanted,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    said = ApiKeyIssued(
        api_key_id=row.id, organization_id=organization_id, person_id=person_id, prefix=prefix
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=organization_id)
    return IssuedKey(row=row, key=credentials.assemble_key(prefix, secret))


def _scopes_within(
    actor: Actor, member: Member, scopes: frozenset[Permission] | None, *, for_self: bool
) -> list[str] | None:
    """Limit a new key to what its person may do, never beyond a limited key that asks."""
    allowed = frozenset[Permission]().union(
        *(ROLE_PERMISSIONS[Role(role)] for role in member.roles)
    )
    if for_self and actor.scopes is not None:
        allowed &= actor.scopes
        scopes = allowed if scopes is None else scopes
    if scopes is None:
        return None
    beyond = scopes - allowed
    if beyond:
        raise ScopeTooWide(beyond=sorted(beyond), allowed=sorted(allowed))
    return sorted(scopes)


async def revoke_key(
    session: WriteSession, actor: Actor, key_id: UUID, *, now: dt.datetime
) -> ApiKey:
    """Revoke a key of one's own organisation; the next request with it is refused."""
    access.signed_in(actor)
    row = await queries.api_key(session, key_id)
    if row.organization_id != actor.organization_id and not actor.may(Permission.KEYS_ISSUE):
        raise KeyUnknown(key_id=str(key_id))
    if row.person_id != actor.person_id and not actor.may(Permission.KEYS_ISSUE):
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    if row.revoked_at is None:
        row.revoked_at = now
        await session.flush()
        said = ApiKeyRevoked(api_key_id=row.id, organization_id=row.organization_id)
        await events.record(
            session, said, by=actor.kind, now=now, organization_id=row.organization_id
        )
    return row


async def first_key(
    session: WriteSession, actor: Actor, owner: Actor, *, now: dt.datetime
) -> str | None:
    """Issue the first key of an installation to `owner`; None when any key was ever issued."""
    access.require(actor, Permission.KEYS_ISSUE)
    if await queries.any_key(session):
        return None
    issued = await issue_key(
        session,
        actor,
        owner.organization_id,
        owner.person_id,
        name="first key",
        scopes=None,
        expires_at=None,
        entropy=os.urandom(24),
        now=now,
    )
    return issued.key
