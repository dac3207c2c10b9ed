"""A model that never leaves its owner: registered, tried, asked in secret, and ranked."""

import asyncio
import dataclasses
import json
from typing import Final

import httpx
import pytest
from sqlmodel import func, select

from marketplace.house import House
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.tables.inference import EndpointAnswers
from tests.given import inference as given
from tests.given import scoring as plays
from tests.given.events import numbered
from tests.given.inference import Model
from tests.given.processes import a_scorer, killed
from tests.given.scoring import ROWS, Play

LEASE_SECONDS: Final = 2
PATIENCE_SECONDS: Final = 120
ONE_AT_A_TIME: Final = {"concurrency": 1, "seconds_per_request": 60}
"""The model holds one request back until the worker is killed: it must not be given up before."""
CALLS: Final = "submission.endpoint_asked_in_feedback"


async def put_away(database: Database, number: int) -> None:
    """Wait until answers of a run that is under way are kept."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with database.reading() as session:
                found = await session.exec(select(func.count()).select_from(EndpointAnswers))
                if found.one() >= number:
                    return
            await asyncio.sleep(0.05)


async def in_secret(play: Play, house: House, database: Database, model: Model) -> None:
    """Before the deadline: killed in the middle, asked no input twice, told to nobody else."""
    ours = play.solvers["ours"]
    worker = await a_scorer(house, lease_seconds=LEASE_SECONDS, development=True)
    try:
        early = await given.submit(play, model.url)
        await model.waits.wait()
        await put_away(database, 1)
    finally:
        await killed(worker)
        model.open_for = None
        model.opened.set()
    # The process lived in the real time, and so does its lease.
    now = dataclasses.replace(house, clock=SystemClock())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await given.called(now):  # noqa: ASYNC110 - a lease rings no bell
            await asyncio.sleep(0.1)
    found = await given.seen(play, early)
    assert (found["state"], found["failure"]) == ("scored", None)
    assert found["public_value"] is not None
    assert found["value"] is None
    assert set(model.texts) == {f"工单 {at}" for at in range(ROWS)}
    assert sum(model.texts.values()) <= ROWS + 1  # the one that was on its way
    await numbered(database)
    askers = {
        "solver": ours,
        "officer": play.cast.officer,
        "rival": play.solvers["theirs"],
        "poster": play.cast.poster,
        "auditor": play.cast.auditor,
    }
    heard = {
        name: sum(
            one["type"] == CALLS for one in (await play.get(who, "/v1/events?limit=200"))["items"]
        )
        for name, who in askers.items()
    }
    assert heard == {"solver": 1, "officer": 0, "rival": 0, "poster": 0, "auditor": 0}
    sealed = await play.ask(ours, "GET", f"/v1/submissions/{early['id']}/evidence")
    assert (sealed.status_code, sealed.json()["code"]) == (409, "scoring.evidence_sealed")
    for watcher in (play.cast.officer, play.cast.poster, play.solvers["theirs"]):
        for url in (f"/v1/submissions/{early['id']}", f"/v1/work/{early['queue']['work_id']}"):
            assert (await play.ask(watcher, "GET", url)).status_code == 404


async def in_the_evaluation(play: Play, house: House, model: Model) -> None:
    """After the opening: measured on what decides, on the board, with evidence, and ranked."""
    ours = play.solvers["ours"]
    queued = await given.submit(play, model.url)
    theirs = await given.submit(play, model.url, name="theirs")
    assert await given.called(house) == 2
    found = await given.seen(play, queued)
    assert (found["state"], found["counts"], found["run"]["rows_failed"]) == ("scored", True, 0)
    board = await play.get(play.cast.officer, f"{play.url}/leaderboard?criterion=benchmark")
    assert [one["submission_id"] for one in board["items"]] == [queued["id"], theirs["id"]]
    latency = await play.get(play.cast.officer, f"{play.url}/leaderboard?criterion=latency")
    assert {one["submission_id"]: one["value"] for one in latency["items"]} == {
        queued["id"]: str(found["run"]["p95_ms"]),
        theirs["id"]: (await given.seen(play, theirs, name="theirs"))["run"]["values"]["latency"],
    }
    for reader in (ours, play.cast.officer):
        answer = await play.ask(reader, "GET", f"/v1/submissions/{queued['id']}/evidence")
        assert answer.status_code == 200
        assert given.digest_of(answer.content) == found["run"]["evidence_sha256"]
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert {line["status"] for line in lines} == {200}
    rival = await play.ask(
        play.solvers["theirs"], "GET", f"/v1/submissions/{queued['id']}/evidence"
    )
    assert rival.status_code == 404
    await play.mark_all()
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    url = f"/v1/ranking-rounds/{ranked.json()['id']}/sheet"
    sheet = await play.get(play.cast.approver, url)
    values = {one["id"]: one["metric_values"] for one in sheet["bids"]}
    judged = values[play.bids["ours"]]
    assert judged.keys() == {"benchmark", "latency"}
    assert judged["latency"] == str(found["run"]["p95_ms"])


@pytest.mark.postgres
async def test_an_endpoint_is_evaluated_from_registration_to_ranking(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, house: House
) -> None:
    """The poster publishes terms and hides inputs; a solver's model answers; nobody hears early."""
    play = await plays.a_play(client, database, clock, "ours", "theirs", judges=3)
    criteria = given.a_benchmark_with_latency(
        feedback=True, public_share_bps=5000, leaderboard="after_opening", terms=ONE_AT_A_TIME
    )
    await play.publish(plays.a_content(criteria), Track.PRIVATE)
    assert (await play.upload_truth()).status_code == 201
    assert (await given.upload_inputs(play)).status_code == 201
    for name in ("ours", "theirs"):
        await play.bid(name, quote_yuan=800_000)
    async with given.a_model(given.right_for(8)) as model:
        made = (await given.register(play, model.url, secret=given.SECRET)).json()
        tried = await play.do(
            play.solvers["ours"], f"/v1/inference-endpoints/{made['id']}/actions/probe"
        )
        assert tried["prediction"] == "yes"
        model.heads.clear()
        model.asked.clear()
        model.open_for = 4
        await in_secret(play, house, database, model)
        await play.seat_panel()
        await play.open()
        await play.check("ours", "theirs")
        await in_the_evaluation(play, house, model)
