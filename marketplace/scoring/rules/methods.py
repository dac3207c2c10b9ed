"""From points to the figure that bids are ranked on, and nothing but whole numbers on the way.

comprehensive  the sum of the points
lowest_price   the evaluated price, lowest first
topsis         closeness to the ideal, rounded half up to six places
borda          the weighted mean of the number of bids that are beaten, half for each that is equal

TOPSIS works on the rounded points, the very figures that are published.  With `p(i, j)` the points
of bid i on criterion j and `N(j)` the sum of their squares, the squared distances of a bid to the
best and the worst points of each criterion,

    U(i) = sum of (w(j) x (p(i, j) - best(j)))^2 / N(j)      V(i) likewise with worst(j)

are whole numbers once they are multiplied by a common multiple of all N(j).  The closeness
sqrt(V) / (sqrt(U) + sqrt(V)) is at least t exactly if V x (1 - t)^2 >= U x t^2, so both the order
and the rounding to six places are decided by comparing whole numbers: no root is ever taken, and
nothing depends on the precision of one.

Source   C.-L. Hwang and K. Yoon, Multiple Attribute Decision Making, 1981 (TOPSIS, vector
         normalisation); J.-C. de Borda, 1781, with half a point for equals.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.rubric import Method

CLOSENESS_PLACES: Final = 6
CLOSENESS_WHOLE: Final = 10**CLOSENESS_PLACES
BORDA_WHOLE: Final = 2 * BPS_WHOLE
BORDA_PLACES: Final = 5

Columns = Mapping[str, Sequence[int]]
"""Points by criterion, one figure per bid, in units of the last place of rounded points."""


def scores(
    method: Method,
    columns: Columns,
    weights: Mapping[str, int],
    *,
    prices_fen: Sequence[int | None],
) -> list[int]:
    """Compute the figure each bid is ranked on, highest first.

    Shape    columns and prices in the same order of bids; criteria without a weight are gates and
             say nothing.
    Units    points in units of the last place, closeness in millionths, Borda in 1/20000, prices
             in fen with their sign changed, so that more is always better.
    """
    if method == Method.LOWEST_PRICE:
        return [-(price_fen or 0) for price_fen in prices_fen]
    weighed = {code: weight for code, weight in weights.items() if weight and code in columns}
    if method == Method.TOPSIS:
        return [_millionths(*one) for one in distances(columns, weighed, count=len(prices_fen))]
    if method == Method.BORDA:
        return _borda(columns, weighed, count=len(prices_fen))
    totals = [0] * len(prices_fen)
    for column in columns.values():
        totals = [total + points for total, points in zip(totals, column, strict=True)]
    return totals


def shown(method: Method, score: int, *, scale: int) -> Decimal:
    """Write a score as people read it: points, closeness, bids beaten, or a price in fen.

    >>> shown(Method.TOPSIS, 731_059, scale=2), shown(Method.BORDA, 35_000, scale=2)
    (Decimal('0.731059'), Decimal('1.75000'))
    """
    if method == Method.LOWEST_PRICE:
        return Decimal(-score)
    if method == Method.TOPSIS:
        return numbers.half_up(Fraction(score, CLOSENESS_WHOLE), CLOSENESS_PLACES)
    if method == Method.BORDA:
        return numbers.half_up(Fraction(score, BORDA_WHOLE), BORDA_PLACES)
    return numbers.half_up(Fraction(score, 10**scale), scale)


def distances(columns: Columns, weights: Mapping[str, int], *, count: int) -> list[tuple[int, int]]:
    """Compute the squared distances of each bid to the ideal and to the anti-ideal.

    Units    of one common size, which no comparison depends on.
    """
    to_best, to_worst = [0] * count, [0] * count
    for code, best, worst in squares(columns):
        factor = weights.get(code, 0) ** 2
        if factor:
            to_best = [total + factor * one for total, one in zip(to_best, best, strict=True)]
            to_worst = [total + factor * one for total, one in zip(to_worst, worst, strict=True)]
    return list(zip(to_best, to_worst, strict=True))


def squares(columns: Columns) -> list[tuple[str, list[int], list[int]]]:
    """Compute what each criterion adds to the squared distances before it is weighed.

    Shape    criterion, squares to the best, squares to the worst; a criterion on which nobody has
             a point tells nobody apart and is left out.
    Units    the least common multiple of all N(j) makes every square a whole number.
    """
    norms = {code: sum(points * points for points in column) for code, column in columns.items()}
    common = lcm(*(norm for norm in norms.values() if norm))
    found = []
    for code, column in columns.items():
        if norms[code]:
            factor, best, worst = common // norms[code], max(column), min(column)
            found.append(
                (
                    code,
                    [factor * (points - best) ** 2 for points in column],
                    [factor * (points - worst) ** 2 for points in column],
                )
            )
    return found


def _millionths(to_best: int, to_worst: int) -> int:
    """Round the closeness half up to millionths, by halving the interval it must lie in."""
    if not to_best:
        return CLOSENESS_WHOLE
    whole = 2 * CLOSENESS_WHOLE
    low, high = 0, whole
    # Invariant: low / whole <= closeness < high / whole, for a bid that is not the ideal itself.
    while high - low > 1:
        middle = (low + high) // 2
        if to_worst * (whole - middle) ** 2 >= to_best * middle**2:
            low = middle
        else:
            high = middle
    return (low + 1) // 2


def _borda(columns: Columns, weights: Mapping[str, int], *, count: int) -> list[int]:
    totals = [0] * count
    for code, weight in weights.items():
        column = columns[code]
        beaten = beaten_twice(column)
        totals = [
            total + weight * beaten[points] for total, points in zip(totals, column, strict=True)
        ]
    return totals


def beaten_twice(column: Sequence[int]) -> dict[int, int]:
    """Count for each figure twice the lower ones, and once the equal ones but itself."""
    ordered = sorted(column)
    found: dict[int, int] = {}
    lower = 0
    while lower < len(ordered):
        points, upper = ordered[lower], lower
        while upper < len(ordered) and ordered[upper] == points:
            upper += 1
        found[points] = 2 * lower + (upper - lower - 1)
        lower = upper
    return found
