"""Ask one endpoint from beginning to end: between the database, the storage and the network.

Answers are collected and put away in pieces: by number, by size, and never later than a few
seconds, so that a crash costs little.  A piece is stored, then a row under the lease makes it exist
(decision 0022); if the lease is gone, calling stops.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog

from marketplace.kit import addresses
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, undisturbed
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.kit.storage import Storage, StoredFile
from marketplace.scoring.actions import calling, running
from marketplace.scoring.actions.calling import CallRun, Progress
from marketplace.scoring.actions.running import Finished, LeasedCalls, Piece
from marketplace.scoring.rules import endpoints as rules
from marketplace.scoring.rules import inference, numbers, submissions
from marketplace.scoring.rules import work as pace
from marketplace.scoring.rules.endpoints import End, Evidence, Kept
from marketplace.scoring.rules.inputs import Inputs
from marketplace.scoring.rules.metrics import registry as metrics

_log = structlog.get_logger("jiebang.caller")
SHELF: Final = "endpoint-answers"
LINES_MAX: Final = 256
BYTES_MAX: Final = 1_048_576
SECONDS_MAX: Final = 2.0
EVIDENCE_BYTES_MAX: Final = 268_435_456
"""More than all answers that are kept can come to, written as lines."""


class _LeaseLost(Exception):
    """Somebody else has the work by now, or nobody wants it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conductor:
    """Everything that asking endpoints needs."""

    database: Database
    storage: Storage
    clock: Clock
    reach: addresses.Policy
    """Which addresses are called; asked again at every connection."""
    patience: dt.timedelta = pace.LEASE
    dial: Callable[[OutboundPolicy], Outbound] = Outbound
    lines_max: int = LINES_MAX
    """After how many answers a piece is put away, if not earlier."""

    async def conduct(self, leased: LeasedCalls, *, stop: asyncio.Event, draw: float) -> bool:
        """Ask until the endpoint has answered or failed; say whether that counted.

        Shape    when `stop` is set, what was answered is kept and the rest given back.  `draw` is
                 uniform in [0, 1] and decides how long is waited if the platform itself fails.
        """
        try:
            return await self._conduct(leased, stop)
        except _LeaseLost:
            return False
        except Exception:
            # Hidden inputs that cannot be sent, or kept answers that cannot be read, are no fault
            # of the solver's either.
            _log.exception("calling failed", submission_id=str(leased.submission_id))
            return await undisturbed(self._fail(leased, draw))

    async def _conduct(self, leased: LeasedCalls, stop: asyncio.Event) -> bool:
        shelf = self.storage.within(SHELF)
        kept = b"".join([await shelf.read(name) for name in leased.answers])
        evidence, already = await asyncio.to_thread(rules.read_evidence, kept)
        rows = Inputs(await self.storage.read(leased.inputs_file))
        pieces = _Pieces(self, leased, shelf)
        ticking = asyncio.create_task(pieces.tick(stop))
        try:
            run = await self._call(leased, rows, pieces, evidence, already, stop)
        finally:
            pieces.over.set()
            await asyncio.gather(ticking, return_exceptions=True)
        await pieces.put_away()
        if run.end is End.STOPPED:
            await undisturbed(self._put_back(leased))
            return False
        names = [*leased.answers, *pieces.names]
        whole = await shelf.store(_joined(shelf, names), bytes_max=EVIDENCE_BYTES_MAX)
        done = await self._finished(leased, run, [row.id for row in rows], whole)
        replaced = await undisturbed(self._finish(leased, done))
        if replaced is None:
            await shelf.discard(whole.name)
            if done.predictions is not None:
                await self.storage.discard(done.predictions.name)
            return False
        for name in replaced:
            await shelf.discard(name)
        return True

    async def _call(
        self,
        leased: LeasedCalls,
        rows: Inputs,
        pieces: "_Pieces",
        evidence: Evidence,
        already: Mapping[int, Kept],
        stop: asyncio.Event,
    ) -> CallRun:
        async with self.dial(calling.policy_for(leased.limits, reach=self.reach)) as outbound:
            return await calling.call_endpoint(
                outbound,
                url=leased.url,
                headers=leased.headers,
                rows=rows,
                limits=leased.limits,
                seed=leased.seed,
                on_progress=pieces.add,
                stopping=stop,
                column=metrics.find(leased.metric).metric.column,
                already=already,
                evidence=evidence,
                spent_ms=leased.spent_ms,
            )

    async def _finished(
        self, leased: LeasedCalls, run: CallRun, ids: Sequence[str], evidence: StoredFile
    ) -> Finished:
        """Add up a run that is over, and make the file that is measured, where there is one."""
        refused = calling.refusal_of(run)
        stored: StoredFile | None = None
        if refused is None:
            try:
                metric = metrics.find(leased.metric).metric
                content = await asyncio.to_thread(
                    rules.assemble, ids, run.predictions, metric=metric, seed=leased.seed
                )
                stored = await self.storage.store_bytes(content)
            except MarketplaceError as unfit:
                refused = unfit
        return Finished(
            evidence=evidence,
            summary=_summary(run) | {"values": _values(leased, run)},
            rows_done=run.rows_done,
            rows_failed=run.rows_failed,
            reached=inference.reached(run.outcomes),
            spent_ms=run.spent_ms,
            predictions=stored,
            refusal=None
            if refused is None
            else submissions.failure(refused.code, dict(refused.facts)),
        )

    async def _finish(self, leased: LeasedCalls, done: Finished) -> Sequence[str] | None:
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            return await running.finish(session, leased, done, now=now)

    async def _put_back(self, leased: LeasedCalls) -> None:
        async with self.database.writing() as session:
            await running.put_back(session, leased, now=await self.clock.decisive(session))

    async def _fail(self, leased: LeasedCalls, draw: float) -> bool:
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            return await running.fail(session, leased, draw=draw, now=now)

    async def keep(self, leased: LeasedCalls, piece: Piece) -> bool:
        """Have a stored piece exist; say whether the lease still held."""
        async with self.database.writing() as session:
            now = await self.clock.decisive(session)
            return await running.keep(session, leased, piece, now=now, patience=self.patience)


class _Pieces:
    """Collects lines of evidence and puts them away."""

    def __init__(self, conductor: Conductor, leased: LeasedCalls, shelf: Storage) -> None:
        self.names: list[str] = []
        self.over = asyncio.Event()
        """Set when nothing more will come."""
        self._conductor, self._leased, self._shelf = conductor, leased, shelf
        self._lines: list[bytes] = []
        self._bytes = 0
        self._last: Progress | None = None
        self._writing = asyncio.Lock()

    async def add(self, progress: Progress) -> None:
        """Take one line."""
        self._lines.append(progress.line)
        self._bytes += len(progress.line)
        self._last = progress
        if len(self._lines) >= self._conductor.lines_max or self._bytes >= BYTES_MAX:
            await self.put_away()

    async def tick(self, stop: asyncio.Event) -> None:
        """Put away what came, every few seconds, also while an endpoint lets us wait."""
        while not self.over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), SECONDS_MAX)
            try:
                await self.put_away()
            except _LeaseLost:
                stop.set()
                return

    async def put_away(self) -> None:
        """Store what came since the last piece.  Refuses _LeaseLost."""
        async with self._writing:
            lines, last = list(self._lines), self._last
            if not lines or last is None:
                return
            stored = await self._shelf.store_bytes(b"".join(lines))
            piece = Piece(file_name=stored.name, rows_done=last.rows_done, spent_ms=last.spent_ms)
            if not await undisturbed(self._conductor.keep(self._leased, piece)):
                await self._shelf.discard(stored.name)
                raise _LeaseLost
            self.names.append(stored.name)
            del self._lines[: len(lines)]
            self._bytes = sum(len(line) for line in self._lines)


async def _joined(shelf: Storage, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
    for name in names:
        async for chunk in shelf.stream(name):
            yield chunk


def _values(leased: LeasedCalls, run: CallRun) -> dict[str, str]:
    """Compute what criteria that judge calls ask for, where there were any calls."""
    if not run.outcomes:
        return {}
    return {
        code: numbers.plain(
            inference.value_of_calls(
                spec,
                run.outcomes,
                leased.limits,
                rows_failed=run.rows_failed,
                rows=run.rows_total,
            )
        )
        for code, spec in leased.judged
    }


def _summary(run: CallRun) -> dict[str, Any]:
    """Write down the figures of a run that is over."""
    times = run.latency
    return {
        "end": run.end.value,
        "rows": run.rows_total,
        "rows_done": run.rows_done,
        "rows_failed": run.rows_failed,
        "requests": len(run.outcomes),
        "retries": run.retries,
        "p50_ms": None if times is None else times.p50_ms,
        "p95_ms": None if times is None else times.p95_ms,
        "p99_ms": None if times is None else times.p99_ms,
        "error_share_bps": run.error_share_bps,
        "chain_sha256": run.evidence.digest,
    }
