"""What the identity room can do: prove who somebody is.

Counts, thinks, writes: a try is counted and committed before it is made, the password is checked
with no transaction open, and what was decided on is looked at again under the lock.  A refusal
rolls back only the last of the three.
"""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.identity.actions import external_identities, second_factors, tries
from marketplace.identity.actions import sessions as session_actions
from marketplace.identity.actions.sessions import Opened
from marketplace.identity.actions.tries import Counted
from marketplace.identity.errors.sign_in import (
    IdentityUnlinked,
    PasswordAbsent,
    SecondFactorRequired,
    SignInRefused,
)
from marketplace.identity.queries import passwords, sessions
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.rules.passwords import folded
from marketplace.identity.rules.sessions import Method
from marketplace.identity.tables.passwords import Password
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.openid import Account
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobby:
    """What it takes to find out who somebody is."""

    database: Database
    hasher: Hasher
    keeper: Keeper
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A password that was right a moment ago."""

    person_id: UUID
    argon2_hash: str
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says to be let in."""

    login: str
    password: str
    code: str | None = None
    organization_id: UUID | None = None


async def prove(lobby: Lobby, login: str, password: str) -> Proof:
    """Check a password; an unknown login costs the same and is told the same.

    Refuses  TriesUsedUp without looking, SignInRefused for anything that is not right.
    """
    login = folded(login)
    async with lobby.database.writing() as session:
        counted = await tries.count(session, login, clock=lobby.clock)
    async with lobby.database.reading() as session:
        row = await passwords.password_by_login(session, login)
    matches = await lobby.hasher.matches(row.argon2_hash if row else None, password)
    if row is None or not matches:
        raise SignInRefused()
    return Proof(person_id=row.person_id, argon2_hash=row.argon2_hash, counted=counted)


async def still_proved(session: WriteSession, proof: Proof) -> Password:
    """Find the password that was proved, locked, if it has not changed meanwhile."""
    row = await passwords.password_of(session, proof.person_id, lock=True)
    if row is None or row.argon2_hash != proof.argon2_hash:
        raise SignInRefused()
    return row


async def sign_in(
    lobby: Lobby,
    claim: Claim,
    *,
    ending: UUID | None,
    lifetime: dt.timedelta,
    entropy: bytes,
) -> Opened:
    """Open a session for a login, a password and, where there is a second factor, a code.

    Shape    `ending` is the session that the browser had until now; it ends.
    """
    proof = await prove(lobby, claim.login, claim.password)
    if claim.code is None:
        await _ask_for_code(lobby, proof)
    better = None
    if lobby.hasher.is_outdated(proof.argon2_hash):
        better = await lobby.hasher.hash(claim.password)
    async with lobby.database.writing() as session:
        now = await lobby.clock.decisive(session)
        row = await still_proved(session, proof)
        second = await second_factors.passed(
            session, proof.person_id, claim.code, keeper=lobby.keeper, now=now
        )
        row.argon2_hash = better or row.argon2_hash
        await tries.forgive(session, proof.counted)
        if ending is not None:
            await session_actions.replace_session(session, ending, now=now)
        return await session_actions.open_session(
            session,
            proof.person_id,
            organization_id=claim.organization_id,
            methods=[Method.PASSWORD] if second is None else [Method.PASSWORD, second],
            lifetime=lifetime,
            entropy=entropy,
            now=now,
        )


async def _ask_for_code(lobby: Lobby, proof: Proof) -> None:
    """Refuse for want of a code, without counting it as a wrong try."""
    async with lobby.database.reading() as session:
        factor = await passwords.second_factor(session, proof.person_id)
    if factor is None or factor.confirmed_at is None:
        return
    async with lobby.database.writing() as session:
        await tries.take_back(session, proof.counted)
    raise SecondFactorRequired()


async def sign_in_from_provider(
    lobby: Lobby,
    account: Account,
    *,
    ending: UUID | None,
    lifetime: dt.timedelta,
    entropy: bytes,
) -> Opened:
    """Open a session for the person whom an account at the provider belongs to.

    Refuses  IdentityUnlinked: accounts are linked by people, never made by signing in.
    """
    async with lobby.database.writing() as session:
        now = await lobby.clock.decisive(session)
        linked = await sessions.external_identity(session, account.issuer, account.subject)
        if linked is None:
            raise IdentityUnlinked(issuer=account.issuer)
        if ending is not None:
            await session_actions.replace_session(session, ending, now=now)
        return await session_actions.open_session(
            session,
            linked.person_id,
            organization_id=None,
            methods=[Method.SINGLE_SIGN_ON],
            lifetime=lifetime,
            entropy=entropy,
            now=now,
        )


async def link_oneself(lobby: Lobby, actor: Actor, account: Account) -> None:
    """Link an account that one has just signed in to at the provider."""
    access.signed_in(actor)
    access.in_session(actor)
    async with lobby.database.writing() as session:
        now = await lobby.clock.decisive(session)
        await external_identities.link_account(
            session,
            actor,
            actor.person_id,
            issuer=account.issuer,
            subject=account.subject,
            now=now,
        )


async def disable_second_factor(
    lobby: Lobby, actor: Actor, *, password: str, code: str, entropy: bytes
) -> Opened:
    """Give the second factor up, with the password and a code."""
    access.in_session(actor)
    async with lobby.database.reading() as session:
        present = await passwords.password_of(session, actor.person_id)
    if present is None:
        raise PasswordAbsent()
    proof = await prove(lobby, present.login, password)
    async with lobby.database.writing() as session:
        now = await lobby.clock.decisive(session)
        await still_proved(session, proof)
        opened = await second_factors.disable(
            session, actor, code, keeper=lobby.keeper, token_entropy=entropy, now=now
        )
        await tries.forgive(session, proof.counted)
        return opened
