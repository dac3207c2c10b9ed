"""How Alembic reaches the database: one connection, one transaction, one migrator at a time.

All of an upgrade happens in one transaction on both databases, so that one that fails leaves
nothing behind, and whoever starts second waits and then finds nothing to do. On SQLite foreign keys
are off while tables are rebuilt, and checked before the transaction ends.
"""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine, event, make_url, pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine
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


def on_sqlite(url: str) -> None:
    """Upgrade a file from this very thread: there is no loop that could be kept waiting, and the
    asynchronous driver would cross to a thread and back four times for each of 1,600 statements.
    """
    plain = make_url(url).set(drivername="sqlite")
    patience = {"timeout": TURN_SECONDS}
    engine = create_engine(plain, poolclass=pool.NullPool, connect_args=patience)

    @event.listens_for(engine, "connect")
    def _connect(dbapi: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # Begin before the first statement: sqlite3 would commit every change of a table.
        dbapi.isolation_level = None

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with engine.begin() as connection:
        run(connection)


async def on_postgres(url: str) -> None:
    """Upgrade a database of a server."""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


def upgrade(url: str) -> None:
    """Open the database and upgrade it, all or nothing."""
    if url.startswith("sqlite"):
        on_sqlite(url)
    else:
        asyncio.run(on_postgres(url))


upgrade(context.config.attributes["url"])
