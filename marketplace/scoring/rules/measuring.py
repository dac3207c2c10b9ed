"""Measure one prediction file against one hidden set: what a worker does, from bytes to figures.

Runs in a process that has given up every right (`kit.workbench`).  A refusal is an answer here; it
is raised again where the file came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from marketplace.kit.errors import MarketplaceError
from marketplace.kit.workbench import Files, Shelf
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.errors.measuring import MetricNotOfFiles
from marketplace.scoring.rules import numbers, outcomes, predictions
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.definitions import Measure, Reads
from marketplace.scoring.rules.metrics.samples import Sample
from marketplace.scoring.rules.splits import Split

TRUTH_COLUMN: Final = "label"
TRUTH: Final = "truth"
SENT: Final = "sent"
SLICES_MAX: Final = 200
"""Of one column: a column with a value of its own on every row divides nothing."""

Answer = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A hidden set that was read, with its rows in the order of their ids."""

    ids: list[str]
    labels: list[str]
    public: list[bool]
    slices: Mapping[str, Mapping[str, list[bool]]]


def work(task: dict[str, Any], files: Files, shelf: Shelf) -> Answer:
    """Do what the task says, and answer with figures or with the refusal."""
    try:
        if task["kind"] == "truth":
            return _checked(task, files)
        return _measured(task, files, shelf)
    except MarketplaceError as refusal:
        return {"refused": refusal.code, "facts": refusal.facts}, b""


def _checked(task: dict[str, Any], files: Files) -> Answer:
    """Count the rows of a hidden set, and try the metric on it before anybody depends on it."""
    measure = _of_files(task["metric"])
    prepared = _prepared(task, files.read(TRUTH))
    measure.of(Sample.of(prepared.ids, prepared.labels, prepared.labels))
    return {"rows": len(prepared.ids)}, b""


def _measured(task: dict[str, Any], files: Files, shelf: Shelf) -> Answer:
    measure = _of_files(task["metric"])
    truth: Prepared = shelf.get(task["truth_key"], lambda: _prepared(task, files.read(TRUTH)))
    sent = predictions.read(files.read(SENT), column=measure.metric.column)
    predictions.require_ids(sent, truth.ids)
    sample = Sample.of(truth.ids, truth.labels, [sent[row_id] for row_id in truth.ids])
    private = [not is_public for is_public in truth.public]
    sides = {"private": private}
    if any(truth.public):
        sides["public"] = truth.public
    answer: dict[str, Any] = {
        "rows": sample.size,
        "sides": {
            side: {
                "rows": sum(keep),
                "value": numbers.plain(measure.of(sample if all(keep) else sample.kept(keep))),
            }
            for side, keep in sides.items()
        },
        "slices": [
            found
            for side, keep in sides.items()
            for found in _slices(measure, sample, truth, side, keep)
        ],
    }
    blob = b""
    if task["outcomes"] and measure.metric.outcomes is not None:
        figures = measure.metric.outcomes(sample, measure.parameter)
        blob = outcomes.written(measure.spec, measure.metric.aggregate, figures, truth.public)
    return answer, blob


def _slices(
    measure: Measure, sample: Sample, truth: Prepared, side: str, keep: Sequence[bool]
) -> list[dict[str, Any]]:
    """Measure each slice of one side; a slice on which the metric has no value says so."""
    found = []
    for column, masks in truth.slices.items():
        for name, mask in masks.items():
            both = [here and kept for here, kept in zip(mask, keep, strict=True)]
            if not any(both):
                continue
            told: dict[str, Any] = {"column": column, "slice": name, "side": side}
            told["rows"] = sum(both)
            try:
                told["value"] = numbers.plain(measure.of(sample.kept(both)))
            except (errors.MetricUndefined, errors.TruthUnfit):
                told["value"] = None
            found.append(told)
    return found


def worst_of(values: Sequence[Decimal], direction: Direction) -> Decimal | None:
    """Find the worst of several values of one metric."""
    if not values:
        return None
    return min(values) if direction == Direction.HIGHER else max(values)


def _prepared(task: dict[str, Any], content: bytes) -> Prepared:
    labels = predictions.read(content, column=TRUTH_COLUMN)
    ids = sorted(labels)
    split = Split(public_share_bps=task["public_share_bps"], key=bytes.fromhex(task["split_key"]))
    slices: dict[str, dict[str, list[bool]]] = {}
    for column in task["slices"]:
        named = predictions.read(content, column=column)
        values = sorted(set(named.values()))
        if len(values) > SLICES_MAX:
            raise errors.TruthUnfit(column=column, slices=len(values), slices_max=SLICES_MAX)
        slices[column] = {value: [named[row_id] == value for row_id in ids] for value in values}
    return Prepared(ids, [labels[row_id] for row_id in ids], split.is_public(ids), slices)


def _of_files(spec: str) -> Measure:
    measure = metrics.find(spec)
    if measure.metric.reads is not Reads.FILE:
        raise MetricNotOfFiles(metric=spec)
    return measure
