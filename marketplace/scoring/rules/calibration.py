"""Marks made comparable: each judge's severity and spread are taken out, criterion by criterion.

For one criterion let m(j, i) be the mark of judge j for bid i, mean(j) and sd(j) the mean and the
population standard deviation of the marks of j over the bids that stayed in, M the mean of all
mean(j) and S the mean of all sd(j).  Then

    calibrated(j, i) = M + S x (m(j, i) - mean(j)) / sd(j)

held within 0 .. scale.  A judge who gave everybody the same says nothing about the order and counts
as M everywhere.  Roots are rounded to 18 places, the result to 12, each once and half to even, so
the same marks give the same digits everywhere.  A bid that joins or leaves moves every judge's mean
and with it the calibrated marks of the others: `certainty.omissions` shows whether that matters.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Criterion, Kind
from marketplace.scoring.rules.rubric import Aggregation, Rubric

ROOT_PLACES: Final = 18
MARK_PLACES: Final = 12

ByJudge = Mapping[tuple[str, str], Mapping[str, Decimal]]
"""Marks by bid and criterion, then by judge."""


def calibrated_if_asked(rubric: Rubric, given: ByJudge) -> ByJudge:
    """Calibrate the subjective marks where the rubric says so; otherwise leave all as they are."""
    if rubric.aggregation != Aggregation.CALIBRATED:
        return given
    subjective = {one.code: one for one in rubric.criteria if one.kind == Kind.SUBJECTIVE_EXPERT}
    changed = {place: found for place, found in given.items() if place[1] not in subjective}
    for code, criterion in subjective.items():
        own = {bid_id: found for (bid_id, one), found in given.items() if one == code}
        for bid_id, found in calibrated(criterion, own).items():
            changed[bid_id, code] = found
    return changed


def calibrated(
    criterion: Criterion, marks: Mapping[str, Mapping[str, Decimal]]
) -> dict[str, dict[str, Decimal]]:
    """Calibrate the marks of one criterion.

    Shape    marks by bid, then by judge; every judge has marked every bid.
    Source   standardisation per rater, rescaled to the panel's mean and spread.
    """
    judges = sorted({judge for found in marks.values() for judge in found})
    if not judges:
        return {bid_id: {} for bid_id in marks}
    means, spreads = {}, {}
    for judge in judges:
        own = [Fraction(found[judge]) for found in marks.values()]
        means[judge], spreads[judge] = mean_and_spread(own)
    centre = sum(means.values(), Fraction(0)) / len(judges)
    width = sum(spreads.values(), Fraction(0)) / len(judges)
    highest = Fraction(criterion.scale_max or 0)

    def moved(judge: str, mark: Decimal) -> Decimal:
        spread = spreads[judge]
        off = (Fraction(mark) - means[judge]) / spread if spread else Fraction(0)
        value = min(max(centre + width * off, Fraction(0)), highest)
        return numbers.half_even(value, MARK_PLACES)

    return {
        bid_id: {judge: moved(judge, found[judge]) for judge in judges}
        for bid_id, found in marks.items()
    }


def mean_and_spread(values: list[Fraction]) -> tuple[Fraction, Fraction]:
    """The mean and the population standard deviation, the root rounded to 18 places.

    >>> mean_and_spread([Fraction(80), Fraction(90)])
    (Fraction(85, 1), Fraction(5, 1))
    """
    mean = sum(values, Fraction(0)) / len(values)
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)
    return mean, Fraction(numbers.root_half_even(variance, ROOT_PLACES))
