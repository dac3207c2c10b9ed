"""The panel itself: who is strict, who spreads, whether they agree, which marks stand far off.

severity    the mean of what the panel gives minus the mean of what this judge gives, in points
spread      population standard deviation over the bids of what this judge gives, in points
W           Kendall's coefficient of concordance of the judges' orders, corrected for ties:
            W = 12 S / (m^2 (n^3 - n) - m T), S the sum of squared deviations of the rank sums,
            T the sum of t^3 - t over all ties; 1 is full agreement, 0 none
far off     a mark whose distance from the panel's median for that bid is above three robust
            deviations: 1.4826 x the median of all such distances on the criterion, or, where more
            than half of them are nought, 1.253314 x their mean

Source   M. G. Kendall and B. Babington Smith, Annals of Mathematical Statistics 10 (1939) 275-287;
         S. Siegel, Nonparametric Statistics, 1956, pages 229-239 (ties); B. Iglewicz and D. C.
         Hoaglin, How to Detect and Handle Outliers, 1993 (both deviations).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from statistics import median
from typing import Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.calibration import mean_and_spread
from marketplace.scoring.rules.certainty import omissions
from marketplace.scoring.rules.certainty.order import Field, Ranks
from marketplace.scoring.rules.criteria import Criterion, Kind

DEVIATIONS_MAX: Final = 3
MEDIAN_FACTOR: Final = Fraction(14_826, 10_000)
MEAN_FACTOR: Final = Fraction(1_253_314, 1_000_000)
PLACES: Final = 4
LISTED_MAX: Final = 200

Marks = Mapping[str, Mapping[str, Decimal]]
"""Marks of one criterion, by judge and then by bid."""


def twice_ranks(values: Sequence[Fraction]) -> list[int]:
    """Rank from the highest down, equals sharing the mean rank; doubled, so that all are whole.

    >>> twice_ranks([Fraction(9), Fraction(7), Fraction(9)])
    [3, 6, 3]
    """
    order = sorted(range(len(values)), key=lambda at: -values[at])
    found = [0] * len(values)
    first = 0
    for _, tied in groupby(order, key=lambda at: values[at]):
        members = list(tied)
        for at in members:
            found[at] = 2 * first + len(members) + 1
        first += len(members)
    return found


def concordance(rows: Sequence[Sequence[Fraction]]) -> Fraction | None:
    """Compute Kendall's W over the orders of several judges, corrected for ties.

    Shape    one row per judge, one value per bid; None where nothing can be said: fewer than two
             judges or bids, or every judge gives everybody the same.

    >>> concordance([[Fraction(3), Fraction(2)], [Fraction(6), Fraction(5)]])
    Fraction(1, 1)
    """
    judges = len(rows)
    bids = len(rows[0]) if rows else 0
    if judges < 2 or bids < 2:
        return None
    ranks = [twice_ranks(row) for row in rows]
    sums = [Fraction(sum(column), 2) for column in zip(*ranks, strict=True)]
    mean = sum(sums, Fraction(0)) / bids
    deviations = sum(((one - mean) ** 2 for one in sums), Fraction(0))
    ties = 0
    for row in ranks:
        for rank in set(row):
            count = row.count(rank)
            ties += count**3 - count
    whole = judges**2 * (bids**3 - bids) - judges * ties
    return 12 * deviations / whole if whole else None


def far_off(marks: Marks) -> list[tuple[str, str, Fraction, Fraction]]:
    """Find the marks of one criterion that stand far off.

    Shape    judge, bid, the panel's median for that bid, and the distance in robust deviations;
             the farthest first.
    """
    bids = sorted({bid_id for own in marks.values() for bid_id in own})
    medians = {
        bid_id: median(Fraction(own[bid_id]) for own in marks.values() if bid_id in own)
        for bid_id in bids
    }
    distances = {
        (judge, bid_id): Fraction(mark) - medians[bid_id]
        for judge, own in marks.items()
        for bid_id, mark in own.items()
    }
    deviation = robust_deviation([abs(one) for one in distances.values()])
    if not deviation:
        return []
    found = [
        (judge, bid_id, medians[bid_id], distance / deviation)
        for (judge, bid_id), distance in distances.items()
        if abs(distance) > DEVIATIONS_MAX * deviation
    ]
    return sorted(found, key=lambda one: (-abs(one[3]), one[0], one[1]))


def robust_deviation(distances: Sequence[Fraction]) -> Fraction:
    """Estimate a standard deviation that a few wild marks do not move."""
    if not distances:
        return Fraction(0)
    middle = MEDIAN_FACTOR * median(distances)
    return middle or MEAN_FACTOR * sum(distances, Fraction(0)) / len(distances)


def to_document(field: Field, ranks: Ranks) -> dict[str, object]:
    """Write what there is to say about the panel as JSON values."""
    by_criterion = {
        one: _marks_of(field, one)
        for one in field.assessed.rubric.criteria
        if one.kind == Kind.SUBJECTIVE_EXPERT
    }
    judges = sorted({judge for marks in by_criterion.values() for judge in marks})
    totals = {judge: _totals(field, judge, by_criterion) for judge in judges}
    order = [totals[judge] for judge in judges]
    outlying = [
        {
            "judge": judge,
            "bid_id": bid_id,
            "criterion": one.code,
            "mark": numbers.plain(marks[judge][bid_id]),
            "panel_median": _shown(middle),
            "robust_deviations": _shown(distance),
        }
        for one, marks in by_criterion.items()
        for judge, bid_id, middle, distance in far_off(marks)
    ]
    return {
        "judges": _judges_document(totals),
        "concordance": _optional(concordance(order)),
        "concordance_by_criterion": {
            one.code: _optional(
                concordance(
                    [[Fraction(marks[judge][bid_id]) for bid_id in field.ids] for judge in judges]
                )
            )
            for one, marks in by_criterion.items()
        },
        "far_off_count": len(outlying),
        "far_off": outlying[:LISTED_MAX],
        "without_judge": omissions.of_judges(field, ranks),
    }


def _judges_document(totals: Mapping[str, Sequence[Fraction]]) -> list[dict[str, object]]:
    each = {judge: mean_and_spread(list(own)) for judge, own in totals.items()}
    means = [mean for mean, _ in each.values()]
    panel = sum(means, Fraction(0)) / len(means) if means else Fraction(0)
    return [
        {
            "judge": judge,
            "mean": _shown(mean),
            "severity": _shown(panel - mean),
            "spread": _shown(spread),
        }
        for judge, (mean, spread) in each.items()
    ]


def _marks_of(field: Field, criterion: Criterion) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for bid_id in field.ids:
        for judge, mark in field.assessed.given.get((bid_id, criterion.code), {}).items():
            found.setdefault(judge, {})[bid_id] = mark
    return found


def _totals(field: Field, judge: str, by_criterion: Mapping[Criterion, Marks]) -> list[Fraction]:
    """Add up what one judge alone would give each bid, in points of subjective criteria."""
    return [
        sum(
            (
                Fraction(marks[judge][bid_id]) / Fraction(one.scale_max or 1) * one.weight
                for one, marks in by_criterion.items()
            ),
            Fraction(0),
        )
        for bid_id in field.ids
    ]


def _shown(value: Fraction) -> str:
    return f"{numbers.half_up(value, PLACES):f}"


def _optional(value: Fraction | None) -> str | None:
    return None if value is None else _shown(value)
