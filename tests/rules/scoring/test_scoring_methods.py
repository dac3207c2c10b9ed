"""TOPSIS and Borda: agreement with other libraries, exact rounding, and what they promise."""

import random
import warnings
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymcdm.methods import TOPSIS, WSM
from skcriteria import mkdm
from skcriteria.agg import topsis as of_skcriteria
from skcriteria.agg.simple import WeightedSumModel
from skcriteria.preprocessing.scalers import VectorScaler

from marketplace.scoring.errors.rounds import NotEnoughBids
from marketplace.scoring.rules import methods
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.rubric import Aggregation, Method
from tests.rules.scoring.boards import bid, marks_of, plan, price, rubric, sheet
from tests.rules.scoring.test_scoring_ranking_properties import outcome, random_board

MATRICES = 120


def random_matrix(seed: int) -> tuple[dict[str, list[int]], dict[str, int]]:
    """Points of up to ten bids on up to seven criteria, in hundredths, and weights."""
    chance = random.Random(seed)
    bids, criteria = chance.randint(2, 10), chance.randint(2, 7)
    cuts = sorted(chance.sample(range(1, 10_000), criteria - 1))
    weights = [after - before for before, after in pairwise([0, *cuts, 10_000])]
    coarse = chance.random() < 0.3
    columns = {
        f"c{at}": [chance.choice([500, 1_000]) if coarse else chance.randint(1, weight * 3)
                   for _ in range(bids)]
        for at, weight in enumerate(weights)
    }  # fmt: skip
    # Where nobody can be told apart the others divide nought by nought.
    columns["c0"][0] += 1
    return columns, {f"c{at}": weight for at, weight in enumerate(weights)}


def scored(method: Method, columns: dict[str, list[int]], weights: dict[str, int]) -> list[int]:
    """Scores by a method that asks for no price."""
    count = len(next(iter(columns.values())))
    return methods.scores(method, columns, weights, prices_fen=[None] * count)


def as_arrays(
    columns: dict[str, list[int]], weights: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The same board as other libraries take it."""
    matrix = np.array(list(columns.values()), dtype=float).T
    return matrix, np.array([weights[code] / 10_000 for code in columns])


def by_length(column: np.ndarray, cost: bool = False) -> np.ndarray:
    """Divide by the length of the column, as the classical method does."""
    scaled: np.ndarray = column / np.sqrt((column**2).sum())
    return scaled


def as_it_is(column: np.ndarray, cost: bool = False) -> np.ndarray:
    """Leave a column that is weighed already."""
    return column


@pytest.mark.parametrize("seed", range(MATRICES))
def test_topsis_agrees_with_two_other_libraries(seed: int) -> None:
    """Closeness to six places, bid by bid, by pymcdm and by scikit-criteria."""
    columns, weights = random_matrix(seed)
    matrix, shares = as_arrays(columns, weights)
    ours = [one / methods.CLOSENESS_WHOLE for one in scored(Method.TOPSIS, columns, weights)]

    with warnings.catch_warnings():
        # It warns of bids that are best everywhere; here they are part of the test.
        warnings.simplefilter("ignore", UserWarning)
        theirs = TOPSIS(normalization_function=by_length)(matrix, shares, np.ones(len(shares)))
    board = VectorScaler(target="matrix").transform(
        mkdm(matrix, [max] * len(shares), weights=shares)
    )
    others = of_skcriteria.TOPSIS().evaluate(board).e_.similarity
    assert np.allclose(ours, theirs, atol=6e-7)
    assert np.allclose(ours, others, atol=6e-7)


@pytest.mark.parametrize("seed", range(0, MATRICES, 4))
def test_the_weighted_sum_agrees_with_two_other_libraries(seed: int) -> None:
    """Points are weighed already: the sum over shares of the weight is the sum of the points."""
    columns, weights = random_matrix(seed)
    matrix, shares = as_arrays(columns, weights)
    unweighed = matrix / shares

    ours = [float(one) for one in scored(Method.COMPREHENSIVE, columns, weights)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = WSM(normalization_function=as_it_is)(unweighed, shares, np.ones(len(shares)))
    others = WeightedSumModel().evaluate(mkdm(unweighed, [max] * len(shares), weights=shares))
    assert np.allclose(ours, theirs)
    assert np.allclose(ours, others.e_.score)


@pytest.mark.parametrize("seed", range(MATRICES))
def test_borda_agrees_with_counting_every_duel(seed: int) -> None:
    """Every bid against every other on every criterion: two for a win, one for a draw."""
    columns, weights = random_matrix(seed)
    count = len(next(iter(columns.values())))
    duels = [
        sum(
            weights[code] * (2 * (column[one] > column[other]) + (column[one] == column[other]))
            for code, column in columns.items()
            for other in range(count)
            if other != one
        )
        for one in range(count)
    ]

    assert scored(Method.BORDA, columns, weights) == duels


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=6))
@settings(deadline=None, max_examples=150)
def test_closeness_is_rounded_as_eighty_digits_round_it(points: list[tuple[int, int]]) -> None:
    """No root is taken here; taken with eighty digits elsewhere, it rounds to the same figure."""
    wide = Context(prec=80)
    columns = {"a": [a for a, _ in points], "b": [b for _, b in points]}
    weights = {"a": 7_000, "b": 3_000}

    expected = []
    for to_best, to_worst in methods.distances(columns, weights, count=len(points)):
        near, far = (wide.sqrt(Decimal(one)) for one in (to_worst, to_best))
        closeness = wide.divide(near, wide.add(near, far)) if to_best else Decimal(1)
        expected.append(closeness.quantize(Decimal("0.000001"), ROUND_HALF_UP, wide))

    found = scored(Method.TOPSIS, columns, weights)
    assert [methods.shown(Method.TOPSIS, one, scale=2) for one in found] == expected


def test_a_hand_made_topsis() -> None:
    """The example of the page: 3-4-5 triangles, so that every root comes out even."""
    columns = {"plan": [3, 0, 4], "price": [0, 4, 3]}
    weights = {"plan": 5_000, "price": 5_000}

    found = scored(Method.TOPSIS, columns, weights)

    # Both norms are 5.  A is sqrt(17) from the best and 3 from the worst, B is 4 and 4, C 1 and 5.
    assert found == [421_165, 500_000, 833_333]


def test_a_bid_that_is_best_everywhere_is_the_ideal_and_equals_are_equal() -> None:
    """Closeness one for the ideal, for all where nobody can be told apart, nought for the worst."""
    assert scored(Method.TOPSIS, {"a": [5, 1], "b": [7, 2]}, {"a": 5_000, "b": 5_000}) == [
        1_000_000,
        0,
    ]
    assert scored(Method.TOPSIS, {"a": [5, 5]}, {"a": 10_000}) == [1_000_000, 1_000_000]
    assert scored(Method.TOPSIS, {"a": [0, 0]}, {"a": 10_000}) == [1_000_000, 1_000_000]


@pytest.mark.parametrize("method", [Method.TOPSIS, Method.BORDA])
def test_a_round_is_ranked_by_the_method_and_explains_it(method: Method) -> None:
    """Order by score, ties shared, the score in words in both languages."""
    board = sheet(
        bid("A", 1_000_000, accuracy=None),
        bid("B", 900_000, accuracy=None),
        bid("C", 1_000_000, accuracy=None),
        yardstick=rubric(plan(6_000), price(4_000), method=method),
        judges=(Judge(label="J1"),),
        marks=marks_of("J1", A="80", B="90", C="80"),
    )

    ranking = rank(board)

    scores = [one.score for one in ranking.standings]
    assert scores == sorted(scores, reverse=True)
    assert [one.rank for one in ranking.standings] == [1, 2, 2]
    words = {Method.TOPSIS: ("贴近度 1.000000", "closeness"), Method.BORDA: ("2 家中的 2", "Borda")}
    first = ranking.standings[0].explanation
    assert words[method][0] in first.zh[0]
    assert words[method][1] in first.en[0]
    assert ranking.to_document()["document"] == "jiebang.standings/2"


@pytest.mark.parametrize("method", [Method.TOPSIS, Method.BORDA])
@pytest.mark.parametrize("aggregation", [Aggregation.MEAN, Aggregation.CALIBRATED])
def test_the_order_of_the_input_changes_nothing(method: Method, aggregation: Aggregation) -> None:
    """Random boards, gathered back to front: the same standings, byte for byte."""
    checked = 0
    for seed in range(40):
        board = random_board(seed)
        one = replace(board, rubric=replace(board.rubric, method=method, aggregation=aggregation))
        other = replace(one, bids=one.bids[::-1], marks=one.marks[::-1], judges=one.judges[::-1])
        found, turned = (
            outcome(lambda board=board: rank(board).to_document())  # type: ignore[misc]
            for board in (one, other)
        )
        assert found == turned, f"board {seed}"
        checked += found != NotEnoughBids.code
    assert checked > 25
