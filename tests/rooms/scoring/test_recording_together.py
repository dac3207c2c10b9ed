"""What was measured of one criterion is recorded together: for less, and nothing gets mixed up."""

import asyncio
import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Final

import httpx
import pytest

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import Unavailable
from marketplace.scorers import scorer_of
from marketplace.scoring.actions.scoring import Brought, of_one_place
from marketplace.scoring.actions.values import Task, Value
from marketplace.scoring.errors.rounds import PredictionsUnreadable
from marketplace.scoring.jobs.measuring import Scorer
from tests.given import scoring as given
from tests.given.scoring import Play, labels
from tests.given.statements import statements

MANY: Final = {"daily_max": 1_000, "total_max": 1_000}
REFUSAL: Final = PredictionsUnreadable(line=3, reason="columns")
BROKE_DOWN: Final = Unavailable(retry_after_seconds=1)
ROUNDS: Final = 5


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A call in evaluation with two bids and a hidden set."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000, "theirs": 700_000},
        criteria=[
            given.BENCHMARK | {"weight_bps": 7000, "benchmark": MANY},
            *given.weighed({"price": 3000}),
        ],
    )
    assert (await play.upload_truth()).status_code == 201
    return play


def scorer(house: House, *outcomes: Decimal | Exception) -> Scorer:
    """A scorer for which one file after the other comes out like this; the last again and again."""
    place = count()

    async def measure(_: Task) -> Value:
        told = outcomes[min(next(place), len(outcomes) - 1)]
        if isinstance(told, Exception):
            raise told
        return Value(value=told)

    return dataclasses.replace(scorer_of(house), measure=measure)


async def brought(one: Scorer, files: int) -> list[Brought]:
    """So many files, measured in the order in which they came."""
    return [await one.bring(leased) for leased in await one.take(files)]


async def states(play: Play, name: str) -> list[tuple[str, str | None]]:
    """How far the files of a bid are, the oldest first, with their values."""
    url = f"/v1/bids/{play.bids[name]}/submissions"
    items = (await play.get(play.solvers[name], url))["items"]
    return [(one["state"], one["value"]) for one in sorted(items, key=lambda one: one["id"])]


async def used_today(play: Play, name: str) -> int:
    """How many attempts count."""
    url = f"/v1/bids/{play.bids[name]}/attempts/benchmark"
    used: int = (await play.get(play.solvers[name], url))["used_today"]
    return used


async def send(play: Play, names: Sequence[str]) -> list[str]:
    """Send a file for each name, all different; the work of each."""
    sent = []
    for at, name in enumerate(names):
        answer = await play.upload(name, labels(at))
        assert answer.status_code == 202, answer.text
        sent.append(answer.json()["queue"]["work_id"])
    return sent


@pytest.mark.postgres
async def test_each_file_gets_what_came_of_it(play: Play, house: House) -> None:
    """A value, a refusal or another try, however they were brought; and once."""
    await send(play, ["ours", "theirs", "ours", "theirs", "ours"])
    one = scorer(house, Decimal("0.9"), REFUSAL, BROKE_DOWN, Decimal("0.6"), Decimal("0.7"))
    found = await brought(one, 5)

    assert await one.record(*found) == 5
    assert await one.record(*found) == 0

    assert await states(play, "ours") == [("scored", "0.9"), ("queued", None), ("scored", "0.7")]
    assert await states(play, "theirs") == [("error", None), ("scored", "0.6")]
    # The refused one costs no attempt.
    assert (await used_today(play, "ours"), await used_today(play, "theirs")) == (3, 1)


@pytest.mark.postgres
async def test_one_without_its_lease_takes_nothing_from_the_others(
    play: Play, house: House
) -> None:
    """Its solver cancelled it while it was measured; the others count."""
    work = await send(play, ["ours", "theirs", "ours"])
    one = scorer(house, Decimal("0.5"))
    found = await brought(one, 3)
    await play.do(play.solvers["ours"], f"/v1/work/{work[2]}/actions/cancel")

    assert await one.record(*found) == 2

    assert await states(play, "ours") == [("scored", "0.5"), ("cancelled", None)]
    assert await states(play, "theirs") == [("scored", "0.5")]


@pytest.mark.postgres
async def test_one_that_cannot_be_recorded_costs_the_others_nothing(
    play: Play, house: House
) -> None:
    """A value that no column takes: the others count, and this one is tried again and given up."""
    await send(play, ["ours", "theirs", "ours"])
    one = scorer(house, Decimal("0.5"))
    first, second, third = await brought(one, 3)
    [outcome] = second.outcomes
    assert outcome.measured is not None
    unheard_of = dataclasses.replace(outcome.measured, detail={"seen": object()})
    broken = dataclasses.replace(
        second, outcomes=(dataclasses.replace(outcome, measured=unheard_of),)
    )

    assert await one.record(first, broken, third) == 2

    assert await states(play, "ours") == [("scored", "0.5"), ("scored", "0.5")]
    assert await states(play, "theirs") == [("running", None)]


@pytest.mark.postgres
async def test_nobody_waits_for_one_who_waits_for_them(play: Play, house: House) -> None:
    """Two scorers record files of both bids, one of whose solvers cancels some, the other sends."""
    ours = play.solvers["ours"]
    for _ in range(ROUNDS):
        work = await send(play, ["ours", "theirs"] * 4)
        first, second = (scorer(house, Decimal("0.4"), REFUSAL, REFUSAL) for _ in range(2))
        mine, other = await brought(first, 3), await brought(second, 3)

        async with asyncio.timeout(20):
            counted, more, cancelled, *_ = await asyncio.gather(
                first.record(*mine),
                second.record(*reversed(other)),
                play.ask(ours, "POST", f"/v1/work/{work[0]}/actions/cancel"),
                play.ask(ours, "POST", f"/v1/work/{work[6]}/actions/cancel"),
                play.upload("theirs", labels(9)),
            )

        assert counted + more + (cancelled.status_code == 200) == 6
        assert cancelled.status_code in {200, 409}
        await scorer(house, REFUSAL).work()
    ended = {state for name in ("ours", "theirs") for state, _ in await states(play, name)}
    assert ended == {"scored", "error", "cancelled"}


@pytest.mark.postgres
async def test_what_is_under_way_at_the_end_is_given_back(play: Play, house: House) -> None:
    """Nobody waits for files that are slow, and that they were begun is no try."""
    await send(play, ["ours", "theirs", "ours"])
    begun, stopping = asyncio.Event(), asyncio.Event()

    async def for_ever(_: Task) -> Value:
        begun.set()
        await asyncio.sleep(600)
        return Value(value=Decimal(1))

    slow = dataclasses.replace(scorer_of(house), measure=for_ever)
    working = asyncio.create_task(slow.work(stopping=stopping))
    await begun.wait()
    stopping.set()
    async with asyncio.timeout(5):
        assert await working == 0

    assert await states(play, "ours") == [("queued", None)] * 2
    assert await scorer(house, Decimal("0.5")).work() == 3


@pytest.mark.postgres
async def test_together_costs_less(play: Play, house: House, database: Database) -> None:
    """Eight refused files: fewer than half the statements of eight times one."""
    one = scorer(house, REFUSAL)
    await send(play, ["ours"])
    with statements(database) as alone:
        assert await one.record(*await brought(one, 1)) == 1
    await send(play, ["ours"] * 8)
    with statements(database) as together:
        assert await one.record(*await brought(one, 8)) == 8

    assert len(together) < 8 * len(alone) / 2


async def test_what_is_about_another_criterion_is_recorded_apart(play: Play, house: House) -> None:
    """Each criterion has boards of its own, and boards are not held in two orders."""
    await send(play, ["ours", "theirs", "ours"])
    one = scorer(house, Decimal("0.5"))
    first, second, third = await brought(one, 3)
    [task] = second.leased.tasks
    criterion = dataclasses.replace(task.criterion, code="another")
    leased = dataclasses.replace(
        second.leased, tasks=(dataclasses.replace(task, criterion=criterion),)
    )
    apart = dataclasses.replace(second, leased=leased)

    assert of_one_place([first, apart, third]) == [[first, third], [apart]]
