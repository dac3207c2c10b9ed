"""Sweep a shelf: files that no row refers to are what a crash has left."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from marketplace.kit.ids import made_at
from marketplace.kit.storage import PART, Storage

NAMES_AT_ONCE: Final = 500
Known = Callable[[Sequence[str]], Awaitable[frozenset[str]]]
"""Tells which of some stored files a row refers to."""


async def sweep(shelf: Storage, known: Known, *, before: dt.datetime) -> int:
    """Remove files without a row whose writing began earlier than `before`; say how many.

    Shape    `before` is in the real time, in which files are named: until then a row may still
             come.
    """
    old: list[str] = []
    removed = 0
    async for name in shelf.names():
        made = _made(name)
        if made is not None and made < before:
            old.append(name)
        if len(old) >= NAMES_AT_ONCE:
            removed += await _remove_unknown(shelf, known, old)
            old = []
    return removed + await _remove_unknown(shelf, known, old)


async def _remove_unknown(shelf: Storage, known: Known, names: Sequence[str]) -> int:
    if not names:
        return 0
    there = await known(names)
    orphans = [name for name in names if name not in there]
    for name in orphans:
        await shelf.discard(name)
    return len(orphans)


def _made(name: str) -> dt.datetime | None:
    """Tell from its name when the writing of a file began; None for what is none of ours."""
    try:
        return made_at(UUID(name.removesuffix(PART)))
    except ValueError:
        return None
