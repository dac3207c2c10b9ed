"""What the board can answer: which cards hold every token of a query.

Order.  Calls whose title holds all of them come first, then the others; inside either, the one that
was pinned last.  Both databases look for the same tokens, so both give the same calls in the same
order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import col, select

from marketplace.board.rules.text import TITLE_MARK
from marketplace.board.tables import SEARCH_TABLE, BoardCard
from marketplace.kit.database import ReadSession
from marketplace.kit.paging import CursorUnreadable, cursor_of, key_of

POSITION_ABOVE_ALL: Final = 2**62


class Tier(IntEnum):
    """Where the tokens were found."""

    TITLE = 0
    TEXT = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """One card that was found, and where."""

    card: BoardCard
    tier: Tier


# Both engines read tokens of ours only: letters, digits, one colon or underscore, each in quotes,
# so that no word of a query can become an operator.
_SQLITE: Final = text(
    f"SELECT rowid FROM {SEARCH_TABLE} WHERE {SEARCH_TABLE} MATCH :wanted AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :limit"
)
# PostgreSQL guesses badly how far down the newest match lies.  So it first looks through the newest
# cards only, which is enough for frequent words; where it is not, the words are rare, and the index
# gives all of their few matches before any is sorted.
_POSTGRES_NEWEST: Final = text(
    "SELECT position FROM (SELECT position, tokens FROM board_text WHERE position < :before "
    "ORDER BY position DESC LIMIT :newest) AS newest "
    "WHERE tokens @@ CAST(:wanted AS tsquery) ORDER BY position DESC LIMIT :limit"
)
_POSTGRES_ALL: Final = text(
    "WITH found AS MATERIALIZED "
    "(SELECT position FROM board_text WHERE tokens @@ CAST(:wanted AS tsquery)) "
    "SELECT position FROM found WHERE position < :before ORDER BY position DESC LIMIT :limit"
)
_POSTGRES_PLAN: Final = text("SET LOCAL plan_cache_mode = force_custom_plan")
"""A plan made once for all words would be wrong for most of them."""
NEWEST_PER_HIT: Final = 40
"""How many cards are looked through for each hit that is wanted."""


async def hits(
    session: ReadSession, tokens: Sequence[str], *, cursor: str | None, limit: int
) -> list[Hit]:
    """Find cards that hold every token, best tier first, newest first."""
    tier, before = _place(cursor)
    found: list[tuple[Tier, int]] = []
    for one in Tier:
        if one < tier or len(found) >= limit:
            continue
        start = before if one is tier else POSITION_ABOVE_ALL
        positions = await _positions(session, tokens, one, before=start, limit=limit - len(found))
        found += [(one, position) for position in positions]
    cards = await _cards(session, [position for _, position in found])
    return [Hit(cards[position], one) for one, position in found]


async def any_of(session: ReadSession, tokens: Iterable[str], *, limit: int) -> list[BoardCard]:
    """Find the cards pinned last that hold at least one of some tokens."""
    operator = " OR " if _is_sqlite(session) else " | "
    wanted = operator.join(_quoted(session, sorted(set(tokens))))
    positions = await _run(session, wanted, before=POSITION_ABOVE_ALL, limit=limit)
    cards = await _cards(session, positions)
    return [cards[position] for position in positions]


def cursor_behind(hit: Hit) -> str:
    """Name the place behind a hit."""
    return cursor_of(f"{hit.tier.value}|{hit.card.position}")


def _place(cursor: str | None) -> tuple[Tier, int]:
    if cursor is None:
        return Tier.TITLE, POSITION_ABOVE_ALL
    tier, _, position = key_of(cursor).partition("|")
    if tier not in {"0", "1"} or not (position.isascii() and position.isdigit()):
        raise CursorUnreadable(cursor=cursor[:80])
    if len(position) > 18:
        raise CursorUnreadable(cursor=cursor[:80])
    return Tier(int(tier)), int(position)


async def _positions(
    session: ReadSession, tokens: Sequence[str], tier: Tier, *, before: int, limit: int
) -> list[int]:
    sqlite = _is_sqlite(session)
    both, without = (" AND ", " NOT ") if sqlite else (" & ", " & !")
    wanted = both.join(_quoted(session, tokens))
    titled = both.join(_quoted(session, [TITLE_MARK + token for token in tokens]))
    asked = titled if tier is Tier.TITLE else f"({wanted}){without}({titled})"
    return await _run(session, asked, before=before, limit=limit)


async def _run(session: ReadSession, wanted: str, *, before: int, limit: int) -> list[int]:
    connection = await session.connection()
    given: dict[str, Any] = {"wanted": wanted, "before": before, "limit": limit}
    if _is_sqlite(session):
        return list((await connection.execute(_SQLITE, given)).scalars())
    newest = given | {"newest": NEWEST_PER_HIT * limit}
    found = list((await connection.execute(_POSTGRES_NEWEST, newest)).scalars())
    if len(found) == limit:
        return found
    await connection.execute(_POSTGRES_PLAN)
    return list((await connection.execute(_POSTGRES_ALL, given)).scalars())


async def _cards(session: ReadSession, positions: Sequence[int]) -> dict[int, BoardCard]:
    rows = await session.exec(select(BoardCard).where(col(BoardCard.position).in_(positions)))
    return {card.position: card for card in rows.all() if card.position is not None}


def _is_sqlite(session: ReadSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _quoted(session: ReadSession, tokens: Iterable[str]) -> list[str]:
    quote = '"' if _is_sqlite(session) else "'"
    return [f"{quote}{token}{quote}" for token in tokens]
