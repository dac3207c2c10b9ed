"""Fills databases with millions of rows: by COPY on PostgreSQL, in one call on SQLite.

Rows are of the tables as the house has them, so that indexes, checks and keys hold; only the
actions are left out, which would take hours.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from benchmarks.harness import SEED
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid
from marketplace.identity.tables.organizations import Organization, OrganizationKind, SizeClass
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.scoring.actions import boards
from marketplace.scoring.rules.boards import sort_key
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.tables.boards import Board, BoardEntry
from tests.conftest import START
from tests.given import boards as given
from tests.given.boards import Arena

ROWS_AT_ONCE: Final = 50_000


async def fill_table(
    database: Database, table: Any, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write rows in portions, each value as its column would have it."""
    waiting: list[Sequence[Any]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROWS_AT_ONCE:
            await _write(database, table, columns, waiting)
            waiting = []
    await _write(database, table, columns, waiting)


async def _write(
    database: Database, table: Any, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    dialect = database.engine.dialect
    kinds = [table.__table__.c[name].type for name in columns]
    bound = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in kinds]
    values = zip(
        *(
            [row[at] if bind is None else bind(row[at]) for row in rows]
            for at, bind in enumerate(bound)
        ),
        strict=True,
    )
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        if database.is_sqlite:
            # What is filled here is thrown away with the machine: no need to wait for its disk.
            await driver.execute("PRAGMA synchronous=OFF")
            await driver.execute("BEGIN IMMEDIATE")
            places = ", ".join("?" for _ in columns)
            names = ", ".join(columns)
            await driver.executemany(
                f"INSERT INTO {table.__tablename__} ({names}) VALUES ({places})",
                values,
            )
            await driver.commit()
            await driver.execute("PRAGMA synchronous=FULL")
        else:
            await driver.copy_records_to_table(
                table.__tablename__, records=values, columns=list(columns)
            )


async def a_full_board(database: Database, clock: FixedClock, entries: int) -> tuple[Arena, UUID]:
    """Fill a board with seeded values, some equal, each of a team of an organisation of its own."""
    chance = random.Random(SEED)
    arena = await given.an_arena(database, clock, teams=1)
    solvers, bids, places = (some_ids(entries) for _ in range(3))
    await _solvers_and_bids(database, arena, solvers, bids)
    async with database.writing() as session:
        board = given.a_board(arena)
        board.number, board.entries = 1, entries
        shared = given.a_submission(arena, bids[0], value="1")
        session.add(board)
        session.add(shared)
        await session.flush()
        board_id, shared_id = board.id, shared.id
    values = [Decimal(chance.randrange(10**6)) / 10**6 for _ in range(entries)]
    await fill_table(
        database,
        BoardEntry,
        [
            *("id", "board_id", "bid_id", "submission_id", "value", "sort_key"),
            *("received_at", "from_number", "from_at", "cause"),
        ],
        (
            (
                *(place, board_id, bid, shared_id, str(value)),
                *(sort_key(value, Direction.HIGHER), START, 1, START, "scored"),
            )
            for place, bid, value in zip(places, bids, values, strict=True)
        ),
    )
    async with database.writing() as session:
        await boards.count_anew(session, await session.get_one(Board, board_id))
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql("ANALYZE")
        await connection.commit()
    return replace(arena, bids=tuple(bids)), board_id


async def _solvers_and_bids(
    database: Database, arena: Arena, solvers: Sequence[UUID], bids: Sequence[UUID]
) -> None:
    await fill_table(
        database,
        Organization,
        [
            *("id", "version", "uscc", "name_zh", "name_en", "kind", "size_class"),
            *("is_startup", "region", "registered_at"),
        ],
        (
            (
                *(solver, 1, f"92999999{at:010d}", f"示例公司{at}", f"Example {at}"),
                *(OrganizationKind.COMPANY, SizeClass.SMALL, False, "440305", START),
            )
            for at, solver in enumerate(solvers)
        ),
    )
    await fill_table(
        database,
        Bid,
        [
            "id",
            "version",
            "scenario_id",
            "solver_id",
            "author_id",
            "state",
            "content_number",
            "created_at",
        ],
        (
            (
                *(bid, 1, arena.scenario_id, solver, arena.solver.actor.person_id),
                *(BidState.RESPONSIVE, 0, START),
            )
            for bid, solver in zip(bids, solvers, strict=True)
        ),
    )


def some_ids(number: int) -> list[UUID]:
    """Ids that sort as they are made, many at a time."""
    first = new_id().int
    return [UUID(int=first + at) for at in range(number)]
