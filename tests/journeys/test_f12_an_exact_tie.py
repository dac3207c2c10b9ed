"""F12: equal in score and price, parted by a published rule or not at all, the same every time."""

import hashlib

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres

NAMES = ("north", "south", "east")
"""North and south are alike to the last fen; east is behind both."""


async def played_to_the_tie(play: Play, *, tie_breaks: list[str]) -> None:
    """Two bids with the same price and the same marks, and a third that is worse."""
    content = given.a_content(given.PLAN_AND_PRICE, tie_breaks=tie_breaks)
    await play.publish(content, Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    await play.bid("north", quote_yuan=800_000)
    await play.bid("south", quote_yuan=800_000)
    await play.bid("east", quote_yuan=900_000)
    await play.open()
    await play.check(*NAMES)
    await play.mark_all(north="85.5", south="85.5", east="60")


async def test_a_draw_that_anybody_can_repeat_decides(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Price parts nobody, so the draw does: by the digest of the opening record, or by hand."""
    play = await given.a_play(client, database, clock, *NAMES)
    await played_to_the_tie(play, tie_breaks=["lower_evaluated_price", "witnessed_draw"])
    approver = play.cast.approver

    first = (await play.rank()).json()
    second = (await play.rank("sum_error")).json()

    sheet = await play.get(approver, f"/v1/ranking-rounds/{first['id']}/sheet")
    record = await play.ask(approver, "GET", f"{play.url}/opening")
    assert sheet["draw_seed"] == hashlib.sha256(record.content).hexdigest()
    drawn = sorted(
        ("north", "south"),
        key=lambda name: hashlib.sha256(
            f"{sheet['draw_seed']}:{play.bids[name]}".encode()
        ).hexdigest(),
    )
    for round_ in (first, second):
        standings = await play.standings(round_["id"])
        assert [(name, one["rank"]) for name, one in standings.items()] == [
            (drawn[0], 1),
            (drawn[1], 2),
            ("east", 3),
        ]
        assert standings["north"]["total"] == standings["south"]["total"]
        assert standings["north"]["tie_broken_by"] == "witnessed_draw"
        assert standings["east"]["tie_broken_by"] is None


async def test_without_a_rule_left_the_rank_is_shared(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Two bids stand first and the next one third; nobody is put ahead by the order of arrival."""
    play = await given.a_play(client, database, clock, *NAMES)
    await played_to_the_tie(play, tie_breaks=["lower_evaluated_price"])

    ranked = (await play.rank()).json()

    standings = await play.standings(ranked["id"])
    assert {name: one["rank"] for name, one in standings.items()} == {
        "north": 1,
        "south": 1,
        "east": 3,
    }
    assert standings["north"]["tie_broken_by"] is None
