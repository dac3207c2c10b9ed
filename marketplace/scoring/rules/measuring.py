"""Measure one prediction file against one hidden set: what a worker does, from bytes to figures.

Runs in a process that has given up every right (`kit.workbench`).  A refusal is an answer here; it
is raised again where the file came from.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl
import zstandard

from marketplace.kit.errors import MarketplaceError
from marketplace.kit.workbench import Files, Shelf
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.errors.measuring import MetricNotOfFiles
from marketplace.scoring.rules import inputs, numbers, outcomes, predictions
from marketplace.scoring.rules.dealing import Dealing, dealt
from marketplace.scoring.rules.metrics import registry as metrics
from marketplace.scoring.rules.metrics.definitions import Measure, Reads
from marketplace.scoring.rules.metrics.samples import Column, Quick, Sample
from marketplace.scoring.rules.reading import tables
from marketplace.scoring.rules.row_groups import Statistic, value_of_mean
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

    ids: pl.Series
    id_texts: Column
    truth: pl.Series
    labels: Column
    """The truth, as texts and numbers."""
    public: list[bool]
    slices: Mapping[str, Mapping[str, list[bool]]]
    dealing: Dealing | None
    """The rows that decide in groups, where the outcome of each is wanted."""

    def sample(self, predicted: pl.Series) -> Sample:
        """Put predictions of the same rows beside the truth."""
        both = pl.DataFrame([self.truth.alias("meant"), predicted.alias("named")])

        def left(keep: Sequence[bool] | None) -> pl.DataFrame:
            return both if keep is None else both.filter(pl.Series(keep, dtype=pl.Boolean))

        def count(keep: Sequence[bool] | None) -> Counter[tuple[str, str]]:
            return Counter({(meant, named): n for meant, named, n in _counted(left(keep))})

        def match(keep: Sequence[bool] | None) -> list[int]:
            rows = left(keep)
            same = rows.get_column("meant") == rows.get_column("named")
            return same.cast(pl.Int8).to_list()

        column = tables.column_of(predicted)
        return Sample(self.id_texts, self.labels, column, len(self.ids), Quick(count, match))


def _counted(rows: pl.DataFrame) -> list[tuple[str, str, int]]:
    return rows.group_by("meant", "named").len().rows()


def work(task: dict[str, Any], files: Files, shelf: Shelf) -> Answer:
    """Do what the task says, and answer with figures or with the refusal."""
    try:
        if task["kind"] == "truth":
            return _checked(task, files)
        if task["kind"] == "inputs":
            return _inputs(files)
        return _measured(task, files, shelf)
    except MarketplaceError as refusal:
        return {"refused": refusal.code, "facts": refusal.facts}, b""


def _checked(task: dict[str, Any], files: Files) -> Answer:
    """Count the rows of a hidden set, and try the metric on it before anybody depends on it."""
    measure = _of_files(task["metric"])
    prepared = _prepared(task, files.read(TRUTH))
    measure.of(prepared.sample(prepared.truth))
    return {"rows": len(prepared.ids)}, b""


def _inputs(files: Files) -> Answer:
    """Read hidden inputs and write them in the one form in which they are sent."""
    ids = tables.read(files.read(TRUTH), ()).by_id().get_column("id").to_list()
    return {"rows": len(ids)}, inputs.canonical(files.read(SENT), ids)


def _measured(task: dict[str, Any], files: Files, shelf: Shelf) -> Answer:
    measure = _of_files(task["metric"])
    truth: Prepared = shelf.get(task["truth_key"], lambda: _prepared(task, files.read(TRUTH)))
    column = measure.metric.column
    sent = tables.read(files.mapped(SENT), (column,))
    rows = sent.beside(truth.ids)
    if rows is None:
        sent.check_ids()
        predictions.require_ids(dict.fromkeys(sent.ids.to_list(), ""), truth.id_texts.texts)
        raise AssertionError("the same ids are the same rows")
    sample = truth.sample(rows.get_column(column))
    try:
        return _figures(task, measure, truth, sample)
    except errors.NumberUnreadable as unreadable:
        line = sent.line_of(str(unreadable.facts["id"]))
        raise errors.NumberUnreadable(**unreadable.facts, line=line) from unreadable


def _figures(task: dict[str, Any], measure: Measure, truth: Prepared, sample: Sample) -> Answer:
    private = [not is_public for is_public in truth.public]
    sides = {"private": private}
    if any(truth.public):
        sides["public"] = truth.public
    samples = {side: sample if all(keep) else sample.kept(keep) for side, keep in sides.items()}
    values = {side: measure.of(own) for side, own in samples.items()}
    answer: dict[str, Any] = {
        "rows": sample.size,
        "sides": {
            side: {"rows": own.size, "value": numbers.plain(values[side])}
            for side, own in samples.items()
        },
        "slices": [
            found
            for side, keep in sides.items()
            for found in _slices(measure, sample, truth, side, keep)
        ],
    }
    return answer, _outcomes(measure, truth, samples["private"], values["private"])


def _outcomes(measure: Measure, truth: Prepared, decisive: Sample, value: Decimal) -> bytes:
    """Add up by group of rows what decides; nothing where the value does not follow from it."""
    if truth.dealing is None or measure.metric.outcomes is None:
        return b""
    figures = measure.metric.outcomes(decisive, measure.parameter)
    found = outcomes.added_up(measure.spec, measure.metric.aggregate, figures, truth.dealing)
    follows = value_of_mean(Statistic(str(found.statistic)), found.mean())
    return found.written() if follows == value else b""


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


def _prepared(task: dict[str, Any], content: bytes) -> Prepared:
    columns = task["slices"]
    frame = tables.read(content, (TRUTH_COLUMN, *columns)).by_id()
    ids = frame.get_column("id")
    split = Split(public_share_bps=task["public_share_bps"], key=bytes.fromhex(task["split_key"]))
    slices: dict[str, dict[str, list[bool]]] = {}
    for name in columns:
        series = frame.get_column(name)
        values = sorted(series.unique().to_list())
        if len(values) > SLICES_MAX:
            raise errors.TruthUnfit(column=name, slices=len(values), slices_max=SLICES_MAX)
        slices[name] = {value: (series == value).to_list() for value in values}
    texts = ids.to_list()
    labels = frame.get_column(TRUTH_COLUMN)
    public = split.is_public(texts)
    dealing = dealt(len(public) - sum(public)) if task["outcomes"] else None
    columns_of = (Column.of(texts), labels, tables.column_of(labels))
    return Prepared(ids, *columns_of, public, slices, dealing)


def _of_files(spec: str) -> Measure:
    measure = metrics.find(spec)
    if measure.metric.reads is not Reads.FILE:
        raise MetricNotOfFiles(metric=spec)
    return measure


def prepare() -> None:
    """Have every library do what it will have to do, while it may still open its own files."""
    metrics.known()
    frame = pl.DataFrame({"id": ["b", "a"], "prediction": ["0.5", "1"]})
    packed = io.BytesIO()
    frame.write_parquet(packed)
    for content in (
        packed.getvalue(),
        frame.write_csv().encode(),
        frame.write_ndjson().encode(),
        zstandard.compress(frame.write_csv().encode()),
    ):
        table = tables.read(content, ("prediction",))
        beside = table.beside(table.by_id().get_column("id"))
        assert beside is not None
        assert tables.column_of(beside.get_column("prediction")).numbers.units
