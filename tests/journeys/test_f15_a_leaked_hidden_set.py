"""F15: somebody probes the board and somebody holds the hidden set; ranks come from stored files.

A call with a feedback phase before the deadline on three tenths of the rows.  What was uploaded in
time is measured again against a new hidden set, by two people, and ranked again with a reason.
"""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.identity import someone
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres

ROWS = 400
NAMES = ("honest", "prober", "leaker")
FEEDBACK = {
    "feedback": True,
    "public_share_bps": 3000,
    "daily_max": 3,
    "total_max": 6,
    "leaderboard": "after_opening",
}


def rows(word: str, told: Any) -> bytes:
    """A file of all rows; `told` says the label of each."""
    lines = [f"r{at},{told(at)}" for at in range(ROWS)]
    return "\n".join([f"id,{word}", *lines, ""]).encode()


def true(at: int) -> str:
    """What the first hidden set says, which the leaker has got hold of."""
    return "yes" if at % 3 else "no"


def mended(at: int) -> str:
    """What the new one says: every fifth row was labelled anew."""
    return {"yes": "no", "no": "yes"}[true(at)] if at % 5 == 0 else true(at)


def honest(at: int) -> str:
    """A model that is right on all that matters and wrong on every tenth row of the new labels."""
    return {"yes": "no", "no": "yes"}[mended(at)] if at % 10 == 1 else mended(at)


async def measured(play: Play, name: str, content: bytes) -> dict[str, Any]:
    """A file that is sent and measured."""
    return await play.measured(name, content)


async def told(play: Play, url: str) -> list[int]:
    """What each kind of reader is answered."""
    watchers = (play.cast.officer, play.cast.poster, play.cast.auditor)
    readers = (*watchers, *(play.solvers[name] for name in NAMES))
    return [(await play.ask(one, "GET", url)).status_code for one in readers]


async def before_the_deadline(play: Play, database: Database, board: str) -> dict[str, Any]:
    """Feedback on one's own files, and no board, no work and no file of anybody else.

    Shape    the honest file.
    """
    first = await measured(play, "honest", rows("prediction", honest))
    assert (first["phase"], first["value"]) == ("feedback", None)
    assert first["public_value"] is not None
    assert [one["value"] for one in first["results"]] == [None]
    for at in range(3):
        await measured(play, "prober", rows("prediction", lambda row, at=at: true(row + at)))
    over = await play.upload("prober", rows("prediction", mended))
    assert (over.status_code, over.json()["per"]) == (429, "day")
    assert over.json()["next_at"] == "2026-03-02T16:00:00+00:00"
    leaked = await measured(play, "leaker", rows("prediction", true))
    assert leaked["public_value"] == "1"
    assert await told(play, board) == [404] * 6
    assert await told(play, f"{board}&phase=feedback") == [404] * 6
    queued = (await play.upload("leaker", rows("prediction", mended))).json()
    stranger = await someone(database, Role.SOLVER)
    for reader in (play.cast.officer, play.cast.poster, play.solvers["honest"], stranger):
        for url in (f"/v1/work/{queued['queue']['work_id']}", f"/v1/submissions/{leaked['id']}"):
            assert (await play.ask(reader, "GET", url)).status_code == 404
    await play.score()
    chosen = f"/v1/submissions/{leaked['id']}/actions/select-final"
    assert (await play.do(play.solvers["leaker"], chosen))["selected"] is True
    return first


async def until_the_first_ranking(play: Play, board: str) -> None:
    """Those who watch see the board; in a purchase the bidders do not; the leaker is first."""
    await play.open()
    await play.check(*NAMES)
    assert await told(play, board) == [200] * 3 + [404] * 3
    names = {bid_id: name for name, bid_id in play.bids.items()}
    standing = (await play.get(play.cast.officer, board))["items"]
    assert (names[standing[0]["bid_id"]], standing[0]["value"]) == ("leaker", "1")
    await play.mark_all()
    assert (await play.rank()).status_code == 201


async def test_ranks_come_from_stored_files_and_nobody_learns_who_bids(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Feedback, quota, opening, leak, new hidden set, preview, commit, second round."""
    play = await given.a_play(client, database, clock, *NAMES)
    benchmark = given.BENCHMARK | {"weight_bps": 7000, "benchmark": FEEDBACK}
    content = given.a_content([benchmark, *given.weighed({"price": 3000})])
    await play.publish(content, Track.PROCUREMENT_TENDER)
    board = f"{play.url}/leaderboard?criterion=benchmark"
    assert await told(play, board) == [404] * 6
    assert (await play.upload_truth(rows("label", true))).status_code == 201
    for name, quote in zip(NAMES, (800_000, 800_000, 800_000), strict=True):
        await play.bid(name, quote_yuan=quote)

    first = await before_the_deadline(play, database, board)
    await play.seat_panel()
    await until_the_first_ranking(play, board)
    names = {bid_id: name for name, bid_id in play.bids.items()}

    # The leak is found: a new hidden set waits, everything stored is measured, two people decide.
    waits = await play.upload_truth(rows("label", mended))
    assert waits.json()["counts_from"] is None
    reason = {"criterion": "benchmark", "reason": "隐藏集泄露(示例)"}
    anew = await play.do(play.cast.officer, f"{play.url}/rescorings", reason)
    await play.score()
    url = f"/v1/rescorings/{anew['id']}"
    preview = (await play.get(play.cast.approver, url))["preview"]
    falls = {names[one["bid_id"]]: one for one in preview["moved"]["evaluation"]}
    assert (falls["leaker"]["rank_before"], falls["leaker"]["value_before"]) == (1, "1")
    assert falls["honest"]["rank_after"] == 1
    after = {name: Decimal(one["value_after"]) for name, one in falls.items()}
    assert after["honest"] > after["leaker"]
    commit = {"preview_sha256": preview["sha256"]}
    await play.do(play.cast.approver, f"{url}/actions/commit", commit)

    again = await play.rank("hidden_set_replaced")

    assert again.status_code == 201, again.text
    standings = await play.standings(again.json()["id"])
    assert min(standings, key=lambda name: standings[name]["rank"]) == "honest"
    final = await play.get(play.cast.officer, f"/v1/bids/{play.bids['honest']}/submissions")
    [kept] = final["items"]
    assert kept["file_sha256"] == first["file_sha256"]
    assert len(kept["results"]) == 2
    rounds = (await play.get(play.cast.approver, f"{play.url}/ranking-rounds"))["items"]
    assert [one["reason"] for one in rounds] == ["first", "hidden_set_replaced"]
    places = f"/v1/bids/{play.bids['leaker']}/places"
    history = (await play.get(play.cast.auditor, places))["items"]
    assert [one["cause"] for one in history if one["phase"] == "evaluation"][-1] == "rescored"
