"""The log as a whole: numbered without holes, chained, vouched for, and checked by anybody."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import col, select

from marketplace.events import actions, queries
from marketplace.events.rules import export
from marketplace.events.tables import EventCheckpoint, EventRow
from marketplace.feed.queries import exports
from marketplace.kit import signing
from marketplace.kit.database import Database
from marketplace.kit.digests import sha256_hex
from marketplace.kit.ids import new_id
from tests.conftest import START
from tests.given import events as given_events
from tests.given.events import PUBLIC, a_log, numbered, said, vouched_for

TRUSTED = {signing.key_id(PUBLIC): PUBLIC}


async def exported(database: Database) -> list[str]:
    """The whole log as lines."""
    async with database.reading() as session:
        return [line.decode() async for line in exports.export(session, keys=[PUBLIC])]


async def rules_broken(database: Database) -> set[str]:
    """What a check of the database and of its export finds."""
    checked = export.check(await exported(database), trusted=TRUSTED)
    async with database.reading() as session:
        found = await exports.contradictions(session)
    return {one.rule for one in [*checked.findings, *found]}


@pytest.mark.postgres
async def test_numbers_have_no_holes_and_follow_each_subject(database: Database) -> None:
    """However many write and number at once; each subject in its own order."""
    things = [new_id() for _ in range(4)]

    async def write(turn: int) -> None:
        async with database.writing() as session:
            await said(session, things[turn % 4])
            await said(session, things[(turn + 1) % 4]) if turn % 4 < 3 else None

    async def number() -> None:
        for _ in range(10):
            await numbered(database)

    await asyncio.gather(*(write(turn) for turn in range(40)), number(), number())
    await numbered(database)

    async with database.reading() as session:
        rows = (await session.exec(select(EventRow).order_by(col(EventRow.number)))).all()
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    for thing in things:
        own = [row.sequence for row in rows if row.subject_id == thing]
        assert own == list(range(1, len(own) + 1))


@pytest.mark.postgres
async def test_an_event_that_is_committed_late_gets_a_late_number(database: Database) -> None:
    """It wrote first and committed last: nobody has read past it, so it is not lost."""
    if database.is_sqlite:
        await a_log(database, things=1, each=2)
        async with database.reading() as session:
            assert await queries.last_number(session) == 2
        return
    async with database.writing() as slow:
        late = await said(slow, new_id())
        async with database.writing() as quick:
            early = await said(quick, new_id())
        await numbered(database)
    await numbered(database)

    async with database.reading() as session:
        numbers = {row.id: row.number for row in (await session.exec(select(EventRow))).all()}
    assert (numbers[early.id], numbers[late.id]) == (1, 2)


@pytest.mark.postgres
async def test_what_is_vouched_for_checks_out(database: Database) -> None:
    """Two checkpoints over twenty events, and a tail that is only chained yet."""
    await a_log(database, things=3, each=4)
    await vouched_for(database)
    await a_log(database, things=2, each=4)
    await vouched_for(database)
    await a_log(database, things=1, each=1)

    lines = await exported(database)
    checked = export.check(lines, trusted=TRUSTED)

    assert checked.findings == []
    assert (checked.events, checked.checkpoints, checked.unvouched) == (21, 2, 1)
    async with database.reading() as session:
        latest = await queries.latest_checkpoint(session)
        assert await exports.contradictions(session) == []
    assert latest is not None and checked.last_checkpoint == latest.sha256
    assert export.check(lines, trusted=TRUSTED, held=latest.document).findings == []


@pytest.mark.postgres
async def test_two_processes_close_one_checkpoint_each(database: Database) -> None:
    """Whoever comes second finds nothing left to vouch for."""
    await a_log(database)

    async def close() -> bool:
        async with database.writing() as session:
            made = await actions.close_checkpoint(session, sign=given_events.sign, now=START)
        return made is not None

    assert sum(await asyncio.gather(*(close() for _ in range(4)))) == 1
    assert await rules_broken(database) == set()


CHANGES: Sequence[tuple[str, str, set[str]]] = [
    ("record", "record = replace(record, '说了', '改了')", {"events_changed"}),
    ("type", "type = 'test.other'", {"columns_changed"}),
    ("visibility", "visibility = 'internal'", {"columns_changed"}),
    ("actor", "actor = 'auditor'", {"columns_changed"}),
    ("digest", f"sha256 = '{'0' * 64}'", {"columns_changed", "events_missing"}),
    ("previous digest", f"previous_sha256 = '{'0' * 64}'", {"columns_changed"}),
    ("schema version", "schema_version = 2", {"columns_changed"}),
    ("subject type", "subject_type = 'bid'", {"columns_changed"}),
    ("sequence", "sequence = 77", {"columns_changed"}),
    ("owner", "organization_id = subject_id", {"owner_changed"}),
    ("call", "scenario_id = NULL", {"owner_changed"}),
    ("bureau", "organizer_id = subject_id", {"owner_changed"}),
    ("salt", "owner_salt = randomblob(16)", {"owner_changed"}),
    ("time", "occurred_at = '2026-03-02 01:00:00.000001'", {"columns_changed"}),
    ("number", "number = 1000", {"number_missing"}),
    ("visibility that never was", "visibility = 'loud'", {"unreadable"}),
    ("subject that is none", "subject_id = 'x'", {"unreadable"}),
    ("record that is no text", "record = x'ff00'", {"columns_changed"}),
    ("nothing at all", "record = 7", {"unreadable", "columns_changed"}),
]


@pytest.mark.parametrize(("what", "change", "rules"), CHANGES, ids=[one[0] for one in CHANGES])
async def test_a_change_in_any_column_is_found(
    database: Database, what: str, change: str, rules: set[str]
) -> None:
    """By hand in the database, past every rule of the house."""
    rows = await a_log(database)
    await vouched_for(database)
    if what == "record":
        change = "record = CAST(replace(CAST(record AS TEXT), '说了', '改了') AS BLOB)"
    async with database.writing() as session:
        connection = await session.connection()
        done = await connection.execute(
            text(f"UPDATE event SET {change} WHERE position = :at"), {"at": rows[5].position}
        )
        assert done.rowcount == 1

    assert await rules_broken(database) & rules


@pytest.mark.parametrize("last", [1, 5, 12])
async def test_a_truncated_tail_is_found_by_the_checkpoint(database: Database, last: int) -> None:
    """The last events are gone, from the table and from the file."""
    await a_log(database)
    await vouched_for(database)
    async with database.writing() as session:
        connection = await session.connection()
        await connection.execute(
            text("DELETE FROM event WHERE number > :last"), {"last": 12 - last}
        )
    assert await rules_broken(database) & {"events_missing", "events_changed"}


async def test_a_log_cut_before_its_last_checkpoint_is_found_by_whoever_kept_it(
    database: Database,
) -> None:
    """Nothing in the file itself tells: that is what a checkpoint is kept for."""
    await a_log(database)
    await vouched_for(database)
    shorter = await exported(database)
    await a_log(database)
    await vouched_for(database)
    async with database.reading() as session:
        kept = await queries.latest_checkpoint(session)
    assert kept is not None

    assert export.check(shorter, trusted=TRUSTED).findings == []
    found = export.check(shorter, trusted=TRUSTED, held=kept.document).findings
    assert [one.rule for one in found] == ["a_checkpoint_that_you_hold_is_missing"]


async def test_a_log_that_was_signed_anew_is_found_by_whoever_knows_the_key(
    database: Database,
) -> None:
    """A forger can make all of it fit together, but for the key."""
    await a_log(database)
    await vouched_for(database)
    lines = await exported(database)
    _, stranger = signing.new_pair()

    assert export.check(lines).findings == []
    found = export.check(lines, trusted={signing.key_id(stranger): stranger}).findings
    assert [one.rule for one in found] == ["key_unknown"]
    forged = {signing.key_id(PUBLIC): stranger}
    assert [one.rule for one in export.check(lines, trusted=forged).findings] == ["signature_wrong"]


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_a_change_of_any_byte_of_the_file_is_found(
    database: Database, data: st.DataObject
) -> None:
    """Whatever byte it is, of whatever line: the check says so, and never breaks down."""
    if not LINES:
        await a_log(database)
        await vouched_for(database)
        LINES.extend(await exported(database))
    line = data.draw(st.integers(0, len(LINES) - 1))
    raw = LINES[line].rstrip("\n").encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda value: value != raw[at]))
    changed = raw[:at] + bytes([other]) + raw[at + 1 :]
    lines = [*LINES[:line], changed.decode("utf-8", "replace"), *LINES[line + 1 :]]
    try:
        same = json.loads(lines[line]) == json.loads(LINES[line])
    except ValueError:
        same = False

    assert same or export.check(lines, trusted=TRUSTED).findings or line == 0


LINES: list[str] = []


async def test_a_file_that_is_no_log_is_refused() -> None:
    """Nothing, something else, and what would break a reader."""
    for lines in ([], [""], ["{}"], ["[]"], ["[" * 100_000], ['{"kind": 7}']):
        found = export.check(lines).findings
        assert [one.rule for one in found] == ["not_an_event_log"]


async def test_a_checkpoint_that_was_left_out_is_found(database: Database) -> None:
    """The next one names the one before it."""
    for _ in range(3):
        await a_log(database, things=1, each=1)
        await vouched_for(database)
    lines = [one for one in await exported(database) if '"first":2' not in one.replace(" ", "")]
    found = {one.rule for one in export.check(lines, trusted=TRUSTED).findings}
    assert "checkpoints_broken" in found


async def test_the_digest_of_a_record_is_that_of_its_bytes(database: Database) -> None:
    """Whoever was sent an event can look for its digest in a checkpoint."""
    rows = await a_log(database)
    assert all(row.sha256 == sha256_hex(row.record) for row in rows)
    async with database.reading() as session:
        assert (await session.exec(select(EventCheckpoint))).all() == []
