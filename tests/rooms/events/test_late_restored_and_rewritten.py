"""Who commits late is heard all the same; a log that was cut, restored or rewritten gives itself
away.
"""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlmodel import col, select

from marketplace.events import queries
from marketplace.events.rules import export
from marketplace.events.rules.envelope import Visibility
from marketplace.events.tables import EventCheckpoint, EventLog, EventRow
from marketplace.feed.queries import exports
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit import signing
from marketplace.kit.database import Database, ReadSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound
from marketplace.webhooks import jobs
from marketplace.webhooks.tables import Delivery
from tests.given.events import PUBLIC, a_log, said, vouched_for
from tests.given.identity import someone
from tests.given.webhooks import a_courier, an_endpoint

TRUSTED = {signing.key_id(PUBLIC): PUBLIC}
SEED = 20261126
SAMPLES = 60


async def exported(session: ReadSession) -> list[str]:
    """The whole log as lines."""
    return [line.decode() async for line in exports.export(session, keys=[PUBLIC])]


async def broken(session: ReadSession, *, held: bytes | None = None) -> list[str]:
    """What a check of the database and of its export finds."""
    checked = export.check(await exported(session), trusted=TRUSTED, held=held)
    found = await exports.contradictions(session)
    return [one.rule for one in [*checked.findings, *found]]


async def vouched(database: Database) -> EventCheckpoint:
    """Close what is open, and keep the last checkpoint as anybody may."""
    await vouched_for(database)
    async with database.reading() as session:
        kept = await queries.latest_checkpoint(session)
    assert kept is not None
    return kept


async def sealed_numbers(database: Database) -> dict[int, int]:
    """Which checkpoint vouches for each numbered event."""
    async with database.reading() as session:
        rows = (await session.exec(select(EventCheckpoint))).all()
    return {
        number: row.number for row in rows for number in range(row.first_event, row.last_event + 1)
    }


@pytest.mark.postgres
async def test_who_began_first_and_committed_last_is_told_and_vouched_for(house: House) -> None:
    """It has the lowest place in the table; fan-outs, checkpoints and later writers do not pass
    it by.
    """
    database = house.database
    owner = await someone(database, Role.SOLVER)
    await an_endpoint(house, owner, "test.*")
    async with Outbound() as outbound:
        courier = a_courier(house, outbound)
        await jobs.fan_out(courier)
        await vouched(database)
        subject = new_id()
        if database.is_sqlite:
            # One writer at a time: nobody can commit while another holds a lower place.
            async with database.writing() as session:
                late = await said(session, subject, Visibility.PUBLIC)
            early = [late]
        else:
            async with database.writing() as slow:
                late = await said(slow, subject, Visibility.PUBLIC)
                early = []
                for _ in range(3):
                    async with database.writing() as quick:
                        early.append(await said(quick, new_id(), Visibility.PUBLIC))
                    await jobs.fan_out(courier)
                    await vouched(database)
            assert all(late.position < one.position for one in early)  # type: ignore[operator]
        await jobs.fan_out(courier)
        kept = await vouched(database)

    async with database.reading() as session:
        told = (await session.exec(select(Delivery.event_id))).all()
        row = await queries.event(session, late.id)
        assert await broken(session, held=kept.document) == []
    assert {one.id for one in [*early, late]} <= set(told)
    assert len(told) == len(set(told))
    assert row is not None and row.number is not None and row.fanned_out_at is not None
    assert (await sealed_numbers(database))[row.number] == kept.number
    numbers = set(await sealed_numbers(database))
    assert numbers == set(range(1, max(numbers) + 1))


async def cut(database: Database, *, after: EventCheckpoint | int) -> None:
    """Make the database forget what came after a checkpoint (or a number), as if never said."""
    last = after if isinstance(after, int) else after.last_event
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(
            delete(EventCheckpoint).where(col(EventCheckpoint.last_event) > last)
        )
        await connection.execute(delete(EventRow).where(col(EventRow.number) > last))
        await connection.execute(update(EventLog).values(last_number=last))


@pytest.mark.postgres
async def test_a_tail_that_was_cut_cleanly_is_found_by_a_later_checkpoint(
    database: Database,
) -> None:
    """Events, checkpoints and counter fit together: only who kept the later one can tell."""
    await a_log(database)
    before = await vouched(database)
    await a_log(database)
    kept = await vouched(database)

    await cut(database, after=before)

    async with database.reading() as session:
        assert await broken(session) == []
        assert await broken(session, held=before.document) == []
        assert await broken(session, held=kept.document) == [
            "a_checkpoint_that_you_hold_is_missing"
        ]


@pytest.mark.postgres
async def test_a_tail_of_one_event_is_found_by_the_checkpoint_over_it(database: Database) -> None:
    """The counter was set back as well, and still the checkpoint names one event too many."""
    rows = await a_log(database)
    await vouched(database)

    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(delete(EventRow).where(col(EventRow.number) == len(rows)))
        await connection.execute(update(EventLog).values(last_number=len(rows) - 1))

    async with database.reading() as session:
        assert "events_missing" in await broken(session)


async def test_an_old_copy_that_was_put_back_is_found(database: Database) -> None:
    """Yesterday's file is put back and work goes on: the new checkpoints are good, and not those
    that somebody kept.
    """
    path = Path(database.url.removeprefix("sqlite+aiosqlite:///"))
    await a_log(database)
    before = await vouched(database)
    await database.close()
    wal = path.with_name(path.name + "-wal")
    assert not wal.exists(), "who closes last leaves one file"
    shutil.copyfile(path, copy := path.with_suffix(".copy"))
    await a_log(database)
    kept = await vouched(database)

    await database.close()
    shutil.move(copy, path)
    await a_log(database, things=5)
    again = await vouched(database)

    assert (again.number, again.first_event) == (kept.number, kept.first_event)
    async with database.reading() as session:
        assert await broken(session, held=before.document) == []
        assert await broken(session, held=again.document) == []
        assert await broken(session, held=kept.document) == [
            "a_checkpoint_that_you_hold_is_missing"
        ]


class _PutBack(Exception):
    """Ends a transaction that must leave no trace."""


async def rewritten(
    database: Database, row: EventRow, record: bytes, *, digest: bool
) -> Sequence[str]:
    """What is found once a record was changed, with its digest put right or not."""
    found: list[str] = []
    with pytest.raises(_PutBack):
        async with database.writing() as session:
            values: dict[str, object] = {"record": record}
            if digest:
                values["sha256"] = sha256_hex(record)
            connection = await session.connection()
            await connection.execute(
                update(EventRow).where(col(EventRow.id) == row.id).values(**values)
            )
            found = await broken(session)
            raise _PutBack
    return found


@pytest.mark.postgres
async def test_a_change_of_any_byte_of_any_stored_event_is_found(database: Database) -> None:
    """Whichever byte of whichever event, vouched for or only chained, also when its digest was put
    right; and nothing is found where nothing was changed.
    """
    chance = random.Random(SEED)
    rows = await a_log(database)
    await vouched_for(database)
    rows += await a_log(database, things=1, each=2)
    unfound = []
    for sample in range(SAMPLES):
        row = rows[sample % len(rows)]
        at = chance.randrange(len(row.record))
        other = chance.choice([value for value in range(256) if value != row.record[at]])
        record = row.record[:at] + bytes([other]) + row.record[at + 1 :]
        # The last of a subject is only chained to what comes next: nothing comes yet.
        digest = sample % 2 == 0 and row not in rows[-2:]
        if not await rewritten(database, row, record, digest=digest):
            unfound.append((row.number, at, other, digest))

    assert unfound == []
    async with database.reading() as session:
        assert await broken(session) == []
