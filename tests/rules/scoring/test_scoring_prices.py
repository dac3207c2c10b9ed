"""Prices: deductions (oracle 1), abnormally low quotes (oracle 2), and the scale of the price."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scoring.errors.rounds import DeductionUnfit, QuoteNotPositive
from marketplace.scoring.rules import numbers, scales
from marketplace.scoring.rules.price import (
    Deduction,
    LowQuoteRule,
    LowQuoteShares,
    abnormally_low,
    deduction_bps,
    evaluated_price_fen,
)

YUAN = 100
quotes = st.integers(1, 10**13)
rates = st.integers(1, 9_999)


def less(bps: int) -> tuple[Deduction, ...]:
    """One deduction of a rate; none for 0."""
    return (Deduction(policy="small_firm", bps=bps),) if bps else ()


@pytest.mark.parametrize(
    ("quote_yuan", "bps", "price_yuan", "points"),
    [
        (1_000_000, 0, 1_000_000, "17.66"),
        (1_050_000, 1_000, 945_000, "18.69"),
        (920_000, 400, 883_200, "20.00"),
    ],
)
def test_oracle_1_prices_and_points(
    quote_yuan: int, bps: int, price_yuan: int, points: str
) -> None:
    """With the deductions of oracle 1 the price points are 17.66, 18.69 and 20.00."""
    price_fen = evaluated_price_fen(quote_yuan * YUAN, less(bps))
    share = scales.share_of_price(price_fen, base_fen=883_200 * YUAN)

    assert price_fen == price_yuan * YUAN
    assert str(numbers.half_up(share * 20, 2)) == points


@pytest.mark.parametrize(
    ("quote_fen", "bps", "price_fen"),
    [(5, 1_000, 5), (4, 1_000, 4), (15, 1_000, 14), (25, 1_000, 23), (1, 5_000, 1), (3, 5_000, 2)],
)
def test_rounds_an_evaluated_price_half_up_to_the_fen(
    quote_fen: int, bps: int, price_fen: int
) -> None:
    """4.5 fen are 5, 13.5 are 14, 22.5 are 23, half a fen is one: a price has no smaller unit."""
    assert evaluated_price_fen(quote_fen, less(bps)) == price_fen


@pytest.mark.parametrize(("quote_fen", "bps"), [(0, 0), (-1, 0), (-100, 1_000), (1, 5_001)])
def test_refuses_prices_that_are_not_positive(quote_fen: int, bps: int) -> None:
    """Nothing is bought for nothing, and the lowest price divided by nothing has no value."""
    with pytest.raises(QuoteNotPositive):
        evaluated_price_fen(quote_fen, less(bps))


@pytest.mark.parametrize("rates_bps", [(10_000,), (6_000, 4_000), (0,), (-5,)])
def test_refuses_deductions_that_are_none_or_everything(rates_bps: tuple[int, ...]) -> None:
    """A rate lies above zero, and all of them together below the whole price."""
    with pytest.raises(DeductionUnfit):
        deduction_bps([Deduction(policy=f"p{at}", bps=bps) for at, bps in enumerate(rates_bps)])


def test_refuses_a_policy_that_is_named_twice() -> None:
    """The same advantage is not given twice."""
    with pytest.raises(DeductionUnfit):
        deduction_bps([*less(1_000), *less(400)])


def test_deductions_add_up_and_are_not_chained() -> None:
    """10 % and 20 % off 1,000.00 leave 700.00, not 720.00."""
    domestic = Deduction(policy="domestic_goods", bps=2_000)

    assert evaluated_price_fen(100_000, (*less(1_000), domestic)) == 70_000


@given(quotes, quotes, rates)
@settings(deadline=None, max_examples=200)
def test_an_evaluated_price_never_falls_when_the_quote_rises(low: int, high: int, bps: int) -> None:
    """A dearer quote is never evaluated as cheaper."""
    low, high = sorted((low + 10_000, high + 10_000))

    assert evaluated_price_fen(low, less(bps)) <= evaluated_price_fen(high, less(bps)) <= high


@given(quotes, rates, rates)
@settings(deadline=None, max_examples=200)
def test_an_evaluated_price_never_rises_with_the_deduction(
    quote: int, some: int, more: int
) -> None:
    """A larger deduction is never evaluated as dearer."""
    some, more = sorted((some, more))

    assert evaluated_price_fen(quote + 10_000, less(more)) <= evaluated_price_fen(
        quote + 10_000, less(some)
    )


def test_oracle_2_the_invalid_quote_leaves_before_the_mean() -> None:
    """Lines 390k, 480k, 450k; 400k hits the second and the third and not the first."""
    quotes_fen = {
        "A": 980_000 * YUAN,
        "B": 1_020_000 * YUAN,
        "C": 960_000 * YUAN,
        "D": 400_000 * YUAN,
    }

    report = abnormally_low(quotes_fen, maximum_price_fen=1_000_000 * YUAN)

    assert report.over_maximum == ("B",)
    assert report.lines_fen == {
        LowQuoteRule.MEAN: 390_000 * YUAN,
        LowQuoteRule.SECOND_LOWEST: 480_000 * YUAN,
        LowQuoteRule.MAXIMUM: 450_000 * YUAN,
    }
    assert [low.bid_id for low in report.low_quotes] == ["D"]
    assert report.low_quotes[0].hits == {
        LowQuoteRule.SECOND_LOWEST: 480_000 * YUAN,
        LowQuoteRule.MAXIMUM: 450_000 * YUAN,
    }


def test_oracle_2_wrong_variant_would_hit_the_first_rule_too() -> None:
    """With the invalid quote kept, a mean of 840k and a line of 420k would hit 400k wrongly."""
    quotes_fen = {"A": 980_000, "B": 1_020_000, "C": 960_000, "D": 400_000}

    wrong = abnormally_low(quotes_fen, maximum_price_fen=None)
    right = abnormally_low(quotes_fen, maximum_price_fen=1_000_000)

    assert wrong.lines_fen[LowQuoteRule.MEAN] == 420_000
    assert LowQuoteRule.MEAN in wrong.low_quotes[0].hits
    assert LowQuoteRule.MEAN not in right.low_quotes[0].hits


def test_a_quote_of_exactly_the_maximum_is_within_it() -> None:
    """The maximum itself may be asked, one fen more may not."""
    report = abnormally_low({"A": 1_000, "B": 1_001}, maximum_price_fen=1_000)

    assert report.over_maximum == ("B",)


def test_a_quote_on_the_line_is_not_below_it() -> None:
    """Half of the second lowest is allowed, one fen less is not."""
    on_line = abnormally_low({"A": 50, "B": 100, "C": 100}, maximum_price_fen=None)
    below = abnormally_low({"A": 49, "B": 100, "C": 100}, maximum_price_fen=None)

    assert on_line.low_quotes == ()
    assert set(below.low_quotes[0].hits) == {LowQuoteRule.SECOND_LOWEST}


def test_a_line_between_two_fen_is_compared_exactly() -> None:
    """Half of a mean of 33.33.. is 16.66..: 16 is below, 17 is not, and the line is shown as 17."""
    shares = LowQuoteShares(second_lowest_bps=None, maximum_bps=None)

    below = abnormally_low({"A": 16, "B": 42, "C": 42}, maximum_price_fen=None, shares=shares)
    above = abnormally_low({"A": 17, "B": 42, "C": 41}, maximum_price_fen=None, shares=shares)

    assert below.lines_fen == {LowQuoteRule.MEAN: 17}
    assert [low.bid_id for low in below.low_quotes] == ["A"]
    assert above.low_quotes == ()


@pytest.mark.parametrize("quotes_fen", [{}, {"A": 100}])
def test_a_single_quote_has_no_second_lowest(quotes_fen: dict[str, int]) -> None:
    """Rules without the quotes they need are left out, and nobody is hit."""
    report = abnormally_low(quotes_fen, maximum_price_fen=None)

    assert LowQuoteRule.SECOND_LOWEST not in report.lines_fen
    assert report.low_quotes == ()


def test_refuses_quotes_of_zero_before_any_mean() -> None:
    """A zero quote would pull every line down: it is refused with its bid."""
    with pytest.raises(QuoteNotPositive) as caught:
        abnormally_low({"A": 100, "B": 0}, maximum_price_fen=None)

    assert caught.value.facts == {"bid": "B", "quote_fen": 0}


def test_the_shares_we_know_from_memory_say_so() -> None:
    """Defaults 50 %, 50 %, 45 % are unverified until a profile states its own."""
    shares = LowQuoteShares()

    assert (shares.mean_bps, shares.second_lowest_bps, shares.maximum_bps) == (5_000, 5_000, 4_500)
    assert shares.unverified


@given(
    st.dictionaries(st.text("ABCDEF", min_size=1, max_size=2), st.integers(1, 10**9), max_size=8),
    st.one_of(st.none(), st.integers(1, 10**9)),
)
@settings(deadline=None, max_examples=150)
def test_low_quotes_agree_with_plain_comparison(
    quotes_fen: dict[str, int], maximum: int | None
) -> None:
    """Against Decimal arithmetic written on its own, for any opening."""
    inside = sorted(fen for fen in quotes_fen.values() if maximum is None or fen <= maximum)
    expected = set()
    for bid_id, fen in quotes_fen.items():
        mean_hit = bool(inside) and Decimal(fen) * 2 * len(inside) < sum(inside)
        second_hit = len(inside) > 1 and fen * 2 < inside[1]
        maximum_hit = maximum is not None and Decimal(fen) < Decimal(maximum) * Decimal("0.45")
        if (maximum is None or fen <= maximum) and (mean_hit or second_hit or maximum_hit):
            expected.add(bid_id)

    report = abnormally_low(quotes_fen, maximum_price_fen=maximum)

    assert {low.bid_id for low in report.low_quotes} == expected
