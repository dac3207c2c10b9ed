"""What the identity room can do: second factors."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, delete

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.credentials import (
    SecondFactorDisabled,
    SecondFactorEnabled,
)
from marketplace.identity.actions import sessions as session_actions
from marketplace.identity.actions.sessions import Opened
from marketplace.identity.errors.sign_in import (
    CodeRefused,
    PasswordAbsent,
    SecondFactorAbsent,
    SecondFactorPresent,
    SecondFactorRequired,
)
from marketplace.identity.queries import passwords, sessions
from marketplace.identity.rules import access, second_factor
from marketplace.identity.rules.access import Actor
from marketplace.identity.rules.sessions import Method
from marketplace.identity.tables.passwords import RecoveryCode, SecondFactor
from marketplace.kit.database import WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What goes into an authenticator; shown this once."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The recovery codes, shown this once, and the session with its new token."""

    recovery_codes: list[str]
    opened: Opened


async def enrol(
    session: WriteSession, actor: Actor, *, keeper: Keeper, entropy: bytes, now: dt.datetime
) -> Enrolment:
    """Begin with an authenticator; it counts once a first code has confirmed it.

    Shape    `entropy` is the secret: 20 random bytes.
    """
    access.in_session(actor)
    password = await passwords.password_of(session, actor.person_id)
    if password is None:
        raise PasswordAbsent()
    row = await passwords.second_factor(session, actor.person_id, lock=True)
    if row is not None and row.confirmed_at is not None:
        raise SecondFactorPresent()
    sealed = keeper.seal(
        entropy, context=sealed_context(SecondFactor, "sealed_secret", person_id=actor.person_id)
    )
    if row is None:
        session.add(SecondFactor(person_id=actor.person_id, sealed_secret=sealed, enrolled_at=now))
    else:
        row.sealed_secret = sealed
        row.enrolled_at = now
    await session.flush()
    return Enrolment(
        secret=second_factor.shown_secret(entropy),
        uri=second_factor.enrolment_uri(entropy, password.login),
    )


async def confirm(
    session: WriteSession,
    actor: Actor,
    code: str,
    *,
    keeper: Keeper,
    entropy: bytes,
    token_entropy: bytes,
    now: dt.datetime,
) -> Confirmed:
    """Confirm an authenticator by its first code; the session goes on with both factors."""
    session_id = access.in_session(actor)
    row = await passwords.second_factor(session, actor.person_id, lock=True)
    if row is None:
        raise SecondFactorAbsent()
    if row.confirmed_at is not None:
        raise SecondFactorPresent()
    _use_code(row, code, keeper=keeper, now=now)
    row.confirmed_at = now
    await _forget_codes(session, actor.person_id)
    codes = second_factor.recovery_codes(entropy)
    for one in codes:
        hashed = second_factor.recovery_hash(one)
        session.add(RecoveryCode(person_id=actor.person_id, code_sha256=hashed))
    mine = await sessions.own_session(session, actor.person_id, session_id, lock=True)
    methods = list(dict.fromkeys([*map(Method, mine.methods), Method.TOTP]))
    opened = await session_actions.renew(session, mine, entropy=token_entropy, methods=methods)
    # A session that knew only the password must not outlive the day it stopped being enough.
    await session_actions.end_sessions(
        session, actor.person_id, but=session_id, by=actor.kind, now=now
    )
    said = SecondFactorEnabled(person_id=actor.person_id)
    await events.record(session, said, by=actor.kind, now=now, organization_id=mine.organization_id)
    return Confirmed(recovery_codes=codes, opened=opened)


async def passed(
    session: WriteSession, person_id: UUID, code: str | None, *, keeper: Keeper, now: dt.datetime
) -> Method | None:
    """Take the second factor of somebody whose password was right; None when they have none.

    Refuses  SecondFactorRequired without a code, CodeRefused for a wrong or a used one.
    """
    row = await passwords.second_factor(session, person_id, lock=True)
    if row is None or row.confirmed_at is None:
        return None
    if code is None:
        raise SecondFactorRequired()
    if second_factor.is_recovery_code(code):
        await _use_recovery_code(session, person_id, code, now=now)
        return Method.RECOVERY_CODE
    _use_code(row, code, keeper=keeper, now=now)
    await session.flush()
    return Method.TOTP


def _use_code(row: SecondFactor, code: str, *, keeper: Keeper, now: dt.datetime) -> None:
    secret = keeper.unseal(
        row.sealed_secret,
        context=sealed_context(SecondFactor, "sealed_secret", person_id=row.person_id),
    )
    step = second_factor.accepted_step(secret, code.strip(), at=now, last_step=row.last_step)
    if step is None:
        raise CodeRefused()
    row.last_step = step


async def _use_recovery_code(
    session: WriteSession, person_id: UUID, code: str, *, now: dt.datetime
) -> None:
    unused = await passwords.unused_recovery_codes(session, person_id)
    found = [one for one in unused if second_factor.recovery_matches(code, one.code_sha256)]
    if not found:
        raise CodeRefused()
    found[0].used_at = now
    await session.flush()


async def disable(
    session: WriteSession,
    actor: Actor,
    code: str,
    *,
    keeper: Keeper,
    token_entropy: bytes,
    now: dt.datetime,
) -> Opened:
    """Give the second factor up, whose password was just proved; other sessions end."""
    session_id = access.in_session(actor)
    if await passed(session, actor.person_id, code, keeper=keeper, now=now) is None:
        raise SecondFactorAbsent()
    await session.exec(delete(SecondFactor).where(col(SecondFactor.person_id) == actor.person_id))
    await _forget_codes(session, actor.person_id)
    mine = await sessions.own_session(session, actor.person_id, session_id, lock=True)
    opened = await session_actions.renew(
        session, mine, entropy=token_entropy, methods=[Method.PASSWORD]
    )
    await session_actions.end_sessions(
        session, actor.person_id, but=session_id, by=actor.kind, now=now
    )
    said = SecondFactorDisabled(person_id=actor.person_id)
    await events.record(session, said, by=actor.kind, now=now, organization_id=mine.organization_id)
    return opened


async def _forget_codes(session: WriteSession, person_id: UUID) -> None:
    await session.exec(delete(RecoveryCode).where(col(RecoveryCode.person_id) == person_id))
