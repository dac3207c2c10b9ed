"""Sweep up what crashes and patience have left: uploads that stopped, files without a row."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.datasets.actions import uploading
from marketplace.datasets.actions.uploading import SHELF, WRITING_SECONDS_MAX
from marketplace.datasets.queries import uploads
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.ids import made_at
from marketplace.kit.storage import PART, Storage

GRACE: Final = dt.timedelta(seconds=2 * WRITING_SECONDS_MAX)
"""How old a file without a row has to be: until then its row may still come."""
NAMES_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep has done."""

    uploads: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Where storage and database do not agree; both are empty when they do."""

    rows_without_file: frozenset[str]
    files_without_row: frozenset[str]


async def sweep(
    database: Database,
    storage: Storage,
    *,
    patience: dt.timedelta,
    clock: Clock,
    wall: Clock,
) -> Swept:
    """Expire uploads to which nothing came for `patience`, and remove files without a row.

    Shape    `clock` is that of the story, `wall` the real one, in which files are named.
    """
    shelf = storage.within(SHELF)
    expired = 0
    async with database.reading() as reader:
        before = await clock.decisive(reader) - patience
        stale = await uploads.stale_uploads(reader, before)
    for upload_id in stale:
        async with database.writing() as writer:
            names = await uploading.expire(writer, upload_id, before=before)
        expired += 1
        for name in names:
            await shelf.discard(name)
    removed = await _sweep_files(database, shelf, now=wall.now())
    return Swept(uploads=expired, files=removed)


async def _sweep_files(database: Database, shelf: Storage, *, now: dt.datetime) -> int:
    old: list[str] = []
    removed = 0
    async for name in shelf.names():
        made = _made(name)
        if made is not None and made < now - GRACE:
            old.append(name)
        if len(old) >= NAMES_AT_ONCE:
            removed += await _remove_unknown(database, shelf, old)
            old = []
    return removed + await _remove_unknown(database, shelf, old)


async def _remove_unknown(database: Database, shelf: Storage, names: Sequence[str]) -> int:
    if not names:
        return 0
    async with database.reading() as reader:
        known = await uploads.known_names(reader, names)
    orphans = [name for name in names if name not in known]
    for name in orphans:
        await shelf.discard(name)
    return len(orphans)


def _made(name: str) -> dt.datetime | None:
    """Tell from its name when the writing of a file began; None for what is none of ours."""
    try:
        return made_at(UUID(name.removesuffix(PART)))
    except ValueError:
        return None


async def compare(database: Database, storage: Storage) -> Agreement:
    """Compare every row with every file; for audits and after a disaster."""
    there = {name async for name in storage.within(SHELF).names()}
    async with database.reading() as reader:
        known = await uploads.every_name(reader)
    return Agreement(rows_without_file=known - there, files_without_row=frozenset(there - known))
