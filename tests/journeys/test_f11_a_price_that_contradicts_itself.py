"""F11: a price contradicts itself twice; the order of the rules decides, the bidder agrees."""

import datetime as dt
from typing import Any

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scoring as given
from tests.given.scoring import Play

pytestmark = pytest.mark.postgres

QUOTES_YUAN = {"ours": 760_000, "theirs": 900_000, "third": 1_000_000}
RIGHT_FEN = 800_000_00
"""What the words say, and what the lines add up to once a decimal point is put right."""


def a_line(unit_price_yuan: int, quantity: str, total_yuan: int) -> dict[str, Any]:
    """A line as it is sent."""
    return {
        "item": {"zh": "实施服务", "en": "Delivery"},
        "unit": "人月",
        "quantity": quantity,
        "unit_price_fen": unit_price_yuan * 100,
        "line_total_fen": total_yuan * 100,
    }


SHEET = {
    "total_fen": 760_000_00,
    "total_words": "人民币捌拾万元整",
    # Fifty thousand a month became five hundred thousand.
    "lines": [a_line(500_000, "12", 600_000), a_line(25_000, "8", 200_000)],
}


async def played_to_the_correction(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> Play:
    """A tender with a price sheet; ours contradicts itself; all is eligible and signed."""
    play = await given.a_play(client, database, clock, *QUOTES_YUAN)
    content = given.a_content(given.PLAN_AND_PRICE) | {"offer_requirements": {"price_sheet": True}}
    await play.publish(content, Track.PROCUREMENT_TENDER)
    await play.seat_panel()
    await play.bid("ours", quote_yuan=760_000, price_sheet=SHEET)
    for name in ("theirs", "third"):
        yuan = QUOTES_YUAN[name]
        words = {"theirs": "人民币玖拾万元整", "third": "人民币壹佰万元整"}[name]
        sheet = {"total_fen": yuan * 100, "total_words": words, "lines": [a_line(yuan, "1", yuan)]}
        await play.bid(name, quote_yuan=yuan, price_sheet=sheet)
    await play.open()
    await play.check(*QUOTES_YUAN)
    await play.mark_all(**dict.fromkeys(QUOTES_YUAN, "80"))
    return play


async def prices(play: Play) -> dict[str, tuple[int, str]]:
    """Quote and points of each ranked bid."""
    ranked = await play.rank()
    assert ranked.status_code == 201, ranked.text
    standings = await play.standings(ranked.json()["id"])
    return {name: (one["quote_fen"], one["points"]["price"]) for name, one in standings.items()}


async def test_the_bidder_confirms_and_the_corrected_price_is_ranked(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Words before the decimal point: 800,000; the other order would have made it 6,200,000."""
    play = await played_to_the_correction(client, database, clock)
    url = f"/v1/bids/{play.bids['ours']}"

    proposed = await play.get(play.cast.officer, f"{url}/price-correction")
    early = await play.rank()
    rival = await play.ask(play.solvers["theirs"], "GET", f"{url}/price-correction")
    none = await play.ask(
        play.solvers["theirs"], "GET", f"/v1/bids/{play.bids['theirs']}/price-correction"
    )
    await play.move(play.solvers["ours"], f"{url}/price-correction", "confirm")
    result = await prices(play)
    record = await play.get(play.cast.auditor, f"{play.url}/opening")
    bid = await play.get(play.cast.auditor, url)

    assert (proposed["quote_fen"], proposed["corrected_fen"]) == (760_000_00, RIGHT_FEN)
    assert [(one["rule"], one["pointer"]) for one in proposed["steps"]] == [
        ("words", "/quote_fen"),
        ("decimal_point", "/price_sheet/lines/0/unit_price_fen"),
    ]
    assert (early.status_code, early.json()["code"]) == (409, "bids.corrections_pending")
    assert early.json()["bids"] == [play.bids["ours"]]
    assert (rival.status_code, none.json()["code"]) == (404, "bids.correction_unknown")
    assert result == {
        "ours": (RIGHT_FEN, "30.00"),
        "theirs": (900_000_00, "26.67"),
        "third": (1_000_000_00, "24.00"),
    }
    # What was read out at the opening is history and stays as it was.
    assert {one["quote_fen"] for one in record["bids"]} == {
        yuan * 100 for yuan in QUOTES_YUAN.values()
    }
    assert bid["offer"]["price_sheet"]["lines"][0]["unit_price_fen"] == 50_000_00


@pytest.mark.parametrize("how", ["refused", "expired"])
async def test_who_does_not_confirm_is_out_and_moves_the_base(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, how: str
) -> None:
    """Said no, or nothing until it was too late: then two are left, which a tender cannot rank."""
    play = await played_to_the_correction(client, database, clock)
    url = f"/v1/bids/{play.bids['ours']}"
    correction = f"{url}/price-correction"
    read = await play.ask(play.solvers["ours"], "GET", correction)

    if how == "refused":
        await play.move(play.solvers["ours"], correction, "refuse")
    else:
        clock.move_to(dt.datetime.fromisoformat(read.json()["respond_by"]))
        late = await play.ask(
            play.solvers["ours"],
            "POST",
            f"{correction}/actions/confirm",
            headers={"If-Match": read.headers["etag"]},
        )
        assert (late.status_code, late.json()["code"]) == (409, "bids.correction_time_over")
    ranked = await play.rank()
    bid = await play.get(play.solvers["ours"], url)

    assert (ranked.status_code, ranked.json()["code"]) == (409, "scoring.not_enough_bids")
    assert ranked.json()["responsive"] == 2
    if how == "refused":
        assert bid["state"] == "non_responsive"
        assert bid["exclusion"]["code"] == "correction_refused"
        assert bid["exclusion"]["reason"]["zh"] == "投标人不确认报价修正"
