"""SQLite has one writer at a time; here is who that is, when several processes want to be."""

import asyncio
import contextlib
import fcntl
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from marketplace.identity.tables.people import Person
from marketplace.kit import turnstile
from marketplace.kit.database import Database
from marketplace.kit.turnstile import SUFFIX, begin_writing

HELD_SECONDS = 0.02
"""How long whoever writes without a pause keeps each transaction open."""
PATIENT_SECONDS = 0.2


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database that exists."""
    path = tmp_path / "house.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
    return path


@pytest.fixture
def two(file: Path) -> Iterator[list[sqlite3.Connection]]:
    """Two connections to it, as two processes have them."""
    found = [sqlite3.connect(file, isolation_level=None, timeout=5) for _ in range(2)]
    yield found
    for one in found:
        one.close()


@contextlib.asynccontextmanager
async def writing_without_a_pause(url: str) -> AsyncIterator[None]:
    """Somebody begins the next transaction as soon as the one before has ended."""
    greedy = Database(url)

    async def write() -> None:
        while True:
            async with greedy.writing() as session:
                await session.exec(select(Person))
                await asyncio.sleep(HELD_SECONDS)

    running = asyncio.create_task(write())
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await greedy.close()


async def test_who_writes_without_a_pause_does_not_keep_another_process_out(
    database: Database,
) -> None:
    """Each of ten transactions waits for a few of the other's, not for a hundred."""
    waited = []
    async with writing_without_a_pause(database.url):
        await asyncio.sleep(10 * HELD_SECONDS)
        for _ in range(10):
            begun = time.monotonic()
            async with database.writing() as session:
                await session.exec(select(Person))
            waited.append(time.monotonic() - begun)

    assert sorted(waited)[5] < 10 * HELD_SECONDS
    assert max(waited) < 100 * HELD_SECONDS


def test_whoever_is_not_let_in_is_told_after_a_while(
    file: Path, two: list[sqlite3.Connection]
) -> None:
    """The refusal is SQLite's own, and the next one may try again at once."""
    holder, waiter = two
    begin_writing(holder, file)
    begun = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        begin_writing(waiter, file, patience_seconds=PATIENT_SECONDS)
    waited = time.monotonic() - begun
    holder.execute("COMMIT")
    begin_writing(waiter, file)

    assert PATIENT_SECONDS <= waited < turnstile.PATIENCE_SECONDS
    assert waiter.in_transaction


def test_a_turnstile_that_is_stuck_keeps_nobody_out_for_ever(
    file: Path, two: list[sqlite3.Connection]
) -> None:
    """A process that was stopped in it holds it; the database itself is free."""
    with Path(f"{file}{SUFFIX}").open("w") as stuck:
        fcntl.flock(stuck, fcntl.LOCK_EX)
        begin_writing(two[0], file, patience_seconds=PATIENT_SECONDS)

    assert two[0].in_transaction


def test_a_turnstile_that_cannot_be_opened_keeps_nobody_out(
    file: Path, two: list[sqlite3.Connection]
) -> None:
    """A command that another user ran may have left it, with only that user's rights."""
    Path(f"{file}{SUFFIX}").mkdir()
    begin_writing(two[0], file)

    assert two[0].in_transaction


def test_how_long_sqlite_itself_waits_is_as_before(
    file: Path, two: list[sqlite3.Connection]
) -> None:
    """Both when one was let in and when one was not."""
    begin_writing(two[0], file)
    with pytest.raises(sqlite3.OperationalError):
        begin_writing(two[1], file, patience_seconds=0)

    assert [one.execute("PRAGMA busy_timeout").fetchone()[0] for one in two] == [5000, 5000]


def test_a_fault_that_is_not_a_matter_of_waiting_is_told_at_once(
    file: Path, two: list[sqlite3.Connection]
) -> None:
    """Who begins twice is not left to wait for itself."""
    begin_writing(two[0], file)
    begun = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        begin_writing(two[0], file)

    assert time.monotonic() - begun < turnstile.PATIENCE_SECONDS / 2
