"""F13: nothing is bought for nothing, and a price too low to be true moves everybody's points."""

import datetime as dt

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.jobs import upkeep
from tests.given import scoring as given
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres

QUOTES_YUAN = {"low": 300_000, "fair": 800_000, "dear": 900_000, "dearest": 1_000_000}
MARKS = dict.fromkeys(QUOTES_YUAN, "80")


async def played_to_the_low_price(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> Play:
    """A tender with four eligible bids, one of which is far below the others; all is signed."""
    play = await given.a_play(client, database, clock, *QUOTES_YUAN)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    for name, quote_yuan in QUOTES_YUAN.items():
        await play.bid(name, quote_yuan=quote_yuan)
    await play.open()
    await play.check(*QUOTES_YUAN)
    await play.mark_all(**MARKS)
    return play


async def explain(play: Play) -> httpx.Response:
    """The bidder says why its price is what it is."""
    url = f"/v1/bids/{play.bids['low']}/price-explanation"
    body = {"explanation": "自有算力与既有模型,边际成本低(示例)"}
    return await play.ask(play.solvers["low"], "POST", url, json=body)


def word(*, accepted: bool) -> dict[str, object]:
    """What a judge says to the explanation."""
    reason = {"zh": "对书面说明的认定", "en": "On the written explanation"}
    return {"accepted": accepted, "reason": reason}


async def test_an_offer_for_nothing_is_refused_before_it_is_sealed(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Zero yuan is no purchase: the solver hears it at once, and may still make an offer."""
    play = await given.a_play(client, database, clock, "free")
    await play.publish(given.a_content(given.PLAN_AND_PRICE), Track.PROCUREMENT_TENDER)
    play.bids["free"] = (await play.do(play.solvers["free"], f"{play.url}/bids"))["id"]

    nothing = await play.offer("free", quote_yuan=0)
    something = await play.offer("free", quote_yuan=1)

    assert (nothing.status_code, nothing.json()["code"]) == (422, "bids.quote_not_positive")
    assert something.status_code == 200, something.text


@pytest.mark.parametrize("believed", [True, False], ids=["explained", "not_explained"])
async def test_a_very_low_price_waits_for_the_panel_and_then_moves_everybody(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, believed: bool
) -> None:
    """The bidder is asked, answers, and the majority decides: that moves the base for all."""
    play = await played_to_the_low_price(client, database, clock)
    path, voting = f"/v1/bids/{play.bids['low']}/price-inquiry", "price-explanation/votes"

    stopped = await play.rank()
    (asked,) = (await play.get(play.solvers["low"], path))["items"]
    early = await play.ask(
        play.experts[0],
        "POST",
        f"/v1/bids/{play.bids['low']}/{voting}",
        json=word(accepted=True),
    )
    explained = await explain(play)
    again = await explain(play)
    still = await play.vote("low", voting, word(accepted=believed), 0, 1)
    waiting = await play.rank()
    decided = await play.vote("low", voting, word(accepted=believed), 4)
    ranked = await play.rank()

    assert (stopped.status_code, stopped.json()["code"]) == (409, "scoring.abnormally_low")
    (quote,) = stopped.json()["quotes"]
    assert (quote["bid"], quote["explained"]) == (play.bids["low"], False)
    # Half of the second lowest, half of the mean of 750,000, and 45 % of the maximum of 1,000,000.
    assert quote["lines_fen"] == {
        "below_share_of_mean": 375_000_00,
        "below_share_of_second_lowest": 400_000_00,
        "below_share_of_maximum": 450_000_00,
    }
    # The bidder is asked, and learns nothing of the others' prices from it.
    assert (asked["lines_fen"], asked["may_explain"], asked["accepted"]) == ({}, True, None)
    assert (early.status_code, early.json()["code"]) == (409, "scoring.price_unexplained")
    assert explained.status_code == 201, explained.text
    assert (again.status_code, again.json()["code"]) == (409, "scoring.price_explained_already")
    assert (still["decided"], still["cast"], still["seated"]) == (None, 2, 5)
    assert waiting.json()["quotes"][0]["explained"] is True
    assert (decided["decided"], len(decided["votes"])) == (believed, 3)
    assert ranked.status_code == 201, ranked.text
    standings = await play.standings(ranked.json()["id"])
    points = {name: one["points"]["price"] for name, one in standings.items()}
    assert points == (
        # 30 points times 300,000 over one's own price …
        {"low": "30.00", "fair": "11.25", "dear": "10.00", "dearest": "9.00"}
        if believed
        # … or times 800,000, once the low price has left.
        else {"fair": "30.00", "dear": "26.67", "dearest": "24.00"}
    )


async def test_a_price_that_nobody_explains_in_time_is_no_bid(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """At the last instant it is too late, and no status has to say so: the ranking goes on."""
    play = await played_to_the_low_price(client, database, clock)
    clock.advance(dt.timedelta(hours=24))

    late = await explain(play)
    ranked = await play.rank()
    own = await play.get(play.solvers["low"], f"/v1/bids/{play.bids['low']}")

    assert (late.status_code, late.json()["code"]) == (409, "scoring.explanation_late")
    assert ranked.status_code == 201, ranked.text
    standings = await play.standings(ranked.json()["id"])
    assert {name: one["points"]["price"] for name, one in standings.items()} == {
        "fair": "30.00",
        "dear": "26.67",
        "dearest": "24.00",
    }
    assert (own["state"], own["exclusion"]["code"]) == ("non_responsive", "abnormally_low")
    assert own["exclusion"]["reason"]["zh"] == "报价异常偏低,未在规定时间内作出书面说明"


async def test_the_tick_puts_out_what_was_not_explained(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """A minute early it does nothing; then the bid is out before anybody asks for a ranking."""
    play = await played_to_the_low_price(client, database, clock)
    url = f"/v1/bids/{play.bids['low']}"

    clock.advance(dt.timedelta(hours=23, minutes=59))
    early = await upkeep.close_overdue_explanations(database, clock)
    before = await play.get(play.solvers["low"], url)
    clock.advance(dt.timedelta(minutes=1))
    closed = await upkeep.close_overdue_explanations(database, clock)
    again = await upkeep.close_overdue_explanations(database, clock)
    after = await play.get(play.solvers["low"], url)

    assert (early, closed, again) == (0, 1, 0)
    assert (before["state"], after["state"]) == ("eligible", "non_responsive")


async def test_the_panel_itself_may_doubt_a_price(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Rule 4: below no line, but three of five judges want to hear the reasons of 800,000."""
    play = await played_to_the_low_price(client, database, clock)
    doubt = {"doubtful": True, "reason": {"zh": "疑似低于成本", "en": "Perhaps below cost"}}
    path = f"/v1/bids/{play.bids['fair']}/price-inquiry"

    await play.vote("fair", "price-doubt", doubt, 0, 1)
    before = await play.get(play.solvers["fair"], path)
    await play.vote("fair", "price-doubt", doubt, 2)
    after = await play.get(play.solvers["fair"], path)
    stopped = await play.rank()

    assert (before["items"], len(after["items"])) == ([], 1)
    assert {one["bid"] for one in stopped.json()["quotes"]} == {
        play.bids["low"],
        play.bids["fair"],
    }
