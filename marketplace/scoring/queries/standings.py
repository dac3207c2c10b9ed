"""What keeping a board true asks for: its row, who stands where, and the blocks that count them."""

import functools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.bids.tables.bids import Bid
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scoring.rules.boards import LEVELS
from marketplace.scoring.rules.submissions import OUT_BIDS, Phase
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally


async def board(
    session: ReadSession, scenario_id: UUID, criterion: str, phase: Phase
) -> Board | None:
    """Find a board."""
    found = await session.exec(_board(scenario_id, criterion, phase))
    return found.first()


async def boards_held(
    session: WriteSession, scenario_id: UUID, criterion: str
) -> dict[Phase, Board]:
    """Find the boards of a criterion and hold them, and with them everything on them."""
    found = await session.exec(
        select(Board)
        .where(Board.scenario_id == scenario_id)
        .where(Board.criterion == criterion)
        .order_by(col(Board.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {one.phase: one for one in found.all()}


def _board(scenario_id: UUID, criterion: str, phase: Phase) -> SelectOfScalar[Board]:
    return (
        select(Board)
        .where(Board.scenario_id == scenario_id)
        .where(Board.criterion == criterion)
        .where(Board.phase == phase)
    )


async def living_entry(session: ReadSession, board_id: UUID, bid_id: UUID) -> BoardEntry | None:
    """Find where a team stands now."""
    found = await session.exec(
        select(BoardEntry)
        .where(BoardEntry.board_id == board_id)
        .where(BoardEntry.bid_id == bid_id)
        .where(col(BoardEntry.until_number).is_(None))
    )
    return found.first()


async def living_entries(session: ReadSession, board_id: UUID) -> Sequence[BoardEntry]:
    """List a whole board, in order."""
    found = await session.exec(
        select(BoardEntry)
        .where(BoardEntry.board_id == board_id)
        .where(col(BoardEntry.until_number).is_(None))
        .order_by(col(BoardEntry.sort_key), col(BoardEntry.received_at), col(BoardEntry.bid_id))
    )
    return found.all()


async def left_behind(session: ReadSession, *, limit: int) -> Sequence[tuple[Bid, Board]]:
    """Find teams that still stand on a board although their bid is out."""
    found = await session.exec(
        select(Bid, Board)
        .join(BoardEntry, col(BoardEntry.bid_id) == col(Bid.id))
        .join(Board, col(Board.id) == col(BoardEntry.board_id))
        .where(col(BoardEntry.until_number).is_(None))
        .where(col(Bid.state).in_(OUT_BIDS))
        .limit(limit)
    )
    return found.all()


async def tallies(
    session: WriteSession, board_id: UUID, keys: Sequence[str]
) -> Sequence[BoardTally]:
    """Find the rows of these keys, and the blocks of every level that cover them."""
    given = {f"key{at}": key for at, key in enumerate(keys)} | {"board": board_id}
    return (await session.exec(_tallies(len(keys)), params=given)).all()


@functools.cache
def _tallies(keys: int) -> SelectOfScalar[BoardTally]:
    """Write the question once: it has as many parts as keys and levels, and each score asks it."""
    places = [(level, f"key{at}") for level in range(LEVELS) for at in range(keys)]
    return (
        select(BoardTally)
        .where(col(BoardTally.id).in_([_covering(*place) for place in places]))
        .execution_options(populate_existing=True)
    )


def _covering(level: int, key: str) -> Any:
    """Select the block of a level that covers a key, or the single row of that key."""
    block = aliased(BoardTally)
    first = col(block.first_key)
    wanted: Any = bindparam(key)
    return (
        select(block.id)
        .where(col(block.board_id) == bindparam("board"))
        .where(block.level == level)
        .where(first <= wanted if level else first == wanted)
        .order_by(first.desc())
        .limit(1)
        .scalar_subquery()
    )


async def half(
    session: WriteSession, board_id: UUID, level: int, *, since: str, rows: int
) -> tuple[int, str]:
    """Add up the first `rows` blocks since a key, and name the key of the one after them."""
    first = col(BoardTally.first_key)
    found = await session.exec(
        select(BoardTally.entries, BoardTally.first_key)
        .where(BoardTally.board_id == board_id)
        .where(BoardTally.level == level)
        .where(first >= since)
        .order_by(first)
        .limit(rows + 1)
    )
    *left, (_, split) = found.all()
    return sum(entries for entries, _ in left), split


async def keys(session: ReadSession, board_id: UUID) -> list[tuple[str, int]]:
    """List the keys of a board with how many entries have each, best first."""
    found = await session.exec(
        select(BoardEntry.sort_key, func.count())
        .where(BoardEntry.board_id == board_id)
        .where(col(BoardEntry.until_number).is_(None))
        .group_by(col(BoardEntry.sort_key))
        .order_by(col(BoardEntry.sort_key))
    )
    return [(key, entries) for key, entries in found.all()]
