"""Boards of any size: a page of a hundred, and one better score.

The floor of a page is a bare Litestar handler that runs the same indexed query for the same rows
and answers the same bytes: no caller, no rights, no middleware.  Both are asked in one process,
without a network.  Ours is measured as callers find it, where a page is kept once it was written,
and with nothing kept, where every page is read anew.  `rows_written` counts what a score writes on
the largest board against the smallest.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import httpx
from litestar import Litestar, MediaType, Response, get
from sqlalchemy import event, inspect, select

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
from marketplace.scoring.queries import boards as queries
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase
from marketplace.scoring.schemas.submissions import LeaderboardOut
from marketplace.scoring.tables.boards import Board, BoardEntry
from marketplace.wire.answers import encoded
from tests.conftest import START, UNLIMITED
from tests.given import boards as given
from tests.given.boards import Arena

NAMES = (
    "page_largest_against_smallest",
    "page_against_bare_handler",
    "page_read_anew_largest_against_smallest",
    "page_read_anew_against_bare_handler",
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
    forgetful: httpx.AsyncClient
    """Ours, with no page kept."""
    floor: httpx.AsyncClient

    async def page(self) -> httpx.Response:
        """Ask as a caller does."""
        return await self._page(self.ours)

    async def page_anew(self) -> httpx.Response:
        """Ask for a page that nobody has read before."""
        return await self._page(self.forgetful)

    async def _page(self, caller: httpx.AsyncClient) -> httpx.Response:
        answered = await caller.get(
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
        settings = replace(UNLIMITED, data_dir=bench.folder, development=True)
        keeping_nothing = replace(settings, board_pages_bytes_max=0)
        house = House(
            settings=settings,
            database=database,
            storage=LocalStorage(bench.folder / "storage"),
            keeper=Keeper.from_text("a key for benchmarks only, 32 characters or more"),
            clock=clock,
            hasher=Hasher(memory_kib=64, passes=1),
        )
        async with (
            asking(create_app(house)) as ours,
            asking(create_app(replace(house, settings=keeping_nothing))) as forgetful,
            asking(bare_app(database, board_id, entries)) as floor,
        ):
            board = Filled(
                database=database,
                arena=arena,
                board_id=board_id,
                ours=ours,
                forgetful=forgetful,
                floor=floor,
            )
            same = (await board.bare()).content
            assert (await board.page()).content == (await board.page_anew()).content == same
            yield board


def asking(app: Litestar) -> httpx.AsyncClient:
    """A client in this process."""
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://bench.test")


def bare_app(database: Database, board_id: UUID, entries: int) -> Litestar:
    """One handler, one query, one page: no caller, no rights, no middleware, nothing kept."""
    entry, bid, firm = (inspect(table).local_table for table in (BoardEntry, Bid, Organization))
    query = (
        select(entry.c.bid_id, entry.c.submission_id, entry.c.value, entry.c.sort_key)
        .add_columns(entry.c.received_at, firm.c.id, firm.c.name_zh)
        .join(bid, bid.c.id == entry.c.bid_id)
        .join(firm, firm.c.id == bid.c.solver_id)
        .where(entry.c.board_id == board_id)
        .where(entry.c.until_number.is_(None))
        .order_by(entry.c.sort_key, entry.c.received_at, entry.c.bid_id)
        .limit(PAGE + 1)
    )
    seen = queries.Seen(
        board_id=board_id,
        criterion="benchmark",
        phase=Phase.EVALUATION,
        metric="accuracy",
        direction=Direction.HIGHER,
        version=1,
        entries=entries,
        frozen_at=None,
        names_number=0,
    )

    @get("/page")
    async def page() -> Response[bytes]:
        async with database.engine.connect() as connection:
            found = (await connection.execute(query)).all()
        shown = queries.page_of(seen, found, limit=PAGE)
        return Response(encoded(LeaderboardOut.of(shown)), media_type=MediaType.JSON)

    return Litestar([page], openapi_config=None, logging_config=None)


async def statements_of_a_page(board: Filled) -> int:
    """Count what is asked about the board; who is asking costs the porter statements of its own."""
    sent: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = board.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await board.page_anew()
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
        pages = [
            await bench.compare(name, ours, other, goal=goal, rounds=ROUNDS, database=kind)
            for name, ours, other, goal in (
                ("page_largest_against_smallest", big.page, little.page, 1.5),
                ("page_against_bare_handler", big.page, big.bare, 2.0),
                (
                    "page_read_anew_largest_against_smallest",
                    *(big.page_anew, little.page_anew),
                    1.5,
                ),
                ("page_read_anew_against_bare_handler", big.page_anew, big.bare, 2.0),
            )
        ]
        for turn in range(5):
            first.append(await rows_written(little, turn, f"1.{turn}"))
            second.append(await rows_written(big, turn, f"1.{turn}"))
    return [
        *pages,
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
