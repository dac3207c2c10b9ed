"""F13: nothing is bought for nothing, and a price too low to be true moves everybody's points."""

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
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


async def decide(play: Play, *, responsive: bool) -> None:
    """The chair writes down what the panel thinks of the explanation."""
    await play.do(
        play.experts[0],
        f"/v1/bids/{play.bids['low']}/responsiveness",
        {
            "responsive": responsive,
            "reason_code": "price_explained" if responsive else "price_not_explained",
            "reason": {"zh": "对书面说明的认定", "en": "On the written explanation"},
        },
    )


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
    """The round stops and says which lines were crossed; the decision moves the base for all."""
    play = await played_to_the_low_price(client, database, clock)

    stopped = await play.rank()
    await decide(play, responsive=believed)
    ranked = await play.rank()

    assert (stopped.status_code, stopped.json()["code"]) == (409, "scoring.abnormally_low")
    (quote,) = stopped.json()["quotes"]
    assert quote["bid"] == play.bids["low"]
    # Half of the second lowest, half of the mean of 750,000, and 45 % of the maximum of 1,000,000.
    assert quote["lines_fen"] == {
        "below_share_of_mean": 375_000_00,
        "below_share_of_second_lowest": 400_000_00,
        "below_share_of_maximum": 450_000_00,
    }
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
