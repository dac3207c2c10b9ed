"""Boards of any size: a page of a hundred, and one better score.

The floor of a page is a bare Litestar handler that runs the same indexed query for the same rows
and writes them down: no caller, no rights, no ranks.  Both are asked in one process, without a
network.  `rows_written` counts what a score writes on the largest board against the smallest.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import httpx
from litestar import Litestar, get
from sqlalchemy import event, select

from benchmarks import seeding
from benchmarks.harness import Bench, Row, row_of
from marketplace.app import create_app
from marketplace.bids.tables.bids import Bid
from marketplace.house import House
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage
from marketplace.scoring.actions import boards
from marketplace.scoring.tables.boards import Board, BoardEntry
from tests.conftest import START, UNLIMITED
from tests.given import boards as given
from tests.given.boards import Arena

NAMES = (
    "page_largest_against_smallest",
    "page_against_bare_handler",
    "page_statements",
    "page_bytes",
    "score_rows_written",
)
PAGE: Final = 100
ROUNDS: Final = 25
STATEMENTS_MAX: Final = 3
BYTES_MAX: Final = 40_000


@dataclass(frozen=True, kw_only=True)
class Filled:
    """One database with one board, and both ways to ask for its first page."""

    database: Database
    arena: Arena
    board_id: UUID
    ours: httpx.AsyncClient
    floor: httpx.AsyncClient

    async def page(self) -> httpx.Response:
        """Ask as a caller does."""
        answered = await self.ours.get(
            f"/v1/scenarios/{self.arena.scenario_id}/leaderboard",
            params={"criterion": "benchmark", "limit": PAGE},
            headers=self.arena.watcher.headers,
        )
        assert answered.status_code == 200, answered.text
        return answered

    async def bare(self) -> httpx.Response:
        """Ask the bare handler."""
        answered = await self.floor.get("/page")
        assert answered.status_code == 200, answered.text
        return answered


@asynccontextmanager
async def filled(bench: Bench, kind: str, entries: int) -> AsyncIterator[Filled]:
    """Fill a board with seeded values, some of them equal."""
    clock = FixedClock(START)
    async with bench.database(kind) as database:
        arena, board_id = await seeding.a_full_board(database, clock, entries)
        house = House(
            settings=replace(UNLIMITED, data_dir=bench.folder, development=True),
            database=database,
            storage=LocalStorage(bench.folder / "storage"),
            keeper=Keeper.from_text("a key for benchmarks only, 32 characters or more"),
            clock=clock,
            hasher=Hasher(memory_kib=64, passes=1),
        )
        async with (
            asking(create_app(house)) as ours,
            asking(bare_app(database, board_id)) as floor,
        ):
            yield Filled(database=database, arena=arena, board_id=board_id, ours=ours, floor=floor)


def asking(app: Litestar) -> httpx.AsyncClient:
    """A client in this process."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://bench.test")


def bare_app(database: Database, board_id: UUID) -> Litestar:
    """One handler, one query, one page."""
    entry, bid, firm = (
        table.__table__  # type: ignore[attr-defined]
        for table in (BoardEntry, Bid, Organization)
    )
    query = (
        select(entry, firm.c.id.label("solver_id"), firm.c.name_zh)
        .join(bid, bid.c.id == entry.c.bid_id)
        .join(firm, firm.c.id == bid.c.solver_id)
        .where(entry.c.board_id == board_id)
        .where(entry.c.until_number.is_(None))
        .order_by(entry.c.sort_key, entry.c.received_at, entry.c.bid_id)
        .limit(PAGE + 1)
    )

    @get("/page")
    async def page() -> list[dict[str, Any]]:
        async with database.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    return Litestar([page], openapi_config=None, logging_config=None)


async def statements_of_a_page(board: Filled) -> int:
    """Count what is asked about the board; who is asking costs the porter statements of its own."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = board.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await board.page()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([one for one in sent if "leaderboard" in one])


async def rows_written(board: Filled, place: int, value: str) -> int:
    """Count the rows that one accepted score adds or changes."""
    touched: set[tuple[str, Any]] = set()

    def note(session: Any, _: Any) -> None:
        for row in (*session.new, *session.dirty, *session.deleted):
            touched.add((type(row).__name__, row.id))

    async with board.database.writing() as session:
        bid = board.arena.bids[place]
        row = given.a_submission(board.arena, bid, value=value)
        session.add(row)
        held = await session.get_one(Board, board.board_id)
        event.listen(session.sync_session, "after_flush", note)
        await boards.place(session, held, bid, (row, value), cause="scored", now=START)
    return len(touched)


async def rows(bench: Bench) -> list[Row]:
    """The cost of the largest board against the smallest and the bare handler; rows of a score."""
    found = []
    for kind in ("sqlite", "postgres"):
        found += await of_database(bench, kind)
    return found


async def of_database(bench: Bench, kind: str) -> list[Row]:
    """Both boards are open at once, so that their pages are read in turn."""
    small, large = bench.entries[0], bench.entries[-1]
    first: list[int] = []
    second: list[int] = []
    async with filled(bench, kind, small) as little, filled(bench, kind, large) as big:
        asked, size = await statements_of_a_page(big), len((await big.page()).content)
        floor = await bench.compare(
            "page_against_bare_handler", big.page, big.bare, goal=2.0, rounds=ROUNDS, database=kind
        )
        growth = await bench.compare(
            "page_largest_against_smallest",
            *(big.page, little.page),
            goal=1.5,
            rounds=ROUNDS,
            database=kind,
        )
        for turn in range(5):
            first.append(await rows_written(little, turn, f"1.{turn}"))
            second.append(await rows_written(big, turn, f"1.{turn}"))
    return [
        growth,
        floor,
        row_of(
            "page_statements",
            [(float(asked), float(STATEMENTS_MAX))],
            goal=1.0,
            unit="statements",
            database=kind,
        ),
        row_of(
            "page_bytes",
            [(float(size), float(BYTES_MAX))],
            goal=1.0,
            unit="bytes",
            database=kind,
        ),
        row_of(
            "score_rows_written",
            [(float(a), float(b)) for a, b in zip(second, first, strict=True)],
            goal=1.5,
            unit="rows",
            database=kind,
        ),
    ]
