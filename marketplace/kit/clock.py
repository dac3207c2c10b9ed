"""The only caller of the system time.  Everything else is handed a clock, or the time itself.

Two questions, two answers.  `now()` is cheap and good for stamps.  `decisive(session)` is the
database's clock and decides deadlines: every server asks the same clock, so none of them can be the
lenient one.
"""

import datetime as dt
from typing import Protocol, runtime_checkable

from sqlalchemy import text

from marketplace.kit.database import ReadSession, utc_from_sql


@runtime_checkable
class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> dt.datetime:
        """Say the time of this process, aware and in UTC."""
        ...

    async def decisive(self, session: ReadSession) -> dt.datetime:
        """Say the time that decides deadlines, aware and in UTC."""
        ...


class SystemClock:
    """The real time, optionally shifted for a demo whose story is set in another week."""

    def __init__(self, shift: dt.timedelta = dt.timedelta(0)) -> None:
        self.shift = shift

    def now(self) -> dt.datetime:
        """Say the time of this process."""
        return dt.datetime.now(dt.UTC) + self.shift

    async def decisive(self, session: ReadSession) -> dt.datetime:
        """Say the time of the database, asked now and not at the start of the transaction."""
        return await database_now(session) + self.shift


class FixedClock:
    """A clock that stands still until it is moved; for tests and for the demo's story."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def now(self) -> dt.datetime:
        """Say the time it was set to."""
        return self.at

    async def decisive(self, session: ReadSession) -> dt.datetime:
        """Say the time it was set to; a story must not depend on the machine it is told on."""
        return self.at

    def move_to(self, at: dt.datetime) -> None:
        """Set the clock."""
        self.at = at

    def advance(self, by: dt.timedelta) -> None:
        """Move the clock forward."""
        self.at += by


_POSTGRES_NOW = text("SELECT clock_timestamp()")
_SQLITE_NOW = text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")


async def database_now(session: ReadSession) -> dt.datetime:
    """Ask the database for its present time; never its transaction's start."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    connection = await session.connection()
    answer = (await connection.execute(_SQLITE_NOW if sqlite else _POSTGRES_NOW)).scalar_one()
    return utc_from_sql(answer)
