"""What the board can answer: which cards hold every token of a query.

Order.  Calls whose title holds all of them come first, then the others; inside either, the one that
was pinned last.  Both databases look for the same tokens, so both give the same calls in the same
order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sqlalchemy import TextClause, text
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


# FTS5 reads tokens of ours only: letters, digits and one colon, each in quotes, so that no word of
# a query can become an operator.  Walking row ids downwards it stops at the last hit of the page.
_SQLITE: Final = text(
    f"SELECT rowid FROM {SEARCH_TABLE} WHERE {SEARCH_TABLE} MATCH :wanted AND rowid < :before "
    "ORDER BY rowid DESC LIMIT :limit"
)
_POSTGRES: Final = text(
    "SELECT position FROM board_text WHERE tokens @> CAST(:wanted AS text[]) "
    "AND NOT tokens @> CAST(:unwanted AS text[]) AND position < :before "
    "ORDER BY position DESC LIMIT :limit"
)
_POSTGRES_ALL: Final = text(
    "SELECT position FROM board_text WHERE tokens @> CAST(:wanted AS text[]) "
    "AND position < :before ORDER BY position DESC LIMIT :limit"
)
_POSTGRES_ANY: Final = text(
    "SELECT position FROM board_text WHERE tokens && CAST(:wanted AS text[]) "
    "ORDER BY position DESC LIMIT :limit"
)


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
    wanted = sorted(set(tokens))
    if _is_sqlite(session):
        given = {"wanted": " OR ".join(map(_quoted, wanted)), "before": POSITION_ABOVE_ALL}
        statement = _SQLITE
    else:
        given, statement = {"wanted": wanted}, _POSTGRES_ANY
    positions = await _run(session, statement, {**given, "limit": limit})
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
    in_title = [TITLE_MARK + token for token in tokens]
    given: dict[str, object] = {"before": before, "limit": limit}
    if _is_sqlite(session):
        wanted, titled = _all_of(tokens), _all_of(in_title)
        given["wanted"] = titled if tier is Tier.TITLE else f"({wanted}) NOT ({titled})"
        return await _run(session, _SQLITE, given)
    if tier is Tier.TITLE:
        return await _run(session, _POSTGRES_ALL, given | {"wanted": in_title})
    return await _run(session, _POSTGRES, given | {"wanted": list(tokens), "unwanted": in_title})


async def _run(session: ReadSession, statement: TextClause, given: dict[str, object]) -> list[int]:
    connection = await session.connection()
    return list((await connection.execute(statement, given)).scalars())


async def _cards(session: ReadSession, positions: Sequence[int]) -> dict[int, BoardCard]:
    rows = await session.exec(select(BoardCard).where(col(BoardCard.position).in_(positions)))
    return {card.position: card for card in rows.all() if card.position is not None}


def _is_sqlite(session: ReadSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _all_of(tokens: Iterable[str]) -> str:
    return " AND ".join(map(_quoted, tokens))


def _quoted(token: str) -> str:
    return f'"{token}"'
