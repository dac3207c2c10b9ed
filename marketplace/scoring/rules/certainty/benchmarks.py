"""Can two neighbours on a benchmark be told apart?  A paired bootstrap over its rows.

The same rows are drawn for both, because both were measured on the same rows: what is hard for one
is often hard for the other, and only the difference counts.  "Not distinguishable" is said when the
central 95 % of the differences contain nought.

Source   B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.certainty.chance import Chance
from marketplace.scoring.rules.criteria import Criterion, Direction
from marketplace.scoring.rules.row_groups import Drawing, GroupedOutcomes
from marketplace.scoring.rules.sampling import Sampling

TAIL: Final = Fraction(1, 40)
PICKS_MAX: Final = 20_000_000
"""Groups times neighbours times resamples: about two seconds of computing."""
RESAMPLES_MIN: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Two bids that stand next to each other on one benchmark."""

    better: str
    worse: str
    difference: Decimal
    """Value of the better minus value of the worse; negative where lower is better."""
    lowest: Decimal
    highest: Decimal

    @property
    def distinguishable(self) -> bool:
        """Whether the interval of the difference leaves nought out."""
        return self.lowest > 0 or self.highest < 0


def neighbours(
    criterion: Criterion, found: GroupedOutcomes, bid_ids: list[str], sampling: Sampling
) -> tuple[int, list[Neighbours]]:
    """Compare every two neighbours, best first; with how many resamples were drawn.

    Shape    `bid_ids` are the bids that stayed in and have outcomes.
    """
    drawing = Drawing(found, bid_ids)
    values = drawing.values(range(len(found.sizes)))
    sign = -1 if criterion.direction == Direction.HIGHER else 1
    order = sorted(bid_ids, key=lambda bid_id: (sign * values[bid_id], bid_id))
    groups = len(found.sizes)
    affordable = PICKS_MAX // (groups * max(len(order), 1))
    resamples = min(sampling.resamples, max(RESAMPLES_MIN, affordable))
    chance = Chance(sampling.seed, f"neighbours/{criterion.code}")
    drawn: dict[str, list[Decimal]] = {bid_id: [] for bid_id in order}
    for _ in range(resamples):
        for bid_id, value in drawing.values(chance.picks(groups, groups)).items():
            drawn[bid_id].append(value)
    return resamples, [
        _compared(better, worse, values=values, drawn=drawn) for better, worse in pairwise(order)
    ]


def _compared(
    better: str,
    worse: str,
    *,
    values: Mapping[str, Decimal],
    drawn: Mapping[str, list[Decimal]],
) -> Neighbours:
    differences = sorted(
        numbers.EXACT.subtract(left, right)
        for left, right in zip(drawn[better], drawn[worse], strict=True)
    )
    low = -(-TAIL * len(differences) // 1)
    high = -(-(1 - TAIL) * len(differences) // 1)
    return Neighbours(
        better=better,
        worse=worse,
        difference=numbers.EXACT.subtract(values[better], values[worse]),
        lowest=differences[max(int(low), 1) - 1],
        highest=differences[int(high) - 1],
    )


def to_document(
    criterion: Criterion, found: GroupedOutcomes, bid_ids: list[str], sampling: Sampling
) -> dict[str, object]:
    """Write the comparison of neighbours on one benchmark as JSON values."""
    resamples, pairs = neighbours(criterion, found, bid_ids, sampling)
    return {
        "criterion": criterion.code,
        "rows": found.rows,
        "groups": len(found.sizes),
        "resamples": resamples,
        "neighbours": [
            {
                "better": one.better,
                "worse": one.worse,
                "difference": numbers.plain(one.difference),
                "interval_95": [numbers.plain(one.lowest), numbers.plain(one.highest)],
                "distinguishable": one.distinguishable,
            }
            for one in pairs
        ],
    }
