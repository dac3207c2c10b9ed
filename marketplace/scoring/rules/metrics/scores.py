"""Metrics of scores against a truth of 0 and 1: thresholds, areas, probabilities."""

from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from itertools import groupby
from math import prod
from operator import itemgetter
from typing import Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import (
    BINARY,
    PLACES,
    PROBABILITY,
    SCORE,
    TERM_PLACES,
    Metric,
    Parameter,
    mean,
    ratio,
    term,
)
from marketplace.scoring.rules.metrics.samples import Sample, Scaled

LOGARITHM: Final = Context(prec=50, Emax=99_999, Emin=-99_999)
"""Decimal logarithms are rounded correctly, so fifty digits are the same fifty everywhere."""
CLIP_PLACES: Final = 15
"""A probability nearer than 10**-15 to 0 or 1 counts as that near: certainty is never infinite."""
ROWS_AT_ONCE: Final = 64
"""One logarithm of an exact product is cheaper than many logarithms."""


def _steps(sample: Sample, metric: str) -> Iterator[tuple[int, int]]:
    """Give positives and negatives of each score, highest score first.

    All rows of one score stand on the same side of any threshold, so they come together.
    """
    truth, scores = sample.binary(metric)
    ordered = sorted(zip(scores.units, truth, strict=True), reverse=True)
    for _, tied in groupby(ordered, key=itemgetter(0)):
        labels = [label for _, label in tied]
        positives = sum(labels)
        yield positives, len(labels) - positives


def _recall_at_false_alarm_rate(sample: Sample, rate_max: Fraction) -> Decimal:
    steps = list(_steps(sample, "recall_at_false_alarm_rate"))
    positives = sum(step[0] for step in steps)
    negatives = sample.size - positives
    caught = alarms = best = 0
    for hits, false in steps:
        caught += hits
        alarms += false
        if alarms > rate_max * negatives:
            break
        best = caught
    return ratio(best, positives)


def _roc_auc(sample: Sample, _: Fraction) -> Decimal:
    doubled = positives = negatives = 0
    for hits, false in _steps(sample, "roc_auc"):
        # Each negative is beaten by the positives above it, and half beaten by those beside it.
        doubled += false * (2 * positives + hits)
        positives += hits
        negatives += false
    return ratio(doubled, 2 * positives * negatives)


def _pr_auc(sample: Sample, _: Fraction) -> Decimal:
    total = caught = named = 0
    for hits, false in _steps(sample, "pr_auc"):
        caught += hits
        named += hits + false
        total += term(hits * caught, named)
    return mean(total, TERM_PLACES, caught)


def _probabilities(sample: Sample, metric: str) -> tuple[list[bool], Sequence[int], int]:
    truth, scores = sample.binary(metric)
    one: int = 10**scores.places
    for place, unit in enumerate(scores.units):
        if not 0 <= unit <= one:
            raise sample.unreadable(place)
    return truth, scores.units, scores.places


def _squares(sample: Sample, _: Fraction) -> Scaled:
    truth, units, places = _probabilities(sample, "brier")
    one: int = 10**places
    pairs = zip(truth, units, strict=True)
    return Scaled([(unit - label * one) ** 2 for label, unit in pairs], 2 * places)


def _brier(sample: Sample, parameter: Fraction) -> Decimal:
    squares = _squares(sample, parameter)
    return mean(sum(squares.units), squares.places, sample.size)


def _given_to_the_truth(sample: Sample) -> tuple[list[int], int]:
    """Say which probability each row gave to what is true, clipped, and in how many places."""
    truth, units, read_places = _probabilities(sample, "log_loss")
    places = max(read_places, CLIP_PLACES)
    factor, one = 10 ** (places - read_places), 10**places
    least = 10 ** (places - CLIP_PLACES)
    given = (
        unit * factor if label else one - unit * factor
        for label, unit in zip(truth, units, strict=True)
    )
    return [min(max(unit, least), one - least) for unit in given], places


def _log_loss(sample: Sample, _: Fraction) -> Decimal:
    given, places = _given_to_the_truth(sample)
    total = Decimal(0)
    for start in range(0, len(given), ROWS_AT_ONCE):
        product = Decimal(prod(given[start : start + ROWS_AT_ONCE]))
        total = LOGARITHM.add(total, LOGARITHM.ln(product))
    tens = LOGARITHM.multiply(LOGARITHM.ln(Decimal(10)), Decimal(places * len(given)))
    return numbers.half_even(Fraction(LOGARITHM.subtract(tens, total)) / len(given), PLACES)


def _log_losses(sample: Sample, _: Fraction) -> Scaled:
    given, places = _given_to_the_truth(sample)
    tens = LOGARITHM.multiply(LOGARITHM.ln(Decimal(10)), Decimal(places))
    known = {
        unit: numbers.nearest(
            Fraction(LOGARITHM.subtract(tens, LOGARITHM.ln(Decimal(unit)))) * 10**PLACES
        )
        for unit in set(given)
    }
    return Scaled([known[unit] for unit in given], PLACES)


METRICS: Final = (
    Metric(
        name="recall_at_false_alarm_rate",
        title="Recall at a false alarm rate",
        title_zh="给定误报率下的召回率",
        formula="largest TP / (TP + FN) of any threshold with FP / (FP + TN) <= the parameter;"
        " rows with a score at or above the threshold are alarms",
        formula_zh="在 FP / (FP + TN) 不超过参数的各阈值中,TP / (TP + FN) 的最大值;"
        "得分不低于阈值的行视为告警",
        source="Neyman-Pearson point of the receiver operating characteristic",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        column="score",
        truth=BINARY,
        predicted=SCORE,
        parameter=Parameter(
            meaning="the highest false alarm rate allowed, 0..1",
            meaning_zh="允许的最高误报率,0 到 1",
        ),
        compute=_recall_at_false_alarm_rate,
    ),
    Metric(
        name="roc_auc",
        title="Area under the receiver operating characteristic",
        title_zh="ROC 曲线下面积",
        formula="share of pairs of a 1 and a 0 in which the 1 scores higher; ties count half",
        formula_zh="在由一个 1 和一个 0 组成的所有行对中,1 得分较高者所占比例;相等计一半",
        source="Hanley and McNeil 1982; Mann and Whitney 1947",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        column="score",
        truth=BINARY,
        predicted=SCORE,
        compute=_roc_auc,
    ),
    Metric(
        name="pr_auc",
        title="Average precision",
        title_zh="平均精确率(PR 曲线下面积)",
        formula="sum over thresholds of the gain in recall times the precision there; each term is"
        " rounded to 30 places",
        formula_zh="对各阈值求(召回率增量 × 该处精确率)之和;每项保留 30 位小数",
        source="Zhu 2004, Recall, precision and average precision",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        column="score",
        truth=BINARY,
        predicted=SCORE,
        compute=_pr_auc,
    ),
    Metric(
        name="log_loss",
        title="Logarithmic loss",
        title_zh="对数损失",
        formula="mean of -ln of the probability given to what is true, kept within 10^-15 and"
        " 1 - 10^-15; logarithms have 50 digits",
        formula_zh="对真实结果所给概率取 -ln 的平均值;概率限制在 10⁻¹⁵ 与 1 - 10⁻¹⁵ 之间,"
        "对数保留 50 位有效数字",
        source="Good 1952, Rational decisions",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        column="score",
        truth=BINARY,
        predicted=PROBABILITY,
        compute=_log_loss,
        outcomes=_log_losses,
    ),
    Metric(
        name="brier",
        title="Brier score",
        title_zh="布里尔分数",
        formula="mean of (probability - truth)^2",
        formula_zh="(概率 - 真实值)² 的平均值",
        source="Brier 1950, Verification of forecasts expressed in terms of probability",
        direction=Direction.LOWER,
        minimum=0,
        maximum=1,
        column="score",
        truth=BINARY,
        predicted=PROBABILITY,
        compute=_brier,
        outcomes=_squares,
    ),
)
