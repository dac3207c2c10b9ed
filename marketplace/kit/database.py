"""One door to the database: sessions that read, sessions that write, and SQLite made honest.

Who is who: a `Database` belongs to one event loop and one process.  `reading()` lends a session
that cannot write, `glancing()` one for single questions, in no transaction; `writing()` lends one
transaction, committed when the block ends well and rolled back when it raises. Doors and jobs open
them; actions only use them.  On SQLite writers begin with BEGIN IMMEDIATE: a transaction that reads
first and writes later would otherwise die with "database is locked".  They take turns, in a process
behind a lock and between processes behind the turnstile, because SQLite's own waiting is unfair.
Both are a courtesy; BEGIN IMMEDIATE is what makes it correct.
"""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolResetState
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.orm.session import Session

from marketplace.kit import one_trip
from marketplace.kit.bell import Bell
from marketplace.kit.digests import canonical_json

T = TypeVar("T")
SQLITE_PRAGMAS = ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000")
"""FULL, not NORMAL: after a power cut a bid with a receipt and a payment must still be there."""


ASKED_AFTER_SECONDS = 5
"""How long a connection may rest before it is asked whether it still lives."""
_RESTS_SINCE = "rests_since"
_TELLING = "telling"
_TO_WRITE = "BEGIN IMMEDIATE"


class WriteWhileReading(AssertionError):
    """A ReadSession was asked to write."""


class _ReadOnly(Session):
    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise WriteWhileReading("a ReadSession was asked to write")
        super().flush(objects)


class ReadSession(AsyncSession):
    """May look, may not touch."""

    sync_session_class: type[Session] = _ReadOnly


class WriteSession(ReadSession):
    """May look and touch; one request or one job step owns exactly one."""

    sync_session_class: type[Session] = Session


class Database:
    """A connection pool that knows how this house begins and ends transactions."""

    def __init__(self, url: str, *, pool_size: int = 10, engine: AsyncEngine | None = None) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = engine or engine_for(url, pool_size=pool_size)
        self.said = Bell()
        """Rung after a commit that told something (see `announce`)."""
        self._write_lock = asyncio.Lock() if self.is_sqlite else None
        writing = self.engine.execution_options(sqlite_begin=_TO_WRITE)
        # Not AUTOCOMMIT on SQLite: behind it SQLAlchemy puts a mode of sqlite3 back that begins.
        alone = {"sqlite_begin": ""} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        glancing = self.engine.execution_options(**alone)
        self._glancers = async_sessionmaker(glancing, class_=ReadSession, expire_on_commit=False)
        self._readers = async_sessionmaker(self.engine, class_=ReadSession, expire_on_commit=False)
        self._writers = async_sessionmaker(writing, class_=WriteSession, expire_on_commit=False)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """Lend a session that can only look; nothing is ever committed."""
        async with self._readers() as session:
            yield session
            await session.flush()  # a forgotten write is a bug here, not a no-op

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[ReadSession]:
        """Lend a session for one statement, without beginning and ending a transaction around it.

        Every request asks who it comes from; two ways to the database more would be felt in all.
        """
        async with self._glancers() as session:
            yield session
            await session.flush()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[WriteSession]:
        """Lend one transaction: committed if the block ends well, rolled back if it raises.

        The commit is written out instead of using `session.begin()`: leaving such a block after
        somebody swallowed a failed flush neither commits nor complains, and the earlier work would
        be lost behind a 201.
        """
        lock: AbstractAsyncContextManager[object] = self._write_lock or nullcontext()
        async with lock, self._writers() as session:
            yield session
            await session.commit()
            told = session.info.pop(_TELLING, False)
        if told:
            self.said.ring()

    async def connection_of_its_own(self) -> Any:
        """Open a connection of the driver that belongs to no pool; whoever asks closes it."""
        raw = await self.engine.raw_connection()
        driver = raw.driver_connection
        raw.detach()
        return driver

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def announce(session: WriteSession) -> None:
    """Let the database's bell ring once this transaction is committed."""
    session.info[_TELLING] = True


def engine_for(
    url: str, *, pool_size: int = 10, asked_after_seconds: float = ASKED_AFTER_SECONDS
) -> AsyncEngine:
    """Make an engine that keeps this house's promises; most callers want a `Database`."""
    is_sqlite = url.startswith("sqlite")
    # What a statement was given may be a secret: it is neither logged nor put into an exception.
    engine = create_async_engine(
        url,
        echo=False,
        hide_parameters=True,
        json_serializer=_json_text,
        **_pool_options(is_sqlite, pool_size),
    )
    if is_sqlite:
        _make_sqlite_honest(engine)
    else:
        _lend_only_what_lives(engine, asked_after_seconds)
    return engine


async def undisturbed(work: Coroutine[Any, Any, T]) -> T:
    """Finish work that holds a session although whoever waits for it is cancelled meanwhile.

    Whoever hangs up in a stream cancels what answers them, and a connection that is cancelled in a
    question is lost to the pool; on SQLite it keeps its lock as well.
    """
    return await asyncio.shield(asyncio.create_task(work))


def _pool_options(is_sqlite: bool, pool_size: int) -> dict[str, Any]:
    if is_sqlite:
        return {
            "pool_size": 5,
            "max_overflow": 0,
            "connect_args": {"timeout": 5},
            "module": one_trip.driver(),
        }
    settings = {
        "application_name": "jiebang",
        "jit": "off",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
    }
    return {
        "pool_size": pool_size,
        "max_overflow": 0,
        "connect_args": {"server_settings": settings},
    }


def _lend_only_what_lives(engine: AsyncEngine, asked_after_seconds: float) -> None:
    """Replace a connection that the server has closed before somebody works with it.

    `pool_pre_ping` asks in a transaction of its own each time: three ways to the server for each
    session.  A server that dies or restarts closes its connections, which the driver notices
    unasked; only one that has rested longer may have been lost silently, and is asked.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def _rests(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info[_RESTS_SINCE] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _lives(dbapi: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        since = record.info.get(_RESTS_SINCE)
        driver = record.driver_connection
        if since is None or driver is None:
            return
        if driver.is_closed():
            raise InvalidatePoolError("the server has closed the connection")
        if time.monotonic() - since < asked_after_seconds:
            return
        try:
            engine.sync_engine.dialect.do_ping(dbapi)
        except engine.sync_engine.dialect.loaded_dbapi.Error as lost:
            raise InvalidatePoolError("the server does not answer") from lost


def _make_sqlite_honest(engine: AsyncEngine) -> None:
    name = engine.url.database
    file = Path(name) if name and name != ":memory:" else None

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(dbapi: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # sqlite3 must not emit a BEGIN of its own: it would be a deferred one.
        dbapi.isolation_level = None
        cursor = dbapi.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        begin = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        if begin == _TO_WRITE:
            raw: Any = connection.connection.dbapi_connection
            raw.begin_writing(file)
        elif begin:
            connection.exec_driver_sql(begin)

    @event.listens_for(engine.sync_engine, "reset")
    def _reset(dbapi: DBAPIConnection, _: ConnectionPoolEntry, state: PoolResetState) -> None:
        # A COMMIT that fails leaves SQLite inside the transaction while SQLAlchemy believes that it
        # ended: without this the next request on the connection would find it there, and fail.
        if state.asyncio_safe and state.transaction_was_reset:
            dbapi.rollback()


def _json_text(value: object) -> str:
    """Write JSON columns canonically, so that both databases hold the same text."""
    return canonical_json(value).decode()


def utc_from_sql(value: object) -> dt.datetime:
    """Turn what either driver calls a timestamp into an aware UTC datetime."""
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def utc_to_sql(moment: dt.datetime) -> str:
    """Write an aware datetime as SQLite stores it, for a statement that the mapper does not see."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
