"""What the identity room can do: API keys."""

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, or_, update

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.credentials import ApiKeyRotated
from marketplace.events.rules.catalogue.identity import (
    ApiKeyIssued,
    ApiKeyRevoked,
)
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.keys import KeyNotLive, KeyUnknown, PersonHasKeys, ScopeTooWide
from marketplace.identity.queries import keys, people
from marketplace.identity.rules import access, credentials
from marketplace.identity.rules.access import ROLE_PERMISSIONS, Actor, Permission, Role
from marketplace.identity.tables.keys import ApiKey
from marketplace.identity.tables.people import Member
from marketplace.kit.database import WriteSession


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
    """Issue an API key for oneself, or, as administrator, the first one of any member.

    Whoever holds a key is its person: an administrator who could make one for anybody at any time
    would have everybody's hands.

    Shape    `entropy` is 21 random bytes or more; the key is made from it and shown once.
    Refuses  NotPermitted for somebody else's key, PersonHasKeys for a second one, ScopeTooWide for
             scopes the person does not have.
    """
    access.signed_in(actor)
    for_self = (actor.organization_id, actor.person_id) == (organization_id, person_id)
    if not for_self and not actor.may(Permission.KEYS_ISSUE):
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    member = await people.member(session, organization_id, person_id)
    if not for_self and not actor.is_system:
        every = await keys.api_keys_of_person(session, person_id)
        if any(key.organization_id == organization_id for key in every):
            raise PersonHasKeys(person_id=str(person_id))
    wanted = _scopes_within(actor, member, scopes, for_self=for_self)
    prefix, secret = _halves(entropy)
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


def _halves(entropy: bytes) -> tuple[str, str]:
    """Make prefix and secret of a key from random bytes."""
    text = entropy.hex()
    return (
        text[: credentials.PREFIX_LENGTH],
        text[credentials.PREFIX_LENGTH :][: credentials.SECRET_LENGTH],
    )


async def rotate_key(
    session: WriteSession,
    actor: Actor,
    key_id: UUID,
    *,
    grace_days: int,
    entropy: bytes,
    now: dt.datetime,
) -> IssuedKey:
    """Give a key of oneself a successor with the same rights; the old secret is good for a grace.

    An administrator revokes somebody else's key and does not renew it: the new secret would be in
    the wrong hands.

    Refuses  NotPermitted for somebody else's; KeyNotLive for a key that opens nothing or has a
             successor; ScopeTooWide for a limited key that wants the successor of a wider one.
    """
    access.signed_in(actor)
    row = await _key_in_hand(session, actor, key_id)
    if row.person_id != actor.person_id and not actor.is_system:
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    expired = row.expires_at is not None and row.expires_at <= now
    if expired or row.revoked_at is not None or await keys.successor_of(session, row.id):
        raise KeyNotLive(key_id=str(key_id))
    _check_no_wider(actor, row)
    prefix, secret = _halves(entropy)
    successor = ApiKey(
        organization_id=row.organization_id,
        person_id=row.person_id,
        name=row.name,
        prefix=prefix,
        secret_sha256=credentials.hash_secret(secret),
        scopes=row.scopes,
        created_at=now,
        expires_at=row.expires_at,
        replaces_id=row.id,
    )
    session.add(successor)
    end = now + dt.timedelta(days=grace_days)
    row.expires_at = end if row.expires_at is None else min(end, row.expires_at)
    await session.flush()
    said = ApiKeyRotated(
        api_key_id=row.id,
        organization_id=row.organization_id,
        successor_id=successor.id,
        grace_days=grace_days,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organization_id)
    return IssuedKey(row=successor, key=credentials.assemble_key(prefix, secret))


def _check_no_wider(actor: Actor, row: ApiKey) -> None:
    if actor.scopes is None:
        return
    beyond = set(Permission if row.scopes is None else row.scopes) - actor.scopes
    if beyond:
        raise ScopeTooWide(beyond=sorted(beyond), allowed=sorted(actor.scopes))


async def _key_in_hand(session: WriteSession, actor: Actor, key_id: UUID) -> ApiKey:
    """Find, locked, a key of oneself or, as administrator, of anybody."""
    row = await keys.api_key(session, key_id, lock=True)
    if row.organization_id != actor.organization_id and not actor.may(Permission.KEYS_ISSUE):
        raise KeyUnknown(key_id=str(key_id))
    if row.person_id != actor.person_id and not actor.may(Permission.KEYS_ISSUE):
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    return row


async def revoke_key(
    session: WriteSession, actor: Actor, key_id: UUID, *, now: dt.datetime
) -> ApiKey:
    """Revoke a key of one's own organisation; the next request with it is refused.

    What it replaced is revoked with it: a key in its grace must not outlive its successor.
    """
    access.signed_in(actor)
    row = await _key_in_hand(session, actor, key_id)
    link: ApiKey | None = row
    while link is not None:
        if link.revoked_at is None:
            link.revoked_at = now
            await session.flush()
            said = ApiKeyRevoked(api_key_id=link.id, organization_id=link.organization_id)
            await events.record(
                session, said, by=actor.kind, now=now, organization_id=link.organization_id
            )
        link = None if link.replaces_id is None else await keys.api_key(session, link.replaces_id)
    return row


async def record_uses(session: WriteSession, uses: Mapping[UUID, dt.datetime]) -> None:
    """Write down when keys were last used; another process may have seen a later use."""
    for key_id, at in uses.items():
        await session.exec(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id)
            .where(or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) < at))
            .values(last_used_at=at)
        )


async def first_key(
    session: WriteSession, actor: Actor, owner: Actor, *, now: dt.datetime
) -> str | None:
    """Issue the first key of an installation to `owner`; None when any key was ever issued."""
    access.require(actor, Permission.KEYS_ISSUE)
    if await keys.any_key(session):
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
