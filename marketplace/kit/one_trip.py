"""One trip to SQLite's thread for each statement, where the adapter makes four.

aiosqlite keeps a thread for each connection, and every call crosses to it and back.  SQLAlchemy's
adapter crosses to open a cursor, to execute, to fetch and to close; under load each crossing waits
for its turn, and they cost a request more than its statements do.  Here a statement crosses once
with everything, and what is no transaction is not rolled back.
"""

import importlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import EMPTY_DICT, await_only

from marketplace.kit import turnstile


class _Told(NamedTuple):
    """What a finished cursor said."""

    description: Any = None
    rowcount: int = -1
    lastrowid: Any = None


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """Executes, fetches and closes in one call; holds only what came of it."""

    __slots__ = ("_told", "arraysize")

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        # Not the adapter's own: it would cross to the thread to open a cursor.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows: deque[Any] = deque()
        self._soft_closed_memoized = EMPTY_DICT
        self._told = _Told()
        self.arraysize = 1

    @property
    def description(self) -> Any:
        """The columns of the last statement; None when it had none."""
        return self._told.description

    @property
    def rowcount(self) -> int:
        """How many rows the last statement changed."""
        return self._told.rowcount

    @property
    def lastrowid(self) -> Any:
        """SQLite's number of the row that was inserted last."""
        return self._told.lastrowid

    async def _execute_async(self, operation: Any, parameters: Any) -> "Cursor":
        return await self._crossed(lambda one: one.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Sequence[Any]) -> Any:
        return await self._crossed(lambda one: one.executemany(operation, seq_of_parameters))

    async def _crossed(self, work: Callable[[Any], Any]) -> "Cursor":
        driver: Any = self._connection

        def there() -> tuple[list[Any], _Told]:
            cursor = work(driver._conn)
            try:
                rows = cursor.fetchall() if cursor.description else []
                return rows, _Told(cursor.description, cursor.rowcount, cursor.lastrowid)
            finally:
                cursor.close()

        async with self._adapt_connection._execute_mutex:
            rows, self._told = await driver._execute(there)
            self._rows = deque(rows)
        return self

    async def _async_soft_close(self) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        """Let go of what was not read."""
        self._rows.clear()


class Connection(AsyncAdapt_aiosqlite_connection):
    """A connection whose cursors cross once."""

    __slots__ = ()
    _cursor_cls: type[Any] = Cursor

    def begin_writing(self, beside: Path | None) -> None:
        """Begin a transaction that may write, when it is this one's turn."""
        cursor = Cursor(self)
        await_only(cursor._crossed(lambda one: turnstile.begin_writing(one, beside)))

    def rollback(self) -> None:
        """Roll back, if there is anything to."""
        driver: Any = self._connection
        if driver._connection is not None and driver.in_transaction:
            super().rollback()


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """The driver that SQLAlchemy is given instead of its own."""

    def connect(self, *arg: Any, **kw: Any) -> Connection:
        """Open a connection."""
        return Connection(self, super().connect(*arg, **kw)._connection)


def driver() -> Driver:
    """Make the driver, for `create_async_engine(module=...)`."""
    return Driver(importlib.import_module("aiosqlite"), importlib.import_module("sqlite3"))
