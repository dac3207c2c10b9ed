"""Sweep up what crashes and patience have left: uploads that stopped, files without a row."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.datasets.actions import uploading
from marketplace.datasets.actions.uploading import SHELF, WRITING_SECONDS_MAX
from marketplace.datasets.queries import uploads
from marketplace.kit import shelves
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.storage import Storage

GRACE: Final = dt.timedelta(seconds=2 * WRITING_SECONDS_MAX)
"""How old a file without a row has to be: until then its row may still come."""


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

    async def known(names: Sequence[str]) -> frozenset[str]:
        async with database.reading() as reader:
            return await uploads.known_names(reader, names)

    removed = await shelves.sweep(shelf, known, before=wall.now() - GRACE)
    return Swept(uploads=expired, files=removed)


async def compare(database: Database, storage: Storage) -> Agreement:
    """Compare every row with every file; for audits and after a disaster."""
    there = {name async for name in storage.within(SHELF).names()}
    async with database.reading() as reader:
        known = await uploads.every_name(reader)
    return Agreement(rows_without_file=known - there, files_without_row=frozenset(there - known))
