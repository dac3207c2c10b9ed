"""What the identity room can answer."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.errors import (
    CredentialRefused,
    KeyUnknown,
    OrganizationNotVerified,
    OrganizationUnknown,
    PersonUnknown,
)
from marketplace.identity.rules import credentials
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables import ApiKey, ExpertProfile, Member, Organization, Person
from marketplace.kit.database import ReadSession


async def actor_of_key(session: ReadSession, key: str, *, now: dt.datetime) -> Actor:
    """Turn an API key into an actor, or refuse it without telling what was wrong with it."""
    halves = credentials.split_key(key)
    if halves is None:
        raise CredentialRefused()
    prefix, secret = halves
    found = await session.exec(
        select(ApiKey, Member)
        .where(ApiKey.prefix == prefix)
        .where(Member.organization_id == ApiKey.organization_id)
        .where(Member.person_id == ApiKey.person_id)
    )
    row = found.first()
    # The comparison runs even for an unknown prefix: an answer must not tell which prefixes exist.
    stored = row[0].secret_sha256 if row else credentials.hash_secret("")
    matches = credentials.secret_matches(secret, stored)
    if row is None or not matches:
        raise CredentialRefused()
    api_key, member = row
    expired = api_key.expires_at is not None and api_key.expires_at <= now
    if expired or api_key.revoked_at is not None or member.left_at is not None:
        raise CredentialRefused()
    return Actor(
        person_id=member.person_id,
        organization_id=member.organization_id,
        roles=frozenset(Role(role) for role in member.roles),
        scopes=None if api_key.scopes is None else frozenset(map(Permission, api_key.scopes)),
        key_id=api_key.id,
    )


async def organization(session: ReadSession, organization_id: UUID) -> Organization:
    """Find one organisation."""
    row = await session.get(Organization, organization_id)
    if row is None:
        raise OrganizationUnknown(organization_id=str(organization_id))
    return row


async def verified_organization(session: ReadSession, organization_id: UUID) -> Organization:
    """Find an organisation that may post and bid: verified, and not on the list of dishonest
    parties.
    """
    row = await organization(session, organization_id)
    if row.verified_at is None or row.blacklisted:
        raise OrganizationNotVerified(organization_id=str(organization_id))
    return row


async def organization_by_uscc(session: ReadSession, uscc: str) -> Organization | None:
    """Find an organisation by its unified social credit code."""
    return (await session.exec(select(Organization).where(Organization.uscc == uscc))).first()


async def organizations(
    session: ReadSession, *, after: UUID, limit: int, only: UUID | None
) -> Sequence[Organization]:
    """List organisations by id; `only` limits the list to the caller's own."""
    statement = select(Organization).where(col(Organization.id) > after)
    if only is not None:
        statement = statement.where(col(Organization.id) == only)
    return (await session.exec(statement.order_by(col(Organization.id)).limit(limit))).all()


async def member(session: ReadSession, organization_id: UUID, person_id: UUID) -> Member:
    """Find a present membership."""
    found = await session.exec(
        select(Member)
        .where(Member.organization_id == organization_id)
        .where(Member.person_id == person_id)
        .where(col(Member.left_at).is_(None))
    )
    row = found.first()
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def members_with_names(
    session: ReadSession, organization_id: UUID
) -> Sequence[tuple[Member, Person]]:
    """List the present members of an organisation with their names."""
    found = await session.exec(
        select(Member, Person)
        .where(Member.organization_id == organization_id)
        .where(Member.person_id == Person.id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    return found.all()


async def person(session: ReadSession, person_id: UUID) -> Person:
    """Find one person."""
    row = await session.get(Person, person_id)
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def expert_profile(session: ReadSession, person_id: UUID) -> ExpertProfile:
    """Find a person's expert profile."""
    found = await session.exec(select(ExpertProfile).where(ExpertProfile.person_id == person_id))
    row = found.first()
    if row is None:
        raise PersonUnknown(person_id=str(person_id))
    return row


async def organizations_of(session: ReadSession, person_id: UUID) -> frozenset[UUID]:
    """Name every organisation a person belongs to or is employed by: the ground of recusal."""
    memberships = await session.exec(
        select(Member.organization_id).where(Member.person_id == person_id)
    )
    employers = await session.exec(
        select(ExpertProfile.employer_id).where(ExpertProfile.person_id == person_id)
    )
    return frozenset(memberships.all()) | frozenset(employers.all())


async def roles_of(session: ReadSession, person_id: UUID) -> Sequence[tuple[UUID, frozenset[Role]]]:
    """List a person's present roles, organisation by organisation."""
    found = await session.exec(
        select(Member)
        .where(Member.person_id == person_id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    return [(row.organization_id, frozenset(map(Role, row.roles))) for row in found.all()]


async def api_key(session: ReadSession, key_id: UUID) -> ApiKey:
    """Find one API key."""
    row = await session.get(ApiKey, key_id)
    if row is None:
        raise KeyUnknown(key_id=str(key_id))
    return row


async def any_key(session: ReadSession) -> bool:
    """Tell whether any key was ever issued."""
    return (await session.exec(select(ApiKey.id).limit(1))).first() is not None


async def api_keys_of(session: ReadSession, organization_id: UUID) -> Sequence[ApiKey]:
    """List the API keys of an organisation."""
    found = await session.exec(
        select(ApiKey).where(ApiKey.organization_id == organization_id).order_by(col(ApiKey.id))
    )
    return found.all()
