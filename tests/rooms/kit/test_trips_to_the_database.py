"""How often a session goes to the database, and what happens when nobody is there any more."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import select

from marketplace.identity.tables.people import Person
from marketplace.kit.database import Database, engine_for
from tests.conftest import START
from tests.postgres_server import PostgresServer, execute

THING = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String, unique=True),
)
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = 'test' AND pid <> pg_backend_pid()"
)


async def facts(engine: AsyncEngine) -> list[Any]:
    """What a driver says about statements of every kind, in one transaction."""
    found: list[Any] = []
    async with engine.connect() as connection:
        await connection.run_sync(THING.metadata.create_all)
        several = [{"name": name} for name in "abcd"]
        found.append((await connection.execute(insert(THING), several)).rowcount)
        one = await connection.execute(insert(THING).values(name="e"))
        found += [one.inserted_primary_key, one.rowcount]
        returned = await connection.execute(
            insert(THING).values(name="f").returning(THING.c.id, THING.c.name)
        )
        found.append([tuple(row) for row in returned])
        changed = await connection.execute(
            update(THING).where(THING.c.id > 2).values(name=THING.c.name + "x")
        )
        found.append(changed.rowcount)
        return found


async def refusals(engine: AsyncEngine) -> list[type[Exception]]:
    """What kinds of errors a driver raises."""
    found: list[type[Exception]] = []
    for statement in ("INSERT INTO thing (name) VALUES ('a'), ('a')", "SELECT nothing FROM thing"):
        async with engine.connect() as connection:
            await connection.run_sync(THING.metadata.create_all)
            try:
                await connection.execute(text(statement))
            except (IntegrityError, OperationalError) as refused:
                found.append(type(refused))
    return found


async def test_a_statement_crosses_to_sqlite_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """BEGIN, the statement, ROLLBACK; and alone where no transaction is asked for."""
    async with database.reading() as session:
        await session.exec(select(Person))  # the connection is opened

    def crossed() -> int:
        return sum(record.message.startswith("executing") for record in caplog.records)

    with caplog.at_level(logging.DEBUG, logger="aiosqlite"):
        async with database.reading() as session:
            await session.exec(select(Person))
        in_a_transaction = crossed()
        caplog.clear()
        async with database.glancing() as session:
            await session.exec(select(Person))
        alone = crossed()

    assert (in_a_transaction, alone) == (3, 1)


async def test_the_driver_says_what_sqlalchemys_own_says(tmp_path: Path) -> None:
    """Rows, counts, new ids and kinds of errors are the same as with four crossings."""
    told, refused = [], []
    for name, make in (("ours", engine_for), ("theirs", create_async_engine)):
        engine = make(f"sqlite+aiosqlite:///{tmp_path}/{name}.db")
        told.append(await facts(engine))
        refused.append(await refusals(engine))
        await engine.dispose()

    assert told[0] == told[1] == [4, (5,), 1, [(6, "f")], 4]
    assert refused[0] == refused[1] == [IntegrityError, OperationalError]


@pytest.mark.postgres
async def test_a_glance_begins_no_transaction(database: Database) -> None:
    """Each of its statements sees the database as it then is, and holds nothing afterwards."""
    async with database.glancing() as session:
        before = (await session.exec(select(Person))).all()
        async with database.writing() as writer:
            writer.add(Person(name_zh="某", name_en="Someone", registered_at=START))
        after = (await session.exec(select(Person))).all()

        assert (len(before), len(after)) == (0, 1)
        if not database.is_sqlite:
            connection = await session.connection()
            ids = {await connection.scalar(text("SELECT pg_current_xact_id()")) for _ in range(2)}
            assert len(ids) == 2, "both statements were in one transaction"


async def backend(database: Database) -> tuple[int, Any]:
    """The process that serves the pool's first connection, and the driver's end of it."""
    async with database.reading() as session:
        connection = await session.connection()
        raw = await connection.get_raw_connection()
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        return int(pid or 0), raw.driver_connection


@pytest.mark.postgres(alone=True)
async def test_a_connection_that_the_server_closed_is_not_lent(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """The driver notices it unasked, and the next session has another one."""
    server: PostgresServer = request.getfixturevalue("postgres_server")
    first, driver = await backend(database)
    gone = asyncio.Event()
    driver.add_termination_listener(lambda _: gone.set())

    await asyncio.to_thread(execute, server, TERMINATE)
    async with asyncio.timeout(10):
        await gone.wait()
    second, _ = await backend(database)

    assert second != first


@pytest.mark.postgres(alone=True)
async def test_a_connection_that_rested_is_asked_before_it_is_lent(
    database: Database, request: pytest.FixtureRequest
) -> None:
    """One that was lost without a word is replaced, and whoever wanted it notices nothing."""
    server: PostgresServer = request.getfixturevalue("postgres_server")
    engine = engine_for(database.url, asked_after_seconds=0)
    careful = Database(database.url, engine=engine)
    first, driver = await backend(careful)

    execute(server, TERMINATE)  # in this thread: the loop cannot hear that the other end is gone
    assert not driver.is_closed()
    second, _ = await backend(careful)
    await careful.close()

    assert second != first
