"""What the board can answer: cards, in the order asked for, page by page."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, tuple_
from sqlmodel import col, func, select

from marketplace.board.rules.standing import SortKey
from marketplace.board.tables import BoardCard
from marketplace.kit.database import ReadSession
from marketplace.kit.paging import CursorUnreadable, cursor_of, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a reader of the board wants to see; None: whatever there is."""

    is_open: bool = True
    domain: str | None = None
    region: str | None = None
    poster_type: str | None = None
    track: str | None = None
    ceiling_fen_min: int | None = None
    ceiling_fen_max: int | None = None
    deadline_from: dt.datetime | None = None
    deadline_before: dt.datetime | None = None
    data_access: str | None = None
    wish: str | None = None
    """A capability the poster hopes for."""


_KEYS: Final[Mapping[SortKey, tuple[str | None, bool]]] = {
    SortKey.POINTS: ("points_bps", True),
    SortKey.NEWEST: (None, True),
    SortKey.DEADLINE: ("bid_deadline_at", False),
    SortKey.MONEY: ("ceiling_fen", True),
}
"""The column of each order, and whether it falls; the position runs the same way as the column, so
that one index serves both and a page begins with one look into it."""


async def card_of(session: ReadSession, scenario_id: UUID) -> BoardCard | None:
    """Find the card of a scenario, if it hangs on the board."""
    found = await session.exec(select(BoardCard).where(BoardCard.scenario_id == scenario_id))
    return found.first()


async def cards(
    session: ReadSession,
    filters: Filters,
    *,
    sort: SortKey,
    cursor: str | None,
    limit: int,
    now: dt.datetime,
) -> Sequence[BoardCard]:
    """List cards in one order, from where the last page ended.

    Shape    open cards take bids at `now`, whether or not a job has noticed a deadline; a call
             whose deadline has passed joins the ended ones when the job has closed it.
    """
    name, falls = _KEYS[sort]
    after = None if cursor is None else _after(cursor, sort)
    statement = select(BoardCard).where(*_conditions(_beyond(filters, sort, after, now), sort))
    keys: list[Any] = [col(BoardCard.position)]
    if name is not None:
        keys.insert(0, getattr(BoardCard, name))
    if after is not None:
        # A comparison of rows is one range of the index; spelled out with OR it would be a filter
        # that starts from the first row again.
        place, found = tuple_(*keys), tuple_(*after)
        statement = statement.where(place < found if falls else place > found)
    order = [key.desc() if falls else key.asc() for key in keys]
    return (await session.exec(statement.order_by(*order).limit(limit))).all()


def _beyond(
    filters: Filters, sort: SortKey, after: tuple[Any, ...] | None, now: dt.datetime
) -> Filters:
    """Put the present moment among the filters, and drop what the place of a cursor implies.

    Two bounds on the column of the order leave it to the database which of them is the range of
    the index; with the wrong one, a late page walks over all pages before it.
    """
    earliest = filters.deadline_from
    if filters.is_open:
        # A deadline at this very moment has passed.
        next_moment = now + dt.timedelta(microseconds=1)
        earliest = next_moment if earliest is None else max(earliest, next_moment)
    most = filters.ceiling_fen_max
    if after is not None and sort is SortKey.DEADLINE and earliest is not None:
        earliest = None if after[0] >= earliest else earliest
    if after is not None and sort is SortKey.MONEY and most is not None:
        most = None if after[0] <= most else most
    return replace(filters, deadline_from=earliest, ceiling_fen_max=most)


def cursor_behind(card: BoardCard, sort: SortKey) -> str:
    """Name the place behind a card in an order."""
    name, _ = _KEYS[sort]
    value = "" if name is None else getattr(card, name)
    if isinstance(value, dt.datetime):
        value = value.astimezone(dt.UTC).isoformat()
    return cursor_of(f"{sort.value}|{value}|{card.position}")


def _after(cursor: str, sort: SortKey) -> tuple[Any, ...]:
    """Read a cursor that was given out for the same order."""
    parts = key_of(cursor).split("|")
    if len(parts) != 3 or parts[0] != sort.value or not _is_whole(parts[2]):
        raise CursorUnreadable(cursor=cursor[:80])
    position = int(parts[2])
    if sort is SortKey.NEWEST:
        return (position,)
    if sort is not SortKey.DEADLINE:
        if not _is_whole(parts[1]):
            raise CursorUnreadable(cursor=cursor[:80])
        return (int(parts[1]), position)
    try:
        moment = dt.datetime.fromisoformat(parts[1])
    except ValueError as broken:
        raise CursorUnreadable(cursor=cursor[:80]) from broken
    if moment.tzinfo is None or not 1900 <= moment.year <= 2999:
        raise CursorUnreadable(cursor=cursor[:80])
    return (moment.astimezone(dt.UTC), position)


def _is_whole(text: str) -> bool:
    # Eighteen digits fit every big integer: a longer one was made up and would break the statement.
    return text.isascii() and text.isdigit() and len(text) <= 18


def _conditions(filters: Filters, sort: SortKey) -> list[ColumnElement[bool] | bool]:
    wanted: list[ColumnElement[bool] | bool] = [col(BoardCard.is_open).is_(filters.is_open)]
    for name in ("domain", "region", "poster_type", "track"):
        value = getattr(filters, name)
        if value is not None:
            wanted.append(getattr(BoardCard, name) == value)
    money = _aside(col(BoardCard.ceiling_fen), unless=sort is SortKey.MONEY)
    deadline = _aside(col(BoardCard.bid_deadline_at), unless=sort is SortKey.DEADLINE)
    if filters.ceiling_fen_min is not None:
        wanted.append(money >= filters.ceiling_fen_min)
    if filters.ceiling_fen_max is not None:
        wanted.append(money <= filters.ceiling_fen_max)
    if filters.deadline_from is not None:
        wanted.append(deadline >= filters.deadline_from)
    if filters.deadline_before is not None:
        wanted.append(deadline < filters.deadline_before)
    if filters.data_access is not None:
        listed = f",{filters.data_access},"
        wanted.append(col(BoardCard.data_access).contains(listed, autoescape=True))
    if filters.wish is not None:
        wanted.append(col(BoardCard.wishes).contains(f",{filters.wish},", autoescape=True))
    return wanted


def _aside(column: Any, *, unless: bool) -> Any:
    """Keep the index of a column out of the plan, unless the order is by this column.

    Nearly every open call lies within such a bound: read by the index of the bound, the first page
    would sort the whole board, read by that of the order it takes what it needs and stops.
    """
    return column if unless else func.coalesce(column, column)


async def published_by_domain(
    session: ReadSession, *, since: dt.datetime, until: dt.datetime
) -> dict[str, int]:
    """Count the calls published in a span, by domain; withdrawn and failed ones were opened too."""
    found = await session.exec(
        select(col(BoardCard.domain), func.count())
        .where(col(BoardCard.published_at) >= since)
        .where(col(BoardCard.published_at) < until)
        .group_by(col(BoardCard.domain))
    )
    return dict(found.all())
