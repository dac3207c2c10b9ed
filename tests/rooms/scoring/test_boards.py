"""Boards in the database: ranks as brute force gives them, at a cost that does not grow.

`make test` plays a few boards and fills one with 20,000 teams; the soak plays 10,000 boards, and
lets 100,000 files of 10,000 teams come in.
"""

import bisect
import datetime as dt
import os
import random
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import event
from sqlmodel import col, func, select

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database, ReadSession
from marketplace.scoring.actions import boards
from marketplace.scoring.queries import boards as queries
from marketplace.scoring.queries.boards import Place
from marketplace.scoring.rules import boards as rules
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase
from marketplace.scoring.schemas.submissions import LeaderboardOut
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally
from marketplace.scoring.tables.rounds import Submission
from tests.conftest import START
from tests.given import boards as given
from tests.given.boards import Arena
from tests.given.statements import statements

BOARDS: Final = int(os.environ.get("JIEBANG_SOAK_BOARDS", "24"))
FILES: Final = int(os.environ.get("JIEBANG_SOAK_FILES", "200"))
TOGETHER: Final = 100
"""Files in one transaction."""
TEAMS: Final = 9
SECOND: Final = dt.timedelta(seconds=1)

Stood = dict[UUID, tuple[Decimal, dt.datetime]]
"""Who stands on a board with which value, received when."""


async def everything(
    session: ReadSession,
    arena: Arena,
    *,
    limit: int,
    as_of: dt.datetime | None = None,
) -> list[Place]:
    """A whole board, page by page."""
    places: list[Place] = []
    cursor = None
    while True:
        page = await queries.page_seen_by(
            session,
            SYSTEM,
            arena.scenario_id,
            criterion="benchmark",
            phase=Phase.EVALUATION,
            cursor=cursor,
            as_of=as_of,
            limit=limit,
            now=START,
        )
        places += page.places
        cursor = page.next_cursor
        if cursor is None:
            return places


def brute_force(stood: Stood, direction: Direction) -> list[tuple[int, UUID]]:
    """Rank and team, best first: compared one by one, with no key and no count kept."""

    def better(one: Decimal, other: Decimal) -> bool:
        return one > other if direction == Direction.HIGHER else one < other

    ranked = [
        (1 + sum(better(other, value) for other, _ in stood.values()), received_at, bid)
        for bid, (value, received_at) in stood.items()
    ]
    return [(rank, bid) for rank, _, bid in sorted(ranked)]


def told(places: list[Place]) -> list[tuple[int, UUID]]:
    """Rank and team, as read."""
    return [(one.rank, one.entry.bid_id) for one in places]


async def random_board(
    database: Database, arena: Arena, chance: random.Random, direction: Direction
) -> None:
    """Let teams come, move, tie and leave at random; compare with brute force, now and then."""
    stood: Stood = {}
    past: list[tuple[dt.datetime, Stood]] = []
    async with database.writing() as session:
        board = given.a_board(arena, direction)
        session.add(board)
        await session.flush()
        for step in range(chance.randrange(4, 16)):
            now = START + step * SECOND
            bid = chance.choice(arena.bids)
            standing = None
            if chance.random() < 0.8:
                value = Decimal(chance.randrange(-3, 4)) / chance.choice([1, 2, 4])
                received_at = START - chance.randrange(3) * SECOND
                row = given.a_submission(arena, bid, value=str(value), at=received_at)
                session.add(row)
                await session.flush()
                standing = (row, str(value))
                stood = stood | {bid: (value, received_at)}
            else:
                stood = {one: kept for one, kept in stood.items() if one != bid}
            await boards.place(session, board, bid, standing, cause="scored", now=now, fan_out=2)
            past.append((now, stood))
        limit = chance.randrange(1, 5)
        assert told(await everything(session, arena, limit=limit)) == brute_force(stood, direction)
        assert board.entries == len(stood)
        then, was = chance.choice(past)
        seen = await everything(session, arena, limit=limit, as_of=then)
        assert told(seen) == brute_force(was, direction)
        board.criterion = f"played-{board.id}"


@pytest.mark.postgres
async def test_random_boards_are_ranked_as_brute_force_ranks_them(
    database: Database, clock: FixedClock
) -> None:
    """Ties, both directions, teams that leave and come back; as it is, and as it was."""
    arena = await given.an_arena(database, clock, teams=TEAMS)
    for seed in range(BOARDS):
        chance = random.Random(seed)
        await random_board(database, arena, chance, chance.choice(list(Direction)))

    async with database.reading() as session:
        played = (await session.exec(select(func.count()).select_from(Board))).one()
    assert played == BOARDS


async def counted_rows(session: ReadSession, board_id: UUID, key: str) -> int:
    """How many rows of the tally a rank is added up from."""
    total = 0
    since = ""
    for level in (2, 1, 0):
        first = col(BoardTally.first_key)
        of_level = (
            select(func.count(), func.max(first))
            .where(BoardTally.board_id == board_id)
            .where(BoardTally.level == level)
            .where(first >= since)
            .where(first <= key)
        )
        rows, block = (await session.exec(of_level)).one()
        total += rows
        since = block or since
    return total


@pytest.mark.postgres
@pytest.mark.parametrize("teams", [1_000, 20_000])
async def test_a_page_and_a_score_cost_the_same_at_any_size(
    database: Database, clock: FixedClock, teams: int
) -> None:
    """Two statements and 40 kB for a page of a hundred, anywhere; a score writes a few rows."""
    chance = random.Random(teams)
    arena = await given.an_arena(database, clock, teams=teams)
    values = [Decimal(chance.randrange(10**6)) / 10**6 for _ in range(teams)]
    async with database.writing() as session:
        board = given.a_board(arena)
        session.add(board)
        await session.flush()
        await given.fill(session, arena, board, values)
        await boards.count_anew(session, board)
    keys = sorted(rules.sort_key(value, Direction.HIGHER) for value in values)

    for at in (0, teams // 2, teams - 100):
        async with database.reading() as session:
            before = await cursor_behind(session, board.id, at) if at else None
            with statements(database) as sent:
                page = await page_behind(session, arena, before)
            assert len([one for one in sent if one.startswith("SELECT")]) == 2
            assert [one.rank for one in page.places] == [
                1 + bisect.bisect_left(keys, one.entry.sort_key) for one in page.places
            ]
            assert len(msgspec.json.encode(LeaderboardOut.of(page))) <= 40_000
            assert await counted_rows(session, board.id, keys[at]) <= 3 * 2 * rules.FAN_OUT
    written = await rows_written(database, arena, board)
    assert written <= 16


async def cursor_behind(session: ReadSession, board_id: UUID, place: int) -> str:
    """The cursor behind the row at a place, counted from 1."""
    found = await session.exec(
        select(BoardEntry)
        .where(BoardEntry.board_id == board_id)
        .order_by(col(BoardEntry.sort_key), col(BoardEntry.received_at), col(BoardEntry.bid_id))
        .offset(place - 1)
        .limit(1)
    )
    return queries.cursor_behind(found.one())


async def page_behind(session: ReadSession, arena: Arena, cursor: str | None) -> queries.BoardPage:
    """A page of a hundred."""
    return await queries.page_seen_by(
        session,
        SYSTEM,
        arena.scenario_id,
        criterion="benchmark",
        phase=Phase.EVALUATION,
        cursor=cursor,
        as_of=None,
        limit=100,
        now=START,
    )


async def rows_written(database: Database, arena: Arena, board: Board) -> int:
    """How many rows one better score writes."""
    touched: set[tuple[str, Any]] = set()

    def note(session: Any, _: Any) -> None:
        for row in (*session.new, *session.dirty, *session.deleted):
            touched.add((type(row).__name__, row.id))

    async with database.writing() as session:
        row = given.a_submission(arena, arena.bids[7], value="2")
        session.add(row)
        held = await session.get_one(Board, board.id)
        event.listen(session.sync_session, "after_flush", note)
        moved = await boards.place(
            session, held, arena.bids[7], (row, "2"), cause="scored", now=START
        )
    assert moved
    return len(touched)


async def stored(database: Database) -> int:
    """Count the files that were sent."""
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(Submission))).one()


@pytest.mark.postgres
async def test_every_team_of_many_files_is_listed_and_the_top_is_right(
    database: Database, clock: FixedClock
) -> None:
    """All files of all teams, one after the other in random order: the best of each stands."""
    chance = random.Random(FILES)
    arena = await given.an_arena(database, clock, teams=max(FILES // 10, 1))
    best: Stood = {}
    async with database.writing() as session:
        board = given.a_board(arena)
        session.add(board)
    for begin in range(0, FILES, TOGETHER):
        async with database.writing() as session:
            held = await session.get_one(Board, board.id)
            for number in range(begin, min(begin + TOGETHER, FILES)):
                bid = arena.bids[number % len(arena.bids)]
                value = Decimal(chance.randrange(10**5)) / 10**5
                at = START + number * SECOND
                row = given.a_submission(arena, bid, value=str(value), at=at)
                session.add(row)
                if bid not in best or value > best[bid][0]:
                    await session.flush()
                    await boards.place(
                        session, held, bid, (row, str(value)), cause="scored", now=at
                    )
                    best[bid] = value, at
    async with database.reading() as reader:
        seen = told(await everything(reader, arena, limit=200))

    wanted = sorted(best.items(), key=lambda one: (-one[1][0], one[1][1]))
    assert [bid for _, bid in seen] == [bid for bid, _ in wanted]
    assert len(seen) == len(arena.bids)
    assert await stored(database) == FILES
    assert seen[:10] == brute_force(best, Direction.HIGHER)[:10]
