"""What a leaderboard answers; a page costs two statements, however long the board.

First whether and as of when it may be seen, then the rows from a key on, together with the version
of the board and the counts that their ranks come from: read in one statement they always belong
together, whatever is committed meanwhile.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession
from marketplace.kit.paging import CursorUnreadable, cursor_of, key_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.content import Benchmark, content_from
from marketplace.scoring.errors.submissions import BoardUnknown
from marketplace.scoring.queries import board_statements as statements
from marketplace.scoring.rules import boards, submissions, visibility
from marketplace.scoring.rules.boards import Window
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import DEFAULT, Phase
from marketplace.scoring.tables.boards import Board, BoardEntry

PLACE_COLUMNS = 7
"""How many columns of a row tell of its entry; the others tell of the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A board as one caller may see it.

    A page depends on nothing but this and where it begins: whatever could change what it tells
    changes a number here in the same transaction.  So a page may be kept under it.
    """

    board_id: UUID
    criterion: str
    phase: Phase
    metric: str
    direction: Direction
    version: int
    """Which version of the board is shown."""
    entries: int | None
    """How many teams stand on it now; None of a former version."""
    frozen_at: dt.datetime | None
    names_number: int
    """As of which change of names of organisations."""


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
    """Read a page of a board as far as the actor may see it; refuses as `seen_by` does."""
    seen = await seen_by(
        session, actor, scenario_id, criterion=criterion, phase=phase, as_of=as_of, now=now
    )
    return await page(session, seen, cursor=cursor, limit=limit)


async def page(session: ReadSession, seen: Seen, *, cursor: str | None, limit: int) -> BoardPage:
    """Read a page of a board that may be seen, as it is at this very moment or was then.

    Refuses  CursorUnreadable.
    """
    past, after = seen.entries is None, _after(cursor)
    asked: dict[str, Any] = {"board_id": seen.board_id, "limit": limit + 1}
    if past:
        asked["version"] = seen.version
    if after is not None:
        asked["key"], asked["received_at"], asked["bid_id"] = after
    statement = statements.rows(past=past, behind=after is not None)
    rows = (await session.exec(statement, params=asked)).all()
    if not rows:
        return BoardPage(seen=seen, places=(), next_cursor=None)
    version, entries, names, *counted = rows[0][PLACE_COLUMNS:]
    seen = dataclasses.replace(seen, names_number=names)
    if not past:
        seen = dataclasses.replace(seen, version=version, entries=entries)
    behind = None if after is None else boards.Behind(after[0], *map(int, counted))
    return page_of(seen, rows, limit=limit, behind=behind)


def page_of(
    seen: Seen, rows: Sequence[Any], *, limit: int, behind: boards.Behind | None = None
) -> BoardPage:
    """Rank the rows that were read for a page; one more than the limit tells that it goes on."""
    shown = [(Entry(*row[:5]), row[5], row[6]) for row in rows[:limit]]
    keys = [entry.sort_key for entry, _, _ in shown]
    places = tuple(
        Place(rank=rank, entry=entry, solver_id=solver_id, name_zh=name)
        for rank, (entry, solver_id, name) in zip(
            boards.page_ranks(keys, behind=behind), shown, strict=True
        )
    )
    more = cursor_behind(shown[-1][0]) if len(rows) > limit else None
    return BoardPage(seen=seen, places=places, next_cursor=more)


async def seen_by(
    session: ReadSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    criterion: str,
    phase: Phase,
    as_of: dt.datetime | None,
    now: dt.datetime,
) -> Seen:
    """Find a board and decide, in one statement, what of it the actor may see.

    Refuses  BoardUnknown wherever nothing may be seen, in the same words whether or not there is
             something: before the opening always.
    """
    asked = {
        "scenario_id": scenario_id,
        "organization_id": actor.organization_id,
        "criterion": criterion,
        "phase": phase,
    }
    row = (await session.exec(statements.seen(), params=asked)).first()
    if row is None:
        raise BoardUnknown(scenario_id=str(scenario_id))
    benchmark = _benchmark(row.content, criterion)
    view = boards.View(
        phase=phase,
        opened_at=row.opened_at,
        told=row.state in visibility.TOLD_STATES,
        watches=bids.may_read_opened(actor, row),
        takes_part=bool(row.takes_part) and not row.track.is_procurement,
        ends_at=submissions.evaluation_ends_at(benchmark, row.opened_at),
    )
    allowed = boards.window(view, benchmark, now)
    known = view.watches or bool(row.takes_part)
    if row.board_id is None or allowed is Window.NOTHING or not known:
        raise BoardUnknown(scenario_id=str(scenario_id))
    frozen_at = boards.frozen_at(view, benchmark, now) if allowed is Window.FROZEN else None
    moments = [one for one in (as_of, frozen_at) if one is not None]
    past = bool(moments)
    return Seen(
        board_id=row.board_id,
        criterion=criterion,
        phase=phase,
        metric=row.metric,
        direction=row.direction,
        version=await version_at(session, row.board_id, min(moments)) if past else row.number,
        entries=None if past else row.entries,
        frozen_at=frozen_at,
        names_number=row.names_number,
    )


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
