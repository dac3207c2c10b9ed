"""Call an inference endpoint with hidden inputs until every row is asked, or until it is no use.

No session is open meanwhile.  Every request that ends becomes one line of evidence, handed to
`on_progress` before the next one of the same hand is sent: whoever keeps the lines can go on after
a crash, and nothing that was answered is asked again.  Of a whole run are held the predictions and
one small outcome for each request, never the answers.

A run ends by itself in one of the final states of `rules.endpoints.End`; only `stopping` and a
cancellation leave it open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from marketplace.kit import addresses
from marketplace.kit.digests import sha256_hex
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.scoring.actions.asking import Asking, Heard
from marketplace.scoring.errors import endpoints as errors
from marketplace.scoring.rules import endpoints as rules
from marketplace.scoring.rules.endpoints import (
    End,
    Evidence,
    Failure,
    Fault,
    Kept,
    Latency,
    Limits,
    Outcome,
    Row,
)

CONTENT_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is, each time a request has ended."""

    line: bytes
    """Of evidence, to be kept."""
    evidence: Evidence
    """The chain with this line."""
    outcome: Outcome
    requests_done: int
    requests_total: int
    rows_done: int
    """Asked, with a prediction or without."""
    rows_failed: int
    rows_total: int
    spent_ms: int
    """Of the time for the whole run, earlier parts included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRun:
    """What came of a run."""

    end: End
    reason: Failure | None
    """Of the last failed request, where there is one."""
    predictions: Mapping[str, str]
    """By the id of the row."""
    outcomes: tuple[Outcome, ...]
    """In the order in which requests ended."""
    evidence: Evidence
    rows_total: int
    rows_done: int
    rows_failed: int
    retries: int
    latency: Latency | None
    """Of requests; None before the first has ended."""
    error_share_bps: int
    """Rows without a prediction, of those asked."""
    spent_ms: int


Report = Callable[[Progress], Awaitable[None]]


def policy_for(limits: Limits, *, reach: addresses.Policy = addresses.PRODUCTION) -> OutboundPolicy:
    """Tell how the dialler must be set up for these limits."""
    return OutboundPolicy(
        reach=reach,
        total_seconds=limits.seconds_per_request,
        read_bytes_max=limits.answer_bytes_max,
        kept_bytes=limits.answer_bytes_max,
        idle_max=limits.concurrency,
    )


async def call_endpoint(
    outbound: Outbound,
    *,
    url: str,
    headers: Mapping[str, str],
    rows: Sequence[Row],
    limits: Limits,
    seed: bytes,
    on_progress: Report,
    stopping: asyncio.Event,
    column: str = "prediction",
    already: Mapping[int, Kept] | None = None,
    evidence: Evidence = Evidence(),
    spent_ms: int = 0,
) -> CallRun:
    """Ask every row once, within the limits, and say what came of it.

    Shape    `headers` are the solver's own, `content-type` is added.  `already` and `evidence` come
             from `read_evidence`, of a run with the same rows, limits and seed; `spent_ms` from its
             last Progress.  `on_progress` is awaited for one request at a time; what it raises ends
             the call.  `rows` may be any sequence: it is read piece by piece.
    Refuses  EndpointInputsUnfit, EndpointHeaderInvalid; EvidenceBroken for answers to something
             else than these rows.  A failing endpoint is no refusal but an `end`, see `refusal_of`.
    """
    if outbound.policy.kept_bytes < limits.answer_bytes_max:
        raise ValueError("this dialler keeps less of an answer than the limits allow")
    for name, value in headers.items():
        rules.check_header(name, value)
    run = _Run(
        asking=Asking(outbound, url, {**headers, "content-type": CONTENT_TYPE}, limits, column),
        # A hundred thousand rows take a while to shuffle.
        plan=await asyncio.to_thread(_Plan, rows, limits, seed),
        report=on_progress,
        evidence=evidence,
        spent_ms=spent_ms,
    )
    await run.take_over(already or {})
    await run.ask_the_others(stopping)
    return run.result()


def refusal_of(run: CallRun) -> MarketplaceError | None:
    """Say why a run that ended has no value; None: it has one, or it goes on."""
    kind = _REFUSALS.get(run.end)
    if kind is None:
        return None
    return kind(
        reason=run.reason,
        rows=run.rows_total,
        rows_done=run.rows_done,
        rows_failed=run.rows_failed,
    )


_REFUSALS: Final[Mapping[End, type[MarketplaceError]]] = {
    End.UNRELIABLE: errors.EndpointUnreliable,
    End.TOO_SLOW: errors.EndpointTooSlow,
    End.TURNED_AWAY: errors.EndpointTurnedAway,
    End.TARGET_REFUSED: errors.EndpointTargetRefused,
    End.ANSWERS_TOO_LARGE: errors.EndpointAnswersTooLarge,
}


class _Over(Exception):
    """The run has its end; whoever still asks may stop."""


async def _raise_over(stopping: asyncio.Event) -> None:
    await stopping.wait()
    raise _Over


class _Plan:
    """Which rows each request asks, found anew whenever it is wanted."""

    def __init__(self, rows: Sequence[Row], limits: Limits, seed: bytes) -> None:
        self._rows, self._seed = rows, seed
        self._each = limits.rows_per_request
        self._order = rules.order_of([row.id for row in rows], seed)
        self.rows = len(self._order)
        self.requests = -(-self.rows // self._each)

    def asked(self, number: int) -> tuple[dict[str, str], bytes]:
        """Give the row id of each alias in one request, and its body."""
        places = self._order[number * self._each : (number + 1) * self._each]
        rows = [self._rows[place] for place in places]
        shown = rules.aliased(rows, self._seed)
        ids = {alias.id: row.id for alias, row in zip(shown, rows, strict=True)}
        return ids, rules.request_body(shown)


class _Run:
    """The books of one run, and the hands that ask."""

    def __init__(
        self,
        *,
        asking: Asking,
        plan: _Plan,
        report: Report,
        evidence: Evidence,
        spent_ms: int,
    ) -> None:
        self._asking, self._plan, self._report = asking, plan, report
        self._limits = asking.limits
        self._evidence = evidence
        self._begun = asyncio.get_running_loop().time()
        self._spent_before_ms = spent_ms
        self._predictions: dict[str, str] = {}
        self._outcomes: list[Outcome] = []
        self._rows_done = self._rows_failed = self._bytes = 0
        self._end: End | None = None
        self._failed: Exception | None = None
        self._recording = asyncio.Lock()

    async def take_over(self, already: Mapping[int, Kept]) -> None:
        """Enter what was answered before."""
        for number, kept in already.items():
            ids, body = self._plan.asked(number) if number < self._plan.requests else ({}, b"")
            if sha256_hex(body) != kept.outcome.request_sha256:
                raise errors.EvidenceBroken(request=number)
            found: Mapping[str, str] | Fault = {}
            if kept.outcome.reason is None:
                found = await self._asking.read(kept.answer, ids)
            if isinstance(found, Fault):
                raise errors.EvidenceBroken(request=number)
            self._enter(kept.outcome, found, len(ids))

    async def ask_the_others(self, stopping: asyncio.Event) -> None:
        """Ask what has no outcome yet, until the end, the time is over or somebody stops it."""
        left_ms = self._limits.seconds_total * 1000 - self._spent_ms()
        if self._end is None and not stopping.is_set() and left_ms > 0:
            await self._ask(stopping, left_ms / 1000)
        if self._failed is not None:
            raise self._failed
        if self._end is None:
            self._end = End.STOPPED if stopping.is_set() else End.TOO_SLOW

    async def _ask(self, stopping: asyncio.Event, seconds: float) -> None:
        done = {outcome.number for outcome in self._outcomes}
        waiting = (number for number in range(self._plan.requests) if number not in done)
        tasks = [asyncio.create_task(self._hand(waiting)) for _ in range(self._limits.concurrency)]
        tasks.append(asyncio.create_task(_raise_over(stopping)))
        try:
            # Whatever ends a run raises in one of them: the last row too.
            ended, _ = await asyncio.wait(
                tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
            )
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Whoever is writing an outcome down finishes it.
            async with self._recording:
                pass
        for task in ended:
            if not isinstance(failed := task.exception(), _Over | None):
                raise failed

    async def _hand(self, waiting: Iterator[int]) -> None:
        for number in waiting:
            ids, body = self._plan.asked(number)
            heard = await self._asking.ask(number, body, ids)
            # An answer that was heard is written down, whatever ends the run meanwhile.
            await asyncio.shield(self._record(heard, len(ids)))
            if self._end is not None:
                raise _Over

    async def _record(self, heard: Heard, rows: int) -> None:
        async with self._recording:
            self._evidence, line = self._evidence.add(heard.kept)
            self._enter(heard.kept.outcome, heard.predictions, rows)
            try:
                await self._report(self._progress(line, heard.kept.outcome))
            except Exception as failed:
                # Told even if whoever waited for it was cancelled: the line is not kept.
                self._failed = failed
                raise

    def _progress(self, line: bytes, outcome: Outcome) -> Progress:
        return Progress(
            line=line,
            evidence=self._evidence,
            outcome=outcome,
            requests_done=len(self._outcomes),
            requests_total=self._plan.requests,
            rows_done=self._rows_done,
            rows_failed=self._rows_failed,
            rows_total=self._plan.rows,
            spent_ms=self._spent_ms(),
        )

    def _enter(self, outcome: Outcome, predictions: Mapping[str, str], rows: int) -> None:
        self._outcomes.append(outcome)
        self._predictions |= predictions
        self._rows_done += rows
        self._bytes += outcome.bytes
        self._rows_failed += 0 if outcome.reason is None else rows
        if self._end is None:
            self._end = self._verdict(outcome)

    def _verdict(self, outcome: Outcome) -> End | None:
        """Decide whether to go on after this outcome."""
        if outcome.reason is Failure.TARGET_REFUSED:
            return End.TARGET_REFUSED
        if outcome.status in rules.TURNED_AWAY:
            return End.TURNED_AWAY
        if not self._limits.allows(self._rows_failed, self._plan.rows):
            return End.UNRELIABLE
        if self._bytes > rules.ANSWERS_BYTES_MAX:
            return End.ANSWERS_TOO_LARGE
        return End.COMPLETED if self._rows_done == self._plan.rows else None

    def _spent_ms(self) -> int:
        here = asyncio.get_running_loop().time() - self._begun
        return self._spent_before_ms + round(here * 1000)

    def result(self) -> CallRun:
        """Add up."""
        assert self._end is not None, "a run that is over has an end"
        failures = [one.reason for one in self._outcomes if one.reason is not None]
        times = [rules.charged_ms(outcome, self._limits) for outcome in self._outcomes]
        return CallRun(
            end=self._end,
            reason=failures[-1] if failures else None,
            predictions=self._predictions,
            outcomes=tuple(self._outcomes),
            evidence=self._evidence,
            rows_total=self._plan.rows,
            rows_done=self._rows_done,
            rows_failed=self._rows_failed,
            retries=sum(outcome.tries - 1 for outcome in self._outcomes),
            latency=rules.latency(times) if times else None,
            error_share_bps=rules.error_share_bps(self._rows_failed, self._rows_done),
            spent_ms=self._spent_ms(),
        )


def latency_value(run: CallRun, share: Fraction, limits: Limits) -> int | None:
    """Tell any percentile of the run, as `latency_percentile` names it; None for an empty run."""
    times = [rules.charged_ms(outcome, limits) for outcome in run.outcomes]
    return rules.percentile(times, share) if times else None
