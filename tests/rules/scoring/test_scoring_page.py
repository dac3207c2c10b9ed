"""The algorithm page and the code tell the same story: its tables are recomputed here."""

from dataclasses import replace
from pathlib import Path

import pytest

from marketplace.kit.money import format_yuan
from marketplace.scoring.rules import criteria, rubric, ties
from marketplace.scoring.rules.price import LowQuoteRule, LowQuoteShares, abnormally_low
from marketplace.scoring.rules.ranking import Standing, rank
from marketplace.scoring.rules.sheet import SHEET_VERSION, ScoreSheet
from tests.rules.scoring.boards import full_sheet

PAGE = (Path(__file__).parents[3] / "docs" / "algorithms" / "scoring.md").read_text("utf-8")


def yuan(fen: int | None) -> str:
    """Whole yuan with separators, as the page writes them."""
    return format_yuan(fen or 0).removesuffix(".00")


def by_bid(sheet: ScoreSheet) -> dict[str, Standing]:
    """The standings of a sheet by bid."""
    return {standing.bid_id: standing for standing in rank(sheet).standings}


@pytest.mark.parametrize("bid_id", ["A", "B", "C"])
def test_the_price_table_is_what_the_ranking_computes(bid_id: str) -> None:
    """Quote, deduction, evaluated price and both columns of points of oracle 1."""
    board = full_sheet()
    plain = replace(board, bids=tuple(replace(one, deductions=()) for one in board.bids))
    one, without = by_bid(board)[bid_id], by_bid(plain)[bid_id]

    row = " | ".join(
        [
            *(bid_id, yuan(one.quote_fen), f"{one.deduction_bps // 100} %"),
            *(yuan(one.evaluated_price_fen), f"{one.points['price']:f}"),
            f"{without.points['price']:f}",
        ]
    )
    assert f"| {row} |" in PAGE


@pytest.mark.parametrize("bid_id", ["A", "B", "C"])
def test_the_full_board_is_what_the_ranking_computes(bid_id: str) -> None:
    """Points on every criterion, total and rank."""
    one = by_bid(full_sheet())[bid_id]
    board = PAGE.partition("## A full board")[2].partition("## Ties")[0]
    row = next(line for line in board.splitlines() if line.startswith(f"| {bid_id} | "))

    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2] == f"{one.points['plan']:f}"
    assert cells[4] == f"{one.points['benchmark']:f}"
    assert cells[5:] == [f"{one.points['price']:f}", f"{one.total:f}", str(one.rank)]


def test_the_lines_of_low_quotes_are_what_the_rules_compute() -> None:
    """Three shares, three lines, and which of them the low quote is below."""
    quotes = {"A": 98_000_000, "B": 102_000_000, "C": 96_000_000, "D": 40_000_000}
    report = abnormally_low(quotes, maximum_price_fen=100_000_000)
    shares = LowQuoteShares()
    rows = {
        LowQuoteRule.MEAN: ("mean of the responsive quotes", shares.mean_bps),
        LowQuoteRule.SECOND_LOWEST: ("second lowest responsive quote", shares.second_lowest_bps),
        LowQuoteRule.MAXIMUM: ("maximum price", shares.maximum_bps),
    }

    for rule, (words, share_bps) in rows.items():
        hit = "yes" if rule in report.low_quotes[0].hits else "no"
        line = yuan(report.lines_fen[rule])
        assert f"| {words} | {(share_bps or 0) // 100} % | {line} | {hit} |" in PAGE


def test_the_draw_on_the_page_can_be_repeated() -> None:
    """The command of the page gives the digits that the code draws."""
    assert ties.draw_number("closing index 3021.55", "B-1") in PAGE


def test_the_page_names_everything_that_is_closed() -> None:
    """Kinds, formulas, methods, aggregations, tie-breaks and the version of the sheet."""
    names = [
        *criteria.Kind,
        *criteria.Formula,
        *rubric.Method,
        *rubric.Aggregation,
        *rubric.PLAIN_TIE_BREAKS,
        SHEET_VERSION,
    ]

    missing = [name for name in names if f"`{name}" not in PAGE]
    assert not missing
