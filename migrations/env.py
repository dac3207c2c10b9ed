"""How Alembic reaches the database: one connection, one transaction, one migrator at a time.

All of an upgrade happens in one transaction on both databases, so that one that fails leaves
nothing behind, and whoever starts second waits and then finds nothing to do. On SQLite foreign keys
are off while tables are rebuilt, and checked before the transaction ends.
"""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import event, pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from marketplace.registry import metadata

LOCK_TIMEOUT = "10s"
"""A migration that cannot get its lock gives up instead of making every request wait behind it."""

TURN_SECONDS = 120
"""How long a migrator waits for another one to finish: no request waits behind it meanwhile."""

ONE_AT_A_TIME = 7_265_211
"""The PostgreSQL advisory lock that a migrator holds; any number of our own would do."""


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write SQLModel's own types as plain SQLAlchemy: a migration needs no import of ours."""
    if kind == "type":
        name = type(item).__name__
        if name == "AutoString":
            return f"sa.String(length={item.length})" if item.length else "sa.String()"
        if name == "UTCDateTime":
            return "sa.DateTime(timezone=True)"
        if name == "Enum":
            return f"sa.String(length={item.length})"
    return False


def run(connection: Connection) -> None:
    """Run the migrations on one connection."""
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=is_sqlite,
        compare_type=True,
        render_item=render_item,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        if not is_sqlite:
            connection.execute(text(f"SET LOCAL lock_timeout = '{TURN_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ONE_AT_A_TIME})
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
        context.run_migrations()
        if is_sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"a migration broke foreign keys: {broken[:5]}")


def make_sqlite_transactional(engine: AsyncEngine) -> None:
    """Begin before the first statement: sqlite3 on its own would commit every change of a table."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(dbapi: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        dbapi.isolation_level = None

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def online(url: str) -> None:
    """Open the database and upgrade it, all or nothing."""
    is_sqlite = url.startswith("sqlite")
    patience = {"timeout": TURN_SECONDS} if is_sqlite else {}
    engine = create_async_engine(url, poolclass=pool.NullPool, connect_args=patience)
    if is_sqlite:
        make_sqlite_transactional(engine)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(online(context.config.attributes["url"]))
