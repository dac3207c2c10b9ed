"""What a leaderboard answers; a page costs three statements, however long the board.

First whether and as of when it may be seen, then the rows from a key on, then how many are better:
counted in blocks (see `tables.boards`), so that it costs the same on page 1 and on page 1,000.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect
from sqlmodel import and_, col, func, or_, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid, Opening
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.kit.paging import CursorUnreadable, cursor_of, key_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.content import Benchmark, content_from
from marketplace.scenarios.tables import Scenario, ScenarioVersion
from marketplace.scoring.errors.submissions import BoardUnknown
from marketplace.scoring.rules import boards, submissions, visibility
from marketplace.scoring.rules.boards import View, Window
from marketplace.scoring.rules.submissions import DEFAULT, Phase
from marketplace.scoring.tables.boards import Board, BoardEntry, BoardTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A board as one caller may see it."""

    board: Board
    number: int | None
    """As of which version; None: as it is."""
    frozen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page tells of an entry, read as columns: rows of objects cost it a fifth."""

    bid_id: UUID
    submission_id: UUID
    value: str
    sort_key: str
    received_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One row of a page."""

    rank: int
    entry: Entry
    solver_id: UUID
    name_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPage:
    """A page of a board, and where the next one starts."""

    seen: Seen
    places: tuple[Place, ...]
    next_cursor: str | None


async def page_seen_by(
    session: ReadSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    phase: Phase,
    cursor: str | None,
    as_of: dt.datetime | None,
    limit: int,
    now: dt.datetime,
) -> BoardPage:
    """Read a page of a board as far as the actor may see it.

    Refuses  BoardUnknown wherever nothing may be seen, in the same words whether or not there is
             something: before the opening always.
    """
    seen = await _seen(session, actor, scenario_id, criterion, phase, as_of=as_of, now=now)
    rows = await _rows(session, seen, _after(cursor), limit=limit + 1)
    shown = rows[:limit]
    keys = [entry.sort_key for entry, _, _ in shown]
    better, tied = await standing(session, seen, keys[0]) if keys else (0, 0)
    ranks = boards.page_ranks(keys, better=better, tied_with_first=tied)
    places = tuple(
        Place(rank=rank, entry=entry, solver_id=solver_id, name_zh=name)
        for rank, (entry, solver_id, name) in zip(ranks, shown, strict=True)
    )
    more = cursor_behind(shown[-1][0]) if len(rows) > limit else None
    return BoardPage(seen=seen, places=places, next_cursor=more)


async def _seen(
    session: ReadSession,
    actor: Actor,
    scenario_id: UUID,
    criterion: str,
    phase: Phase,
    *,
    as_of: dt.datetime | None,
    now: dt.datetime,
) -> Seen:
    """Find a board and decide, in one statement, what of it the actor may see."""
    takes_part = (
        select(Bid.id)
        .where(Bid.scenario_id == Scenario.id)
        .where(Bid.solver_id == actor.organization_id)
        .where(col(Bid.state).in_(bids.OPENED_STATES))
        .exists()
    )
    statement: Any = (
        select(Scenario, Opening.opened_at, ScenarioVersion.content, Board)
        .add_columns(takes_part)
        .join(ScenarioVersion, col(ScenarioVersion.scenario_id) == col(Scenario.id))
        .where(col(ScenarioVersion.number) == col(Scenario.content_version))
        .outerjoin(Opening, col(Opening.scenario_id) == col(Scenario.id))
        .outerjoin(
            Board,
            and_(
                col(Board.scenario_id) == col(Scenario.id),
                col(Board.criterion) == criterion,
                col(Board.phase) == phase,
            ),
        )
        .where(col(Scenario.id) == scenario_id)
    )
    row = (await session.exec(statement)).first()
    if row is None:
        raise BoardUnknown(scenario_id=str(scenario_id))
    scenario, opened_at, content, found_board, part = row
    benchmark = _benchmark(content, criterion)
    view = View(
        phase=phase,
        opened_at=opened_at,
        told=scenario.state in visibility.TOLD_STATES,
        watches=bids.may_read_opened(actor, scenario),
        takes_part=bool(part) and not scenario.track.is_procurement,
        ends_at=submissions.evaluation_ends_at(benchmark, opened_at),
    )
    allowed = boards.window(view, benchmark, now)
    known = view.watches or bool(part)
    if found_board is None or allowed is Window.NOTHING or not known:
        raise BoardUnknown(scenario_id=str(scenario_id))
    frozen_at = boards.frozen_at(view, benchmark, now) if allowed is Window.FROZEN else None
    moments = [one for one in (as_of, frozen_at) if one is not None]
    number = await version_at(session, found_board.id, min(moments)) if moments else None
    return Seen(board=found_board, number=number, frozen_at=frozen_at)


def _benchmark(content: object, criterion: str) -> Benchmark:
    found = content_from(content).criteria
    return next((one.benchmark for one in found if one.code == criterion), None) or DEFAULT


async def version_at(session: ReadSession, board_id: UUID, at: dt.datetime) -> int:
    """Tell which version of a board stood at an instant; 0: it was empty."""
    found = await session.exec(
        select(
            func.max(BoardEntry.from_number),
            select(func.max(BoardEntry.until_number))
            .where(BoardEntry.board_id == board_id)
            .where(col(BoardEntry.until_at) <= at)
            .scalar_subquery(),
        )
        .where(BoardEntry.board_id == board_id)
        .where(BoardEntry.from_at <= at)
    )
    came, left = found.one()
    return max(came or 0, left or 0)


def standing_at(number: int | None) -> ColumnElement[bool]:
    """Tell of an entry whether it stood on the board at a version."""
    if number is None:
        return col(BoardEntry.until_number).is_(None)
    later = col(BoardEntry.until_number)
    return and_(col(BoardEntry.from_number) <= number, or_(later.is_(None), later > number))


async def _rows(
    session: ReadSession,
    seen: Seen,
    after: tuple[str, dt.datetime, UUID] | None,
    *,
    limit: int,
) -> list[tuple[Entry, UUID, str]]:
    """Read entries in order, from a key on."""
    statement: Any = (
        select(BoardEntry.bid_id, BoardEntry.submission_id, BoardEntry.value, BoardEntry.sort_key)
        .add_columns(col(BoardEntry.received_at), col(Organization.id), col(Organization.name_zh))
        .join(Bid, col(Bid.id) == col(BoardEntry.bid_id))
        .join(Organization, col(Organization.id) == col(Bid.solver_id))
        .where(col(BoardEntry.board_id) == seen.board.id)
        .where(standing_at(seen.number))
        .order_by(col(BoardEntry.sort_key), col(BoardEntry.received_at), col(BoardEntry.bid_id))
        .limit(limit)
    )
    if after is not None:
        key, received_at, bid_id = after
        # The first condition alone lets the index begin at the key; row values would as well, but
        # the two databases do not write a time in a row value the same way.
        statement = statement.where(
            col(BoardEntry.sort_key) >= key,
            or_(
                col(BoardEntry.sort_key) > key,
                col(BoardEntry.received_at) > received_at,
                and_(col(BoardEntry.received_at) == received_at, col(BoardEntry.bid_id) > bid_id),
            ),
        )
    found = (await session.exec(statement)).all()
    return [(Entry(*columns), solver_id, name) for *columns, solver_id, name in found]


async def standing(session: ReadSession, seen: Seen, key: str) -> tuple[int, int]:
    """Count the entries that are better than a key, and those that have this very key."""
    if seen.number is not None:
        return await _standing_then(session, seen, key)
    board_id = seen.board.id
    outer, inner = _block(board_id, 2, key), _block(board_id, 1, key)
    parts = [
        _sum(board_id, 2, col(BoardTally.first_key) < outer),
        _sum(board_id, 1, col(BoardTally.first_key) >= outer, col(BoardTally.first_key) < inner),
        _sum(board_id, 0, col(BoardTally.first_key) >= inner, col(BoardTally.first_key) < key),
        _sum(board_id, 0, col(BoardTally.first_key) == key),
    ]
    *better, tied = (await session.exec(select(*parts))).one()
    return sum(int(part) for part in better), int(tied)


def _block(board_id: UUID, level: int, key: str) -> ScalarSelect[Any]:
    """Find the first key of the block that covers a key."""
    return (
        select(func.max(BoardTally.first_key))
        .where(BoardTally.board_id == board_id)
        .where(BoardTally.level == level)
        .where(col(BoardTally.first_key) <= key)
        .scalar_subquery()
    )


def _sum(board_id: UUID, level: int, *where: ColumnElement[bool]) -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(BoardTally.entries), 0))
        .where(BoardTally.board_id == board_id)
        .where(BoardTally.level == level)
        .where(*where)
        .scalar_subquery()
    )


async def _standing_then(session: ReadSession, seen: Seen, key: str) -> tuple[int, int]:
    """Count on a former version: there are no blocks of the past, so this costs its length."""
    rows = (
        select(func.count())
        .select_from(BoardEntry)
        .where(BoardEntry.board_id == seen.board.id)
        .where(standing_at(seen.number))
    )
    better = rows.where(col(BoardEntry.sort_key) < key).scalar_subquery()
    tied = rows.where(col(BoardEntry.sort_key) == key).scalar_subquery()
    found = (await session.exec(select(better, tied))).one()
    return int(found[0]), int(found[1])


def cursor_behind(entry: Entry | BoardEntry) -> str:
    """Name the place behind an entry."""
    return cursor_of(f"{entry.sort_key} {entry.received_at.isoformat()} {entry.bid_id}")


def _after(cursor: str | None) -> tuple[str, dt.datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        key, received_at, bid_id = key_of(cursor).split(" ")
        moment = dt.datetime.fromisoformat(received_at)
        if not key.isdigit() or moment.tzinfo is None:
            raise ValueError
        return key, moment, UUID(bid_id)
    except ValueError as broken:
        raise CursorUnreadable(cursor=cursor[:80]) from broken


async def history(session: ReadSession, bid_id: UUID) -> Sequence[tuple[BoardEntry, Board]]:
    """List every place a team ever had, on every board, oldest first."""
    found = await session.exec(
        select(BoardEntry, Board)
        .where(BoardEntry.board_id == Board.id)
        .where(BoardEntry.bid_id == bid_id)
        .order_by(col(BoardEntry.id))
    )
    return found.all()


async def history_seen_by(
    session: ReadSession, actor: Actor, bid_id: UUID
) -> Sequence[tuple[BoardEntry, Board]]:
    """List the places of an opened bid for who watches its call, or its bidder once told."""
    row = await bids.opened_bid(session, bid_id)
    scenario = await scenarios.scenario(session, row.scenario_id)
    told = scenario.state in visibility.TOLD_STATES
    own = row.solver_id == actor.organization_id and actor.may(Permission.BIDS_SUBMIT)
    if not bids.may_read_opened(actor, scenario) and not (own and told):
        raise BidUnknown(bid_id=str(bid_id))
    return await history(session, bid_id)
