"""What one prediction file asks of the database: so many statements, however many came before."""

import asyncio
from typing import Final

import httpx
import pytest
from sqlmodel import col, select

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.scenarios.queries import calls
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions.boards import place
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally
from tests.conftest import START
from tests.given import boards, scenarios
from tests.given import scoring as given
from tests.given.scoring import ROWS, labels
from tests.given.statements import statements

TAKEN_MAX: Final = 27
"""Statements from the first byte of a file to the answer that it is queued."""
MEASURED_MAX: Final = 40
"""Statements from the lease to the place on the board."""


@pytest.mark.postgres
async def test_a_file_costs_the_same_after_many(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The first file and the last, each better than those before, ask equally little."""
    many = {"daily_max": 100, "total_max": 100}
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=[
            given.BENCHMARK | {"weight_bps": 7000, "benchmark": many},
            *given.weighed({"price": 3000}),
        ],
    )
    assert (await play.upload_truth()).status_code == 201
    taken, measured = [], []
    for right in range(1, ROWS + 1):
        with statements(database) as sent:
            assert (await play.upload("ours", labels(right))).status_code == 202
        taken.append(len(sent))
        with statements(database) as sent:
            assert await play.score() == 1
        measured.append(len(sent))
    assert max(taken) <= TAKEN_MAX
    assert max(measured) <= MEASURED_MAX
    assert len(set(taken[1:])) == len(set(measured[1:])) == 1


@pytest.mark.postgres
async def test_an_equal_value_of_a_later_file_changes_the_entry_and_no_count(
    database: Database, clock: FixedClock
) -> None:
    """The team stands on the board once, and once under its key."""
    arena = await boards.an_arena(database, clock, teams=1)
    async with database.writing() as session:
        board = boards.a_board(arena)
        session.add(board)
        for _ in range(2):
            row = boards.a_submission(arena, arena.bids[0], value="1")
            session.add(row)
            await session.flush()
            await place(session, board, arena.bids[0], (row, "1"), cause="scored", now=START)
    async with database.reading() as session:
        tallies = (await session.exec(select(BoardTally).order_by(col(BoardTally.level)))).all()
        living = await session.exec(
            select(BoardEntry.submission_id).where(col(BoardEntry.until_number).is_(None))
        )
        found = (await session.exec(select(Board))).one()
        assert living.all() == [row.id]
        assert [(one.level, one.entries, one.below) for one in tallies] == [
            *((0, 1, 0), (1, 1, 1), (2, 1, 1))
        ]
        assert (found.number, found.entries) == (2, 1)


@pytest.mark.postgres
async def test_whoever_waited_for_a_call_reads_what_was_written_meanwhile(
    database: Database, clock: FixedClock
) -> None:
    """A call is amended while another one waits to hold it: the other one has the new content."""
    called = await scenarios.a_published_call(database, clock)

    async def held() -> Call:
        async with database.writing() as session:
            return await calls.call(session, called.id, lock=True)

    async with database.writing() as session:
        row = await calls.scenario(session, called.id, lock=True)
        before = await calls.version(session, row.id, row.content_version)
        waiting = asyncio.create_task(held())
        await asyncio.sleep(0.2)
        title = before.content["title"] | {"zh": "改过的题目"}
        newer = before.model_dump() | {"content": before.content | {"title": title}}
        newer |= {"id": new_id(), "number": before.number + 1, "note": "为测试而改"}
        session.add(type(before)(**newer))
        row.content_version += 1
    found = await waiting
    assert (found.content_version, found.content.title.zh) == (before.number + 1, "改过的题目")
