"""Endpoints are asked."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from marketplace.kit.secrets import Keeper
from marketplace.scoring.actions import (
    running,
    working,
)
from marketplace.scoring.actions.conducting import Conductor
from marketplace.scoring.actions.running import LeasedCalls
from marketplace.scoring.queries import work as queries
from marketplace.scoring.rules import work as pace

_log = structlog.get_logger("jiebang.scorer")
CALLS_POLL_SECONDS = 1.0
"""How often it is looked whether somebody else can be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Has endpoints asked, so many at a time, beside whoever measures files."""

    conductor: Conductor
    keeper: Keeper
    slots: int = 4
    poll_seconds: float = CALLS_POLL_SECONDS
    beat_seconds: float | None = None
    """How often to give a sign of life; None: thrice in the patience of the conductor."""
    draw: Callable[[], float] = field(default=secrets.SystemRandom().random)

    async def work(self, *, stopping: asyncio.Event | None = None) -> int:
        """Ask whom is due until nobody is; say how many submissions came to an end.

        When `stopping` is set nobody new is asked, and what is under way is kept and given back.
        """
        stops: dict[UUID, asyncio.Event] = {}
        under_way: set[asyncio.Task[bool]] = set()
        counted = 0
        beat = asyncio.create_task(self._beat(stops))
        try:
            while True:
                stop = stopping is not None and stopping.is_set()
                for one in stops.values() if stop else ():
                    one.set()
                if not stop and len(under_way) < self.slots:
                    for leased in await self.take(self.slots - len(under_way)):
                        stops[leased.token] = asyncio.Event()
                        under_way.add(asyncio.create_task(self._one(leased, stops)))
                if not under_way:
                    return counted
                done, under_way = await asyncio.wait(
                    under_way, timeout=self.poll_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                counted += sum(task.result() for task in done)
        finally:
            for task in (*under_way, beat):
                task.cancel()
            await asyncio.gather(*under_way, beat, return_exceptions=True)

    async def work_on(self, *, stopping: asyncio.Event) -> None:
        """Ask until told to stop; a failed round is logged and does not end it."""
        while not stopping.is_set():
            try:
                await self.work(stopping=stopping)
            except Exception:
                _log.exception("calling failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.poll_seconds)

    async def take(self, room: int) -> list[LeasedCalls]:
        """Lease what is due."""
        database, clock = self.conductor.database, self.conductor.clock
        async with database.reading() as reader:
            # Calls last for hours: what is under way must not have us ask for the lock all along.
            now = await clock.decisive(reader)
            if not await queries.anything_due(reader, pace.CALLED, now=now):
                return []
        async with database.writing() as session:
            return await running.lease(
                session,
                limit=room,
                keeper=self.keeper,
                now=await clock.decisive(session),
                patience=self.conductor.patience,
            )

    async def _one(self, leased: LeasedCalls, stops: dict[UUID, asyncio.Event]) -> bool:
        try:
            return await self.conductor.conduct(leased, stop=stops[leased.token], draw=self.draw())
        finally:
            del stops[leased.token]

    async def _beat(self, stops: dict[UUID, asyncio.Event]) -> None:
        """Renew what is held; stop calling for what is not, because it was cancelled."""
        patience = self.conductor.patience
        while True:
            await asyncio.sleep(self.beat_seconds or patience.total_seconds() / pace.BEATS)
            held = set(stops)
            if not held:
                continue
            async with self.conductor.database.writing() as session:
                now = await self.conductor.clock.decisive(session)
                still = await working.renew(session, held, now=now, patience=patience)
            for token in held - still:
                if token in stops:
                    stops[token].set()
