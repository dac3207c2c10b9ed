"""What the identity room can do: sessions.

A session gets a new token whenever what it may do changes, and a token is always made here: one
that the client brought is looked up, never taken over.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select, update

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.credentials import SessionEnded, SessionOpened
from marketplace.identity.queries import sessions as queries
from marketplace.identity.rules import access, sessions
from marketplace.identity.rules.access import Actor, Role
from marketplace.identity.rules.sessions import Method
from marketplace.identity.tables.sessions import PersonSession
from marketplace.kit.database import WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session at the only moment its token is known."""

    row: PersonSession
    token: str
    must_enrol: bool


async def open_session(
    session: WriteSession,
    person_id: UUID,
    *,
    organization_id: UUID | None,
    methods: Sequence[Method],
    lifetime: dt.timedelta,
    entropy: bytes,
    now: dt.datetime,
) -> Opened:
    """Open a session for somebody who has just proved who they are."""
    member = await queries.membership(session, person_id, organization_id)
    token = sessions.new_token(entropy)
    row = PersonSession(
        token_sha256=sessions.token_hash(token),
        person_id=person_id,
        organization_id=member.organization_id,
        methods=[method.value for method in methods],
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    await session.flush()
    said = SessionOpened(
        session_id=row.id,
        organization_id=row.organization_id,
        person_id=person_id,
        methods=tuple(row.methods),
    )
    by = min(member.roles, default="nobody")
    await events.record(session, said, by=by, now=now, organization_id=row.organization_id)
    must_enrol = sessions.must_enrol(frozenset(map(Role, member.roles)), frozenset(methods))
    return Opened(row=row, token=token, must_enrol=must_enrol)


async def renew(
    session: WriteSession,
    row: PersonSession,
    *,
    entropy: bytes,
    methods: Sequence[Method] | None = None,
    organization_id: UUID | None = None,
) -> Opened:
    """Give a session a new token, and with it new methods or another organisation."""
    member = await queries.membership(
        session, row.person_id, organization_id or row.organization_id
    )
    token = sessions.new_token(entropy)
    row.token_sha256 = sessions.token_hash(token)
    row.organization_id = member.organization_id
    if methods is not None:
        row.methods = [method.value for method in methods]
    await session.flush()
    proven = frozenset(map(Method, row.methods))
    must_enrol = sessions.must_enrol(frozenset(map(Role, member.roles)), proven)
    return Opened(row=row, token=token, must_enrol=must_enrol)


async def act_for(
    session: WriteSession, actor: Actor, organization_id: UUID, *, entropy: bytes
) -> Opened:
    """Act for another organisation that the person belongs to."""
    session_id = access.in_session(actor)
    row = await queries.own_session(session, actor.person_id, session_id, lock=True)
    return await renew(session, row, entropy=entropy, organization_id=organization_id)


async def replace_session(session: WriteSession, session_id: UUID, *, now: dt.datetime) -> None:
    """End the session that a browser had when somebody signed in with it."""
    row = await queries.session_by_id(session, session_id)
    if row.revoked_at is None:
        await _end(session, row, by="nobody", now=now)


async def end_session(
    session: WriteSession, actor: Actor, session_id: UUID, *, now: dt.datetime
) -> PersonSession:
    """End one of one's own sessions."""
    access.unlimited(actor)
    row = await queries.own_session(session, actor.person_id, session_id, lock=True)
    if row.revoked_at is None:
        await _end(session, row, by=actor.kind, now=now)
    return row


async def end_sessions(
    session: WriteSession,
    person_id: UUID,
    *,
    but: UUID | None = None,
    by: str,
    now: dt.datetime,
) -> int:
    """End every session of a person, but for one if it is named."""
    statement = (
        select(PersonSession)
        .where(PersonSession.person_id == person_id)
        .where(col(PersonSession.revoked_at).is_(None))
        .where(PersonSession.expires_at > now)
        .order_by(col(PersonSession.id))
        .with_for_update()
    )
    ended = [row for row in (await session.exec(statement)).all() if row.id != but]
    for row in ended:
        await _end(session, row, by=by, now=now)
    return len(ended)


async def sign_out_everywhere(session: WriteSession, actor: Actor, *, now: dt.datetime) -> int:
    """End every session of the person who asks, this one too."""
    access.unlimited(actor)
    return await end_sessions(session, actor.person_id, by=actor.kind, now=now)


async def _end(session: WriteSession, row: PersonSession, *, by: str, now: dt.datetime) -> None:
    row.revoked_at = now
    await session.flush()
    said = SessionEnded(
        session_id=row.id, organization_id=row.organization_id, person_id=row.person_id
    )
    await events.record(session, said, by=by, now=now, organization_id=row.organization_id)


async def record_seen(session: WriteSession, uses: Mapping[UUID, dt.datetime]) -> None:
    """Write down when sessions were last seen; another process may have seen them later."""
    for session_id, at in uses.items():
        await session.exec(
            update(PersonSession)
            .where(col(PersonSession.id) == session_id)
            .where(col(PersonSession.last_seen_at) < at)
            .values(last_seen_at=at)
        )
