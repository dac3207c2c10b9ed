"""Weights from pairwise comparisons: the analytic hierarchy process, in exact enough decimals.

Whoever finds it hard to say "this weighs 23 of 100" can say "this matters three times as much as
that".  The comparisons make a positive reciprocal matrix; its principal eigenvector is the weights,
its principal eigenvalue L tells how well the answers fit together:

    consistency index  CI = (L - n) / (n - 1)        consistency ratio  CR = CI / RI(n)

RI(n) is the mean CI of matrices filled at random.  A ratio above 0.10 means that the answers
contradict each other, and the weights are refused unless somebody says why they stand.

Source   T. L. Saaty, The Analytic Hierarchy Process, 1980; RI as tabled there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import combinations
from typing import Final

from marketplace.kit.money import BPS_WHOLE, allocate
from marketplace.scenarios.errors import ComparisonsInconsistent, ComparisonsUnfit

RANDOM_INDEX: Final = tuple(
    Decimal(text)
    for text in (
        *("0", "0", "0.58", "0.90", "1.12", "1.24", "1.32", "1.41", "1.45", "1.49"),
        *("1.51", "1.48", "1.56", "1.57", "1.59"),
    )
)
"""RI of matrices of 1, 2, 3 … 15 criteria."""
CRITERIA_MAX: Final = len(RANDOM_INDEX)
RATIO_MAX: Final = Decimal("0.10")
STRENGTH_MAX: Final = 9
"""Nine times as important is the most that Saaty's scale can say."""
PLACES: Final = 6
STEPS_MAX: Final = 5_000
SETTLED: Final = Decimal(10) ** -40
_CONTEXT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""The arithmetic of decimals is specified to the last digit, so that every machine agrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many times as important one criterion is as another."""

    a: str
    b: str
    times: str
    """A whole number 1 to 9, or `1/2` to `1/9` where `b` is the more important."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """The comparisons that weights were derived from, and why they stand if they contradict."""

    comparisons: tuple[Comparison, ...]
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What follows from a set of comparisons."""

    weight_bps: dict[str, int]
    """Whole basis points by criterion; they make 10000 by the largest remainders."""
    shares: dict[str, Decimal]
    """The principal eigenvector to six places."""
    eigenvalue: Decimal
    consistency_index: Decimal
    consistency_ratio: Decimal


def strength(times: str) -> Fraction | None:
    """Read a comparison on Saaty's scale; None for anything else.

    >>> strength("3"), strength("1/5"), strength("0.2"), strength("12")
    (Fraction(3, 1), Fraction(1, 5), None, None)
    """
    whole = {str(number): Fraction(number) for number in range(1, STRENGTH_MAX + 1)}
    parts = {f"1/{number}": Fraction(1, number) for number in range(2, STRENGTH_MAX + 1)}
    return (whole | parts).get(times)


def weigh(codes: Sequence[str], comparisons: Sequence[Comparison]) -> Weights:
    """Derive weights from comparisons, whether or not they fit together; `settle` judges that.

    Shape    `codes` in the order in which equal remainders are served; every two of them are
             compared exactly once.
    Refuses  ComparisonsUnfit for too few or too many criteria, a pair that is missing, stands
             twice or names somebody else, or a strength that is not on the scale.
    """
    matrix = _matrix(codes, comparisons)
    vector, eigenvalue = _principal(matrix)
    count = len(codes)
    index = (
        _CONTEXT.divide(_CONTEXT.subtract(eigenvalue, Decimal(count)), Decimal(count - 1))
        if count > 1
        else Decimal(0)
    )
    random_index = RANDOM_INDEX[count - 1]
    ratio = _CONTEXT.divide(index, random_index) if random_index else Decimal(0)
    scaled = [int(_CONTEXT.scaleb(one, 50)) for one in vector]
    return Weights(
        weight_bps=dict(zip(codes, allocate(BPS_WHOLE, scaled), strict=True)),
        shares={code: _shown(one) for code, one in zip(codes, vector, strict=True)},
        eigenvalue=_shown(eigenvalue),
        consistency_index=_shown(index),
        consistency_ratio=_shown(ratio),
    )


def settle(codes: Sequence[str], derivation: Derivation) -> Weights:
    """Derive weights, and insist that the comparisons fit together or that somebody says why not.

    Refuses  as `weigh` does, and ComparisonsInconsistent above a ratio of 0.10 without a reason.
    """
    found = weigh(codes, derivation.comparisons)
    if found.consistency_ratio > RATIO_MAX and not (derivation.override_reason or "").strip():
        raise ComparisonsInconsistent(
            consistency_ratio=str(found.consistency_ratio), maximum=str(RATIO_MAX)
        )
    return found


def _matrix(codes: Sequence[str], comparisons: Sequence[Comparison]) -> list[list[Decimal]]:
    if not 1 <= len(codes) <= CRITERIA_MAX or len(set(codes)) != len(codes):
        raise ComparisonsUnfit(criteria=len(codes), expected=f"1..{CRITERIA_MAX}, each once")
    known: dict[tuple[str, str], Fraction] = {}
    for one in comparisons:
        times = strength(one.times)
        if times is None:
            raise ComparisonsUnfit(a=one.a, b=one.b, times=one.times[:20], expected="1/9 .. 9")
        if one.a not in codes or one.b not in codes or one.a == one.b:
            raise ComparisonsUnfit(a=one.a, b=one.b, expected="two criteria of the call")
        if (one.a, one.b) in known:
            raise ComparisonsUnfit(a=one.a, b=one.b, expected="every two compared once")
        known[one.a, one.b], known[one.b, one.a] = times, 1 / times
    missing = [[a, b] for a, b in combinations(codes, 2) if (a, b) not in known]
    if missing:
        raise ComparisonsUnfit(missing=missing[:20], count=len(missing))
    return [[Decimal(1) if a == b else _decimal(known[a, b]) for b in codes] for a in codes]


def _principal(matrix: Sequence[Sequence[Decimal]]) -> tuple[list[Decimal], Decimal]:
    """Find eigenvector and eigenvalue by multiplying until nothing moves.

    A positive matrix has one eigenvalue larger than all others (Perron), so this settles from any
    start; the fixed start and the fixed precision make the digits the same everywhere.
    """
    vector = [_CONTEXT.divide(Decimal(1), Decimal(len(matrix)))] * len(matrix)
    eigenvalue = Decimal(len(matrix))
    for _ in range(STEPS_MAX):
        product = [_dot(row, vector) for row in matrix]
        eigenvalue = _sum(product)
        after = [_CONTEXT.divide(one, eigenvalue) for one in product]
        moved = max(
            _CONTEXT.abs(_CONTEXT.subtract(new, old))
            for new, old in zip(after, vector, strict=True)
        )
        vector = after
        if moved <= SETTLED:
            return vector, eigenvalue
    raise ComparisonsUnfit(expected="comparisons whose weights settle", steps=STEPS_MAX)


def _dot(row: Sequence[Decimal], vector: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for left, right in zip(row, vector, strict=True):
        total = _CONTEXT.fma(left, right, total)
    return total


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = _CONTEXT.add(total, value)
    return total


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _shown(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-PLACES), context=_CONTEXT)
