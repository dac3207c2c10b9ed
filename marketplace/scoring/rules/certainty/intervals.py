"""Rank intervals: how places move when the panel, or the rows of a benchmark, had been others.

One resample draws as many judges as sat, with replacement, and as many groups of rows as a
benchmark has, with replacement; the places of all bids are found anew from the points these give.
Prices, declared figures and objective marks do not move.  A benchmark that falls below its hard
floor gives no points; nobody leaves the ranking by chance.  Calibrated marks are resampled as they
were calibrated on the whole panel.

Source   B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993 (percentile
         intervals); judges are the units that are drawn, because marks of one judge hang together.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.rules import calibration, numbers, scales
from marketplace.scoring.rules.certainty.chance import Chance
from marketplace.scoring.rules.certainty.order import Field, percentage
from marketplace.scoring.rules.criteria import Criterion, Kind
from marketplace.scoring.rules.row_groups import Drawing, GroupedOutcomes
from marketplace.scoring.rules.rubric import RELATIVE, Aggregation, Rubric
from marketplace.scoring.rules.sampling import Sampling

TAIL: Final = Fraction(1, 20)
"""Outside the central 90 % lie 5 % on either side."""
CELLS_MAX: Final = 2_000_000
"""Bids times criteria times resamples of an ordinary method: about two seconds of computing."""
RELATIVE_COST: Final = 4
"""A method that compares every bid with every other costs about four times as much."""
RESAMPLES_MIN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RankInterval:
    """Where one bid came out over all resamples."""

    bid_id: str
    counts: Mapping[int, int]
    """How many resamples ended at each rank."""
    lowest: int
    """The best rank of the central 90 %."""
    highest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampled:
    """What resampling found, and what it could resample at all."""

    resamples: int
    judges: int
    """How many judges were drawn each time; 0 where there were fewer than two."""
    benchmarks: tuple[str, ...]
    """The criteria whose rows were drawn."""
    intervals: tuple[RankInterval, ...]


def resampled(
    field: Field, sampling: Sampling, outcomes: Mapping[str, GroupedOutcomes]
) -> Resampled:
    """Resample judges and rows, and count where each bid comes out.

    Shape    no intervals where there is nothing to resample: one judge, or none, and no rows.
    """
    panel = _panel(field)
    rows = {
        code: found
        for code, found in sorted(outcomes.items())
        if code in field.weights and set(field.ids) <= found.sums.keys()
    }
    if not panel.judges and not rows:
        return Resampled(resamples=0, judges=0, benchmarks=(), intervals=())
    resamples = affordable(field, sampling.resamples)
    counts: dict[str, Counter[int]] = {bid_id: Counter() for bid_id in field.ids}
    judging = Chance(sampling.seed, "judges")
    drawing = {
        code: (Chance(sampling.seed, f"rows/{code}"), Drawing(found, field.ids))
        for code, found in rows.items()
    }
    known: dict[tuple[int, ...], Mapping[str, int]] = {}
    for _ in range(resamples):
        drawn = tuple(sorted(judging.picks(len(panel.judges), len(panel.judges))))
        if not rows and drawn in known:
            ranks = known[drawn]
        else:
            columns = dict(field.columns) | panel.columns(drawn)
            for code, (chance, drawer) in drawing.items():
                groups = len(rows[code].sizes)
                values = drawer.values(chance.picks(groups, groups))
                columns[code] = _points_of_rows(field, code, values)
            ranks = known[drawn] = field.ranks(columns)
        for bid_id, rank in ranks.items():
            counts[bid_id][rank] += 1
    return Resampled(
        resamples=resamples,
        judges=len(panel.judges),
        benchmarks=tuple(rows),
        intervals=tuple(_interval(bid_id, counts[bid_id], resamples) for bid_id in field.ids),
    )


def affordable(field: Field, wanted: int) -> int:
    """Say how many draws a round of this size can afford; the document tells how many it was."""
    cost = len(field.ids) * max(len(field.columns), 1)
    if field.assessed.rubric.method in RELATIVE:
        cost *= RELATIVE_COST
    return min(wanted, max(RESAMPLES_MIN, CELLS_MAX // max(cost, 1)))


def _interval(bid_id: str, counts: Counter[int], resamples: int) -> RankInterval:
    def quantile(share: Fraction) -> int:
        below = 0
        for rank in sorted(counts):
            below += counts[rank]
            if below >= share * resamples:
                return rank
        raise AssertionError("shares of resamples make a whole")

    return RankInterval(
        bid_id=bid_id, counts=counts, lowest=quantile(TAIL), highest=quantile(1 - TAIL)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """Marks as whole numbers, by criterion, bid and judge."""

    rubric: Rubric
    judges: tuple[str, ...]
    marks: Mapping[str, Sequence[Sequence[int]]]
    rounded: Mapping[str, Callable[[int, int], int]]
    """Turns a sum of marks and their count into points, by criterion."""
    _known: dict[tuple[int, ...], dict[str, list[int]]]

    def columns(self, drawn: tuple[int, ...]) -> dict[str, list[int]]:
        """Compute the points of every marked criterion for the judges that were drawn."""
        if drawn not in self._known:
            self._known[drawn] = {
                code: [self._points(code, [own[at] for at in drawn]) for own in by_bid]
                for code, by_bid in self.marks.items()
            }
        return self._known[drawn]

    def _points(self, code: str, marks: list[int]) -> int:
        aggregation = self.rubric.aggregation
        if aggregation in (Aggregation.TRIMMED_MEAN, Aggregation.MEDIAN):
            marks.sort()
            middle = (len(marks) - 1) // 2
            trim = self.rubric.trim if aggregation == Aggregation.TRIMMED_MEAN else middle
            marks = marks[trim : len(marks) - trim]
        return self.rounded[code](sum(marks), len(marks))


def _panel(field: Field) -> _Panel:
    rubric = field.assessed.rubric
    given = calibration.calibrated_if_asked(rubric, field.assessed.given)
    subjective = [one for one in rubric.criteria if one.kind == Kind.SUBJECTIVE_EXPERT]
    labels = {
        judge
        for one in subjective
        for bid_id in field.ids
        for judge in given.get((bid_id, one.code), {})
    }
    judges = tuple(sorted(labels)) if len(labels) > 1 else ()
    marks: dict[str, list[list[int]]] = {}
    rounded: dict[str, Callable[[int, int], int]] = {}
    for one in subjective if judges else ():
        own = [given[bid_id, one.code] for bid_id in field.ids]
        places = max(numbers.places(mark) for found in own for mark in found.values())
        marks[one.code] = [
            [numbers.units(found[judge], places) for judge in judges] for found in own
        ]
        rounded[one.code] = _rounding(rubric, one, places)
    return _Panel(rubric=rubric, judges=judges, marks=marks, rounded=rounded, _known={})


def _rounding(rubric: Rubric, criterion: Criterion, places: int) -> Callable[[int, int], int]:
    """Prepare sum / count / scale x weight, rounded half up, as one division of whole numbers."""
    full = Fraction(criterion.scale_max or 1) * 10**places
    factor = criterion.weight * 10**rubric.rounding.scale / full

    def points(total: int, count: int) -> int:
        whole = count * factor.denominator
        return int((2 * total * factor.numerator + whole) // (2 * whole))

    return points


def _points_of_rows(field: Field, code: str, values: Mapping[str, Decimal]) -> list[int]:
    """Turn the values on the rows that were drawn, once for all bids, into points."""
    criterion = field.assessed.rubric.criterion(code)
    assert criterion is not None
    rounding = field.assessed.rubric.rounding
    column = []
    for bid_id in field.ids:
        share = scales.share_of_line(criterion, values[bid_id])
        points = rounding.points(share * criterion.weight)
        column.append(numbers.units(points, rounding.scale))
    return column


def to_document(found: Resampled, ranks: Mapping[str, int]) -> dict[str, object]:
    """Write rank intervals as JSON values, in the order of the standings."""
    by_id = {one.bid_id: one for one in found.intervals}
    order = sorted(by_id, key=lambda bid_id: (ranks[bid_id], bid_id))
    return {
        "resamples": found.resamples,
        "judges_resampled": found.judges,
        "benchmarks_resampled": list(found.benchmarks),
        "bids": [
            {
                "bid_id": bid_id,
                "rank": ranks[bid_id],
                "interval_90": [by_id[bid_id].lowest, by_id[bid_id].highest],
                "first_percent": percentage(by_id[bid_id].counts.get(1, 0), found.resamples),
                "resamples_at_rank": {
                    str(rank): by_id[bid_id].counts[rank] for rank in sorted(by_id[bid_id].counts)
                },
            }
            for bid_id in order
        ],
    }
