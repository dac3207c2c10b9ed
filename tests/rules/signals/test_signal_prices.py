"""Regular prices are told where chance does not explain them, and hardly ever where it does."""

import math
import os
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marketplace.signals.rules.prices import CHANCE, Pattern, patterns

CALLS: Final = int(os.environ.get("JIEBANG_SIGNAL_CALLS", "250"))
"""Invented calls for each way in which independent prices may fall, and each rounding."""
GRAINS: Final = (1, 100, 10_000, 100_000, 1_000_000)
"""A fen, a yuan, a hundred, a thousand and ten thousand yuan."""
ALARMS_MAX: Final = Fraction(1, 100)

Draw = Callable[[random.Random, float], float]
INDEPENDENT: Final[dict[str, Draw]] = {
    "uniform": lambda chance, base: chance.uniform(0.6, 1) * base,
    "normal": lambda chance, base: chance.gauss(0.85, 0.06) * base,
    "skewed": lambda chance, base: base * math.exp(chance.gauss(-0.15, 0.12)),
    "below the ceiling": lambda chance, base: base * (1 - min(0.9, chance.expovariate(12))),
}
"""How prices of bidders who know nothing of each other may fall."""


def independent(draw: Draw, chance: random.Random, grain: int) -> tuple[dict[str, int], int]:
    """The quotes of one invented call, and its ceiling; some bidders ask for all there is."""
    base = chance.choice([30_000_00, 500_000_00, 3_000_000_00])
    ceiling = base - base % grain
    quotes = {}
    for number in range(chance.randint(2, 15)):
        price = int(draw(chance, base)) // grain * grain
        quotes[str(number)] = min(ceiling, max(grain, price))
    return quotes, ceiling


def test_independent_prices_hardly_ever_raise_an_alarm() -> None:
    """Of thousands of calls without collusion less than one in a hundred shows a pattern."""
    chance = random.Random(20260302)
    alarms = calls = 0

    for draw in INDEPENDENT.values():
        for grain in GRAINS:
            for _ in range(CALLS):
                quotes, ceiling = independent(draw, chance, grain)
                alarms += bool(patterns(quotes, ceiling_fen=ceiling))
                calls += 1

    assert Fraction(alarms, calls) < ALARMS_MAX, f"{alarms} of {calls}"


@given(
    start=st.integers(80_000_00, 900_000_00),
    step=st.integers(2_000_01, 40_000_00),
    size=st.integers(3, 8),
    others=st.lists(st.integers(10_000_00, 2_000_000_00), max_size=4),
)
def test_planted_steps_are_always_found(
    start: int, step: int, size: int, others: list[int]
) -> None:
    """Prices that step by one difference, to the fen, with others among them."""
    planted = {f"p{number}": start + number * step for number in range(size)}
    quotes = planted | {f"o{number}": quote for number, quote in enumerate(others)}
    # A step of whole thousands among quotes in whole thousands would be weighed as such.
    quotes |= {"odd": 777_777_77 if 777_777_77 not in quotes.values() else 777_777_79}

    found = patterns(quotes)

    steps = [one for one in found if one.pattern is Pattern.STEPS]
    assert any(set(planted) <= set(one.bids) for one in steps)


@example(start=811_844_10, percent=115, size=6)
@given(
    start=st.integers(800_000_00, 3_000_000_00),
    percent=st.integers(103, 115),
    size=st.integers(4, 7),
)
def test_planted_ratios_are_always_found(start: int, percent: int, size: int) -> None:
    """Each price the same per cent above the one before, rounded to a fen."""
    quotes, price = {}, Fraction(start)
    for number in range(size):
        quotes[f"p{number}"] = round(price)
        price *= Fraction(percent, 100)

    found = [one for one in patterns(quotes) if one.pattern in {Pattern.RATIOS, Pattern.STEPS}]

    assert any(set(one.bids) == set(quotes) for one in found)


def test_equal_prices_to_the_fen_are_found() -> None:
    """Two bidders who both ask for 483,726.19 yuan have talked."""
    found = patterns({"a": 48_372_619, "b": 48_372_619, "c": 51_000_001})

    assert [(one.pattern, one.bids) for one in found] == [(Pattern.EQUAL, ("a", "b"))]
    assert found[0].chance <= CHANCE


@pytest.mark.parametrize(
    "quotes",
    [
        {},
        {"a": 1},
        {"a": 1_000_000_00, "b": 1_030_000_00, "c": 1_060_000_00},
        {"a": 100, "b": 100},
        {"a": 0, "b": 0, "c": 0},
        {"a": 480_000_00, "b": 480_000_00, "c": 520_000_00, "d": 560_000_00},
        {str(number): 1_000_000_00 + number for number in range(201)},
    ],
)
def test_what_means_nothing_is_not_told(quotes: dict[str, int]) -> None:
    """Round prices that happen to step, prices of almost nothing, and crowds."""
    assert patterns(quotes) == ()


def test_asking_for_the_maximum_is_no_pattern() -> None:
    """The maximum price is published: that several ask for it tells nothing."""
    quotes = {"a": 50_000_019, "b": 50_000_019, "c": 41_234_567}

    assert patterns(quotes, ceiling_fen=50_000_019) == ()
    assert patterns(quotes) != ()


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 10**12), max_size=9))
def test_the_order_of_bids_does_not_matter(quotes: dict[str, int]) -> None:
    """The same quotes give the same patterns, whoever comes first."""
    backwards = dict(reversed(quotes.items()))

    assert patterns(quotes) == patterns(backwards)
