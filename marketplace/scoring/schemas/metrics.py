"""What a publisher is told about each metric."""

from marketplace.scoring.rules.metrics.definitions import PLACES, Metric
from marketplace.wire.shapes import Out


class MetricParameterOut(Out, frozen=True, kw_only=True):
    """The number behind the colon."""

    meaning: str
    meaning_zh: str
    minimum: str
    maximum: str
    whole: bool


class MetricOut(Out, frozen=True, kw_only=True):
    """A metric: what a criterion may name, and everything that its value means."""

    name: str
    title: str
    title_zh: str
    formula: str
    formula_zh: str
    source: str
    direction: str
    """`higher` or `lower`: which way it improves."""
    minimum: int | None
    maximum: int | None
    places: int
    """Decimal places of its values."""
    reads: str
    """`file` or `endpoint`."""
    column: str
    """Column of the prediction file."""
    truth: str
    truth_zh: str
    predicted: str
    predicted_zh: str
    parameter: MetricParameterOut | None
    has_outcomes: bool
    """Whether each row has a figure of its own."""

    @classmethod
    def of(cls, metric: Metric) -> "MetricOut":
        """Tell of one metric."""
        taken = metric.parameter
        parameter = None
        if taken is not None:
            parameter = MetricParameterOut(
                meaning=taken.meaning,
                meaning_zh=taken.meaning_zh,
                minimum=str(taken.minimum),
                maximum=str(taken.maximum),
                whole=taken.whole,
            )
        return cls(
            name=metric.name,
            title=metric.title,
            title_zh=metric.title_zh,
            formula=metric.formula,
            formula_zh=metric.formula_zh,
            source=metric.source,
            direction=str(metric.direction),
            minimum=metric.minimum,
            maximum=metric.maximum,
            places=PLACES,
            reads=str(metric.reads),
            column=metric.column,
            truth=metric.truth.text,
            truth_zh=metric.truth.text_zh,
            predicted=metric.predicted.text,
            predicted_zh=metric.predicted.text_zh,
            parameter=parameter,
            has_outcomes=metric.outcomes is not None,
        )
