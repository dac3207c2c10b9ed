"""Writes the page of the metrics from their registry."""

from marketplace.scoring.rules.metrics.definitions import PLACES, TERM_PLACES, Metric
from marketplace.scoring.rules.metrics.registry import REGISTRY
from tests.house.paper import MADE, table

INTRODUCTION = f"""# Metrics

What a benchmark criterion may name. `GET /v1/metrics` serves the same, with the metrics of third
parties that an installation has added.

**Exact.** A text is read as the decimal number that it is, never as a binary fraction. Counts, sums
and products are whole numbers, so they have no order; there is one division or root, rounded once
to {PLACES} places, halves to the even neighbour. Where every row has a fraction or a logarithm of
its own, each of those is rounded first, to {TERM_PLACES} places or 50 digits, as the formula says.
The same file has the same digits on every machine.

**Never a stand-in.** Where a metric has no value (one class only, a truth of zero under a
percentage, no row at all), it is refused with the reason. No 0 and no NaN takes its place. A number
that is not finite is refused with its row.

**Parameters** stand behind a colon, as in `recall_at_false_alarm_rate:0.05`.

**Split.** A row gives feedback (public) or decides (private) by BLAKE2b over its id, with a key of
the hidden set. Both values come from one pass.

**Slices.** For each value of a declared column of the hidden set the metric is computed on its rows
alone, for each side of the split; where it has no value on so few rows, it has none. The call names
the columns (`benchmark.slices`); before the result only public slices of twenty rows or more are
told.

**Outcomes.** Metrics marked so have one figure for each row, of which the value is the mean (or its
square root); a paired bootstrap between two files rests on them.

**Third parties** add a metric as an entry point of the group `jiebang.metrics` in a package of
their own: the name of the entry point is that of the metric, what it points to is a
`marketplace.scoring.rules.metrics.definitions.Metric`. One that cannot be loaded, lacks a text or
takes the name of another is refused when the service starts.
"""


def metrics_page() -> str:
    """Write the page."""
    rows = [(f"[`{one.name}`](#{one.name})", one.title, one.title_zh) for one in REGISTRY.values()]
    overview = table(("metric", "title", "名称"), rows)
    parts = [INTRODUCTION, overview, *(_section(one) for one in REGISTRY.values())]
    return f"{MADE}\n\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def _section(metric: Metric) -> str:
    minimum = "…" if metric.minimum is None else str(metric.minimum)
    maximum = "…" if metric.maximum is None else str(metric.maximum)
    lines = [
        f"### {metric.name}",
        "",
        f"{metric.title} · {metric.title_zh}",
        "",
        f"- Formula: {metric.formula}",
        f"- 公式:{metric.formula_zh}",
        f"- Better: {metric.direction}; range {minimum} to {maximum}",
        f"- Hidden set, `label`: {metric.truth.text} ({metric.truth.text_zh})",
        f"- File, `{metric.column}`: {metric.predicted.text} ({metric.predicted.text_zh})",
        f"- Source: {metric.source}",
    ]
    if metric.parameter is not None:
        told = metric.parameter
        lines.append(f"- Parameter: {told.meaning} ({told.meaning_zh})")
    if metric.outcomes is not None:
        lines.append(f"- Outcomes of rows: yes, the value is their {metric.aggregate}")
    return "\n".join(lines)
