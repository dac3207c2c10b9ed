"""What the identity room can answer: logins, passwords, second factors."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.tables.passwords import (
    Password,
    PasswordReset,
    RecoveryCode,
    SecondFactor,
    SignInTries,
)
from marketplace.kit.database import ReadSession


async def password_by_login(session: ReadSession, login: str) -> Password | None:
    """Find who signs in under a folded login."""
    return (await session.exec(select(Password).where(Password.login == login))).first()


async def password_of(
    session: ReadSession, person_id: UUID, *, lock: bool = False
) -> Password | None:
    """Find how a person signs in."""
    statement = select(Password).where(Password.person_id == person_id)
    return (await session.exec(statement.with_for_update() if lock else statement)).first()


async def reset_by_hash(
    session: ReadSession, token_sha256: str, *, lock: bool = False
) -> PasswordReset | None:
    """Find a one-time token."""
    statement = select(PasswordReset).where(PasswordReset.token_sha256 == token_sha256)
    return (await session.exec(statement.with_for_update() if lock else statement)).first()


async def tries(session: ReadSession, login_sha256: str) -> SignInTries:
    """Find the tries of a login, locked: whoever counts next waits."""
    statement = select(SignInTries).where(SignInTries.login_sha256 == login_sha256)
    return (await session.exec(statement.with_for_update())).one()


async def any_tries(session: ReadSession, *, before: dt.datetime) -> bool:
    """Tell whether there are logins that nobody tried since."""
    statement = select(SignInTries.id).where(SignInTries.last_at < before).limit(1)
    return (await session.exec(statement)).first() is not None


async def second_factor(
    session: ReadSession, person_id: UUID, *, lock: bool = False
) -> SecondFactor | None:
    """Find a person's authenticator, confirmed or not."""
    statement = select(SecondFactor).where(SecondFactor.person_id == person_id)
    return (await session.exec(statement.with_for_update() if lock else statement)).first()


async def unused_recovery_codes(session: ReadSession, person_id: UUID) -> Sequence[RecoveryCode]:
    """List the recovery codes that are still good."""
    found = await session.exec(
        select(RecoveryCode)
        .where(RecoveryCode.person_id == person_id)
        .where(col(RecoveryCode.used_at).is_(None))
        .order_by(col(RecoveryCode.id))
    )
    return found.all()
