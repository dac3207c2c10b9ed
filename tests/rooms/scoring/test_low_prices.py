"""Prices that must be explained: what is kept of them, who is asked next, what a recusal does."""

import datetime as dt
from typing import Any
from uuid import UUID

import httpx
import pytest

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.queries import votes
from tests.given import scoring as given
from tests.given.scoring import Play

DOUBT = {"doubtful": True, "reason": {"zh": "疑似低于成本", "en": "Perhaps below cost"}}


def word(*, accepted: bool) -> dict[str, Any]:
    """What a judge says to an explanation."""
    return {"accepted": accepted, "reason": {"zh": "对书面说明的认定"}}


async def a_tender(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, **quotes_yuan: int
) -> Play:
    """A tender whose bids are eligible, and nobody has marked."""
    play = await given.a_play(client, database, clock, *quotes_yuan)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    for name, quote_yuan in quotes_yuan.items():
        await play.bid(name, quote_yuan=quote_yuan)
    await play.open()
    await play.check(*quotes_yuan)
    return play


async def asked(play: Play) -> list[str]:
    """Whose price is asked about, after the officer has looked for low ones."""
    names = {bid_id: name for name, bid_id in play.bids.items()}
    found = await play.do(play.cast.officer, f"{play.url}/price-screening")
    return sorted(names[one["bid_id"]] for one in found["items"])


async def state_of(play: Play, name: str) -> str:
    """Where a bid stands."""
    return str((await play.get(play.solvers[name], f"/v1/bids/{play.bids[name]}"))["state"])


@pytest.mark.postgres
async def test_an_inquiry_keeps_the_figures_that_asked_it(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Oracle 2 over HTTP: who was over the maximum is in no figure; asking twice asks once."""
    quotes = {"a": 980_000, "over": 1_020_000, "c": 960_000, "low": 400_000}
    play = await given.a_play(client, database, clock, *quotes)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    for name, quote_yuan in quotes.items():
        await play.bid(name, quote_yuan=quote_yuan)
    await play.open()
    early = await play.ask(play.cast.officer, "POST", f"{play.url}/price-screening", json={})
    await play.check("a", "c", "low")

    found = [await asked(play), await asked(play)]

    async with database.reading() as session:
        (row,) = await votes.inquiries(session, UUID(play.scenario_id))
        said = [one.type for one in await events.about(session, UUID(play.bids["low"]))]
    assert (early.status_code, early.json()["code"]) == (409, "scoring.eligibility_pending")
    assert found == [["low"], ["low"]]
    assert row.hits == {
        "below_share_of_second_lowest": 480_000 * given.YUAN,
        "below_share_of_maximum": 450_000 * given.YUAN,
    }
    assert row.figures["quotes_count"] == 3
    assert row.figures["mean_fen"] == str(780_000 * given.YUAN)
    assert row.answer_until - row.asked_at == dt.timedelta(hours=24)
    assert said.count("bid.price_explanation_asked") == 1


async def test_whoever_leaves_moves_the_lines_of_the_others(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Once the lowest is out the second stands alone below the third, and is asked in turn."""
    play = await a_tender(
        client, database, clock, lowest=220_000, second=455_000, third=940_000, dear=1_000_000
    )
    # The second is 455,000 of a maximum of 1,000,000, and the mean is 653,750: no line is above it.
    before = await asked(play)
    url = f"/v1/bids/{play.bids['lowest']}/price-explanation"
    await play.do(play.solvers["lowest"], url, {"explanation": "自有算力(示例)"})

    await play.vote("lowest", "price-explanation/votes", word(accepted=False), 0, 1, 2)

    async with database.reading() as session:
        second = await votes.inquiry(session, UUID(play.bids["second"]))
    assert before == ["lowest"]
    assert await state_of(play, "lowest") == "non_responsive"
    assert second is not None
    # Half of 940,000, which is the second lowest now.
    assert second.hits == {"below_share_of_second_lowest": 470_000 * given.YUAN}


@pytest.mark.postgres
@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "refused"])
async def test_a_recusal_undoes_what_it_carried(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, accepted: bool
) -> None:
    """The word on an explanation falls with the judge, and a bid that it put out is in again."""
    play = await given.an_evaluating_play(client, database, clock, criteria=given.PLAN_AND_PRICE)
    await play.vote("ours", "price-doubt", DOUBT, 0, 1)
    url = f"/v1/bids/{play.bids['ours']}"
    await play.do(play.solvers["ours"], f"{url}/price-explanation", {"explanation": "明细(示例)"})
    await play.vote("ours", "price-explanation/votes", word(accepted=accepted), 0, 1)
    before = await state_of(play, "ours")

    gone = {"label": "J2", "reason": "利害关系"}
    await play.do(play.cast.officer, f"{play.url}/panel/actions/recuse", gone)

    (inquiry,) = (await play.get(play.solvers["ours"], f"{url}/price-inquiry"))["items"]
    assert before == ("eligible" if accepted else "non_responsive")
    assert (inquiry["accepted"], await state_of(play, "ours")) == (None, "eligible")


async def test_what_the_clock_decided_stands_whoever_is_recused(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Silence was no judge's vote."""
    play = await a_tender(client, database, clock, low=300_000, fair=800_000, dear=900_000)
    await asked(play)
    clock.advance(dt.timedelta(hours=24))
    await asked(play)
    before = await state_of(play, "low")

    gone = {"label": "J2", "reason": "利害关系"}
    await play.do(play.cast.officer, f"{play.url}/panel/actions/recuse", gone)

    assert (before, await state_of(play, "low")) == ("non_responsive", "non_responsive")


async def test_only_its_bidder_explains_and_rivals_read_nothing(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A rival finds no bid; bureau and panel read the lines, and nobody explains unasked."""
    play = await a_tender(client, database, clock, low=300_000, fair=800_000, dear=900_000)
    await asked(play)
    path = f"/v1/bids/{play.bids['low']}/price-inquiry"
    body = {"explanation": "明细(示例)"}
    explain = f"/v1/bids/{play.bids['low']}/price-explanation"
    unasked = f"/v1/bids/{play.bids['fair']}/price-explanation"

    rival = await play.ask(play.solvers["fair"], "GET", path)
    by_rival = await play.ask(play.solvers["fair"], "POST", explain, json=body)
    by_nobody_asked = await play.ask(play.solvers["fair"], "POST", unasked, json=body)
    read = [(await play.get(who, path))["items"] for who in (play.cast.officer, play.experts[1])]

    assert [rival.status_code, by_rival.status_code] == [404, 404]
    assert (by_nobody_asked.status_code, by_nobody_asked.json()["code"]) == (
        409,
        "scoring.price_not_asked",
    )
    assert all(one[0]["lines_fen"] for one in read)
