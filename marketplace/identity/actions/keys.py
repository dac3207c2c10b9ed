"""What the identity room can do: API keys."""

import datetime as dt
import os
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.identity import (
    ApiKeyIssued,
    ApiKeyRevoked,
)
from marketplace.identity.errors import (
    KeyUnknown,
    NotPermitted,
    ScopeTooWide,
)
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
    """Issue an API key for oneself, or, as administrator, for any member.

    Shape    `entropy` is 21 random bytes or more; the key is made from it and shown once.
    Refuses  NotPermitted for somebody else's key, ScopeTooWide for scopes the person does not have.
    """
    access.signed_in(actor)
    for_self = (actor.organization_id, actor.person_id) == (organization_id, person_id)
    if not for_self and not actor.may(Permission.KEYS_ISSUE):
        raise NotPermitted(permission=Permission.KEYS_ISSUE.value)
    member = await people.member(session, organization_id, person_id)
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
    row = await keys.api_key(session, key_id)
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
