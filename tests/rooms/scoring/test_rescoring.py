"""Re-scoring: what is shown before is exactly what is true afterwards, and takes two people."""

import os
import random
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.scoring.actions import boards, rescoring, working
from marketplace.scoring.actions.values import Task, Value
from marketplace.scoring.jobs.measuring import Scorer
from marketplace.scoring.queries import standings
from marketplace.scoring.rules.work import WorkKind
from marketplace.scoring.tables.boards import Board
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, Work
from tests.conftest import START
from tests.given import boards as arenas
from tests.given import scoring as given
from tests.given.scoring import Play, labels

STORED: Final = int(os.environ.get("JIEBANG_SOAK_RESCORED", "100"))
QUOTES_YUAN = {"ours": 800_000, "theirs": 900_000, "third": 950_000}
MENDED = given.TRUTH.replace(b"r8,yes", b"r8,no").replace(b"r9,yes", b"r9,no")
"""Two labels were wrong: whoever said no there was right."""


@pytest.fixture
async def play(client: httpx.AsyncClient, database: Database, clock: FixedClock) -> Play:
    """Three scored bids, and a newer hidden set that waits."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan=QUOTES_YUAN,
        criteria=given.weighed({"benchmark": 7000, "price": 3000}),
    )
    await play.upload_truth()
    for name, right in {"ours": 9, "theirs": 8, "third": 3}.items():
        await play.measured(name, labels(right))
    waiting = await play.upload_truth(MENDED)
    assert waiting.json()["counts_from"] is None
    return play


async def requested(play: Play) -> dict[str, Any]:
    """A re-scoring that the poster asks for."""
    body = {"criterion": "benchmark", "reason": "两个标签有误(示例)"}
    found: dict[str, Any] = await play.do(play.cast.poster, f"{play.url}/rescorings", body)
    return found


async def looked_at(play: Play, row: dict[str, Any]) -> dict[str, Any]:
    """What it would change by now."""
    found = await play.get(play.cast.approver, f"/v1/rescorings/{row['id']}")
    preview: dict[str, Any] = found["preview"]
    return preview


async def commit(play: Play, row: dict[str, Any], sha256: str) -> httpx.Response:
    """The approver commits on a preview."""
    url = f"/v1/rescorings/{row['id']}/actions/commit"
    body = {"preview_sha256": sha256}
    return await play.ask(play.cast.approver, "POST", url, json=body)


async def board(play: Play) -> dict[str, tuple[int, str]]:
    """Rank and value by name, in order."""
    names = {bid_id: name for name, bid_id in play.bids.items()}
    url = f"{play.url}/leaderboard?criterion=benchmark"
    items = (await play.get(play.cast.officer, url))["items"]
    return {names[one["bid_id"]]: (one["rank"], one["value"]) for one in items}


@pytest.mark.postgres
async def test_what_was_shown_is_what_becomes_true(play: Play) -> None:
    """Ranks and values before and after, team by team; both results of every file stay."""
    before = {"ours": (1, "0.9"), "theirs": (2, "0.8"), "third": (3, "0.3")}
    assert await board(play) == before
    row = await requested(play)
    incomplete = await commit(play, row, (await looked_at(play, row))["sha256"])
    await play.score()

    preview = await looked_at(play, row)
    assert await board(play) == before
    done = await commit(play, row, preview["sha256"])
    again = await commit(play, row, preview["sha256"])

    assert (incomplete.status_code, incomplete.json()["missing"]) == (409, 3)
    names = {bid_id: name for name, bid_id in play.bids.items()}
    moved = [
        (names[one["bid_id"]], one["rank_before"], one["rank_after"], one["value_after"])
        for one in preview["moved"]["evaluation"]
    ]
    assert moved == [("theirs", 2, 1, "1"), ("ours", 1, 2, "0.9"), ("third", 3, 3, "0.5")]
    assert done.status_code == 200, done.text
    assert await board(play) == {"theirs": (1, "1"), "ours": (2, "0.9"), "third": (3, "0.5")}
    url = f"/v1/bids/{play.bids['theirs']}/submissions"
    [found] = (await play.get(play.solvers["theirs"], url))["items"]
    assert [one["value"] for one in found["results"]] == ["0.8", "1"]
    assert (again.status_code, again.json()["code"]) == (409, "scoring.nothing_to_rescore")


async def test_a_preview_that_is_out_of_date_commits_nothing(play: Play) -> None:
    """A file is scored after the preview: it has to be measured as well, and looked at again."""
    row = await requested(play)
    await play.score()
    old = await looked_at(play, row)
    await play.measured("third", labels(10))
    url = f"/v1/rescorings/{row['id']}/actions/resume"

    incomplete = await commit(play, row, old["sha256"])
    await play.do(play.cast.poster, url)
    await play.score()
    stale = await commit(play, row, old["sha256"])
    fresh = await looked_at(play, row)
    done = await commit(play, row, fresh["sha256"])

    assert incomplete.json()["code"] == "scoring.rescoring_incomplete"
    assert (stale.status_code, stale.json()["code"]) == (409, "scoring.preview_stale")
    assert stale.json()["expected"] == fresh["sha256"]
    assert done.status_code == 200, done.text
    assert (await board(play))["third"] == (3, "0.8")


async def test_one_person_alone_changes_nothing(play: Play) -> None:
    """Whoever asks cannot commit, a bidder neither, and two re-scorings do not run side by side."""
    row = await requested(play)
    await play.score()
    sha256 = (await looked_at(play, row))["sha256"]
    body = {"criterion": "benchmark", "reason": "又一次"}

    second = await play.ask(play.cast.poster, "POST", f"{play.url}/rescorings", json=body)
    url = f"/v1/rescorings/{row['id']}"
    refused = await play.ask(
        play.cast.poster, "POST", f"{url}/actions/commit", json={"preview_sha256": sha256}
    )
    unknown = await play.ask(play.solvers["ours"], "GET", url)
    await play.do(play.cast.poster, f"{url}/actions/cancel")

    assert (second.status_code, second.json()["code"]) == (409, "scoring.rescoring_under_way")
    assert (refused.status_code, unknown.status_code) == (403, 404)
    assert (await board(play))["ours"] == (1, "0.9")
    assert (await commit(play, row, sha256)).status_code == 409


async def test_a_file_that_the_new_set_cannot_measure_is_shown_before_it_falls(
    play: Play,
) -> None:
    """The new set asks for another row: every file would lose its value, and one is told so."""
    await play.upload_truth(MENDED.replace(b"r9", b"r99"))
    row = await requested(play)
    await play.score()

    preview = await looked_at(play, row)
    done = await commit(play, row, preview["sha256"])

    assert len(preview["unmeasurable"]) == 3
    assert [one["rank_after"] for one in preview["moved"]["evaluation"]] == [None] * 3
    assert done.status_code == 200, done.text
    assert await board(play) == {}
    url = f"/v1/bids/{play.bids['ours']}/submissions"
    [found] = (await play.get(play.solvers["ours"], url))["items"]
    assert (found["state"], found["failure"]["code"]) == ("error", "scoring.prediction_ids_differ")


async def a_full_board(
    database: Database, arena: arenas.Arena
) -> tuple[list[Submission], Board, Rescoring, Work]:
    """A scored file of every team, all alike, and a re-scoring that has not begun."""
    async with database.writing() as session:
        sets = [
            HiddenSet(
                scenario_id=arena.scenario_id,
                criterion="benchmark",
                number=number,
                file_name=f"truth-{number}",
                file_sha256=f"{number:064d}",
                rows=10,
                slices=[],
                uploaded_at=START,
                counts_from=START if number == 1 else None,
            )
            for number in (1, 2)
        ]
        session.add_all(sets)
        stand = arenas.a_board(arena)
        session.add(stand)
        await session.flush()
        files = [arenas.a_submission(arena, bid, value="0.5") for bid in arena.bids]
        session.add_all(files)
        await session.flush()
        stand.number, stand.entries = 1, STORED
        session.add_all(
            boards.entry_of(stand, one.bid_id, (one, "0.5"), cause="scored", now=START)
            for one in files
        )
        await session.flush()
        await boards.count_anew(session, stand)
        row = Rescoring(
            scenario_id=arena.scenario_id,
            criterion="benchmark",
            hidden_set_id=sets[1].id,
            reason="泄露(示例)",
            work_id=new_id(),
            after_id=UUID(int=0),
            requested_by=arena.solver.actor.person_id,
            requested_at=START,
        )
        work = await working.enqueue(
            session,
            kind=WorkKind.RESCORE,
            subject_id=row.id,
            scenario_id=arena.scenario_id,
            organization_id=None,
            steps=STORED,
            now=START,
        )
        row.work_id = work.id
        session.add(row)
    return files, stand, row, work


@pytest.mark.postgres
async def test_many_stored_files_are_measured_in_batches(
    database: Database, clock: FixedClock
) -> None:
    """A hundred (10,000 in the soak), with a scorer that dies in between: each is measured once."""
    arena = await arenas.an_arena(database, clock, teams=STORED)
    chance = random.Random(15)
    fresh = {bid: Decimal(chance.randrange(1000)) / 1000 for bid in arena.bids}
    files, stand, row, work = await a_full_board(database, arena)
    bid_of = {one.id: one.bid_id for one in files}

    async def measure(task: Task) -> Value:
        return Value(value=fresh[bid_of[task.submission_id]])

    first = Scorer(database=database, clock=clock, measure=measure)
    [taken] = await first.take(1)
    lost = await first.bring(taken)
    clock.advance(first.patience)
    await first.work()
    assert not await first.record(lost)
    await first.work()

    async with database.reading() as reader:
        found = await rescoring.preview(reader, await reader.get_one(Rescoring, row.id))
        living = await standings.living_entries(reader, stand.id)
        done = await reader.get_one(Work, work.id)
    moved = {one.bid_id: (one.after, one.value_after) for one in found.moved["evaluation"]}
    assert (found.missing, found.measured, len(living)) == (0, STORED, STORED)
    for bid, value in fresh.items():
        wanted = 1 + sum(other > value for other in fresh.values())
        assert moved.get(bid, (wanted, None))[0] == wanted
    assert (done.steps_done, done.state.value) == (STORED, "done")
