"""The built-in metrics by name, and how one is computed of texts by row id.

A metric reads texts, computes with whole numbers and fractions, and is rounded once to twelve
places, halves to even, so the same file gives the same digits on every machine.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.metrics import definitions, figures, labels, scores
from marketplace.scoring.rules.metrics.definitions import Measure, Metric
from marketplace.scoring.rules.metrics.samples import Sample

LISTED_MAX: Final = 20

REGISTRY: Final[Mapping[str, Metric]] = {
    metric.name: metric for family in (labels, figures, scores) for metric in family.METRICS
}


def find(spec: str, *, registry: Mapping[str, Metric] = REGISTRY) -> Measure:
    """Find the metric that a criterion names.  Refuses MetricUnknown.

    >>> find("recall_at_false_alarm_rate:0.05").parameter
    Fraction(1, 20)
    """
    return definitions.find_in(registry, spec)


def measure(
    spec: str,
    *,
    truth: Mapping[str, str],
    predicted: Mapping[str, str],
    registry: Mapping[str, Metric] = REGISTRY,
) -> Decimal:
    """Compute one metric of one prediction file against the hidden set.

    Shape    texts by row id; `predicted` must hold every id of `truth`, see
             `predictions.require_ids`.
    Units    twelve places, halves to even; write it with `numbers.plain`, because `str` turns small
             figures into 0E-12.
    Refuses  MetricUnknown, MetricUndefined on an empty set, PredictionIdsDiffer, and what the
             metric itself refuses with the id of the first row: NumberUnreadable for a prediction,
             TruthUnfit for the hidden set.

    >>> measure("accuracy", truth={"1": "a", "2": "b"}, predicted={"1": "a", "2": "a"})
    Decimal('0.500000000000')
    """
    found = find(spec, registry=registry)
    if not truth:
        raise errors.MetricUndefined(metric=spec, rows=0)
    missing = sorted(row_id for row_id in truth if row_id not in predicted)
    if missing:
        raise errors.PredictionIdsDiffer(
            missing_count=len(missing), missing=[short(row_id) for row_id in missing[:LISTED_MAX]]
        )
    ids = sorted(truth)
    sample = Sample.of(ids, [truth[one] for one in ids], [predicted[one] for one in ids])
    return found.of(sample)
