"""Prices that contradict themselves: four rules, whose order decides what is evaluated."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.bids.rules.amounts import read_amount
from marketplace.bids.rules.corrections import ORDER, correct, line_amount_fen
from marketplace.bids.rules.offer import Offer
from tests.given.bids import an_offer
from tests.given.offers import a_line, a_priced_offer

LINES = (a_line(10_000_00, "6"), a_line(8_000_00, "5"))
"""Sixty thousand and forty thousand yuan."""
SUM_FEN = 100_000_00


def steps(offer: Offer, order: tuple[str, ...] = ORDER) -> list[tuple[str, str, object, object]]:
    """Each correction as rule, place, before and after."""
    return [
        (one.rule, one.pointer, one.before, one.after)
        for one in correct(offer, order=order).corrections
    ]


def price(offer: Offer, order: tuple[str, ...] = ORDER) -> int | None:
    """What is evaluated in the end."""
    return correct(offer, order=order).offer.quote_fen


class TestOneContradiction:
    """Each rule alone."""

    def test_what_agrees_is_left_alone(self) -> None:
        """No contradiction, no correction, the very same offer."""
        offer = a_priced_offer(SUM_FEN, *LINES)

        assert correct(offer).offer == offer
        assert steps(offer) == []

    def test_without_a_sheet_there_is_nothing_to_contradict(self) -> None:
        """The old minimal offer."""
        assert steps(an_offer()) == []

    def test_the_opening_sheet_prevails_over_the_itemised_total(self) -> None:
        """The price that was read out holds; only the total of the sheet is mended."""
        offer = a_priced_offer(SUM_FEN, *LINES, total_fen=99_000_00)

        assert steps(offer) == [("opening_sheet", "/price_sheet/total_fen", 99_000_00, SUM_FEN)]
        assert price(offer) == SUM_FEN

    def test_words_prevail_over_figures(self) -> None:
        """The price becomes what was written out; the total of the sheet follows it."""
        offer = a_priced_offer(95_000_00, words_fen=SUM_FEN)

        assert steps(offer) == [("words", "/quote_fen", 95_000_00, SUM_FEN)]
        corrected = correct(offer).offer
        assert corrected.price_sheet is not None
        assert (corrected.quote_fen, corrected.price_sheet.total_fen) == (SUM_FEN, SUM_FEN)

    @pytest.mark.parametrize(("wrong_fen", "places"), [(100_000_00, 1), (100_00, -2)])
    def test_an_obvious_decimal_point_is_mended_and_the_total_stays(
        self, wrong_fen: int, places: int
    ) -> None:
        """A unit price ten times too large, or a hundred times too small (a percentage)."""
        offer = a_priced_offer(SUM_FEN, a_line(wrong_fen, "6"), LINES[1])

        assert price(offer) == SUM_FEN, places
        assert steps(offer)[0] == (
            "decimal_point",
            "/price_sheet/lines/0/unit_price_fen",
            wrong_fen,
            10_000_00,
        )

    def test_a_decimal_point_that_is_not_obvious_is_not_mended(self) -> None:
        """Two equal lines: either could be the one, so neither is, and the sum prevails."""
        offer = a_priced_offer(11_000_00, a_line(10_000_00), a_line(10_000_00))

        assert [rule for rule, *_ in steps(offer)] == ["line_sum"] * 3
        assert price(offer) == 20_000_00

    def test_the_sum_of_the_lines_prevails_over_the_total(self) -> None:
        """Figures and words of the total are both mended."""
        offer = a_priced_offer(101_000_00, *LINES)

        assert steps(offer) == [
            ("line_sum", "/quote_fen", 101_000_00, SUM_FEN),
            ("line_sum", "/price_sheet/total_fen", 101_000_00, SUM_FEN),
            (
                "line_sum",
                "/price_sheet/total_words",
                "人民币壹拾万零壹仟元整",
                "人民币壹拾万元整",
            ),
        ]

    def test_unit_prices_prevail_over_the_total_of_a_line(self) -> None:
        """A wrong product alone changes no price, but it is told."""
        offer = a_priced_offer(SUM_FEN, a_line(10_000_00, "6", total_fen=61_000_00), LINES[1])

        assert steps(offer) == [
            ("line_sum", "/price_sheet/lines/0/line_total_fen", 61_000_00, 60_000_00)
        ]

    def test_a_line_is_rounded_half_up_to_the_fen(self) -> None:
        """Two and a half times 33.33 yuan are 83.325, that is 83.33."""
        assert line_amount_fen(a_line(33_33, "2.5")) == 83_33


class TestTwoContradictions:
    """The order is the rule: another order gives another price."""

    OFFER = a_priced_offer(95_000_00, a_line(100_000_00, "6"), LINES[1], words_fen=SUM_FEN)
    """Figures and words differ, and one unit price is ten times too large."""

    def test_the_order_of_the_rules_decides_the_price(self) -> None:
        """Words first: only then does the shifted point explain the total, and 100,000 holds."""
        words_later = ("opening_sheet", "decimal_point", "words", "line_sum")

        assert price(self.OFFER) == SUM_FEN
        assert price(self.OFFER, words_later) == 640_000_00

    def test_the_steps_are_told_in_the_order_in_which_they_are_made(self) -> None:
        """First the words, then the unit price, then the total of its line."""
        assert [(rule, pointer) for rule, pointer, _, _ in steps(self.OFFER)] == [
            ("words", "/quote_fen"),
            ("decimal_point", "/price_sheet/lines/0/unit_price_fen"),
            ("decimal_point", "/price_sheet/lines/0/line_total_fen"),
        ]

    def test_every_order_is_another_rule_book(self) -> None:
        """Of the 24 orders there are at least two prices; ours gives one of them, always."""
        prices = {order: price(self.OFFER, order) for order in itertools.permutations(ORDER)}

        assert set(prices.values()) == {SUM_FEN, 640_000_00}


amounts = st.integers(min_value=1, max_value=10**9)
quantities = st.integers(min_value=1, max_value=10**4).map(
    lambda number: f"{number // 100}.{number % 100:02d}"
)
lines = st.builds(lambda p, q, t: a_line(p, q, total_fen=t), amounts, quantities, amounts)


@st.composite
def sheets(draw: st.DrawFn) -> Offer:
    """Offers whose figures have nothing to do with each other, or nearly agree."""
    drawn = draw(st.lists(lines, max_size=4))
    sum_fen = sum(map(line_amount_fen, drawn)) or 1
    near = st.sampled_from([sum_fen, sum_fen * 10, sum_fen + 1]) | amounts
    return a_priced_offer(draw(near), *drawn, total_fen=draw(near), words_fen=draw(near))


@settings(deadline=None)
@given(sheets())
def test_what_was_corrected_needs_no_correction(offer: Offer) -> None:
    """Correcting twice is correcting once."""
    once = correct(offer).offer

    assert correct(once).corrections == ()
    assert correct(once).offer == once


@settings(deadline=None)
@given(sheets())
def test_what_comes_out_agrees_with_itself(offer: Offer) -> None:
    """Figures, words and the total are one amount, and so are the lines where there are any."""
    corrected = correct(offer).offer
    sheet = corrected.price_sheet
    assert sheet is not None

    assert read_amount(sheet.total_words) == corrected.quote_fen == sheet.total_fen
    if sheet.lines:
        assert sum(one.line_total_fen for one in sheet.lines) == corrected.quote_fen
        assert [one.line_total_fen for one in sheet.lines] == [*map(line_amount_fen, sheet.lines)]


@settings(deadline=None)
@given(st.lists(st.tuples(amounts, quantities), min_size=1, max_size=5))
def test_a_sheet_that_agrees_is_never_corrected(drawn: list[tuple[int, str]]) -> None:
    """No false alarm, whatever the lines."""
    exact = [
        a_line(fen, quantity, total_fen=line_amount_fen(a_line(fen, quantity)))
        for fen, quantity in drawn
    ]
    quote_fen = sum(one.line_total_fen for one in exact)
    if quote_fen:
        assert steps(a_priced_offer(quote_fen, *exact)) == []
