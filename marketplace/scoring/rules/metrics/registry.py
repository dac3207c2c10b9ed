"""The metrics by name, those of third parties among them, and how one is computed.

A metric reads texts, computes with whole numbers and fractions, and is rounded once to twelve
places, halves to even, so the same file gives the same digits on every machine.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.errors.measuring import MetricFailed
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.metrics import (
    definitions,
    figures,
    labels,
    lists,
    scores,
    texts,
    watching,
)
from marketplace.scoring.rules.metrics.definitions import Computation, Measure, Metric
from marketplace.scoring.rules.metrics.samples import Sample

LISTED_MAX: Final = 20
TEXTS: Final = ("title", "title_zh", "formula", "formula_zh", "source")
TEXT_LENGTH_MAX: Final = 1_000
COLUMNS: Final = ("prediction", "score")

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
GROUP: Final = "jiebang.metrics"
"""The group of entry points by which a package adds metrics."""

REGISTRY: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for family in (labels, figures, scores, lists, texts, watching)
    for metric in family.METRICS
}


class MetricBroken(Exception):
    """A metric of a third party cannot be used: the service does not start with it."""


@cache
def known() -> Mapping[str, Metric]:
    """List every metric of this installation, built in or added by a package.

    Refuses  MetricBroken, naming the metric, its package and what is wrong.
    """
    return with_third_parties(entry_points(group=GROUP))


def with_third_parties(points: Iterable[EntryPoint]) -> Mapping[str, Metric]:
    """Add what the entry points name to what is built in.  Refuses MetricBroken."""
    added = dict(REGISTRY)
    for point in sorted(points, key=lambda one: (one.name, one.value)):
        package = point.dist.name if point.dist is not None else "?"
        origin = f"metric {point.name!r} of package {package!r}"
        try:
            metric = point.load()
        except Exception as broken:
            told = f"{type(broken).__name__}: {broken}"
            raise MetricBroken(f"{origin} cannot be loaded: {told}") from broken
        fault = fault_of(metric, point.name)
        if fault is None and point.name in added:
            fault = "another metric has this name"
        if fault is not None:
            raise MetricBroken(f"{origin}: {fault}")
        added[point.name] = replace(metric, compute=_guarded(metric))
    return added


def fault_of(metric: object, name: str) -> str | None:
    """Say what is wrong with a metric of a third party, if anything is."""
    if not isinstance(metric, Metric):
        return "it is no Metric"
    if metric.name != name or not NAME.fullmatch(name):
        return f"its name is {metric.name!r}; names are small letters, digits and _"
    for field in TEXTS:
        text = getattr(metric, field)
        if not isinstance(text, str) or not 0 < len(text.strip()) <= TEXT_LENGTH_MAX:
            return f"its {field} is empty or too long"
    if not isinstance(metric.direction, Direction):
        return "its direction is neither higher nor lower"
    bounds = (metric.minimum, metric.maximum)
    if not all(bound is None or type(bound) is int for bound in bounds):
        return "its range is not of whole numbers"
    if None not in bounds and not bounds[0] < bounds[1]:  # type: ignore[operator]
        return "its range is empty"
    if metric.column not in COLUMNS or not callable(metric.compute):
        return f"it reads none of the columns {', '.join(COLUMNS)}, or computes nothing"
    return None


def _guarded(metric: Metric) -> Computation:
    """Hold the program of a third party to what it has promised."""

    def compute(sample: Sample, parameter: Fraction) -> Decimal:
        try:
            value = metric.compute(sample, parameter)
        except (MarketplaceError, MemoryError):
            raise
        except Exception as failed:
            raise MetricFailed(metric=metric.name, met=type(failed).__name__) from failed
        low, high = metric.minimum, metric.maximum
        if (
            not isinstance(value, Decimal)
            or not value.is_finite()
            or (low is not None and value < low)
            or (high is not None and value > high)
        ):
            raise MetricFailed(metric=metric.name, met="a value outside its range")
        return numbers.half_even(Fraction(value), definitions.PLACES)

    return compute


def find(spec: str, *, registry: Mapping[str, Metric] | None = None) -> Measure:
    """Find the metric that a criterion names.  Refuses MetricUnknown.

    >>> find("recall_at_false_alarm_rate:0.05").parameter
    Fraction(1, 20)
    """
    return definitions.find_in(known() if registry is None else registry, spec)


def measure(
    spec: str,
    *,
    truth: Mapping[str, str],
    predicted: Mapping[str, str],
    registry: Mapping[str, Metric] | None = None,
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
