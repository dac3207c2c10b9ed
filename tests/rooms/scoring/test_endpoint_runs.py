"""Endpoints of solvers are asked once, whatever happens, and their answers measured like a file."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlmodel import func, select

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scorers import caller_of, scorer_of
from marketplace.scoring.actions.conducting import SHELF
from marketplace.scoring.jobs.calling import Caller
from marketplace.scoring.jobs.upkeep import AnswerSweeper
from marketplace.scoring.rules import work as pace
from marketplace.scoring.tables.inference import EndpointAnswers
from marketplace.scoring.tables.submissions import SubmissionResult, Work
from tests.given import inference as given
from tests.given import scoring as plays
from tests.given.identity import someone
from tests.given.ports import free_port
from tests.given.scoring import ROWS, Play, labels


def a_caller(house: House, **changes: Any) -> Caller:
    """What asks endpoints, and puts every answer away at once."""
    caller = caller_of(house)
    conductor = dataclasses.replace(caller.conductor, lines_max=1)
    return dataclasses.replace(caller, conductor=conductor, poll_seconds=0.02, **changes)


async def attempts(play: Play, name: str = "ours") -> int:
    """How many attempts are used today."""
    url = f"/v1/bids/{play.bids[name]}/attempts/benchmark"
    used: int = (await play.get(play.solvers[name], url))["used_today"]
    return used


async def count(database: Database, table: Any) -> int:
    """How many rows a table has."""
    async with database.reading() as session:
        return int((await session.exec(select(func.count()).select_from(table))).one())


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what happens beside us."""
    async with asyncio.timeout(20):
        while not await wanted():  # noqa: ASYNC110 - it is a row, which rings no bell
            await asyncio.sleep(0.02)


async def kept(database: Database, number: int) -> None:
    """Wait until so many answers are put away."""

    async def enough() -> bool:
        return await count(database, EndpointAnswers) >= number

    await until(enough)


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A call in evaluation whose benchmark calls endpoints, one request at a time."""
    return await given.a_calling_play(client, database, clock, terms={"concurrency": 1})


async def test_an_endpoint_is_asked_and_measured(play: Play, house: House) -> None:
    """Nine of ten right is 0.9, as for a file; each input was asked once, under a strange name.

    Before that it stands in the queue; afterwards the solver reads the figures and the evidence.
    """
    ours = play.solvers["ours"]
    async with given.a_model(given.right_for(9)) as model:
        queued = await given.submit(play, model.url)
        assert (queued["state"], queued["queue"]["position"]) == ("queued", 0)
        again = await given.submit(play, model.url)
        work = await play.get(ours, f"/v1/work/{queued['queue']['work_id']}")
        assert (work["kind"], work["steps_done"], work["steps_total"]) == ("call", 0, ROWS)
        early = await play.ask(ours, "GET", f"/v1/submissions/{queued['id']}/evidence")

        assert await given.called(house) == 1

    found = await given.seen(play, queued)
    assert (found["state"], found["value"], found["source"]) == ("scored", "0.9", "endpoint")
    assert (again["id"], early.json()["code"]) == (queued["id"], "scoring.no_evidence")
    assert set(model.texts.values()) == {1}
    assert len(model.asked) == ROWS
    assert not {one["id"] for one in model.asked} & {f"r{at}" for at in range(ROWS)}
    run = found["run"]
    assert (run["rows"], run["rows_failed"], run["error_share_bps"]) == (ROWS, 0, 0)
    assert 0 <= run["p50_ms"] <= run["p95_ms"] <= run["p99_ms"]
    for reader in (ours, play.cast.officer, play.cast.poster):
        answer = await play.ask(reader, "GET", f"/v1/submissions/{queued['id']}/evidence")
        assert given.digest_of(answer.content) == run["evidence_sha256"]
        assert answer.text.count("\n") == ROWS
        assert "工单" not in answer.text
    rival = await play.ask(play.experts[0], "GET", f"/v1/submissions/{queued['id']}/evidence")
    assert rival.status_code == 404
    assert await attempts(play) == 1


@pytest.mark.postgres
async def test_whoever_comes_after_a_crash_asks_nothing_twice(
    play: Play, house: House, clock: FixedClock, database: Database
) -> None:
    """Killed with four answers put away, then stopped in good order, then finished by a third.

    Eleven requests for ten rows: the one that was on its way when the first died is asked again.
    """
    async with given.a_model(given.right_for(7), open_for=4) as model:
        queued = await given.submit(play, model.url)
        killed = asyncio.create_task(a_caller(house).work())
        await kept(database, 4)
        await model.waits.wait()
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        assert await a_caller(house).work() == 0  # its lease still holds
        clock.advance(pace.LEASE)
        model.opened.set()
        model.opened, model.open_for = asyncio.Event(), 7
        model.waits.clear()
        stopping = asyncio.Event()
        stopped = asyncio.create_task(a_caller(house).work(stopping=stopping))
        await kept(database, 6)
        await model.waits.wait()
        stopping.set()
        assert await stopped == 0
        work = await play.get(play.solvers["ours"], f"/v1/work/{queued['queue']['work_id']}")
        assert (work["state"], work["steps_done"], work["tries"]) == ("queued", 6, 0)
        model.open_for = None

        assert await given.called(house) == 1

    found = await given.seen(play, queued)
    assert (found["value"], found["run"]["requests"]) == ("0.7", ROWS)
    asked_again = sum(model.texts.values()) - ROWS
    assert 1 <= asked_again <= 2
    assert await count(database, SubmissionResult) == 1
    assert await count(database, EndpointAnswers) == 0
    assert len([name async for name in house.storage.within(SHELF).names()]) == 1
    assert await attempts(play) == 1


@pytest.mark.postgres
async def test_two_workers_hand_in_one_file(
    play: Play, house: House, clock: FixedClock, database: Database
) -> None:
    """One sleeps over its lease; another takes over and finishes; the first changes nothing."""
    async with given.a_model(given.right_for(8), open_for=3) as model:
        queued = await given.submit(play, model.url)
        sleeper = asyncio.create_task(a_caller(house, beat_seconds=60, slots=1).work())
        await kept(database, 3)
        await model.waits.wait()
        clock.advance(pace.LEASE)
        [taken] = await a_caller(house).take(1)
        assert len(taken.answers) == 3
        model.opened.set()

        assert await sleeper == 0
        assert await count(database, EndpointAnswers) == 3
        other = a_caller(house).conductor
        assert await other.conduct(taken, stop=asyncio.Event(), draw=0.5)
        assert not await other.conduct(taken, stop=asyncio.Event(), draw=0.5)

    await scorer_of(house).work()
    assert (await given.seen(play, queued))["value"] == "0.8"
    assert await count(database, SubmissionResult) == 1
    assert await count(database, Work) == 2


@pytest.mark.postgres
async def test_calls_can_be_cancelled(play: Play, house: House, database: Database) -> None:
    """Before the first one leaves it costs nothing, later the attempt; and calling ends."""
    ours = play.solvers["ours"]
    async with given.a_model(given.right_for(8), open_for=2) as model:
        first = await given.submit(play, model.url)
        await play.do(ours, f"/v1/work/{first['queue']['work_id']}/actions/cancel")
        assert await attempts(play) == 0
        second = await given.submit(play, model.url)
        calling = asyncio.create_task(a_caller(house, beat_seconds=0.02).work())
        await kept(database, 2)
        await model.waits.wait()

        await play.do(ours, f"/v1/work/{second['queue']['work_id']}/actions/cancel")

        assert await calling == 0
    assert len(model.heads) == 3
    assert (await given.seen(play, second))["state"] == "cancelled"
    assert await attempts(play) == 1
    sweeper = AnswerSweeper(database=database, storage=house.storage, wall=house.clock)
    assert await sweeper.work() == 2
    assert [name async for name in house.storage.within(SHELF).names()] == []


async def test_how_an_endpoint_failed_is_told_and_what_it_costs(play: Play, house: House) -> None:
    """Whoever cannot be reached has learnt nothing and keeps the attempt; whoever answers badly
    has spent it.  Both are final, with the reason and the evidence.
    """
    nowhere = await given.submit(play, f"http://127.0.0.1:{free_port()}/predict")
    await given.called(house)
    unreached = await given.seen(play, nowhere)
    assert (unreached["state"], await attempts(play)) == ("error", 0)
    assert unreached["failure"]["code"] == "scoring.endpoint_unreliable"
    assert unreached["failure"]["facts"]["reason"] == "connect_failed"

    async with given.a_model(given.right_for(8), status=500) as broken:
        failed = await given.submit(play, broken.url)
        await given.called(house)
    answered = await given.seen(play, failed)
    assert (answered["state"], await attempts(play)) == ("error", 1)
    assert answered["failure"]["facts"]["reason"] == "http_status"
    assert answered["run"]["evidence_sha256"] is not None
    assert len(broken.asked) == 1  # a hundredth of ten rows may fail, which is none

    async with given.a_model(lambda one: [1]) as strange:
        misread = await given.submit(play, strange.url)
        await given.called(house)
    assert (await given.seen(play, misread))["failure"]["facts"]["reason"] == "answer_unreadable"
    assert await attempts(play) == 2


async def test_what_the_platform_cannot_do_costs_nothing(
    play: Play, house: House, clock: FixedClock
) -> None:
    """Inputs that have gone from the storage: tried five times, then given up, the attempt back."""
    async with given.a_model(given.right_for(8)) as model:
        queued = await given.submit(play, model.url)
        for path in (house.settings.data_dir / "storage").rglob("*"):
            if path.is_file():
                path.unlink()
        for _ in range(pace.TRIES_MAX):
            await a_caller(house).work()
            clock.advance(pace.WAITS[-1] * 2)
    found = await given.seen(play, queued)
    assert (found["state"], found["failure"]["code"]) == ("error", "scoring.scorer_lost")
    assert (model.asked, await attempts(play)) == ([], 0)


async def test_endpoints_hold_up_neither_files_nor_other_solvers(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """Two slow endpoints of one bid, one of another, and a file: only the second slow one waits."""
    criteria = given.a_benchmark(terms={"files": True, "concurrency": 1})
    play = await plays.an_evaluating_play(client, database, clock, criteria=criteria)
    assert (await play.upload_truth()).status_code == 201
    assert (await given.upload_inputs(play)).status_code == 201
    async with given.a_model(given.right_for(8), open_for=0) as slow:
        first = await given.submit(play, slow.url)
        second = await given.submit(play, slow.url + "?again")
        async with given.a_model(given.right_for(6)) as quick:
            theirs = await given.submit(play, quick.url, name="theirs")
            calling = asyncio.create_task(a_caller(house, slots=2).work())
            await slow.waits.wait()
            file = await play.measured("ours", labels(9))

            async def handed_in() -> bool:
                await scorer_of(house).work()
                found = await given.seen(play, theirs, name="theirs")
                return bool(found["state"] == "scored")

            await until(handed_in)
            assert file["value"] == "0.9"
            assert [(await given.seen(play, one))["state"] for one in (first, second)] == [
                "running",
                "queued",
            ]
        slow.opened.set()
        assert await calling == 3
    await scorer_of(house).work()
    assert (await given.seen(play, second))["value"] == "0.8"


async def test_a_new_hidden_set_asks_nobody_again(play: Play, house: House) -> None:
    """What is kept is measured anew; the model is not there any more."""
    async with given.a_model(given.right_for(9)) as model:
        queued = await given.submit(play, model.url)
        await given.called(house)
    mended = plays.TRUTH.replace(b"r9,yes", b"r9,no")
    assert (await play.upload_truth(mended)).status_code == 201
    anew = {"criterion": "benchmark", "reason": "标签有误(示例)"}
    asked = await play.do(play.cast.poster, f"{play.url}/rescorings", anew)
    await given.called(house)
    url = f"/v1/rescorings/{asked['id']}"
    preview = (await play.get(play.cast.approver, url))["preview"]
    await play.do(
        play.cast.approver, f"{url}/actions/commit", {"preview_sha256": preview["sha256"]}
    )

    found = await given.seen(play, queued)
    assert (found["value"], len(found["results"])) == ("1", 2)
    assert len(model.asked) == ROWS


async def test_attempts_are_those_of_files(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """Two a day, files and endpoints together; the third is refused and nobody is asked."""
    play = await given.a_calling_play(
        client, database, clock, terms={"files": True}, daily_max=2, total_max=2
    )
    async with given.a_model(given.right_for(9)) as model:
        await play.measured("ours", labels(3))
        await given.submit(play, model.url)
        await given.called(house)
        made = await given.register(play, model.url)
        where = f"/v1/inference-endpoints/{made.json()['id']}/actions/submit"
        refused = await play.ask(play.solvers["ours"], "POST", where, json={})

    assert (refused.status_code, refused.json()["code"]) == (429, "scoring.quota_used")
    assert len(model.asked) == ROWS


async def test_inputs_of_another_hidden_set_cost_their_solver_nothing(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """The poster set answers for other rows and forgot the inputs: no fault of the model."""
    play = await plays.a_published_play(client, database, clock, criteria=given.a_benchmark())
    await play.seat_panel()
    assert (await play.upload_truth()).status_code == 201
    assert (await given.upload_inputs(play)).status_code == 201
    others = plays.TRUTH.replace(b"r9,", b"r99,")
    assert (await play.upload_truth(others)).status_code == 201
    play.solvers["ours"] = await someone(database, Role.SOLVER)
    await play.bid("ours", quote_yuan=800_000)
    await play.open()
    await play.check("ours")
    async with given.a_model(given.right_for(8)) as model:
        queued = await given.submit(play, model.url)
        await given.called(house)

    found = await given.seen(play, queued)
    assert (found["state"], found["failure"]["code"]) == ("error", "scoring.prediction_ids_differ")
    assert (len(model.asked), await attempts(play)) == (ROWS, 0)
