"""Compute profiles: lease a file, look at it in a process of its own, write down what was seen.

A run that dies, with its process or with the whole server, comes due again when its lease is over,
three times at most.  A run that says nothing in time, or wants too much memory, is not repeated:
it would do the same again.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.datasets.queries import data
from marketplace.datasets.rules.formats import PROFILED, Format
from marketplace.datasets.rules.lifecycle import ProfileState
from marketplace.datasets.tables.data import Dataset, DatasetFile
from marketplace.kit.bounded import Done, Stopped
from marketplace.kit.database import WriteSession

ATTEMPTS_MAX: Final = 3
AGAIN_AFTER: Final = dt.timedelta(seconds=10)
LEASE_SLACK: Final = dt.timedelta(seconds=60)
FUNCTION: Final = "marketplace.datasets.rules.profile:profile_stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """One file to look at, and what to look for."""

    file_id: UUID
    stored_name: str
    attempt: int
    task: dict[str, Any]


def first_state(kind: Format) -> ProfileState:
    """Tell where the profile of a file begins."""
    return ProfileState.QUEUED if kind in PROFILED else ProfileState.NONE


async def queue_anew(session: WriteSession, row: Dataset, *, now: dt.datetime) -> None:
    """Profile the files of the open version again: something else is asked of them."""
    version = await data.open_version(session, row.id)
    if version is None:
        return
    for one in await data.files_of(session, version.id):
        one.profile_state = first_state(one.format)
        one.profile_attempts = 0
        one.profile_due_at = now
        one.profile = one.profile_reason = None
    await session.flush()


async def lease(
    session: WriteSession, *, wall_seconds: int, rows_max: int, now: dt.datetime
) -> Leased | None:
    """Take the next file that is due; None when there is none."""
    while True:
        row = await data.profile_due(session, now)
        if row is None:
            return None
        if row.profile_attempts < ATTEMPTS_MAX:
            break
        row.profile_state = ProfileState.FAILED
        row.profile_reason = {"problem": "crashed", "attempts": row.profile_attempts}
        await session.flush()
    row.profile_state = ProfileState.RUNNING
    row.profile_attempts += 1
    row.profile_due_at = now + dt.timedelta(seconds=wall_seconds) + LEASE_SLACK
    await session.flush()
    version = await data.version_by_id(session, row.version_id)
    manifest = data.manifest_of(await data.dataset(session, version.dataset_id), version)
    asked = manifest.profile
    return Leased(
        file_id=row.id,
        stored_name=row.stored_name,
        attempt=row.profile_attempts,
        task={
            "format": row.format.value,
            "fields": [one.name for one in manifest.fields],
            "label_column": asked.label_column,
            "paired_columns": None if asked.paired_columns is None else list(asked.paired_columns),
            "date_column": asked.date_column,
            "rows_max": rows_max,
        },
    )


async def give_back(session: WriteSession, leased: Leased, *, now: dt.datetime) -> None:
    """Return a file that was not looked at after all; the attempt does not count."""
    row = await data.file_if_there(session, leased.file_id)
    if row is not None and _is_held(row, leased):
        row.profile_state = ProfileState.QUEUED
        row.profile_attempts -= 1
        row.profile_due_at = now
        await session.flush()


def _is_held(row: DatasetFile, leased: Leased) -> bool:
    return row.profile_state is ProfileState.RUNNING and row.profile_attempts == leased.attempt


async def record(
    session: WriteSession, leased: Leased, outcome: Done | Stopped, *, now: dt.datetime
) -> DatasetFile | None:
    """Write down what was seen; None when the file, or the question, is not the same any more."""
    row = await data.file_if_there(session, leased.file_id)
    if row is None or not _is_held(row, leased):
        return None
    if isinstance(outcome, Stopped):
        if outcome.reason == "crashed" and row.profile_attempts < ATTEMPTS_MAX:
            row.profile_state = ProfileState.QUEUED
            row.profile_due_at = now + AGAIN_AFTER
        else:
            row.profile_state = ProfileState.FAILED
            row.profile_reason = {"problem": outcome.reason, "attempts": row.profile_attempts}
    elif "profile" in outcome.answer:
        row.profile_state = ProfileState.DONE
        row.profile = outcome.answer["profile"]
    else:
        row.profile_state = ProfileState.FAILED
        row.profile_reason = outcome.answer
    await session.flush()
    return row
