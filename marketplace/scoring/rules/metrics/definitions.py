"""What a metric is: what a publisher must know about it, and the function that computes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.documents import short
from marketplace.scoring.rules.metrics.samples import Sample, Scaled

PLACES: Final = 12
"""Every value is rounded once, to so many places, halves to the even neighbour."""
TERM_PLACES: Final = 30
"""Where every row has a fraction or a logarithm of its own, each is rounded to so many places
before they are added: whole numbers then, whose sum has no order."""

Computation = Callable[[Sample, Fraction], Decimal]
Outcomes = Callable[[Sample, Fraction], Scaled]


class Aggregate(StrEnum):
    """How the value follows from the outcomes of the rows."""

    MEAN = "mean"
    ROOT_MEAN = "root_mean"


class Reads(StrEnum):
    """Where the figures come from."""

    FILE = "file"
    """A prediction file."""
    ENDPOINT = "endpoint"
    """The calls that the service makes itself: nobody's word but its own."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands in a column, in both languages."""

    text: str
    text_zh: str


LABEL: Final = Meaning("a label", "标签")
NUMBER: Final = Meaning("a number", "数值")
BINARY: Final = Meaning("0 or 1", "0 或 1")
SCORE: Final = Meaning("a number; higher means 1", "数值,越大越倾向于 1")
PROBABILITY: Final = Meaning("a number from 0 to 1", "0 到 1 的数值")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What the number behind the colon means, and which numbers it may be."""

    meaning: str
    meaning_zh: str
    minimum: Fraction = Fraction(0)
    maximum: Fraction = Fraction(1)
    whole: bool = False

    def accepts(self, value: Decimal) -> bool:
        """Whether this number may stand behind the colon."""
        fits = self.minimum <= Fraction(value) <= self.maximum
        return fits and (not self.whole or value == value.to_integral_value())


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A named function from rows to a figure, with everything a publisher must know about it."""

    name: str
    title: str
    title_zh: str
    formula: str
    formula_zh: str
    source: str
    direction: Direction
    minimum: int | None
    """None where a value has no lower end."""
    maximum: int | None
    """None where a value has no upper end."""
    compute: Computation
    column: str = "prediction"
    """Which column of a prediction file it reads: `prediction` or `score`."""
    truth: Meaning = LABEL
    """What stands in the label of the hidden set."""
    predicted: Meaning = LABEL
    """What stands in the column of the file."""
    parameter: Parameter | None = None
    outcomes: Outcomes | None = None
    """One figure for each row, where the value follows from such figures."""
    aggregate: Aggregate = Aggregate.MEAN
    reads: Reads = Reads.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric with its parameter filled in, as a criterion names it."""

    spec: str
    metric: Metric
    parameter: Fraction

    def of(self, sample: Sample) -> Decimal:
        """Compute it.  Refuses MetricUndefined on no rows, and what the metric refuses."""
        if not sample.size:
            raise errors.MetricUndefined(metric=self.spec, rows=0)
        return self.metric.compute(sample, self.parameter)


def find_in(registry: Mapping[str, Metric], spec: str) -> Measure:
    """Find the metric that a criterion names, with its parameter behind a colon.

    Refuses  MetricUnknown for another name, a parameter where none belongs, none where one does, or
             one that the metric does not take.
    """
    name, colon, text = spec.partition(":")
    metric = registry.get(name)
    value = numbers.parse(text) if colon else None
    takes = None if metric is None else metric.parameter
    if (
        metric is None
        or bool(colon) != (takes is not None)
        or (takes is not None and (value is None or not takes.accepts(value)))
    ):
        raise errors.MetricUnknown(metric=short(spec), known=sorted(registry))
    return Measure(spec=spec, metric=metric, parameter=Fraction(value or 0))


def mean(total: int, places: int, count: int) -> Decimal:
    """Divide a sum of scaled whole numbers by a count, rounded once."""
    return numbers.half_even(Fraction(total, count * 10**places), PLACES)


def ratio(numerator: int, denominator: int) -> Decimal:
    """Divide two whole numbers, rounded once."""
    return numbers.half_even(Fraction(numerator, denominator), PLACES)


def term(numerator: int, denominator: int) -> int:
    """Divide two whole numbers into units of 10**-30, halves to the even neighbour.

    >>> term(2, 3) == 666_666_666_666_666_666_666_666_666_667
    True
    """
    whole: int
    rest: int
    whole, rest = divmod(numerator * 10**TERM_PLACES, denominator)
    beyond: int = 2 * rest - denominator
    return whole + 1 if beyond > 0 or (beyond == 0 and whole % 2 == 1) else whole
