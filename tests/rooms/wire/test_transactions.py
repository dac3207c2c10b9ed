"""A request is one transaction: what fails leaves nothing behind and is never called a success."""

import asyncio
import datetime as dt
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from marketplace.identity.tables.people import Person
from marketplace.kit.clock import SystemClock
from marketplace.kit.database import Database, ReadSession, WriteSession, WriteWhileReading
from marketplace.kit.ids import new_id
from marketplace.kit.storage import FileMissing, FileTooLarge, LocalStorage
from marketplace.wire.sessions import session_dependencies
from tests.conftest import START

FIRST = new_id()


def a_person(**changes: object) -> Person:
    """A row to write."""
    values = {"name_zh": "张三", "name_en": "Zhang San", "registered_at": START} | changes
    return Person(**values)  # type: ignore[arg-type]


@post("/good")
async def good(writer: NamedDependency[WriteSession]) -> None:
    """Write a row."""
    writer.add(a_person(id=FIRST))


@post("/raises")
async def raises(writer: NamedDependency[WriteSession]) -> None:
    """Write a row, then break."""
    writer.add(a_person())
    await writer.flush()
    raise ValueError("something broke")


@post("/swallows")
async def swallows(writer: NamedDependency[WriteSession]) -> None:
    """Write a row, then hide that a second one could not be written."""
    writer.add(a_person())
    await writer.flush()
    writer.add(a_person(id=FIRST))
    try:
        await writer.flush()
    except IntegrityError:
        return


@post("/fails-at-commit")
async def late(writer: NamedDependency[WriteSession]) -> None:
    """Write a row that only the commit finds out to be impossible."""
    writer.add(a_person(id=FIRST))


@post("/reader-writes")
async def reader_forgets(reader: NamedDependency[ReadSession]) -> None:
    """Write in a session that may only read."""
    reader.add(a_person())


@pytest.mark.postgres
async def test_only_what_was_committed_is_called_a_success(database: Database) -> None:
    """Four ways to fail: four times 500, and only the good row is there."""
    handlers = [good, raises, swallows, late, reader_forgets]
    app = Litestar(
        handlers, dependencies=session_dependencies(lambda: database), logging_config=None
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]

    seen = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for path in ("/good", "/raises", "/swallows", "/fails-at-commit", "/reader-writes"):
            seen[path] = (await client.post(path)).status_code

    assert seen == {"/good": 201} | dict.fromkeys(list(seen)[1:], 500)
    async with database.reading() as session:
        assert [row.id for row in (await session.exec(select(Person))).all()] == [FIRST]


@pytest.mark.postgres
async def test_a_read_session_cannot_write(database: Database) -> None:
    """Neither on purpose nor by forgetting."""
    with pytest.raises(WriteWhileReading):
        async with database.reading() as session:
            session.add(a_person())


@pytest.mark.postgres
async def test_sixty_writers_that_read_first_all_succeed(database: Database) -> None:
    """No "database is locked": writers queue up instead of dying."""

    async def read_then_write() -> None:
        async with database.writing() as session:
            await session.exec(select(Person))
            session.add(a_person())

    await asyncio.gather(*(read_then_write() for _ in range(60)))

    async with database.reading() as session:
        assert len((await session.exec(select(Person))).all()) == 60


@pytest.mark.postgres
async def test_the_database_says_what_time_it_is(database: Database) -> None:
    """Aware, in UTC, and the time of now and not of the transaction's start."""
    clock = SystemClock()
    async with database.reading() as session:
        first = await clock.decisive(session)
        await asyncio.sleep(0.02)
        second = await clock.decisive(session)

    assert first.tzinfo is dt.UTC
    assert dt.timedelta(0) < second - first < dt.timedelta(seconds=10)
    assert abs(second - clock.now()) < dt.timedelta(seconds=10)


class TestStorage:
    """Files are there whole or not at all."""

    async def test_a_file_reads_back_with_its_digest(self, tmp_path: Path) -> None:
        """Size and SHA-256 are those of what was sent."""
        storage = LocalStorage(tmp_path)

        stored = await storage.store_bytes("榜单".encode())

        assert await storage.read(stored.name) == "榜单".encode()
        assert stored.size_bytes == 6
        assert stored.sha256 == hashlib.sha256("榜单".encode()).hexdigest()

    async def test_a_file_that_is_too_large_leaves_nothing_behind(self, tmp_path: Path) -> None:
        """Refused as soon as the limit is passed, however much would still come."""
        taken = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal taken
            while True:
                taken += 1000
                yield bytes(1000)

        with pytest.raises(FileTooLarge):
            await LocalStorage(tmp_path).store(endless(), bytes_max=10_000)

        assert taken <= 11_000
        assert not any(names for _, _, names in os.walk(tmp_path))

    async def test_a_file_that_is_not_there_is_missing(self, tmp_path: Path) -> None:
        """A refusal, not a traceback."""
        with pytest.raises(FileMissing):
            await LocalStorage(tmp_path).read(str(new_id()))


async def test_sqlite_keeps_what_it_promised(tmp_path: Path) -> None:
    """Every connection runs with a write-ahead log, full syncs and foreign keys."""
    # One as the house opens it: those of other tests do not wait for the disk.
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/own.db")
    async with database.reading() as session:
        connection = await session.connection()
        found = {}
        for name in ("journal_mode", "synchronous", "foreign_keys"):
            found[name] = (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
    await database.close()

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
