"""Metrics of numbers: sums and products of whole numbers, one division, one rounding."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from operator import mul, sub
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import (
    NUMBER,
    PLACES,
    TERM_PLACES,
    Aggregate,
    Meaning,
    Metric,
    mean,
    term,
)
from marketplace.scoring.rules.metrics.samples import Sample, Scaled


def _gaps(sample: Sample) -> tuple[list[int], int]:
    truth, predicted, places = sample.figures()
    return list(map(sub, predicted, truth)), places


def _squares(sample: Sample, _: Fraction) -> Scaled:
    gaps, places = _gaps(sample)
    return Scaled(list(map(mul, gaps, gaps)), 2 * places)


def _sizes(sample: Sample, _: Fraction) -> Scaled:
    gaps, places = _gaps(sample)
    return Scaled(list(map(abs, gaps)), places)


def _rmse(sample: Sample, _: Fraction) -> Decimal:
    gaps, places = _gaps(sample)
    total = sum(map(mul, gaps, gaps))
    return numbers.root_half_even(Fraction(total, sample.size * 10 ** (2 * places)), PLACES)


def _mae(sample: Sample, _: Fraction) -> Decimal:
    gaps, places = _gaps(sample)
    return mean(sum(map(abs, gaps)), places, sample.size)


def _shares(sample: Sample, _: Fraction) -> Scaled:
    truth, predicted, _places = sample.figures()
    if 0 in truth:
        raise sample.unfit(list(truth).index(0), "a number other than 0")
    pairs = zip(truth, predicted, strict=True)
    return Scaled([term(abs(guess - real), abs(real)) for real, guess in pairs], TERM_PLACES)


def _mape(sample: Sample, parameter: Fraction) -> Decimal:
    return mean(sum(_shares(sample, parameter).units), TERM_PLACES, sample.size)


def _wape(sample: Sample, _: Fraction) -> Decimal:
    truth, predicted, _places = sample.figures()
    whole = sum(map(abs, truth))
    if not whole:
        raise errors.MetricUndefined(metric="wape", wanted="a truth other than 0")
    return numbers.half_even(Fraction(sum(map(abs, map(sub, predicted, truth))), whole), PLACES)


def _r2(sample: Sample, _: Fraction) -> Decimal:
    truth, predicted, _places = sample.figures()
    gaps = list(map(sub, predicted, truth))
    # n times the sum of squares about the mean, so that the mean need not be divided out.
    spread = sample.size * sum(map(mul, truth, truth)) - sum(truth) ** 2
    if not spread:
        raise errors.MetricUndefined(metric="r2", wanted="two different truths")
    return numbers.half_even(1 - Fraction(sample.size * sum(map(mul, gaps, gaps)), spread), PLACES)


def doubled_ranks(values: Sequence[int]) -> list[int]:
    """Rank numbers from the lowest; tied ones share the mean of their ranks.  Ranks are doubled.

    >>> doubled_ranks([5, 1, 5])
    [5, 2, 5]
    """
    ranks = [0] * len(values)
    before = 0
    ordered = sorted(range(len(values)), key=values.__getitem__)
    for _, tied in groupby(ordered, key=values.__getitem__):
        places = list(tied)
        for place in places:
            ranks[place] = 2 * before + len(places) + 1
        before += len(places)
    return ranks


def _spearman(sample: Sample, _: Fraction) -> Decimal:
    truth, predicted, _places = sample.figures()
    left, right = doubled_ranks(truth), doubled_ranks(predicted)
    size, total = sample.size, sum(left)
    together = size * sum(map(mul, left, right)) - total * total
    spreads = [size * sum(map(mul, ranks, ranks)) - total * total for ranks in (left, right)]
    if not all(spreads):
        raise errors.MetricUndefined(metric="spearman", wanted="two different values on each side")
    rho = numbers.root_half_even(Fraction(together**2, spreads[0] * spreads[1]), PLACES)
    return -rho if together < 0 else rho


_NOT_ZERO: Final = Meaning("a number other than 0", "非零数值")

METRICS: Final = (
    Metric(
        name="rmse",
        title="Root of the mean squared error",
        title_zh="均方根误差",
        formula="square root of the mean of (predicted - true)^2",
        formula_zh="(预测值 - 真实值)² 的平均值的平方根",
        source="root of the mean squared error, Gauss 1809",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        compute=_rmse,
        outcomes=_squares,
        aggregate=Aggregate.ROOT_MEAN,
        truth=NUMBER,
        predicted=NUMBER,
    ),
    Metric(
        name="mae",
        title="Mean absolute error",
        title_zh="平均绝对误差",
        formula="mean of |predicted - true|",
        formula_zh="|预测值 - 真实值| 的平均值",
        source="mean absolute error, Laplace 1774",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        compute=_mae,
        outcomes=_sizes,
        truth=NUMBER,
        predicted=NUMBER,
    ),
    Metric(
        name="mape",
        title="Mean absolute percentage error",
        title_zh="平均绝对百分比误差",
        formula="mean of |predicted - true| / |true|, a share of 1; undefined where a truth is 0;"
        " each term is rounded to 30 places",
        formula_zh="|预测值 - 真实值| / |真实值| 的平均值(1 为百分之百);真实值为 0 时无定义;"
        "每项保留 30 位小数",
        source="Makridakis 1993, Accuracy measures: theoretical and practical concerns",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        compute=_mape,
        outcomes=_shares,
        truth=_NOT_ZERO,
        predicted=NUMBER,
    ),
    Metric(
        name="wape",
        title="Weighted absolute percentage error",
        title_zh="加权绝对百分比误差",
        formula="sum of |predicted - true| / sum of |true|",
        formula_zh="|预测值 - 真实值| 之和 / |真实值| 之和",
        source="Kolassa and Schütz 2007, Advantages of the MAD/mean ratio over the MAPE",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        compute=_wape,
        truth=NUMBER,
        predicted=NUMBER,
    ),
    Metric(
        name="r2",
        title="Coefficient of determination",
        title_zh="决定系数",
        formula="1 - sum of (predicted - true)^2 / sum of (true - mean of true)^2",
        formula_zh="1 - (预测值 - 真实值)² 之和 / (真实值 - 真实值均值)² 之和",
        source="Wright 1921, Correlation and causation",
        direction=Direction.HIGHER,
        minimum=None,
        maximum=1,
        compute=_r2,
        truth=NUMBER,
        predicted=NUMBER,
    ),
    Metric(
        name="spearman",
        title="Spearman rank correlation",
        title_zh="斯皮尔曼等级相关系数",
        formula="Pearson correlation of the ranks; tied values share the mean of their ranks",
        formula_zh="名次的皮尔逊相关系数;并列取平均名次",
        source="Spearman 1904, The proof and measurement of association between two things",
        direction=Direction.HIGHER,
        minimum=-1,
        maximum=1,
        compute=_spearman,
        truth=NUMBER,
        predicted=NUMBER,
    ),
)
