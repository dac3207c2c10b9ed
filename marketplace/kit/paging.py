"""Lists by key, not by offset: stable while rows are added, and as cheap on page 1,000 as on page
1.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from marketplace.kit.errors import Malformed

PAGE_LIMIT_DEFAULT = 50
PAGE_LIMIT_MAX = 200

T = TypeVar("T")


class CursorUnreadable(Malformed):
    """This cursor is not one that was given out here: start again without it."""

    code = "paging.cursor_unreadable"
    title_zh = "游标无法识别:请去掉游标重新开始。"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and where the next one starts (None: this was the last)."""

    items: list[T]
    next_cursor: str | None


def cursor_of(key: str) -> str:
    """Wrap the key of the last row of a page."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str) -> str:
    """Unwrap a cursor, or refuse one that was made up."""
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError) as broken:
        raise CursorUnreadable(cursor=cursor[:80]) from broken
    if cursor_of(key) != cursor or "\x00" in key:
        raise CursorUnreadable(cursor=cursor[:80])
    return key


def id_after(cursor: str | None) -> UUID:
    """Read a cursor over ids; the nil UUID, below every real one, when there is none."""
    if cursor is None:
        return UUID(int=0)
    try:
        return UUID(key_of(cursor))
    except ValueError as broken:
        raise CursorUnreadable(cursor=cursor[:80]) from broken


def number_after(cursor: str | None) -> int:
    """Read a cursor over versions or years; 0, below every real one, when there is none."""
    if cursor is None:
        return 0
    key = key_of(cursor)
    # Nine digits fit every integer column: a longer one was made up and would break the statement.
    if not (key.isascii() and key.isdigit() and len(key) <= 9):
        raise CursorUnreadable(cursor=cursor[:80])
    return int(key)


def page_of(rows: list[T], limit: int, key: str) -> Page[T]:
    """Cut a page from `limit + 1` rows: the extra one only tells that there is more."""
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items=items, next_cursor=cursor_of(str(getattr(items[-1], key))) if more else None)
