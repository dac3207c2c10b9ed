"""Metrics of ranked lists: items of one row stand one behind the other, separated by `|`."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import (
    TERM_PLACES,
    Meaning,
    Metric,
    Parameter,
    mean,
    ratio,
    term,
)
from marketplace.scoring.rules.metrics.samples import Sample, Scaled
from marketplace.scoring.rules.metrics.scores import LOGARITHM

GAIN_MAX: Final = 100
RANKED: Final = Meaning("items, the best first, as in `b|a|c`", "候选项,最好的在前,如 `b|a|c`")
RELEVANT: Final = Meaning("the relevant items, as in `a|c`", "相关项,如 `a|c`")
GAINS: Final = Meaning(
    f"relevant items with whole gains of 1 to {GAIN_MAX}, as in `a:3|c:1`",
    f"相关项及其增益(1 到 {GAIN_MAX} 的整数),如 `a:3|c:1`",
)
_TOP: Final = Parameter(
    meaning="how many of the first items count, 1..1000",
    meaning_zh="计入前多少项,1 到 1000",
    minimum=Fraction(1),
    maximum=Fraction(1000),
    whole=True,
)


def _items(sample: Sample, place: int) -> list[str]:
    """Read a ranked list.  Refuses one that names an item twice: it would count twice."""
    items = sample.predicted.texts[place].split("|")
    if len(set(items)) != len(items) or "" in items:
        raise sample.unreadable(place)
    return items


def _hits(sample: Sample, top: Fraction) -> Scaled:
    hits = []
    for place, truth in enumerate(sample.truth.texts):
        hits.append(int(truth in _items(sample, place)[: int(top)]))
    return Scaled(hits, 0)


def _top_k_accuracy(sample: Sample, top: Fraction) -> Decimal:
    return ratio(sum(_hits(sample, top).units), sample.size)


def _reciprocals(sample: Sample, _: Fraction) -> Scaled:
    found = []
    for place, truth in enumerate(sample.truth.texts):
        relevant = set(truth.split("|"))
        ranks = (rank for rank, one in enumerate(_items(sample, place), 1) if one in relevant)
        first = next(ranks, None)
        found.append(0 if first is None else term(1, first))
    return Scaled(found, TERM_PLACES)


def _mrr(sample: Sample, parameter: Fraction) -> Decimal:
    return mean(sum(_reciprocals(sample, parameter).units), TERM_PLACES, sample.size)


@cache
def _discount(rank: int) -> int:
    """Say what a place on a list is worth, 1 / log2(rank + 1), in units of 10**-30."""
    ln = LOGARITHM.ln
    worth = LOGARITHM.divide(ln(Decimal(2)), ln(Decimal(rank + 1)))
    return numbers.nearest(Fraction(worth) * 10**TERM_PLACES)


def _gains(sample: Sample, place: int) -> dict[str, int]:
    gains: dict[str, int] = {}
    for part in sample.truth.texts[place].split("|"):
        item, colon, gain = part.rpartition(":")
        if not (item and colon and gain.isascii() and gain.isdigit() and item not in gains):
            raise sample.unfit(place, "items with gains, as in a:3|c:1")
        if not 1 <= int(gain[:4]) <= GAIN_MAX:
            raise sample.unfit(place, f"gains of 1 to {GAIN_MAX}")
        gains[item] = int(gain)
    return gains


def _worth(gains: Sequence[int], top: int) -> int:
    return sum(gain * _discount(rank) for rank, gain in enumerate(gains[:top], 1) if gain)


def _ndcgs(sample: Sample, top: Fraction) -> Scaled:
    shares = []
    for place in range(sample.size):
        gains = _gains(sample, place)
        got = [gains.get(item, 0) for item in _items(sample, place)]
        best = sorted(gains.values(), reverse=True)
        shares.append(term(_worth(got, int(top)), _worth(best, int(top))))
    return Scaled(shares, TERM_PLACES)


def _ndcg(sample: Sample, top: Fraction) -> Decimal:
    return mean(sum(_ndcgs(sample, top).units), TERM_PLACES, sample.size)


METRICS: Final = (
    Metric(
        name="top_k_accuracy",
        title="Top-k accuracy",
        title_zh="前 k 准确率",
        formula="rows whose label is among the first k items predicted / rows",
        formula_zh="真实标签位于预测前 k 项之内的行数 / 总行数",
        source="Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        predicted=RANKED,
        parameter=_TOP,
        compute=_top_k_accuracy,
        outcomes=_hits,
    ),
    Metric(
        name="mrr",
        title="Mean reciprocal rank",
        title_zh="平均倒数排名",
        formula="mean of 1 / rank of the first relevant item; 0 for a list without one; terms are"
        " rounded to 30 places",
        formula_zh="首个相关项排名的倒数的平均值;列表中没有相关项时计 0;每项保留 30 位小数",
        source="Voorhees 1999, The TREC-8 question answering track report",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        truth=RELEVANT,
        predicted=RANKED,
        compute=_mrr,
        outcomes=_reciprocals,
    ),
    Metric(
        name="ndcg",
        title="Normalised discounted cumulative gain at k",
        title_zh="归一化折损累计增益(前 k 项)",
        formula="mean over rows of DCG / best DCG, DCG = sum over the first k items of gain /"
        " log2(rank + 1); discounts and terms are rounded to 30 places",
        formula_zh="各行 DCG / 最优 DCG 的平均值,DCG = 前 k 项 增益 / log2(排名 + 1) 之和;"
        "折损与每项保留 30 位小数",
        source="Järvelin and Kekäläinen 2002, Cumulated gain-based evaluation of IR techniques",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        truth=GAINS,
        predicted=RANKED,
        parameter=_TOP,
        compute=_ndcg,
        outcomes=_ndcgs,
    ),
)
