"""Boards lose the teams whose bid is out, files end that nobody needs, prices that nobody explained
end, and every ranking is told how sure it is.
"""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from marketplace.identity.rules import access
from marketplace.kit import shelves
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.storage import Storage
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions import (
    boards,
    certainty,
    prices,
    running,
    submitting,
)
from marketplace.scoring.actions.conducting import SHELF
from marketplace.scoring.queries import certainty as certainties
from marketplace.scoring.queries import inference, standings, submissions, votes

_log = structlog.get_logger("jiebang.scorer")
FILES_AT_ONCE = 200
SWEEPS_EVERY = dt.timedelta(hours=1)
SWEPT_AFTER = dt.timedelta(hours=2)
"""A row comes within an hour of its file, or never."""


@dataclass(slots=True, kw_only=True)
class AnswerSweeper:
    """Removes answers of runs that were cancelled or lost, and what a crash has left."""

    database: Database
    storage: Storage
    wall: Clock
    """The real time, in which files are named."""
    due_at: dt.datetime = field(default=dt.datetime.min.replace(tzinfo=dt.UTC))

    async def work(self) -> int:
        """Sweep, now and then; say how many files that were."""
        shelf = self.storage.within(SHELF)
        async with self.database.reading() as reader:
            found = await inference.left_over(reader, limit=FILES_AT_ONCE)
        if found:
            async with self.database.writing() as session:
                await running.forget(session, [row.id for row in found])
        for row in found:
            await shelf.discard(row.file_name)
        if self.wall.now() < self.due_at:
            return len(found)
        self.due_at = self.wall.now() + SWEEPS_EVERY
        before = self.wall.now() - SWEPT_AFTER
        return len(found) + await shelves.sweep(shelf, self._known, before=before)

    async def _known(self, names: Sequence[str]) -> frozenset[str]:
        async with self.database.reading() as reader:
            return await inference.known_files(reader, names)


async def tidy_files(database: Database, storage: Storage, clock: Clock) -> int:
    """Remove the files of submissions that ended without a value; say how many."""
    async with database.reading() as reader:
        names = await submissions.files_for_nothing(reader, limit=FILES_AT_ONCE)
    for name in names:
        await storage.discard(name)
    if names:
        async with database.writing() as session:
            await submitting.note_removed(session, names, now=clock.now())
    return len(names)


async def tidy_boards(database: Database, clock: Clock) -> int:
    """Take teams off the boards whose bid is out; say how many places that were."""
    async with database.reading() as reader:
        if not await standings.left_behind(reader, limit=1):
            return 0
    async with database.writing() as session:
        return await boards.take_off(session, now=clock.now())


@dataclass(slots=True, kw_only=True)
class Statistician:
    """Looks at one round after the other, with no session open while it thinks."""

    database: Database
    clock: Clock
    passed_over: set[UUID] = field(default_factory=set)
    """Rounds that this process could not work out: one of them must not hold up the others."""

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Look at rounds until none is left; say how many there were."""
        done = 0
        while stopping is None or not stopping.is_set():
            async with self.database.reading() as session:
                row = await certainties.round_without_certainty(
                    session, passed_over=self.passed_over
                )
            if row is None:
                break
            try:
                statement = await asyncio.to_thread(certainty.statement_of, row.sheet)
            except Exception:
                # A round is kept for ever; if nothing can be said of it, somebody must be told.
                _log.exception("certainty not computed", round_id=str(row.id))
                self.passed_over.add(row.id)
                continue
            async with self.database.writing() as session:
                await certainty.keep(session, row.id, statement, now=self.clock.now())
            done += 1
        return done


async def close_overdue_explanations(database: Database, clock: Clock) -> int:
    """Put out every bid whose time to explain its price ran out, and look at the others anew.

    One transaction for each call; whatever keeps one from being settled is raised after the others
    had their turn.
    """
    async with database.reading() as session:
        found = await votes.overdue(session, await clock.decisive(session))
    failures: list[Exception] = []
    for scenario_id in found:
        try:
            async with database.writing() as session:
                call = await scenarios.call(session, scenario_id, lock=True)
                if call.state is ScenarioState.EVALUATING:
                    now = await clock.decisive(session)
                    await prices.settle(session, access.SYSTEM, call, now=now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("explanations could not be closed", failures)
    return len(found)
