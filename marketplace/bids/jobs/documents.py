"""What ticks: opened documents are looked at, and what was left behind is swept up."""

import datetime as dt
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.bids.actions import checking, documents, opened_documents, traces
from marketplace.bids.actions.checking import PROPERTIES, Leased
from marketplace.bids.actions.documents import PART_SECONDS_MAX, SHELF
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import DocumentKind, Finding
from marketplace.kit import bounded, shelves
from marketplace.kit.bounded import Done, Limits
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
from marketplace.settings import Settings

SWEEPS_EVERY: Final = dt.timedelta(minutes=10)
GRACE: Final = dt.timedelta(seconds=2 * PART_SECONDS_MAX)
"""How old a file without a row has to be: until then its row may still come."""
WALL_SLACK_SECONDS: Final = 60
"""The time of the clock beyond the computing time: reading a file from afar takes a while."""
TELLING: Final = frozenset({DocumentKind.PDF, DocumentKind.DOCX, DocumentKind.XLSX})
"""Kinds that tell of their making."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Everything a look at opened documents needs; one at a time."""

    database: Database
    storage: Storage
    settings: Settings
    keeper: Keeper
    clock: Clock

    async def work(self) -> int:
        """Look at every opened document that is due; say how many.

        Whatever keeps one from being looked at is raised only after all others had their turn.
        """
        async with self.database.reading() as session:
            due = await papers.due_checks(session, now=await self.clock.decisive(session))
        done = 0
        failures: list[Exception] = []
        for opened_id in due:
            try:
                async with self.database.writing() as session:
                    now = await self.clock.decisive(session)
                    leased = await checking.lease(session, opened_id, keeper=self.keeper, now=now)
                if leased is not None:
                    done += await self._look(leased)
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise ExceptionGroup("opened documents could not be looked at", failures)
        return done

    async def _look(self, leased: Leased) -> bool:
        looked = await opened_documents.look(self.storage, leased.document)
        properties = None
        if looked.finding is Finding.SOUND:
            properties = await self._properties(leased)
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            return await checking.record(session, leased, looked, properties, now=now)

    async def _properties(self, leased: Leased) -> dict[str, Any] | None:
        """Read what a file tells of its making, in a process of its own."""
        kind = leased.document.head.announced.kind
        if kind not in TELLING:
            return None
        seconds = self.settings.bid_document_look_seconds
        limits = Limits(
            cpu_seconds=seconds,
            wall_seconds=seconds + WALL_SLACK_SECONDS,
            memory_bytes=self.settings.bid_document_look_bytes,
        )
        try:
            async with aclosing(
                opened_documents.content_of(self.storage, leased.document)
            ) as pieces:
                done = await bounded.run(PROPERTIES, {"kind": kind.value}, pieces, limits=limits)
        except MarketplaceError:
            return {"problem": "unreadable"}
        return done.answer if isinstance(done, Done) else {"problem": done.reason}


@dataclass(slots=True, kw_only=True)
class DocumentSweeper:
    """Sweeps now and then: listing a whole storage at every tick would be work for nothing."""

    database: Database
    storage: Storage
    settings: Settings
    clock: Clock
    wall: Clock
    """The real time, in which files are named."""
    due_at: dt.datetime = field(default=dt.datetime.min.replace(tzinfo=dt.UTC))

    async def work(self) -> int:
        """Delete what no opening will need, and files without a row; say how many files."""
        now = self.wall.now()
        if now < self.due_at:
            return 0
        self.due_at = now + SWEEPS_EVERY
        removed = await self._forget_documents()
        return removed + await shelves.sweep(
            self.storage.within(SHELF), self._known, before=now - GRACE
        )

    async def _forget_documents(self) -> int:
        patience = dt.timedelta(hours=self.settings.bid_document_hours)
        async with self.database.reading() as reader:
            now = await self.clock.decisive(reader)
            stale = await papers.stale_documents(reader, now - patience)
        removed = 0
        for document_id in stale:
            async with self.database.writing() as writer:
                names = await documents.forget(writer, document_id, before=now - patience)
            for name in names:
                await self.storage.within(SHELF).discard(name)
            removed += len(names)
        async with self.database.writing() as writer:
            await traces.forget_due(writer, now=now)
        return removed

    async def _known(self, names: Sequence[str]) -> frozenset[str]:
        async with self.database.reading() as reader:
            return await papers.known_names(reader, names)
