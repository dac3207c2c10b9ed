"""What the identity room can do: choose passwords, and help who forgot theirs."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, update

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.credentials import PasswordChanged, PasswordResetIssued
from marketplace.identity.actions import sessions as session_actions
from marketplace.identity.actions import sign_in, tries
from marketplace.identity.actions.sessions import Opened
from marketplace.identity.actions.sign_in import Lobby, Proof
from marketplace.identity.errors.access import RoleNotYours
from marketplace.identity.errors.people import PersonUnknown
from marketplace.identity.errors.sign_in import (
    LoginTaken,
    LoginUnusable,
    ProofTooOld,
    ResetRefused,
    SignInRefused,
)
from marketplace.identity.queries import keys, passwords, people, sessions
from marketplace.identity.rules import access, second_factor
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.identity.rules.passwords import check_login, check_password
from marketplace.identity.rules.sessions import new_token, token_hash, token_matches
from marketplace.identity.tables.passwords import Password, PasswordReset
from marketplace.kit.database import ReadSession, WriteSession

FRESH_SESSION: Final = dt.timedelta(minutes=10)
FRESH_KEY: Final = dt.timedelta(days=1)
RESET_LIFETIME: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The password somebody wants, and what they know of the one they have."""

    new: str
    old: str | None
    login: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A password after its change; the session of whoever changed it, with its new token."""

    row: Password
    opened: Opened | None


async def change_password(lobby: Lobby, actor: Actor, wish: Wish, *, entropy: bytes) -> Changed:
    """Choose a password: with the old one, or the first one with a fresh session or key.

    Refuses  SignInRefused without the right old one, ProofTooOld, PasswordWeak, LoginTaken.
    """
    access.signed_in(actor)
    access.unlimited(actor)
    async with lobby.database.reading() as session:
        present = await passwords.password_of(session, actor.person_id)
        if present is None:
            await _check_fresh(session, actor, now=lobby.clock.now())
    if wish.login is None and present is None:
        raise LoginUnusable()
    login = check_login(wish.login or (present.login if present else ""))
    proof = None
    if present is not None:
        if wish.old is None:
            raise SignInRefused()
        proof = await sign_in.prove(lobby, present.login, wish.old)
    check_password(wish.new, login=login)
    hashed = await lobby.hasher.hash(wish.new)
    async with lobby.database.writing() as session:
        return await _change(
            session,
            actor,
            login,
            hashed,
            proof=proof,
            entropy=entropy,
            now=(await lobby.clock.decisive(session)),
        )


async def _check_fresh(session: ReadSession, actor: Actor, *, now: dt.datetime) -> None:
    """Refuse a first password to a key that may have been lying about for months."""
    if actor.session_id is not None:
        opened = await sessions.own_session(session, actor.person_id, actor.session_id)
        fresh = now - opened.created_at <= FRESH_SESSION
    elif actor.key_id is not None:
        fresh = now - (await keys.api_key(session, actor.key_id)).created_at <= FRESH_KEY
    else:
        fresh = False
    if not fresh:
        raise ProofTooOld(
            session_minutes=FRESH_SESSION.seconds // 60, key_hours=FRESH_KEY.days * 24
        )


async def _change(
    session: WriteSession,
    actor: Actor,
    login: str,
    hashed: str,
    *,
    proof: Proof | None,
    entropy: bytes,
    now: dt.datetime,
) -> Changed:
    if proof is None:
        if await passwords.password_of(session, actor.person_id, lock=True) is not None:
            raise SignInRefused()
    else:
        await sign_in.still_proved(session, proof)
        await tries.forgive(session, proof.counted)
    row = await _keep(session, actor.person_id, login, hashed, now=now)
    opened = None
    if actor.session_id is not None:
        mine = await sessions.own_session(session, actor.person_id, actor.session_id, lock=True)
        opened = await session_actions.renew(session, mine, entropy=entropy)
    await session_actions.end_sessions(
        session, actor.person_id, but=actor.session_id, by=actor.kind, now=now
    )
    said = PasswordChanged(person_id=actor.person_id, by_reset=False)
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return Changed(row=row, opened=opened)


async def _keep(
    session: WriteSession, person_id: UUID, login: str, hashed: str, *, now: dt.datetime
) -> Password:
    """Keep login and hash; a login belongs to one person, also when two ask for it at once."""
    taken = await passwords.password_by_login(session, login)
    if taken is not None and taken.person_id != person_id:
        raise LoginTaken()
    row = await passwords.password_of(session, person_id, lock=True)
    if row is None:
        row = Password(person_id=person_id, login=login, argon2_hash=hashed, changed_at=now)
        session.add(row)
    else:
        row.login, row.argon2_hash, row.changed_at = login, hashed, now
    try:
        await session.flush()
    except IntegrityError as race:
        raise LoginTaken() from race
    return row


async def issue_reset(
    session: WriteSession,
    actor: Actor,
    person_id: UUID,
    *,
    login: str | None,
    entropy: bytes,
    now: dt.datetime,
) -> tuple[PasswordReset, str]:
    """Issue a one-time token for a new password, shown once.

    Refuses  PersonUnknown to an organisation for somebody who is not only its own, RoleNotYours for
    somebody whose role opens more than the organisation.
    """
    access.require(actor, Permission.PASSWORDS_RESET)
    await people.person(session, person_id)
    await _check_own_person(session, actor, person_id)
    present = await passwords.password_of(session, person_id)
    if login is None and present is None:
        raise LoginUnusable()
    name = check_login(login or (present.login if present else ""))
    taken = await passwords.password_by_login(session, name)
    if taken is not None and taken.person_id != person_id:
        raise LoginTaken()
    token = new_token(entropy)
    row = PasswordReset(
        person_id=person_id,
        token_sha256=token_hash(token),
        login=name,
        issued_by=None if actor.is_system else actor.person_id,
        issued_at=now,
        expires_at=now + RESET_LIFETIME,
    )
    await _spend_resets(session, person_id, now=now)
    session.add(row)
    await session.flush()
    said = PasswordResetIssued(person_id=person_id, issued_by=actor.person_id)
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=actor.organization_id
    )
    return row, token


async def _check_own_person(session: WriteSession, actor: Actor, person_id: UUID) -> None:
    """Let an organisation help its own people only, or it could become somebody elsewhere."""
    if actor.is_system or actor.has(Role.PLATFORM_ADMIN):
        return
    memberships = await people.roles_of(session, person_id)
    if {organization_id for organization_id, _ in memberships} != {actor.organization_id}:
        raise PersonUnknown(person_id=str(person_id))
    beyond = sorted(role for _, roles in memberships for role in roles & second_factor.NEEDED_BY)
    if beyond:
        raise RoleNotYours(roles=beyond)


async def _spend_resets(session: WriteSession, person_id: UUID, *, now: dt.datetime) -> None:
    await session.exec(
        update(PasswordReset)
        .where(col(PasswordReset.person_id) == person_id)
        .where(col(PasswordReset.used_at).is_(None))
        .values(used_at=now)
    )


async def redeem_reset(lobby: Lobby, token: str, new: str) -> Password:
    """Choose a new password with a one-time token; every session of the person ends.

    A second factor stays as it is: the token replaces the password and nothing else.
    """
    async with lobby.database.reading() as session:
        reset = await _good_reset(session, token, now=await lobby.clock.decisive(session))
    check_password(new, login=reset.login)
    hashed = await lobby.hasher.hash(new)
    async with lobby.database.writing() as session:
        now = await lobby.clock.decisive(session)
        reset = await _good_reset(session, token, now=now, lock=True)
        await _spend_resets(session, reset.person_id, now=now)
        row = await _keep(session, reset.person_id, reset.login, hashed, now=now)
        await session_actions.end_sessions(session, reset.person_id, by="nobody", now=now)
        said = PasswordChanged(person_id=reset.person_id, by_reset=True)
        await events.record(session, said, by="nobody", now=now)
        return row


async def _good_reset(
    session: ReadSession, token: str, *, now: dt.datetime, lock: bool = False
) -> PasswordReset:
    row = await passwords.reset_by_hash(session, token_hash(token), lock=lock)
    if row is None or not token_matches(token, row.token_sha256):
        raise ResetRefused()
    if row.used_at is not None or row.expires_at <= now:
        raise ResetRefused()
    return row
