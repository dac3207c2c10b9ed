"""The registry of metrics: exact and deterministic, each with its formula, source and range.

A metric reads texts, computes with whole numbers and fractions, and is rounded once to twelve
places, halves to even, so the same file gives the same digits on every machine.  Labels are
compared as they stand, character by character: what looks alike in two Unicode forms differs, and
the publisher of the labels decides which form is right.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.documents import short

PLACES: Final = 12
LISTED_MAX: Final = 20
MAGNITUDE_MAX: Final = Decimal(10) ** 15
"""Larger figures would give a metric value that no score sheet can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the hidden set with what was predicted for it."""

    id: str
    truth: str
    predicted: str


Computation = Callable[[Sequence[Row], Fraction], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named function from rows to a figure, with everything a publisher must know about it."""

    name: str
    formula: str
    source: str
    direction: Direction
    minimum: int
    maximum: int | None
    """None where a value has no upper end."""
    column: str
    """Which column of a prediction file it reads: `prediction` or `score`."""
    parameter: str | None
    """What the number behind the colon means; None for a metric that takes none."""
    compute: Computation


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric with its parameter filled in, as a criterion names it."""

    spec: str
    metric: Metric
    parameter: Fraction


def _accuracy(rows: Sequence[Row], _: Fraction) -> Decimal:
    right = sum(row.truth == row.predicted for row in rows)
    return numbers.half_even(Fraction(right, len(rows)), PLACES)


def _macro_f1(rows: Sequence[Row], _: Fraction) -> Decimal:
    right = Counter(row.truth for row in rows if row.truth == row.predicted)
    named = Counter(row.truth for row in rows)
    named.update(row.predicted for row in rows)
    # Fractions of many labels share few denominators: adding those first keeps them small, even
    # when a hostile file predicts another label on every row.
    by_denominator: Counter[int] = Counter()
    for label, count in right.items():
        by_denominator[named[label]] += 2 * count
    total = sum(
        (Fraction(numerator, count) for count, numerator in by_denominator.items()), Fraction(0)
    )
    return numbers.half_even(total / len(named), PLACES)


def _rmse(rows: Sequence[Row], _: Fraction) -> Decimal:
    squares = (numbers.EXACT.multiply(gap, gap) for gap in _gaps(rows))
    return numbers.root_half_even(Fraction(numbers.exact_sum(squares)) / len(rows), PLACES)


def _mae(rows: Sequence[Row], _: Fraction) -> Decimal:
    sizes = (numbers.EXACT.abs(gap) for gap in _gaps(rows))
    return numbers.half_even(Fraction(numbers.exact_sum(sizes)) / len(rows), PLACES)


def _recall_at_false_alarm_rate(rows: Sequence[Row], rate_max: Fraction) -> Decimal:
    scored = []
    for row in rows:
        if row.truth not in ("0", "1"):
            raise errors.TruthUnfit(id=short(row.id), wanted="0 or 1")
        scored.append((_predicted_number(row), row.truth == "1"))
    positives = sum(positive for _, positive in scored)
    negatives = len(scored) - positives
    if not positives or not negatives:
        raise errors.MetricUndefined(metric="recall_at_false_alarm_rate", wanted="both labels")
    scored.sort(key=lambda pair: pair[0], reverse=True)
    caught = alarms = best = 0
    for _, tied in groupby(scored, key=lambda pair: pair[0]):
        # All rows of one score stand on the same side of any threshold, so they come together.
        for _, positive in tied:
            caught += positive
            alarms += not positive
        if alarms > rate_max * negatives:
            break
        best = caught
    return numbers.half_even(Fraction(best, positives), PLACES)


def _gaps(rows: Sequence[Row]) -> Iterator[Decimal]:
    for row in rows:
        predicted = _predicted_number(row, magnitude_max=MAGNITUDE_MAX)
        truth = numbers.parse_measured(row.truth)
        if truth is None or truth.copy_abs() > MAGNITUDE_MAX:
            # The hidden value itself is not told: whoever uploads would learn it.
            raise errors.TruthUnfit(id=short(row.id), wanted="a number")
        yield numbers.EXACT.subtract(predicted, truth)


def _predicted_number(row: Row, *, magnitude_max: Decimal | None = None) -> Decimal:
    value = numbers.parse_measured(row.predicted)
    if value is None or (magnitude_max is not None and value.copy_abs() > magnitude_max):
        raise errors.NumberUnreadable(id=short(row.id), value=short(row.predicted))
    return value


REGISTRY: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(
            name="accuracy",
            formula="rows predicted right / rows",
            source="ISO/IEC TS 4213:2022, classification accuracy",
            direction=Direction.HIGHER,
            minimum=0,
            maximum=1,
            column="prediction",
            parameter=None,
            compute=_accuracy,
        ),
        Metric(
            name="macro_f1",
            formula="mean over all labels, true or predicted, of 2 TP / (2 TP + FP + FN)",
            source="van Rijsbergen 1979, unweighted mean of the F measure of each label",
            direction=Direction.HIGHER,
            minimum=0,
            maximum=1,
            column="prediction",
            parameter=None,
            compute=_macro_f1,
        ),
        Metric(
            name="rmse",
            formula="square root of the mean of (predicted - true)^2",
            source="root of the mean squared error, Gauss 1809",
            direction=Direction.LOWER,
            minimum=0,
            maximum=None,
            column="prediction",
            parameter=None,
            compute=_rmse,
        ),
        Metric(
            name="mae",
            formula="mean of |predicted - true|",
            source="mean absolute error, Laplace 1774",
            direction=Direction.LOWER,
            minimum=0,
            maximum=None,
            column="prediction",
            parameter=None,
            compute=_mae,
        ),
        Metric(
            name="recall_at_false_alarm_rate",
            formula="largest TP / (TP + FN) of any threshold with FP / (FP + TN) <= the parameter;"
            " rows with a score at or above the threshold are alarms",
            source="Neyman-Pearson point of the receiver operating characteristic",
            direction=Direction.HIGHER,
            minimum=0,
            maximum=1,
            column="score",
            parameter="the highest false alarm rate allowed, 0..1",
            compute=_recall_at_false_alarm_rate,
        ),
    )
}


def find(spec: str, *, registry: Mapping[str, Metric] = REGISTRY) -> Measure:
    """Find the metric that a criterion names, with its parameter behind a colon.

    Refuses  MetricUnknown for another name, a parameter where none belongs, none where one does, or
             a rate outside 0..1.

    >>> find("recall_at_false_alarm_rate:0.05").parameter
    Fraction(1, 20)
    """
    name, colon, text = spec.partition(":")
    metric = registry.get(name)
    parameter = numbers.parse(text) if colon else None
    takes_one = metric is not None and metric.parameter is not None
    if (
        metric is None
        or bool(colon) != takes_one
        or (takes_one and (parameter is None or not 0 <= parameter <= 1))
    ):
        raise errors.MetricUnknown(metric=short(spec), known=sorted(registry))
    return Measure(spec=spec, metric=metric, parameter=Fraction(parameter or 0))


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
    rows = [
        Row(id=row_id, truth=truth[row_id], predicted=predicted[row_id]) for row_id in sorted(truth)
    ]
    return found.metric.compute(rows, found.parameter)
