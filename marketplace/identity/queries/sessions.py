"""What the identity room can answer: sessions and accounts elsewhere."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.errors.sign_in import IdentityUnknown, NoMembership, SessionUnknown
from marketplace.identity.rules import sessions
from marketplace.identity.rules.access import Actor, Role
from marketplace.identity.tables.people import Member
from marketplace.identity.tables.sessions import ExternalIdentity, PersonSession
from marketplace.kit.database import ReadSession
from marketplace.kit.notebook import Notebook

NOWHERE = UUID(int=0)
"""The organisation of whoever must set up a second factor first: nobody's rights are theirs."""


async def actor_of_session(
    session: ReadSession, token: str, *, idle: dt.timedelta, seen: Notebook, now: dt.datetime
) -> Actor | None:
    """Turn the token of a cookie into an actor; None when it opens nothing (any more)."""
    hashed = sessions.token_hash(token)
    found = await session.exec(
        select(PersonSession, Member)
        .where(PersonSession.token_sha256 == hashed)
        .where(Member.organization_id == PersonSession.organization_id)
        .where(Member.person_id == PersonSession.person_id)
        .where(col(Member.left_at).is_(None))
        # Whoever left and came back signs in again: an old session does not come back with them.
        .where(col(Member.joined_at) <= col(PersonSession.created_at))
    )
    pair = found.first()
    if pair is None or not sessions.token_matches(token, pair[0].token_sha256):
        return None
    row, member = pair
    last_seen = max(row.last_seen_at, seen.last(row.id) or row.last_seen_at)
    live = sessions.is_live(
        revoked_at=row.revoked_at,
        expires_at=row.expires_at,
        last_seen_at=last_seen,
        idle=idle,
        now=now,
    )
    return _actor(row, member) if live else None


def _actor(row: PersonSession, member: Member) -> Actor:
    roles = frozenset(map(Role, member.roles))
    if sessions.must_enrol(roles, frozenset(map(sessions.Method, row.methods))):
        return Actor(
            person_id=row.person_id,
            organization_id=NOWHERE,
            roles=frozenset(),
            scopes=frozenset(),
            session_id=row.id,
            must_enrol=True,
        )
    return Actor(
        person_id=row.person_id,
        organization_id=row.organization_id,
        roles=roles,
        session_id=row.id,
    )


async def session_by_id(session: ReadSession, session_id: UUID) -> PersonSession:
    """Find a session, locked."""
    statement = select(PersonSession).where(PersonSession.id == session_id)
    return (await session.exec(statement.with_for_update())).one()


async def own_session(
    session: ReadSession, person_id: UUID, session_id: UUID, *, lock: bool = False
) -> PersonSession:
    """Find a session of this person; anybody else's does not exist for them."""
    statement = (
        select(PersonSession)
        .where(PersonSession.id == session_id)
        .where(PersonSession.person_id == person_id)
    )
    row = (await session.exec(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise SessionUnknown(session_id=str(session_id))
    return row


async def live_sessions(
    session: ReadSession, person_id: UUID, *, idle: dt.timedelta, now: dt.datetime
) -> Sequence[PersonSession]:
    """List a person's sessions that still open something, the newest first."""
    found = await session.exec(
        select(PersonSession)
        .where(PersonSession.person_id == person_id)
        .where(col(PersonSession.revoked_at).is_(None))
        .where(PersonSession.expires_at > now)
        .where(PersonSession.last_seen_at > now - idle)
        .order_by(col(PersonSession.id).desc())
        .limit(200)
    )
    return found.all()


async def membership(session: ReadSession, person_id: UUID, organization_id: UUID | None) -> Member:
    """Find for whom a person acts: the organisation named, or the one they joined first."""
    statement = (
        select(Member)
        .where(Member.person_id == person_id)
        .where(col(Member.left_at).is_(None))
        .order_by(col(Member.id))
    )
    if organization_id is not None:
        statement = statement.where(Member.organization_id == organization_id)
    row = (await session.exec(statement.limit(1))).first()
    if row is None:
        raise NoMembership(organization_id=organization_id)
    return row


async def external_identity(
    session: ReadSession, issuer: str, subject: str
) -> ExternalIdentity | None:
    """Find who an account elsewhere belongs to."""
    found = await session.exec(
        select(ExternalIdentity)
        .where(ExternalIdentity.issuer == issuer)
        .where(ExternalIdentity.subject == subject)
    )
    return found.first()


async def identity_of(session: ReadSession, person_id: UUID, identity_id: UUID) -> ExternalIdentity:
    """Find one account elsewhere of a person."""
    row = await session.get(ExternalIdentity, identity_id)
    if row is None or row.person_id != person_id:
        raise IdentityUnknown(identity_id=str(identity_id))
    return row


async def identities_of(session: ReadSession, person_id: UUID) -> Sequence[ExternalIdentity]:
    """List the accounts elsewhere of a person."""
    found = await session.exec(
        select(ExternalIdentity)
        .where(ExternalIdentity.person_id == person_id)
        .order_by(col(ExternalIdentity.id))
    )
    return found.all()
