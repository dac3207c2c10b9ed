"""What a call promises of its benchmark, over HTTP: slices told, and a board that stands still."""

import datetime as dt

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.scoring import DEADLINE, Play

ROWS = 200
OPENED_AT = DEADLINE + dt.timedelta(minutes=5)


def rows(*columns: str, wrong: range = range(0)) -> bytes:
    """A file of rows of two districts, the second the smaller; all right but these."""

    def cells(at: int) -> dict[str, str]:
        district = "城南" if at % 10 == 0 else "城北"
        word = "no" if at in wrong else "yes"
        return {"label": word, "prediction": word, "district": district}

    lines = [",".join([f"r{at:03}", *(cells(at)[one] for one in columns)]) for at in range(ROWS)]
    return "\n".join([",".join(["id", *columns]), *lines, ""]).encode()


async def a_play_with(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, **benchmark: object
) -> Play:
    """A call whose benchmark is said to be run like this, open for bids of two solvers."""
    play = await given.a_play(client, database, clock, "ours", "theirs", judges=3)
    criterion = given.BENCHMARK | {"weight_bps": 7000, "benchmark": benchmark}
    content = given.a_content([criterion, *given.weighed({"price": 3000})])
    await play.publish(content, Track.PRIVATE)
    return play


async def bidding(play: Play) -> None:
    """Both solvers seal a bid."""
    for name in ("ours", "theirs"):
        await play.bid(name, quote_yuan=800_000)


@pytest.mark.postgres
async def test_slices_are_told_with_the_value_and_the_worst_is_named(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Before the deadline of the public rows only; afterwards of those that decide."""
    play = await a_play_with(
        client,
        database,
        clock,
        feedback=True,
        public_share_bps=5000,
        slices=["district"],
        leaderboard="after_opening",
    )
    assert (await play.upload_truth(rows("label", "district"))).status_code == 201
    await bidding(play)

    early = await play.measured("ours", rows("prediction", wrong=range(0, ROWS, 20)))
    [told] = early["results"]
    assert [(one["slice"], one["is_public"]) for one in told["slices"]] == [("城北", True)]
    assert told["slices"][0] == told["worst_slice"]
    assert told["value"] is None

    await play.seat_panel()
    await play.open()
    await play.check("ours", "theirs")
    late = await play.measured("ours", rows("prediction", wrong=range(0, ROWS, 10)))
    own, bureau = [
        (await play.get(reader, f"/v1/submissions/{late['id']}"))["results"][0]
        for reader in (play.solvers["ours"], play.cast.officer)
    ]
    assert all(one["is_public"] for one in own["slices"])
    assert {(one["slice"], one["is_public"]) for one in bureau["slices"]} == {
        (name, public) for name in ("城北", "城南") for public in (True, False)
    }
    assert (bureau["worst_slice"]["slice"], bureau["worst_slice"]["value"]) == ("城南", "0")
    assert sum(one["rows"] for one in bureau["slices"]) == ROWS


async def test_a_hidden_set_without_a_promised_column_is_refused(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Whoever sends it is told which column; what measured before goes on measuring."""
    play = await a_play_with(client, database, clock, slices=["district"])

    answer = await play.upload_truth(rows("label"))

    assert answer.status_code == 422, answer.text
    assert "district" in answer.text
    assert (await play.upload_truth(rows("label", "district"))).status_code == 201


@pytest.mark.postgres
async def test_a_frozen_board_shows_bidders_nothing_new(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Scores of the last hour are seen by those who watch; by others not before the result."""
    play = await a_play_with(
        client,
        database,
        clock,
        evaluation_hours=48,
        freeze_before_deadline_seconds=3600,
        leaderboard="after_opening",
    )
    await play.upload_truth(rows("label"))
    await bidding(play)
    await play.seat_panel()
    await play.open()
    await play.check("ours", "theirs")
    board = f"{play.url}/leaderboard?criterion=benchmark"

    async def seen() -> list[tuple[str | None, list[str]]]:
        readers = (play.solvers["theirs"], play.cast.officer)
        pages = [await play.get(reader, board) for reader in readers]
        return [(page["frozen_at"], [one["value"] for one in page["items"]]) for page in pages]

    await play.measured("ours", rows("prediction", wrong=range(20)))
    before = await seen()
    clock.move_to(OPENED_AT + dt.timedelta(hours=47, minutes=30))
    await play.measured("theirs", rows("prediction"))
    frozen, watched = await seen()
    late = await play.get(play.solvers["theirs"], f"/v1/bids/{play.bids['theirs']}/submissions")

    assert before == [(None, ["0.9"]), (None, ["0.9"])]
    assert frozen == ("2026-04-03T00:05:00Z", ["0.9"])
    assert watched == (None, ["1", "0.9"])
    assert late["items"][0]["value"] == "1"
    clock.move_to(OPENED_AT + dt.timedelta(hours=48, seconds=1))
    assert (await seen())[0] == frozen


@pytest.mark.postgres
async def test_a_file_that_is_withdrawn_tells_no_auditor_who_bids(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Before the opening the log is silent about it; from then on it lists it."""
    play = await a_play_with(client, database, clock, feedback=True, public_share_bps=5000)
    await play.upload_truth(rows("label"))
    await bidding(play)
    queued = (await play.upload("ours", rows("prediction"))).json()
    await play.do(play.solvers["ours"], f"/v1/work/{queued['queue']['work_id']}/actions/cancel")

    async def listed() -> set[str]:
        theirs = play.solvers["ours"].organization_id
        log = f"/v1/audit-log?limit=100&organization_id={theirs}&outcome=performed"
        return {one["operation"] for one in (await play.get(play.cast.auditor, log))["items"]}

    before = await listed()
    await play.seat_panel()
    await play.open()

    assert before == set()
    assert {"bids_create", "bids_submit", "work_cancel"} <= await listed()
