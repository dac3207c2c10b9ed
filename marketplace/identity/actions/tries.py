"""What the identity room can do: count wrong tries, so that nobody guesses for long.

A try is counted before it is made, in a transaction of its own, and taken back when it was right.
Counting afterwards would let two hundred guesses pass that begin together, and a refused request
rolls back what it counted.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Final

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, delete

from marketplace.identity.errors.sign_in import TriesUsedUp
from marketplace.identity.queries import passwords
from marketplace.identity.rules import lockout
from marketplace.identity.tables.passwords import SignInTries
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id

FORGOTTEN_AFTER: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One try that may be made, and what the row said before."""

    login_sha256: str
    failures: int
    closed_until: dt.datetime | None


async def count(session: WriteSession, login: str, *, clock: Clock) -> Counted:
    """Count a try for a login as if it had failed; unknown logins count like known ones.

    Refuses  TriesUsedUp while the login is closed.
    """
    hashed = hashlib.sha256(login.encode()).hexdigest()
    now = await clock.decisive(session)
    await _make_sure(session, hashed, now)
    row = await passwords.tries(session, hashed)
    now = await clock.decisive(session)
    if row.closed_until is not None and now < row.closed_until:
        left = row.closed_until - now
        raise TriesUsedUp(retry_after_seconds=int(left.total_seconds()) + 1)
    if now - row.last_at > FORGOTTEN_AFTER:
        row.failures = 0
    before = Counted(login_sha256=hashed, failures=row.failures + 1, closed_until=row.closed_until)
    row.failures += 1
    wait = lockout.wait_after(row.failures)
    row.closed_until = now + wait if wait else None
    row.last_at = now
    await session.flush()
    return before


async def _make_sure(session: WriteSession, hashed: str, now: dt.datetime) -> None:
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    connection = await session.connection()
    await connection.execute(
        insert(SignInTries)
        .values(id=new_id(), login_sha256=hashed, failures=0, last_at=now)
        # Changes nothing, but keeps the row from being forgotten before it is read.
        .on_conflict_do_update(index_elements=["login_sha256"], set_={"login_sha256": hashed})
    )


async def take_back(session: WriteSession, counted: Counted) -> None:
    """Undo one try that was right as far as it went, and no other."""
    row = await passwords.tries(session, counted.login_sha256)
    if row.failures == counted.failures:
        row.closed_until = counted.closed_until
    row.failures = max(0, row.failures - 1)
    await session.flush()


async def forgive(session: WriteSession, counted: Counted) -> None:
    """Begin anew: the person proved who they are."""
    row = await passwords.tries(session, counted.login_sha256)
    row.failures = 0
    row.closed_until = None
    await session.flush()


async def forget_old(session: WriteSession, *, before: dt.datetime) -> None:
    """Remove what no longer closes anything: guessers leave a row for each login they try."""
    await session.exec(delete(SignInTries).where(col(SignInTries.last_at) < before))
