"""Points of marked criteria for many bids at once: whole numbers in columns, never rounded twice.

A mark of p places is a whole number of units of 10^-p.  With n marks kept, their sum t in units,
the scale S = s / 10^q, the weight w in basis points and d places of points, the points in units of
their last place are exactly

    t x A / B    with A / B = 10^q x w x 10^d / (n x 10^p x s x 100) in lowest terms

and halves go up by (2 t A + B) // 2B.  All of it fits 64 bits if 2 t A + B does for the largest t
that the scale allows; that is decided beforehand in Python's unbounded integers, and where it does
not hold nothing is computed here: the caller goes the way of fractions, whose figures are the same.

Source   `points.findings`, which this must equal figure by figure; a test compares them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import polars as pl

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import MARKED, Criterion, Kind
from marketplace.scoring.rules.points import RAW_PLACES, Finding
from marketplace.scoring.rules.rubric import Aggregation, Rubric

BIDS_MIN: Final = 512
"""With fewer bids the way of fractions is quick enough, and is the one read in the rules."""
INT64_MAX: Final = 2**63 - 1

Marks = Mapping[tuple[str, str], Sequence[Decimal]]
"""The marks that count by bid and criterion, lowest first."""
Ready = Mapping[tuple[str, str], Finding]


@dataclass(frozen=True, slots=True)
class Quotient:
    """Multiplies by a fraction and rounds halves up, in 64 bits, for sums up to `largest`."""

    times: int
    over: int
    largest: int

    @classmethod
    def of(cls, ratio: Fraction, *, largest: int) -> "Quotient | None":
        """Build it if no step can leave 64 bits; None otherwise.

        >>> Quotient.of(Fraction(3, 2), largest=10), Quotient.of(Fraction(3), largest=2**62)
        (Quotient(times=3, over=2, largest=10), None)
        """
        fits = 2 * largest * ratio.numerator + ratio.denominator <= INT64_MAX
        # The divisor itself must fit too, even if every sum were nought.
        fits = fits and 2 * ratio.denominator <= INT64_MAX
        return cls(ratio.numerator, ratio.denominator, largest) if fits else None

    def rounded(self, sums: pl.Expr) -> pl.Expr:
        """Write the rounded product of sums between 0 and `largest`."""
        return (sums * (2 * self.times) + self.over) // (2 * self.over)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How sums of kept marks on one criterion become points and a shown mark."""

    points: Quotient
    raw: Quotient

    @classmethod
    def of(cls, criterion: Criterion, *, kept: int, places: int, scale: int) -> "Column | None":
        """Prove from the bounds of a criterion that its figures fit; None where they may not.

        Shape    `kept` marks are added, each a whole number of units of 10^-places.
        """
        if not criterion.scale_max or kept < 1:
            return None
        unit = 10**places
        largest = int(Fraction(criterion.scale_max) * unit) * kept
        share = 1 / (kept * unit * Fraction(criterion.scale_max))
        points = Quotient.of(share * criterion.weight * 10**scale, largest=largest)
        raw = Quotient.of(Fraction(10**RAW_PLACES, kept * unit), largest=largest)
        return None if points is None or raw is None else cls(points=points, raw=raw)


def ready_findings(
    rubric: Rubric, bid_ids: Sequence[str], marks: Marks, *, bids_min: int = BIDS_MIN
) -> Ready:
    """Compute findings of marked criteria column by column, where that pays and is proved exact.

    Shape    every criterion is there for all bids or for none; what is missing is computed, or
             refused, by `points.findings`.
    """
    found: dict[tuple[str, str], Finding] = {}
    if len(bid_ids) < bids_min:
        return found
    for criterion in rubric.criteria:
        if criterion.kind in MARKED:
            given = [marks.get((bid_id, criterion.code), ()) for bid_id in bid_ids]
            places = ((bid_id, criterion.code) for bid_id in bid_ids)
            column = _column(rubric, criterion, given)
            if column is not None:
                found.update(zip(places, column, strict=True))
    return found


def kept_of(rubric: Rubric, criterion: Criterion, count: int) -> range:
    """Tell which of `count` marks, lowest first, are added up; none where this is not decided here.

    A median of two middle marks is their mean, as one middle mark is its own.
    """
    if criterion.kind == Kind.OBJECTIVE_EXPERT:
        return range(min(count, 1))
    if rubric.aggregation == Aggregation.MEAN:
        return range(count)
    if rubric.aggregation == Aggregation.TRIMMED_MEAN:
        return range(rubric.trim, count - rubric.trim)
    if rubric.aggregation == Aggregation.MEDIAN:
        return range((count - 1) // 2, count // 2 + 1)
    # Calibrated marks are fractions of their own.
    return range(0)


def _column(
    rubric: Rubric, criterion: Criterion, given: Sequence[Sequence[Decimal]]
) -> list[Finding] | None:
    count = len(given[0])
    if not count or any(len(one) != count for one in given):
        return None
    kept = kept_of(rubric, criterion, count)
    values = {mark for one in given for mark in one}
    places = max(numbers.places(value) for value in values)
    column = Column.of(criterion, kept=len(kept), places=places, scale=rubric.rounding.scale)
    if column is None or min(values) < 0 or max(values) > (criterion.scale_max or 0):
        return None
    units = {value: numbers.units(value, places) for value in values}
    judges = [pl.Series(str(at), [units[one[at]] for one in given], dtype=pl.Int64) for at in kept]
    sums = pl.DataFrame(judges).select(pl.sum_horizontal(pl.all()).alias("sum"))
    kinds = sums.unique().select(
        "sum",
        column.points.rounded(pl.col("sum")).alias("points"),
        column.raw.rounded(pl.col("sum")).alias("raw"),
    )
    # Bids with the same sum share one finding: it is frozen, and there are few sums.
    marks = 1 if criterion.kind == Kind.OBJECTIVE_EXPERT else count
    scale = rubric.rounding.scale
    findings = {
        total: Finding(
            points=numbers.half_up(Fraction(points, 10**scale), scale),
            raw=numbers.half_up(Fraction(raw, 10**RAW_PLACES), RAW_PLACES),
            marks=marks,
        )
        for total, points, raw in kinds.iter_rows()
    }
    return [findings[total] for total in sums["sum"].to_list()]
