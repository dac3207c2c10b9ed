"""The queue: nothing is lost, nothing counts twice, and attempts are exact.

`make soak` repeats the race for the last attempts a hundred times.
"""

import asyncio
import dataclasses
import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from sqlmodel import func, select

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.storage import StoredFile
from marketplace.scoring.actions import submitting
from marketplace.scoring.actions.scoring import Leased
from marketplace.scoring.actions.values import Task, Value, measurer
from marketplace.scoring.errors.rounds import PredictionsUnreadable, QuotaUsed
from marketplace.scoring.jobs.measuring import REST_SECONDS_MAX, Scorer
from marketplace.scoring.rules import work as pace
from marketplace.scoring.tables.rounds import Submission
from marketplace.scoring.tables.submissions import QuotaUse, SubmissionResult, Work
from tests.given import scoring as given
from tests.given.scoring import Play, labels

RUNS: Final = int(os.environ.get("JIEBANG_SOAK_QUOTA_RUNS", "1"))
AT_ONCE: Final = 200
LIMIT: Final = 5


@dataclass(slots=True)
class Scripted:
    """Measures as it is told to: a value, a refusal, or a breakdown, one after the other."""

    script: list[Decimal | Exception]
    asked: list[Task] = field(default_factory=list)

    async def __call__(self, task: Task) -> Value:
        """Do the next thing; the last one again and again."""
        self.asked.append(task)
        told = self.script[min(len(self.asked), len(self.script)) - 1]
        if isinstance(told, Exception):
            raise told
        return Value(value=told)


def scorer(house: House, *script: Decimal | Exception) -> Scorer:
    """A scorer that measures by a script, or really where there is none."""
    measure = Scripted(list(script)) if script else measurer(house.scorer, house.storage)
    return Scorer(database=house.database, clock=house.clock, measure=measure, draw=lambda: 0.5)


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """A call in evaluation with one bid and a hidden set."""
    limited = {"daily_max": LIMIT, "total_max": 2 * LIMIT}
    criteria = [given.BENCHMARK | {"weight_bps": 7000, "benchmark": limited}]
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=[*criteria, *given.weighed({"price": 3000})],
    )
    assert (await play.upload_truth()).status_code == 201
    return play


async def ours(play: Play) -> list[dict[str, Any]]:
    """The submissions of the bid, as its solver sees them."""
    url = f"/v1/bids/{play.bids['ours']}/submissions"
    items: list[dict[str, Any]] = (await play.get(play.solvers["ours"], url))["items"]
    return items


async def attempts(play: Play) -> tuple[int, str | None]:
    """How many attempts are used today, and when the next is free if none is."""
    url = f"/v1/bids/{play.bids['ours']}/attempts/benchmark"
    found = await play.get(play.solvers["ours"], url)
    return found["used_today"], found["next_at"]


async def count(database: Database, table: Any) -> int:
    """How many rows a table has."""
    async with database.reading() as session:
        return int((await session.exec(select(func.count()).select_from(table))).one())


async def leased(scorer: Scorer) -> Leased:
    """The next piece of work, taken."""
    [taken] = await scorer.take(1)
    return taken


async def test_a_file_is_taken_while_no_scorer_lives(play: Play) -> None:
    """It says where it stands and how long it may take; then a scorer comes."""
    first = (await play.upload("ours", labels(9))).json()
    second = (await play.upload("ours", labels(8))).json()
    assert [one["queue"]["position"] for one in (first, second)] == [0, 1]
    assert await play.score() == 2

    third = (await play.upload("ours", labels(7))).json()

    assert [one["state"] for one in await ours(play)] == ["scored", "scored", "queued"]
    assert third["queue"]["estimate_seconds"] is not None
    work = await play.get(play.solvers["ours"], f"/v1/work/{third['queue']['work_id']}")
    assert (work["state"], work["steps_done"], work["allowed_actions"]) == (
        "queued",
        0,
        ["cancel"],
    )
    waits = await play.rank()
    assert (waits.status_code, waits.json()["code"]) == (409, "scoring.submissions_pending")


@pytest.mark.postgres
async def test_a_result_brought_ten_times_counts_once(
    play: Play, house: House, database: Database
) -> None:
    """The first counts; the others find another state and change nothing, not even an event."""
    await play.upload("ours", labels(9))
    one = scorer(house)
    brought = await one.bring(await leased(one))

    counted = [await one.record(brought) for _ in range(10)]

    assert counted == [True] + [False] * 9
    assert await count(database, SubmissionResult) == 1
    events = await play.get(play.cast.officer, f"/v1/bids/{play.bids['ours']}/places")
    assert [(place["value"], place["from_number"]) for place in events["items"]] == [("0.9", 1)]


@pytest.mark.postgres
async def test_who_shares_a_machine_rests_longer_than_it_asked(play: Play, house: House) -> None:
    """Whatever measuring costs: after recording a file and taking the next, so often as long."""
    for right in range(LIMIT):
        assert (await play.upload("ours", labels(right))).status_code == 202
    rests: list[float] = []
    seconds = asyncio.get_running_loop().time

    async def rest(lasts: float) -> None:
        rests.append(lasts)

    one = dataclasses.replace(scorer(house, Decimal("0.9")), slots=1, rests=3, rest=rest)
    begun = seconds()
    assert await one.work() == LIMIT
    took = seconds() - begun

    # Nothing but questions took time, and after the last one nothing is left to rest for.
    assert len(rests) == LIMIT
    assert 3 * took / 2 <= sum(rests) <= 3 * took


async def test_nobody_rests_longer_than_a_second(play: Play, house: House) -> None:
    """A database that answers nobody for a while is asked again soon."""
    await play.upload("ours", labels(9))
    rests: list[float] = []

    async def rest(lasts: float) -> None:
        rests.append(lasts)

    one = dataclasses.replace(scorer(house, Decimal("0.9")), rests=1, rest=rest)
    async with house.database.writing():
        working = asyncio.create_task(one.work())
        await asyncio.sleep(1.1)

    assert await working == 1
    assert rests == [REST_SECONDS_MAX]


@pytest.mark.postgres
async def test_whoever_lost_the_lease_changes_nothing(
    play: Play, house: House, clock: FixedClock, database: Database
) -> None:
    """One scorer sleeps over its lease, another has taken the file, the first wakes up.

    Before and after the other brings its result: both times it is the token that tells.
    """
    await play.upload("ours", labels(9))
    sleeper, other = scorer(house, Decimal("0.1")), scorer(house)
    taken = await leased(sleeper)
    assert await other.take(1) == []
    clock.advance(pace.LEASE)

    again = await leased(other)
    stale = await sleeper.bring(taken)
    early = await sleeper.record(stale)
    counted = await other.record(await other.bring(again))
    late = await sleeper.record(stale)

    assert (early, counted, late) == (False, True, False)
    assert [one["value"] for one in await ours(play)] == ["0.9"]
    assert await count(database, SubmissionResult) == 1


async def test_a_sign_of_life_keeps_the_lease(play: Play, house: House, clock: FixedClock) -> None:
    """Who measures for an hour and says so is not disturbed."""
    await play.upload("ours", labels(9))

    async def takes_long(task: Task) -> Value:
        for _ in range(5):
            clock.advance(pace.LEASE / 2)
            await asyncio.sleep(0.05)
            assert await scorer(house).take(1) == []
        return Value(value=Decimal("0.9"))

    # Beats come in real time, the lease runs out in that of the story.
    beating = dataclasses.replace(scorer(house), measure=takes_long, beat_seconds=0.01)

    assert await beating.work() == 1


@pytest.mark.postgres
async def test_what_kills_every_scorer_is_given_up(
    play: Play, house: House, clock: FixedClock
) -> None:
    """Five leases end without a word: the file is kept as a dead letter, and costs nothing."""
    await play.upload("ours", labels(9))
    one = scorer(house)
    for _ in range(pace.TRIES_MAX):
        await leased(one)
        clock.advance(pace.LEASE)
    assert (await attempts(play))[0] == 1

    assert await one.take(1) == []

    [found] = await ours(play)
    assert (found["state"], found["failure"]["code"]) == ("error", "scoring.scorer_lost")
    assert (await attempts(play))[0] == 0
    assert await one.take(1) == []


async def test_a_breakdown_is_tried_again_later_and_a_refusal_is_not(
    play: Play, house: House, clock: FixedClock
) -> None:
    """The platform's fault waits 1 and 5 seconds; the file's own fault is told at once."""
    await play.upload("ours", labels(9))
    broken = scorer(house, OSError("disk"), OSError("disk"), Decimal("0.9"))
    moments = []
    while [one["state"] for one in await ours(play)] != ["scored"]:
        moments.append(clock.at)
        await broken.work()
        clock.advance(dt.timedelta(seconds=1))

    assert len(moments) == 7  # at 0 s, again at 1 s, again at 6 s, and looked for in between
    await play.upload("ours", labels(8))
    refusing = scorer(house, PredictionsUnreadable(line=3, problem="nul"))
    assert await refusing.work() == 1
    assert [one["state"] for one in await ours(play)] == ["scored", "error"]
    assert (await ours(play))[1]["failure"] == {
        "code": "scoring.predictions_unreadable",
        "facts": {"line": 3, "problem": "nul"},
    }
    assert (await attempts(play))[0] == 1


@pytest.mark.postgres
async def test_a_file_can_be_withdrawn_before_it_has_its_value(play: Play, house: House) -> None:
    """Also while it is measured: the result then counts for nothing, and the attempt is back."""
    sent = (await play.upload("ours", labels(9))).json()
    one = scorer(house)
    taken = await leased(one)
    url = f"/v1/work/{sent['queue']['work_id']}"
    rival = play.cast.poster

    refused = await play.ask(rival, "POST", f"{url}/actions/cancel", json={})
    cancelled = await play.do(play.solvers["ours"], f"{url}/actions/cancel")
    late = await one.record(await one.bring(taken))
    again = await play.ask(play.solvers["ours"], "POST", f"{url}/actions/cancel", json={})

    assert (refused.status_code, cancelled["state"], late) == (403, "cancelled", False)
    assert (again.status_code, again.json()["code"]) == (409, "lifecycle.move_not_allowed")
    assert [found["state"] for found in await ours(play)] == ["cancelled"]
    assert (await attempts(play))[0] == 0


@pytest.mark.postgres
async def test_several_scorers_measure_each_file_once(
    play: Play, house: House, database: Database
) -> None:
    """Three at once over five files: five results, five files asked for."""
    for right in range(LIMIT):
        await play.upload("ours", labels(right))
    scripts = [Scripted([Decimal("0.5")]) for _ in range(3)]
    several = [dataclasses.replace(scorer(house), measure=script) for script in scripts]

    counted = await asyncio.gather(*[one.work() for one in several])

    asked = [task.submission_id for script in scripts for task in script.asked]
    assert (sum(counted), len(asked), len(set(asked))) == (LIMIT, LIMIT, LIMIT)
    assert await count(database, SubmissionResult) == LIMIT
    assert await count(database, Work) == LIMIT


async def at_once(
    house: House, play: Play, number: int, files: int = AT_ONCE
) -> list[Submission | MarketplaceError]:
    """As many files at once, all different."""

    async def send(at: int) -> Submission | MarketplaceError:
        stored = StoredFile(name=f"{number}-{at}", sha256=f"{number:04d}{at:060d}", size_bytes=1)
        try:
            async with house.database.writing() as session:
                return await submitting.accept(
                    session,
                    play.solvers["ours"].actor,
                    UUID(play.bids["ours"]),
                    criterion="benchmark",
                    stored=stored,
                    clock=house.clock,
                )
        except MarketplaceError as refused:
            return refused

    return await asyncio.gather(*[send(at) for at in range(files)])


def refusals(outcomes: Sequence[Submission | MarketplaceError]) -> list[QuotaUsed]:
    """Those that came too late."""
    return [one for one in outcomes if isinstance(one, QuotaUsed)]


@pytest.mark.postgres
async def test_two_hundred_files_at_once_get_five_places(
    play: Play, house: House, clock: FixedClock
) -> None:
    """Five a day: exactly five are taken, and the others hear when the next one will be.

    The next day five more, and then never again: ten in all.
    """
    for run in range(RUNS):
        async with house.database.writing() as session:
            connection = await session.connection()
            await connection.execute(QuotaUse.__table__.delete())  # type: ignore[attr-defined]
        today = await at_once(house, play, 3 * run)
        told = refusals(today)
        assert (len(told), len(today) - len(told)) == (AT_ONCE - LIMIT, LIMIT)
        assert {(one.facts["per"], one.facts["next_at"]) for one in told} == {
            ("day", "2026-04-01T16:00:00+00:00")
        }
        if run:
            continue
        used, next_at = await attempts(play)
        assert (used, next_at) == (LIMIT, "2026-04-01T16:00:00Z")
        clock.advance(dt.timedelta(days=1))
        assert len(refusals(await at_once(house, play, 1, 20))) == 20 - LIMIT
        clock.advance(dt.timedelta(days=1))
        over = await at_once(house, play, 2, 20)
        assert {(one.facts["per"], one.facts["next_at"]) for one in refusals(over)} == {
            ("phase", None)
        }
        assert len(refusals(over)) == 20
        clock.advance(dt.timedelta(days=-2))
