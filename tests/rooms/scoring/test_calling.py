"""Calling endpoints: whoever answers, and however, a run ends in time with a plain reason."""

import asyncio
import contextlib
import dataclasses
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from marketplace.kit import addresses
from marketplace.kit.outbound import Outbound
from marketplace.scoring.actions import calling
from marketplace.scoring.actions.calling import CallRun, Progress
from marketplace.scoring.rules.endpoints import (
    ANSWERS_BYTES_MAX,
    End,
    Failure,
    Limits,
    Problem,
    Row,
    read_evidence,
)
from tests.given import hostile_endpoints
from tests.given.hostile_endpoints import Asked, Endpoint, an_endpoint, predicted, said, saying

SEED = b"a seed of one run"
SECRET = "Bearer s3cr3t-of-a-solver"
STRICT = Limits(
    seconds_per_request=1,
    seconds_total=20,
    concurrency=2,
    requests_per_second=100,
    failures_share_max_bps=0,
    retries_max=0,
)
SLACK_SECONDS = 2.5
GROWTH_BYTES_MAX = 4 * 1024 * 1024
STRETCH_SECONDS_MAX = 0.4
"""How long the loop may compute before others have their turn; while memory is traced, which takes
several times as long as without.
"""
OURS = {
    *("host", "content-length", "user-agent", "accept", "accept-encoding", "content-type"),
    *("authorization", "connection"),
}


def rows_of(count: int) -> list[Row]:
    """Hidden inputs, under ids that must not be told."""
    return [
        Row(id=f"hidden-{at:05}", fields={"rain_mm": at, "site": f"s{at}"}) for at in range(count)
    ]


@dataclass(slots=True)
class Book:
    """Keeps what a run reports."""

    lines: list[bytes] = field(default_factory=list)
    seen: list[Progress] = field(default_factory=list)
    then: Callable[[Progress], Awaitable[None]] | None = None

    async def write(self, progress: Progress) -> None:
        """Keep one line."""
        self.lines.append(progress.line)
        self.seen.append(progress)
        if self.then is not None:
            await self.then(progress)

    @property
    def written(self) -> bytes:
        """Everything that was kept."""
        return b"".join(self.lines)


async def call(
    endpoint: Endpoint,
    path: str,
    *,
    rows: Sequence[Row] | None = None,
    limits: Limits = STRICT,
    book: Book | None = None,
    stopping: asyncio.Event | None = None,
    url: str | None = None,
    resolver: Any = None,
    **more: Any,
) -> CallRun:
    """Call one behaviour with a few rows."""
    policy = calling.policy_for(limits, reach=addresses.DEVELOPMENT)
    dialled: Mapping[str, Any] = {} if resolver is None else {"resolver": resolver}
    async with Outbound(policy, **dialled) as outbound:
        return await calling.call_endpoint(
            outbound,
            url=url or endpoint.url(path),
            headers={"authorization": SECRET},
            rows=rows_of(3) if rows is None else rows,
            limits=limits,
            seed=SEED,
            on_progress=(book or Book()).write,
            stopping=stopping or asyncio.Event(),
            **more,
        )


def assert_nothing_leaked(endpoint: Endpoint) -> None:
    """No id of a row, no header but those that are meant, no cookie."""
    for asked in endpoint.asked:
        names = {line.split(b":")[0].lower().decode() for line in asked.head.split(b"\r\n")[1:-2]}
        assert names <= OURS
        assert b"hidden-" not in asked.body and b"hidden-" not in asked.head


@contextlib.asynccontextmanager
async def stretches() -> AsyncIterator[list[float]]:
    """Note how much the loop computes between two turns of somebody else."""
    found: list[float] = []

    async def beat() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            found.append(now - before)
            before = now

    beating = asyncio.create_task(beat())
    yield found
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


@pytest.mark.parametrize("path", hostile_endpoints.TRAPS)
async def test_a_hostile_endpoint_ends_a_run_with_its_reason(path: str) -> None:
    """In bounded time and memory, others have their turn, and nobody is left behind."""
    trap = hostile_endpoints.TRAPS[path]
    book = Book()
    before = asyncio.all_tasks()
    async with an_endpoint() as endpoint:
        tracemalloc.start()
        begun = time.monotonic()
        async with stretches() as computed:
            run = await call(endpoint, path, book=book)
        took = time.monotonic() - begun
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    first = run.outcomes[0]
    refusal = calling.refusal_of(run)
    assert run.end is trap.end
    assert trap.why & {first.reason, first.problem, run.reason}
    assert refusal is not None and refusal.title_zh and refusal.facts["rows_failed"]
    assert run.predictions == {}
    assert took < STRICT.seconds_per_request + SLACK_SECONDS
    assert peak < GROWTH_BYTES_MAX
    assert max(computed, default=0) < STRETCH_SECONDS_MAX
    assert asyncio.all_tasks() == before
    assert read_evidence(book.written)[0] == run.evidence
    assert_nothing_leaked(endpoint)


def test_forty_hostile_endpoints_are_met() -> None:
    """More than twenty ways, each once."""
    assert len(hostile_endpoints.TRAPS) >= 40


def naming_the_site(asked: Asked) -> bytes:
    """Answer with what was sent, in another order."""
    inputs = json.loads(asked.body)["inputs"]
    outputs = [{"id": one["id"], "prediction": one["site"]} for one in reversed(inputs)]
    return said(json.dumps({"outputs": outputs}).encode())


async def test_good_answers_become_predictions_of_their_rows() -> None:
    """Each row once, in batches, under names that the endpoint cannot know; evidence holds all."""
    rows = rows_of(23)
    book = Book()
    limits = Limits(rows_per_request=5, requests_per_second=100, concurrency=3)
    async with an_endpoint(right=saying(naming_the_site)) as endpoint:
        run = await call(endpoint, "right", rows=rows, limits=limits, book=book)

    assert run.end is End.COMPLETED and calling.refusal_of(run) is None
    assert run.predictions == {row.id: row.fields["site"] for row in rows}
    assert (run.rows_done, run.rows_failed, run.error_share_bps, run.retries) == (23, 0, 0, 0)
    assert len(endpoint.asked) == len(run.outcomes) == 5
    assert run.latency is not None and run.latency.p50_ms <= run.latency.p99_ms
    evidence, kept = read_evidence(book.written)
    assert evidence == run.evidence and len(kept) == 5
    assert book.seen[-1].rows_done == book.seen[-1].rows_total == 23
    assert_nothing_leaked(endpoint)


async def test_cookies_are_not_kept() -> None:
    """An endpoint that sets cookies gets none back."""
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "sets-cookies")

    assert run.end is End.COMPLETED
    assert len(endpoint.asked) == 3
    assert_nothing_leaked(endpoint)


async def test_what_was_answered_in_advance_is_no_answer() -> None:
    """A second response behind the first was written before its question: its names do not fit."""
    limits = dataclasses.replace(STRICT, concurrency=1)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "answers-in-advance", rows=rows_of(4), limits=limits)

    assert "poison" not in run.predictions.values()
    assert run.end is End.COMPLETED or run.outcomes[-1].problem is Problem.ID_FOREIGN


async def test_a_slow_row_counts_its_whole_time() -> None:
    """One of four requests is never answered: the run goes on, and its p99 is the time-out."""
    limits = dataclasses.replace(STRICT, failures_share_max_bps=2500)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "slow-then-fast", rows=rows_of(4), limits=limits)

    assert run.end is End.COMPLETED and calling.refusal_of(run) is None
    assert (run.rows_failed, run.error_share_bps) == (1, 2500)
    assert run.latency is not None
    assert run.latency.p50_ms < 1000 <= run.latency.p99_ms
    assert calling.latency_value(run, Fraction(99, 100), limits) == run.latency.p99_ms


async def test_what_was_not_answered_is_tried_again_and_counted() -> None:
    """A connection that breaks is nobody's answer; the time runs from the first try."""

    async def breaking_first(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if not asked.earlier or asked.earlier[-1] != asked.body:
            writer.close()
            return
        writer.write(said(predicted(asked.ids)))

    limits = dataclasses.replace(STRICT, retries_max=1, concurrency=1)
    async with an_endpoint(breaks=breaking_first) as endpoint:
        run = await call(endpoint, "breaks", limits=limits)

    assert run.end is End.COMPLETED
    assert [outcome.tries for outcome in run.outcomes] == [2, 2, 2]
    assert run.retries == 3 and len(endpoint.asked) == 6
    assert all(outcome.duration_ms >= 200 for outcome in run.outcomes)


async def test_tries_have_an_end() -> None:
    """Who hangs up each time is asked as often as the limits say, and then it has failed."""
    limits = dataclasses.replace(STRICT, retries_max=1, concurrency=1)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "hangs-up", rows=rows_of(2), limits=limits)

    assert run.end is End.UNRELIABLE and run.reason is Failure.CONNECTION_BROKEN
    assert len(endpoint.asked) == run.outcomes[0].tries == 2


@pytest.mark.parametrize("path", ["500", "429", "never-answers", "html", "shorter-than-said"])
async def test_what_was_answered_is_not_asked_again(path: str) -> None:
    """An error, half an answer and a time-out are answers as well."""
    limits = dataclasses.replace(STRICT, retries_max=3, concurrency=1)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, path, rows=rows_of(2), limits=limits)

    assert len(endpoint.asked) == 1 and run.outcomes[0].tries == 1


async def test_a_run_ends_as_soon_as_too_much_has_failed() -> None:
    """Of a hundred rows ten may fail: the eleventh ends it, and nobody is asked further."""
    limits = dataclasses.replace(STRICT, failures_share_max_bps=1000, concurrency=1)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "500", rows=rows_of(100), limits=limits)

    assert run.end is End.UNRELIABLE and run.reason is Failure.HTTP_STATUS
    assert run.rows_failed == len(endpoint.asked) == 11


async def test_whoever_does_not_want_us_is_not_asked_again() -> None:
    """One 410 is enough, whatever share may fail."""
    limits = dataclasses.replace(STRICT, failures_share_max_bps=5000, concurrency=1)
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "410", rows=rows_of(50), limits=limits)

    assert run.end is End.TURNED_AWAY and len(endpoint.asked) == 1


async def test_no_more_are_under_way_than_may_be() -> None:
    """Concurrency is a bound that is reached and not passed."""
    full = asyncio.Event()

    async def together(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if endpoint.under_way == 3:
            # Long enough for a fourth to come, at a hundred a second, if it could.
            await asyncio.sleep(0.1)
            full.set()
        await full.wait()
        writer.write(said(predicted(asked.ids)))

    limits = dataclasses.replace(STRICT, concurrency=3)
    async with an_endpoint(together=together) as endpoint:
        run = await call(endpoint, "together", rows=rows_of(12), limits=limits)

    assert run.end is End.COMPLETED
    assert endpoint.at_once == 3


async def test_requests_keep_their_pace() -> None:
    """At twenty a second the sixth comes a quarter of a second after the first."""
    limits = dataclasses.replace(STRICT, requests_per_second=20, concurrency=4)
    loop = asyncio.get_running_loop()
    times: list[float] = []

    async def noting(asked: Asked, writer: asyncio.StreamWriter) -> None:
        times.append(loop.time())
        writer.write(said(predicted(asked.ids)))

    async with an_endpoint(noting=noting) as endpoint:
        run = await call(endpoint, "noting", rows=rows_of(6), limits=limits)

    assert run.end is End.COMPLETED
    assert times[-1] - times[0] >= 0.2


async def test_the_whole_time_has_an_end() -> None:
    """What was spent before counts: a run that has used up its time asks nobody."""
    limits = dataclasses.replace(STRICT, seconds_total=1, seconds_per_request=5)
    async with an_endpoint() as endpoint:
        late = await call(endpoint, "never-answers", limits=limits)
        asked = len(endpoint.asked)
        spent = await call(endpoint, "good", limits=limits, spent_ms=1_000)

    assert late.end is spent.end is End.TOO_SLOW
    assert late.outcomes == () and late.latency is None and 900 < late.spent_ms < 4_000
    assert asked == len(endpoint.asked) == 2
    refusal = calling.refusal_of(late)
    assert refusal is not None and refusal.facts["rows_done"] == 0


async def test_all_answers_together_are_bounded_and_never_held() -> None:
    """After 52 megabytes of earlier answers the run ends with the 65th, one of them in memory."""
    limits = dataclasses.replace(
        STRICT, answer_bytes_max=1 << 20, failures_share_max_bps=5000, concurrency=1
    )
    book = Book()
    first = asyncio.Event()

    async def stop_and_forget(progress: Progress) -> None:
        first.set()
        del book.lines[1:], book.seen[1:]

    book.then = stop_and_forget
    async with an_endpoint() as endpoint:
        endpoint.remembers = False
        args: dict[str, Any] = {"rows": rows_of(40), "limits": limits, "book": book}
        await call(endpoint, "a-gigabyte-sent", stopping=first, **args)
        evidence, already = read_evidence(book.written)
        before = dataclasses.replace(already[0].outcome, bytes=52 << 20)
        already = {0: dataclasses.replace(already[0], outcome=before)}
        tracemalloc.start()
        run = await call(endpoint, "a-gigabyte-sent", already=already, evidence=evidence, **args)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert run.end is End.ANSWERS_TOO_LARGE
    assert sum(one.bytes for one in run.outcomes) == ANSWERS_BYTES_MAX + (1 << 20)
    assert len(run.outcomes) == 14
    assert peak < 9 << 20
