"""F22: a dashboard hears twice, late, out of order or not at all, and nothing before the opening.

The dashboard is the one of the documentation.  Between it and the platform lies a network that
takes every message and passes on what it likes, as often and in whatever order it likes.
"""

import datetime as dt
import importlib.util
import json
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from marketplace.client.listen import serve_receiver
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.outbound import Outbound
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.jobs import close_due_calls
from marketplace.webhooks import jobs
from tests.given import scoring as given
from tests.given import webhooks
from tests.given.identity import Someone, someone
from tests.given.scoring import Play

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "dashboard.py"
STOPPED = {
    "cause": "data_incident",
    "reason": "示例:样本中发现未脱敏的手机号",
    "blocks": ["bidding", "closing"],
}
NAMES = ("ours", "theirs")
REGISTER = {"organization", "api_key", "person"}

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def dashboard() -> ModuleType:
    """The example as whoever copies it runs it."""
    spec = importlib.util.spec_from_file_location("dashboard", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def delivered(house: House) -> None:
    """Everything that was said is on its way."""
    async with Outbound(webhooks.LOCAL) as outbound:
        courier = webhooks.a_courier(house, outbound)
        await jobs.fan_out(courier)
        await jobs.deliver(courier)


async def until_closed(play: Play, clock: FixedClock) -> None:
    """Published, two bids, a suspension and its end, and the deadline."""
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PRIVATE)
    for name in NAMES:
        await play.bid(name, quote_yuan=800_000)
    order = await play.do(play.cast.approver, f"{play.url}/suspensions", STOPPED)
    clock.advance(dt.timedelta(days=3))
    url = f"{play.url}/suspensions/{order['id']}"
    await play.move(play.cast.approver, url, "lift", {"reason": "数据已更换(示例)"})
    call = await play.get(play.cast.officer, play.url)
    clock.move_to(dt.datetime.fromisoformat(call["deadlines"]["bid_deadline_at"]))
    assert await close_due_calls(play.database, clock) == 1


async def heard_by(play: Play, who: Someone) -> list[dict[str, Any]]:
    """The whole feed of somebody."""
    items: list[dict[str, Any]] = []
    after = ""
    while page := (await play.get(who, f"/v1/events?limit=200{after}")):
        if not page["items"]:
            return items
        items += page["items"]
        after = f"&after={page['next_cursor']}"
    return items


async def test_the_board_is_right_however_events_arrive(
    client: httpx.AsyncClient,
    house: House,
    clock: FixedClock,
    dashboard: ModuleType,
    tmp_path: Path,
) -> None:
    """Shuffled, doubled, a third lost: in five networks the same board, once the feed was read."""
    play = await given.a_play(client, house.database, clock, *NAMES, judges=3)
    watcher = await someone(house.database, Role.SOLVER)
    network = webhooks.Recorder(204)
    async with serve_receiver(network) as url:
        made = await webhooks.an_endpoint(house, watcher, url=url)
        await until_closed(play, clock)
        await delivered(house)
    truth = await play.get(watcher, play.url)
    assert len(network.heard) >= 4

    boards = []
    for seed in range(5):
        chance = random.Random(seed)
        board = dashboard.Board(str(tmp_path / f"{seed}.db"))
        passed = [one for one in network.heard if chance.random() < 0.67] * 2
        chance.shuffle(passed)
        served = dashboard.application(board, made.secret)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served)) as sender:
            for one in passed:
                headers = {key: one.headers[key] for key in one.headers if "webhook" in key}
                answer = await sender.post("http://board/", content=one.body, headers=headers)
                assert answer.status_code == 204
            forged = network.heard[0]
            answer = await sender.post(
                "http://board/", content=forged.body + b" ", headers=forged.headers
            )
            assert answer.status_code == 401
        again = dashboard.Board(str(tmp_path / f"{seed}.db"))  # it was restarted
        await dashboard.read_feed(again, watching(client, watcher), wait=0)
        boards.append(again.calls()[play.scenario_id])

    assert boards == [boards[0]] * 5
    assert boards[0] == {
        "state": "closed",
        "number": truth["number"],
        "title": truth["title"],
        "deadline_at": boards[0]["deadline_at"],
    }
    moved = dt.datetime.fromisoformat(boards[0]["deadline_at"])
    assert moved == dt.datetime.fromisoformat(truth["deadlines"]["bid_deadline_at"])


async def test_before_the_opening_nobody_hears_how_many_bid_or_who(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Officer, poster, auditor, a bidder of the call, a stranger: feed and webhook the same."""
    play = await given.a_play(client, house.database, clock, *NAMES, judges=3)
    stranger = await someone(house.database, Role.SOLVER)
    cast = play.cast
    readers = {
        "officer": cast.officer,
        "poster": cast.poster,
        "auditor": cast.auditor,
        "theirs": play.solvers["theirs"],
        "stranger": stranger,
    }
    network = webhooks.Recorder(204)
    async with serve_receiver(network) as url:
        for who in (cast.poster, play.solvers["theirs"], stranger):
            await webhooks.an_endpoint(house, who, url=url)
        await until_closed(play, clock)
        await delivered(house)
    ours = (str(play.solvers["ours"].organization_id), play.bids["ours"])

    told = {name: await heard_by(play, who) for name, who in readers.items()}
    pushed = [json.loads(one.body) for one in network.heard]

    for items in (*told.values(), pushed):
        assert any(one["subject"] == f"scenario/{play.scenario_id}" for one in items)
        # That a company is registered and has keys is no secret of the call.
        said = json.dumps([one for one in items if one["subject"].split("/")[0] not in REGISTER])
        assert [secret for secret in ours if secret in said] == []
    for name in ("officer", "poster", "auditor", "stranger"):
        assert [one["type"] for one in told[name] if one["type"].startswith("bid")] == []
    own = [one["subject"] for one in told["theirs"] if one["type"].startswith("bid")]
    assert set(own) == {f"bid/{play.bids['theirs']}"}


def watching(client: httpx.AsyncClient, who: Someone) -> httpx.AsyncClient:
    """A client that asks as somebody."""
    client.headers.update(who.headers)
    return client
