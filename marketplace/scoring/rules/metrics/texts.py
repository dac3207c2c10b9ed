"""Metrics of texts: edit distances, and n-grams of characters.

Texts are compared by code points as they stand; the publisher of the truth decides on the Unicode
form, on full or half width and on punctuation, and says so in the call.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import PLACES, Meaning, Metric, ratio
from marketplace.scoring.rules.metrics.labels import added
from marketplace.scoring.rules.metrics.samples import Sample
from marketplace.scoring.rules.metrics.scores import LOGARITHM

TEXT: Final = Meaning("a text", "文本")
BLEU_ORDER: Final = 4
CHRF_ORDER: Final = 6
CHRF_BETA: Final = 2


def distance(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Count the fewest insertions, deletions and replacements that make one of the other.

    A whole column of the table is one number, so a text of a thousand characters costs a thousand
    steps and not a million.

    Source   Myers 1999, with Hyyrö's 2003 form for Levenshtein distance.

    >>> distance("城中村消防", "城中村的消房")
    2
    """
    if not left:
        return len(right)
    places: dict[Hashable, int] = {}
    for at, one in enumerate(left):
        places[one] = places.get(one, 0) | 1 << at
    whole = (1 << len(left)) - 1
    last = 1 << (len(left) - 1)
    plus, minus, count = whole, 0, len(left)
    for one in right:
        match = places.get(one, 0)
        across = (((match & plus) + plus) ^ plus) | match | minus
        up = minus | ~(across | plus)
        down = plus & across
        if up & last:
            count += 1
        elif down & last:
            count -= 1
        up = (up << 1 | 1) & whole
        down = (down << 1) & whole
        plus = down | (~(across | up) & whole)
        minus = up & across
    return count


def _error_rate(sample: Sample, name: str, parts: Callable[[str], Sequence[Hashable]]) -> Decimal:
    wrong = length = 0
    for truth, predicted in sample.pairs():
        meant = parts(truth)
        length += len(meant)
        wrong += distance(meant, parts(predicted))
    if not length:
        raise errors.MetricUndefined(metric=name, wanted="a truth that is not blank")
    return ratio(wrong, length)


def _cer(sample: Sample, _: Fraction) -> Decimal:
    return _error_rate(sample, "cer", lambda text: text)


def _wer(sample: Sample, _: Fraction) -> Decimal:
    return _error_rate(sample, "wer", str.split)


def _grams(text: str, order: int) -> Counter[str]:
    return Counter(text[at : at + order] for at in range(len(text) - order + 1))


def _counted(sample: Sample, orders: int) -> list[tuple[int, int, int]]:
    """Count n-grams in common, predicted and true, over all rows, for each n; blanks left out."""
    totals = [[0, 0, 0] for _ in range(orders)]
    for truth, predicted in sample.pairs():
        meant, said = "".join(truth.split()), "".join(predicted.split())
        for order in range(1, orders + 1):
            ours, theirs = _grams(said, order), _grams(meant, order)
            total = totals[order - 1]
            total[0] += (ours & theirs).total()
            total[1] += ours.total()
            total[2] += theirs.total()
    return [(total[0], total[1], total[2]) for total in totals]


def _chrf(sample: Sample, _: Fraction) -> Decimal:
    counted = [one for one in _counted(sample, CHRF_ORDER) if one[1] and one[2]]
    if not counted:
        raise errors.MetricUndefined(metric="chrf", wanted="texts that are not blank")
    precision = added((same, said) for same, said, _ in counted) / len(counted)
    recall = added((same, meant) for same, _, meant in counted) / len(counted)
    if not precision + recall:
        return numbers.half_even(Fraction(0), PLACES)
    weight: int = CHRF_BETA**2
    score = (1 + weight) * precision * recall / (weight * precision + recall)
    return numbers.half_even(score, PLACES)


def _bleu(sample: Sample, _: Fraction) -> Decimal:
    counted = _counted(sample, BLEU_ORDER)
    said, meant = counted[0][1], counted[0][2]
    if not meant or not all(one[1] for one in counted):
        raise errors.MetricUndefined(metric="bleu", wanted=f"texts of {BLEU_ORDER} characters")
    if not all(same for same, _, _ in counted):
        return numbers.half_even(Fraction(0), PLACES)
    total = Decimal(0)
    for same, all_said, _meant in counted:
        share = LOGARITHM.subtract(LOGARITHM.ln(Decimal(same)), LOGARITHM.ln(Decimal(all_said)))
        total = LOGARITHM.add(total, share)
    total = LOGARITHM.divide(total, Decimal(BLEU_ORDER))
    if said < meant:
        total = LOGARITHM.add(total, LOGARITHM.divide(Decimal(said - meant), Decimal(said)))
    return numbers.half_even(Fraction(LOGARITHM.exp(total)), PLACES)


METRICS: Final = (
    Metric(
        name="cer",
        title="Character error rate",
        title_zh="字错误率",
        formula="fewest insertions, deletions and replacements of characters, over all rows /"
        " characters of the truth",
        formula_zh="各行字符的最少插入、删除、替换次数之和 / 真实文本的字符数",
        source="Levenshtein 1966; Morris, Maier and Green 2004",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        truth=TEXT,
        predicted=TEXT,
        compute=_cer,
    ),
    Metric(
        name="wer",
        title="Word error rate",
        title_zh="词错误率",
        formula="fewest insertions, deletions and replacements of words, over all rows / words of"
        " the truth; words are separated by blanks",
        formula_zh="各行词的最少插入、删除、替换次数之和 / 真实文本的词数;词以空白分隔",
        source="Levenshtein 1966; Morris, Maier and Green 2004",
        direction=Direction.LOWER,
        minimum=0,
        maximum=None,
        truth=TEXT,
        predicted=TEXT,
        compute=_wer,
    ),
    Metric(
        name="chrf",
        title="chrF2 of characters",
        title_zh="字符 n 元 F2 值(chrF)",
        formula="F with beta 2 of precision and recall, each the mean over n = 1..6 of n-grams in"
        " common / n-grams of that side, counted over all rows, blanks left out",
        formula_zh="精确率与召回率(β = 2)的 F 值;二者为 n = 1..6 时 共有 n 元组 / 该侧 n 元组"
        "的平均值,按全部行计数,不计空白",
        source="Popović 2015, chrF: character n-gram F-score for automatic MT evaluation",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        truth=TEXT,
        predicted=TEXT,
        compute=_chrf,
    ),
    Metric(
        name="bleu",
        title="BLEU-4 of characters",
        title_zh="字符级 BLEU-4",
        formula="geometric mean over n = 1..4 of n-grams in common / n-grams predicted, over all"
        " rows, times exp(1 - true / predicted length) where too short; no smoothing",
        formula_zh="n = 1..4 时 共有 n 元组 / 预测 n 元组 的几何平均,按全部行计数;"
        "过短时乘以 exp(1 - 真实长度 / 预测长度);不作平滑",
        source="Papineni et al. 2002, BLEU: a method for automatic evaluation of translation",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        truth=TEXT,
        predicted=TEXT,
        compute=_bleu,
    ),
)
