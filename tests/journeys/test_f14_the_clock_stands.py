"""F14, the clock: personal data is found in a dataset, bidding stops, and no bidder loses a day."""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.jobs import close_due_calls
from tests.given import scoring as given

pytestmark = pytest.mark.postgres
DAY = dt.timedelta(days=1)
FOUND = {
    "cause": "data_incident",
    "reason": "示例:样本中发现未脱敏的手机号",
    "blocks": ["bidding", "closing"],
}


def moment(text: str) -> dt.datetime:
    """A time as an answer holds it."""
    return dt.datetime.fromisoformat(text)


async def test_the_deadline_moves_by_exactly_the_time_that_was_suspended(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Suspended two days before the end for nine days and some: bids are refused meanwhile, the
    call does not close, and afterwards two days are left, explained to everybody.
    """
    play = await given.a_play(client, database, clock, "ours", "slow")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    await play.bid("ours", quote_yuan=800_000)
    begun = await play.do(play.solvers["slow"], f"{play.url}/bids")
    play.bids["slow"] = begun["id"]
    clock.move_to(given.DEADLINE - 2 * DAY)
    order = await play.do(play.cast.approver, f"{play.url}/suspensions", FOUND)

    barred = await play.offer("slow", quote_yuan=700_000)
    during = await play.get(play.solvers["slow"], play.url)
    clock.move_to(given.DEADLINE + 7 * DAY + dt.timedelta(minutes=5))
    closed = await close_due_calls(database, clock)
    url = f"{play.url}/suspensions/{order['id']}"
    await play.move(play.cast.approver, url, "lift", {"reason": "数据已更换,评估已重做(示例)"})
    after = await play.get(play.solvers["slow"], play.url)
    taken = await play.offer("slow", quote_yuan=700_001)
    clock.move_to(moment(after["deadlines"]["bid_deadline_at"]))
    closed_late = await close_due_calls(database, clock)

    lost = 9 * DAY + dt.timedelta(minutes=5)
    assert (barred.status_code, barred.json()["code"]) == (409, "scenarios.suspended")
    assert (during["state"], during["open_for_bids"]) == ("published", False)
    assert moment(during["deadlines"]["clock_stopped_at"]) == given.DEADLINE - 2 * DAY
    assert {"action": "bid", "code": "scenarios.suspended"}.items() <= during["actions"]["blocked"][
        0
    ].items()
    assert (closed, closed_late) == (0, 1)
    assert moment(after["deadlines"]["bid_deadline_at"]) == given.DEADLINE + lost
    assert after["deadlines"]["clock_stopped_at"] is None
    (shift,) = after["deadlines"]["basis"]["shifts"]
    assert shift["by_seconds"] == lost.total_seconds()
    assert shift["steps"][0]["zh"]
    assert taken.status_code == 200, taken.text


async def test_the_world_hears_that_it_is_suspended_and_not_why(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The class of the cause and the new deadline are public; the story stays inside."""
    play = await given.a_play(client, database, clock, "ours")
    await play.publish(given.a_content(given.EVERYTHING), Track.PROCUREMENT_TENDER)
    order = await play.do(play.cast.supervisor, f"{play.url}/suspensions", FOUND)
    clock.advance(DAY)
    url = f"{play.url}/suspensions/{order['id']}"
    await play.move(play.cast.supervisor, url, "lift", {"reason": "已处理"})

    outside = (await client.get(f"{play.url}/suspensions")).json()["items"]
    inside = (await play.get(play.cast.poster, f"{play.url}/suspensions"))["items"]
    async with database.reading() as session:
        said = await events.about(session, UUID(play.scenario_id))

    assert [(one["cause"], one["state"], one["reason"]) for one in outside] == [
        ("data_incident", "lifted", None)
    ]
    assert inside[0]["reason"] == FOUND["reason"]
    heard = [one for one in said if one.type in {"scenario.suspended", "scenario.resumed"}]
    shifted = [one for one in said if one.type == "deadline.shifted"]
    assert len(heard) == 2 and len(shifted) == 1
    assert all(one.visibility == "public" for one in (*heard, *shifted))
    assert all(str(FOUND["reason"]) not in str(one.data) for one in said)
    assert moment(shifted[0].data["new_deadline_at"]) == given.DEADLINE + DAY
