"""How far the weights may move before another bid stands first.

Exactly.  Let one weight grow by the relative change d while the others keep their proportions; all
scores are then divided by the same sum, so the order is that of S(i) + d x w(j) x s(i, j).  The
winner a and a rival b are equal where

    d = -(S(a) - S(b)) / (w(j) x (s(a, j) - s(b, j)))

and the smallest |d| over all rivals, with d >= -1, is the margin of the criterion.  `w x s` are the
published points (comprehensive) or bids beaten (Borda), so d can be found by hand.  For TOPSIS the
condition is a quadratic equation in (1 + d)^2, solved with roots of 30 places.

By chance.  Weights are drawn from a Dirichlet distribution around the published ones.  With whole
parameters a(1) + ... + a(n) = K it needs no logarithms: K - 1 points are drawn on a line, and each
criterion takes as many of the K gaps between them as its parameter says.

Source   E. Triantaphyllou and A. Sanchez, Decision Sciences 28 (1997) 151-194 (critical change of
         a weight); L. Devroye, Non-Uniform Random Variate Generation, 1986, chapter XI.4 (gaps).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Final

from marketplace.kit.money import BPS_WHOLE, allocate
from marketplace.scoring.rules import methods, numbers
from marketplace.scoring.rules.certainty.chance import WORD, Chance
from marketplace.scoring.rules.certainty.intervals import affordable
from marketplace.scoring.rules.certainty.order import Field, Ranks, first_of, percentage
from marketplace.scoring.rules.methods import Columns
from marketplace.scoring.rules.rubric import Method
from marketplace.scoring.rules.sampling import Sampling

CHANGE_PLACES: Final = 6
ROOT_PLACES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """The smallest change of one weight that brings a rival level with the winner."""

    criterion: str
    rival: str
    change: Fraction
    """Relative: 1/4 means that the weight grows by a quarter."""
    exact: bool
    """False where the change is a root that was rounded."""


def margins(field: Field, winner: str) -> list[Margin]:
    """Find the margin of every criterion that has one, in rubric order."""
    found = []
    for code in field.weights:
        nearest = min(
            _changes(field, code, winner),
            key=lambda one: (abs(one.change), one.change, one.rival),
            default=None,
        )
        if nearest is not None:
            found.append(nearest)
    return found


def _changes(field: Field, code: str, winner: str) -> Iterator[Margin]:
    method = field.assessed.rubric.method
    if method == Method.LOWEST_PRICE:
        return
    if method == Method.TOPSIS:
        yield from _changes_of_closeness(field, code, winner)
        return
    parts = parts_of(field)
    first = field.ids.index(winner)
    for at, rival in enumerate(field.ids):
        ahead = sum(part[first] - part[at] for part in parts.values())
        by_this = parts[code][first] - parts[code][at]
        if at != first and by_this:
            change = Fraction(-ahead, by_this)
            if change >= -1:
                yield Margin(criterion=code, rival=rival, change=change, exact=True)


def parts_of(field: Field) -> dict[str, list[int]]:
    """Split the score of a method that adds up into what each criterion adds."""
    if field.assessed.rubric.method == Method.COMPREHENSIVE:
        return {code: list(field.columns[code]) for code in field.weights}
    return {
        code: [weight * one for one in _beaten(field.columns[code])]
        for code, weight in field.weights.items()
    }


def _beaten(column: Sequence[int]) -> list[int]:
    twice = methods.beaten_twice(column)
    return [twice[points] for points in column]


def _changes_of_closeness(field: Field, code: str, winner: str) -> Iterator[Margin]:
    """Solve V(a) U(b) = V(b) U(a) for the factor u = (1 + d)^2 that the squares of `code` get."""
    first = field.ids.index(winner)
    squares = {one: (best, worst) for one, best, worst in methods.squares(_weighed(field))}
    if code not in squares:
        return
    weights = field.weights
    best, worst = squares[code]
    own = weights[code] ** 2

    def rest(side: int, at: int) -> int:
        return sum(
            weights[one] ** 2 * both[side][at] for one, both in squares.items() if one != code
        )

    for at, rival in enumerate(field.ids):
        if at == first:
            continue
        va, ua = (rest(1, first), own * worst[first]), (rest(0, first), own * best[first])
        vb, ub = (rest(1, at), own * worst[at]), (rest(0, at), own * best[at])
        for factor in _roots(
            va[1] * ub[1] - vb[1] * ua[1],
            va[0] * ub[1] + va[1] * ub[0] - vb[0] * ua[1] - vb[1] * ua[0],
            va[0] * ub[0] - vb[0] * ua[0],
        ):
            if factor >= 0:
                change = Fraction(numbers.root_half_even(factor, ROOT_PLACES)) - 1
                yield Margin(criterion=code, rival=rival, change=change, exact=False)


def _roots(square: int, linear: int, constant: int) -> Iterator[Fraction]:
    """Solve square x u^2 + linear x u + constant = 0."""
    if not square:
        if linear:
            yield Fraction(-constant, linear)
        return
    inner = Fraction(linear * linear - 4 * square * constant, 4 * square * square)
    if inner >= 0:
        root = Fraction(numbers.root_half_even(inner, ROOT_PLACES))
        middle = Fraction(-linear, 2 * square)
        yield from (middle - root, middle + root)


def _weighed(field: Field) -> Columns:
    return {code: field.columns[code] for code in field.weights}


def drawn_firsts(
    field: Field, sampling: Sampling, winners: Sequence[str]
) -> tuple[int, dict[str, int], int]:
    """Draw weights around the published ones, and count who stands first.

    Shape    how many sets of weights were drawn, in how many each bid was first or shared the first
             place, and in how many all of `winners` were.
    """
    draws = affordable(field, sampling.weight_draws)
    firsts = dict.fromkeys(field.ids, 0)
    held = 0
    chance = Chance(sampling.seed, "weights")
    leaders = _Leaders(field)
    for _ in range(draws):
        weights = drawn_weights(chance, field.weights, sampling.concentration)
        leading = leaders(weights)
        for bid_id in leading:
            firsts[bid_id] += 1
        held += set(winners) <= set(leading)
    return draws, firsts, held


def drawn_weights(chance: Chance, weights: Mapping[str, int], concentration: int) -> dict[str, int]:
    """Draw one set of weights; they add up to 2^64.

    Shape    parameters are whole: the concentration is divided among the criteria by the largest
             remainders, and none gets less than 1.
    """
    parts = [max(1, part) for part in allocate(concentration, list(weights.values()))]
    cuts = [0, *chance.cuts(sum(parts) - 1), WORD]
    edges = [0]
    for part in parts:
        edges.append(edges[-1] + part)
    return {
        code: cuts[after] - cuts[before]
        for code, (before, after) in zip(weights, pairwise(edges), strict=True)
    }


class _Leaders:
    """Find who stands first under other weights."""

    def __init__(self, field: Field) -> None:
        self._ids = field.ids
        self._topsis = field.assessed.rubric.method == Method.TOPSIS
        if self._topsis:
            self._columns = _weighed(field)
            self._squares = methods.squares(self._columns)
            return
        common = lcm(*field.weights.values())
        self._parts = {
            code: [common // field.weights[code] * one for one in part]
            for code, part in parts_of(field).items()
        }

    def __call__(self, weights: Mapping[str, int]) -> list[str]:
        if self._topsis:
            return self._nearest(weights)
        totals = [0] * len(self._ids)
        for code, part in self._parts.items():
            weight = weights[code]
            totals = [total + weight * one for total, one in zip(totals, part, strict=True)]
        best = max(totals)
        return [bid_id for bid_id, total in zip(self._ids, totals, strict=True) if total == best]

    def _nearest(self, weights: Mapping[str, int]) -> list[str]:
        to_best, to_worst = [0] * len(self._ids), [0] * len(self._ids)
        for code, best, worst in self._squares:
            factor = weights[code] ** 2
            to_best = [total + factor * one for total, one in zip(to_best, best, strict=True)]
            to_worst = [total + factor * one for total, one in zip(to_worst, worst, strict=True)]
        leading: list[int] = []
        for at in range(len(self._ids)):
            if not leading:
                leading = [at]
                continue
            far, near = to_worst[at] * to_best[leading[0]], to_worst[leading[0]] * to_best[at]
            if not to_best[at] and not to_best[leading[0]]:
                leading.append(at)
            elif far > near or not to_best[at]:
                leading = [at]
            elif far == near and to_best[leading[0]]:
                leading.append(at)
        return [self._ids[at] for at in leading]


def to_document(field: Field, sampling: Sampling, ranks: Ranks) -> dict[str, object]:
    """Write margins and drawn weights as JSON values."""
    winners = first_of(ranks)
    shared = len(winners) > 1
    found = [] if shared else margins(field, winners[0])
    least = min(found, key=lambda one: abs(one.change), default=None)
    document: dict[str, object] = {
        "first": list(winners),
        "first_is_shared": shared,
        "criteria": [_margin_document(field, one) for one in found],
        "smallest": None if least is None else least.criterion,
    }
    if field.assessed.rubric.method == Method.LOWEST_PRICE:
        return document | {"drawn": None}
    draws, firsts, held = drawn_firsts(field, sampling, winners)
    order = sorted(firsts, key=lambda bid_id: (ranks[bid_id], bid_id))
    return document | {
        "drawn": {
            "draws": draws,
            "concentration": sampling.concentration,
            "first_holds": held,
            "first_holds_percent": percentage(held, draws),
            "first": {bid_id: firsts[bid_id] for bid_id in order if firsts[bid_id]},
        }
    }


def _margin_document(field: Field, margin: Margin) -> dict[str, object]:
    weight = Fraction(field.weights[margin.criterion], BPS_WHOLE)
    grown = weight * (1 + margin.change)
    whole = 1 + weight * margin.change
    becomes = grown / whole if whole else Fraction(0)
    change = margin.change
    return {
        "criterion": margin.criterion,
        "rival": margin.rival,
        "relative_change": f"{numbers.half_up(change, CHANGE_PLACES):f}",
        "exact": f"{change.numerator}/{change.denominator}" if margin.exact else None,
        "weight_bps": field.weights[margin.criterion],
        "becomes_percent": f"{_percent(becomes):f}",
    }


def _percent(share: Fraction) -> Decimal:
    return numbers.half_up(100 * share, 2)
