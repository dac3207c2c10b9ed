"""A run that is stopped, cancelled or killed goes on from what was kept, and asks nothing twice."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence

import pytest

from marketplace.kit.outbound import Outbound
from marketplace.scoring.actions import calling
from marketplace.scoring.actions.calling import Progress
from marketplace.scoring.errors import endpoints as errors
from marketplace.scoring.rules.endpoints import End, Failure, Limits, Row, read_evidence
from tests.given.hostile_endpoints import Asked, an_endpoint, predicted, said, saying
from tests.rooms.scoring.test_calling import SEED, STRICT, Book, call, naming_the_site, rows_of

LIMITS = dataclasses.replace(STRICT, rows_per_request=3, failures_share_max_bps=3_000)


def asked_ids(asked: Sequence[Asked]) -> list[str]:
    """Every id that was asked, in order."""
    return [one for each in asked for one in each.ids]


async def test_a_stopped_run_goes_on_where_it_stopped() -> None:
    """Stopped after three of eight requests and gone on with: the same as without a stop."""
    rows = rows_of(22)
    stopping = asyncio.Event()
    book = Book()

    async def stop_at_three(progress: Progress) -> None:
        if progress.requests_done == 3:
            stopping.set()

    async with an_endpoint(right=saying(naming_the_site)) as endpoint:
        whole = await call(endpoint, "right", rows=rows, limits=LIMITS)
        endpoint.asked.clear()
        book.then = stop_at_three
        first = await call(
            endpoint, "right", rows=rows, limits=LIMITS, book=book, stopping=stopping
        )
        evidence, already = read_evidence(book.written)
        answered = len(already)
        book.then = None
        second = await call(
            endpoint,
            "right",
            rows=rows,
            limits=LIMITS,
            book=book,
            already=already,
            evidence=evidence,
            spent_ms=first.spent_ms,
        )

    assert first.end is End.STOPPED and calling.refusal_of(first) is None
    assert 3 <= answered < 8
    assert first.rows_done == book.seen[answered - 1].rows_done
    assert second.end is End.COMPLETED
    assert second.predictions == whole.predictions
    assert read_evidence(book.written)[0] == second.evidence
    assert len(read_evidence(book.written)[1]) == 8
    assert second.spent_ms >= first.spent_ms
    # At most those that were on their way when it stopped are asked again.
    repeated = len(asked_ids(endpoint.asked)) - len(set(asked_ids(endpoint.asked)))
    assert repeated <= LIMITS.concurrency * LIMITS.rows_per_request


async def test_what_failed_before_is_not_asked_again_and_still_counts() -> None:
    """A failure is an outcome: it is taken over with the answers, and so is the end it makes."""
    rows = rows_of(9)
    book = Book()
    async with an_endpoint() as endpoint:
        failed = await call(endpoint, "500", rows=rows, limits=LIMITS, book=book)
        evidence, already = read_evidence(book.written)
        asked = len(endpoint.asked)
        again = await call(
            endpoint, "good", rows=rows, limits=LIMITS, already=already, evidence=evidence
        )

    assert failed.end is again.end is End.UNRELIABLE
    assert again.outcomes == failed.outcomes and again.evidence == failed.evidence
    assert len(endpoint.asked) == asked


async def test_a_finished_run_is_read_again_without_a_call() -> None:
    """Predictions and latency follow from what is kept alone, although nobody answers any more."""
    book = Book()
    async with an_endpoint(right=saying(naming_the_site)) as endpoint:
        run = await call(endpoint, "right", rows=rows_of(7), limits=LIMITS, book=book)
    evidence, already = read_evidence(book.written)

    again = await call(
        endpoint, "right", rows=rows_of(7), limits=LIMITS, already=already, evidence=evidence
    )

    assert dataclasses.replace(again, spent_ms=0) == dataclasses.replace(run, spent_ms=0)


@pytest.mark.parametrize("change", ["rows", "limits", "seed", "answer", "number"])
async def test_answers_to_something_else_are_refused(change: str) -> None:
    """Other inputs, other batches, another seed, an answer that fits no more: not taken over."""
    book = Book()
    rows, limits = rows_of(6), LIMITS
    async with an_endpoint() as endpoint:
        await call(endpoint, "good", rows=rows, limits=limits, book=book)
        evidence, already = read_evidence(book.written)
        if change == "rows":
            rows = [Row(id=row.id, fields={"rain_mm": 9}) for row in rows]
        elif change == "limits":
            limits = dataclasses.replace(limits, rows_per_request=2)
        elif change == "answer":
            already[0] = dataclasses.replace(already[0], answer=b"{}")
        elif change == "number":
            already[9] = already.pop(0)
        with pytest.raises(errors.EvidenceBroken):
            await calling.call_endpoint(
                Outbound(calling.policy_for(limits)),
                url=endpoint.url("good"),
                headers={},
                rows=rows,
                limits=limits,
                seed=b"another seed, longer" if change == "seed" else SEED,
                on_progress=book.write,
                stopping=asyncio.Event(),
                already=already,
                evidence=evidence,
            )


async def test_a_cancelled_run_leaves_nobody_behind() -> None:
    """Its hands are gone with it, its requests are hung up, and what was kept is whole."""
    book = Book()
    before = asyncio.all_tasks()
    met = asyncio.Event()

    async def good_then_silent(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if len(endpoint.asked) > 3:
            met.set()
            await asyncio.Event().wait()
        writer.write(said(predicted(asked.ids)))

    async with an_endpoint(fades=good_then_silent) as endpoint:
        running = asyncio.create_task(
            call(endpoint, "fades", rows=rows_of(30), limits=LIMITS, book=book)
        )
        await met.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    assert asyncio.all_tasks() == before
    evidence, already = read_evidence(book.written)
    assert len(already) == 3 and evidence == book.seen[-1].evidence


async def test_a_record_that_cannot_be_kept_ends_the_run() -> None:
    """A full disk is our fault: it is told as it is, and no further question is asked."""
    book = Book()

    async def full(progress: Progress) -> None:
        raise OSError("no space left")

    book.then = full
    async with an_endpoint() as endpoint:
        with pytest.raises(OSError, match="no space"):
            await call(endpoint, "good", rows=rows_of(60), limits=LIMITS, book=book)

    assert len(endpoint.asked) <= LIMITS.concurrency + 1


async def test_a_run_that_is_stopped_before_it_begins_asks_nobody() -> None:
    """Nothing is sent after the word."""
    stopping = asyncio.Event()
    stopping.set()
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "good", stopping=stopping)

    assert run.end is End.STOPPED and endpoint.asked == []


def knowing(*found: str) -> object:
    """Make a resolver that gives one address for each look-up, the last one for ever."""
    left = list(found)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return [left.pop(0) if len(left) > 1 else left[0]]

    return resolve


@pytest.mark.parametrize("address", ["169.254.169.254", "10.0.0.5", "fd00::1", "0.0.0.0"])
async def test_a_name_that_leads_inside_ends_the_run(address: str) -> None:
    """At the first look-up, and as well when it changes in the middle of a run."""
    limits = dataclasses.replace(STRICT, concurrency=1)
    async with an_endpoint() as endpoint:
        url = endpoint.url("hangs-up-after-each", host="solver.example.com")
        at_once = await call(endpoint, "", url=url, limits=limits, resolver=knowing(address))
        asked = len(endpoint.asked)
        later = await call(
            endpoint, "", url=url, limits=limits, resolver=knowing("127.0.0.1", address)
        )

    assert at_once.end is later.end is End.TARGET_REFUSED
    assert at_once.reason is later.reason is Failure.TARGET_REFUSED
    assert asked == 0 and len(endpoint.asked) == 1 and later.rows_done == 2
    refusal = calling.refusal_of(later)
    assert refusal is not None and address not in json.dumps(refusal.facts)


async def test_plain_http_is_not_spoken_in_production() -> None:
    """Only where development is allowed to."""
    book = Book()
    async with an_endpoint() as endpoint, Outbound(calling.policy_for(STRICT)) as outbound:
        run = await calling.call_endpoint(
            outbound,
            url=endpoint.url("good"),
            headers={},
            rows=rows_of(2),
            limits=STRICT,
            seed=SEED,
            on_progress=book.write,
            stopping=asyncio.Event(),
        )

    assert run.end is End.TARGET_REFUSED and endpoint.asked == []


@pytest.mark.parametrize(
    "greeting",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\x15\x03\x01\x00\x02\x02\x28"],
)
async def test_nonsense_instead_of_tls_is_a_failure_of_tls(greeting: bytes) -> None:
    """A server that speaks no TLS, whatever it says instead of it."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await reader.read(1)
        writer.close()

    listener = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with an_endpoint() as endpoint:
        run = await call(endpoint, "", url=f"https://127.0.0.1:{port}/", rows=rows_of(1))
    listener.close()

    assert run.end is End.UNRELIABLE and run.reason is Failure.TLS_FAILED


async def test_a_dialler_that_keeps_less_than_the_limits_is_refused() -> None:
    """Otherwise every answer would look too large."""
    policy = calling.policy_for(STRICT)
    larger = Limits(answer_bytes_max=STRICT.answer_bytes_max + 1)

    with pytest.raises(ValueError, match="keeps less"):
        await calling.call_endpoint(
            Outbound(policy),
            url="https://solver.example.com/",
            headers={},
            rows=rows_of(1),
            limits=larger,
            seed=SEED,
            on_progress=Book().write,
            stopping=asyncio.Event(),
        )
