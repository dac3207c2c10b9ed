"""What the identity room can answer: API keys."""

import datetime as dt
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import col, select

from marketplace.identity.errors.keys import CredentialRefused, KeyUnknown
from marketplace.identity.rules import credentials
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.tables.keys import ApiKey
from marketplace.identity.tables.people import Member
from marketplace.kit.database import ReadSession


@cache
def _key_and_member() -> Any:
    """Ask for the few columns that make an actor; put together once, because every request asks."""
    columns: list[Any] = [
        *(ApiKey.id, ApiKey.secret_sha256, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.scopes),
        *(Member.person_id, Member.organization_id, Member.roles, Member.left_at),
    ]
    statement: Any = select(*columns)
    return (
        statement.where(col(ApiKey.prefix) == bindparam("prefix"))
        .where(Member.organization_id == ApiKey.organization_id)
        .where(Member.person_id == ApiKey.person_id)
    )


async def actor_of_key(session: ReadSession, key: str, *, now: dt.datetime) -> Actor:
    """Turn an API key into an actor, or refuse it without telling what was wrong with it."""
    halves = credentials.split_key(key)
    if halves is None:
        raise CredentialRefused()
    prefix, secret = halves
    row = (await session.exec(_key_and_member(), params={"prefix": prefix})).first()
    # The comparison runs even for an unknown prefix: an answer must not tell which prefixes exist.
    stored = row.secret_sha256 if row else credentials.hash_secret("")
    matches = credentials.secret_matches(secret, stored)
    if row is None or not matches:
        raise CredentialRefused()
    expired = row.expires_at is not None and row.expires_at <= now
    if expired or row.revoked_at is not None or row.left_at is not None:
        raise CredentialRefused()
    return Actor(
        person_id=row.person_id,
        organization_id=row.organization_id,
        roles=frozenset(Role(role) for role in row.roles),
        scopes=None if row.scopes is None else frozenset(map(Permission, row.scopes)),
        key_id=row.id,
    )


async def api_key(session: ReadSession, key_id: UUID, *, lock: bool = False) -> ApiKey:
    """Find one API key."""
    statement = select(ApiKey).where(ApiKey.id == key_id)
    row = (await session.exec(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise KeyUnknown(key_id=str(key_id))
    return row


async def successor_of(session: ReadSession, key_id: UUID) -> UUID | None:
    """Name the key that a key was rotated into."""
    return (await session.exec(select(ApiKey.id).where(ApiKey.replaces_id == key_id))).first()


async def any_key(session: ReadSession) -> bool:
    """Tell whether any key was ever issued."""
    return (await session.exec(select(ApiKey.id).limit(1))).first() is not None


async def api_keys_of_person(session: ReadSession, person_id: UUID) -> Sequence[ApiKey]:
    """List every key that ever spoke for a person."""
    return (await session.exec(select(ApiKey).where(ApiKey.person_id == person_id))).all()


async def api_keys_of(session: ReadSession, organization_id: UUID) -> Sequence[ApiKey]:
    """List the API keys of an organisation."""
    found = await session.exec(
        select(ApiKey).where(ApiKey.organization_id == organization_id).order_by(col(ApiKey.id))
    )
    return found.all()
