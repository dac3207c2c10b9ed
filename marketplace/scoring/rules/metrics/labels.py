"""Metrics of labels: counted, never computed with anything but whole numbers.

Labels are compared as they stand, character by character: what looks alike in two Unicode forms
differs, and the publisher of the labels decides which form is right.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.metrics.definitions import BINARY, PLACES, Metric, ratio
from marketplace.scoring.rules.metrics.samples import Sample, Scaled


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each label was meant, named, and named where it was meant."""

    right: Counter[str]
    meant: Counter[str]
    named: Counter[str]
    rows: int

    @classmethod
    def of(cls, sample: Sample) -> "Confusion":
        """Count a sample."""
        cells = sample.cells()
        right: Counter[str] = Counter()
        meant: Counter[str] = Counter()
        named: Counter[str] = Counter()
        for (truth, predicted), count in cells.items():
            meant[truth] += count
            named[predicted] += count
            if truth == predicted:
                right[truth] += count
        return cls(right, meant, named, sample.size)

    @property
    def labels(self) -> int:
        """How many labels there are, meant or named."""
        return len(self.meant.keys() | self.named.keys())


def added(fractions: Iterable[tuple[int, int]]) -> Fraction:
    """Add fractions given as numerator and denominator.

    Fractions of many labels share few denominators: adding those first keeps them small, even when
    a hostile file predicts another label on every row.
    """
    by_denominator: Counter[int] = Counter()
    for numerator, denominator in fractions:
        by_denominator[denominator] += numerator
    return sum(
        (Fraction(above, below) for below, above in by_denominator.items() if above), Fraction(0)
    )


def _accuracy(sample: Sample, _: Fraction) -> Decimal:
    cells = sample.cells().items()
    return ratio(sum(count for (meant, named), count in cells if meant == named), sample.size)


def _right(sample: Sample, _: Fraction) -> Scaled:
    return Scaled(sample.matches(), 0)


def _balanced_accuracy(sample: Sample, _: Fraction) -> Decimal:
    found = Confusion.of(sample)
    total = added((found.right[label], count) for label, count in found.meant.items())
    return numbers.half_even(total / len(found.meant), PLACES)


def _f1_of(found: Confusion, label: str) -> tuple[int, int]:
    return 2 * found.right[label], found.meant[label] + found.named[label]


def _macro_f1(sample: Sample, _: Fraction) -> Decimal:
    found = Confusion.of(sample)
    total = added(_f1_of(found, label) for label in found.right)
    return numbers.half_even(total / found.labels, PLACES)


def _weighted_f1(sample: Sample, _: Fraction) -> Decimal:
    found = Confusion.of(sample)
    shares = ((found.meant[label], *_f1_of(found, label)) for label in found.right)
    total = added((weight * above, below) for weight, above, below in shares)
    return numbers.half_even(total / found.rows, PLACES)


def _mean_iou(sample: Sample, _: Fraction) -> Decimal:
    found = Confusion.of(sample)
    total = added(
        (right, found.meant[label] + found.named[label] - right)
        for label, right in found.right.items()
    )
    return numbers.half_even(total / found.labels, PLACES)


def _mcc(sample: Sample, _: Fraction) -> Decimal:
    found = Confusion.of(sample)
    rows = found.rows
    together = rows * found.right.total() - sum(
        count * found.named[label] for label, count in found.meant.items()
    )
    meant = rows * rows - sum(count * count for count in found.meant.values())
    named = rows * rows - sum(count * count for count in found.named.values())
    if not meant or not named:
        raise errors.MetricUndefined(metric="mcc", wanted="two labels meant, two predicted")
    size = numbers.root_half_even(Fraction(together * together, meant * named), PLACES)
    return -size if together < 0 else size


def _sides(sample: Sample) -> tuple[int, int, int]:
    """Count hits, false alarms and misses of the label 1."""
    cells = sample.cells()
    for truth, predicted in cells:
        if truth not in ("0", "1"):
            raise sample.unfit(list(sample.truth.texts).index(truth), "0 or 1")
        if predicted not in ("0", "1"):
            raise sample.unreadable(list(sample.predicted.texts).index(predicted))
    return cells["1", "1"], cells["0", "1"], cells["1", "0"]


def _precision(sample: Sample, _: Fraction) -> Decimal:
    hits, alarms, _misses = _sides(sample)
    if not hits + alarms:
        raise errors.MetricUndefined(metric="precision", wanted="a row predicted 1")
    return ratio(hits, hits + alarms)


def _recall(sample: Sample, _: Fraction) -> Decimal:
    hits, _alarms, misses = _sides(sample)
    if not hits + misses:
        raise errors.MetricUndefined(metric="recall", wanted="a row whose label is 1")
    return ratio(hits, hits + misses)


def _f1(sample: Sample, _: Fraction) -> Decimal:
    hits, alarms, misses = _sides(sample)
    if not hits + alarms + misses:
        raise errors.MetricUndefined(metric="f1", wanted="a row labelled or predicted 1")
    return ratio(2 * hits, 2 * hits + alarms + misses)


METRICS: Final = (
    Metric(
        name="accuracy",
        title="Accuracy",
        title_zh="准确率",
        formula="rows predicted right / rows",
        formula_zh="预测正确的行数 / 总行数",
        source="ISO/IEC TS 4213:2022, classification accuracy",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_accuracy,
        outcomes=_right,
    ),
    Metric(
        name="balanced_accuracy",
        title="Balanced accuracy",
        title_zh="均衡准确率",
        formula="mean over the true labels of TP / (TP + FN)",
        formula_zh="各真实标签 TP / (TP + FN) 的平均值",
        source="Brodersen et al. 2010, The balanced accuracy and its posterior distribution",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_balanced_accuracy,
    ),
    Metric(
        name="macro_f1",
        title="F1, mean over labels",
        title_zh="宏平均 F1",
        formula="mean over all labels, true or predicted, of 2 TP / (2 TP + FP + FN)",
        formula_zh="全部标签(真实或预测)2 TP / (2 TP + FP + FN) 的平均值",
        source="van Rijsbergen 1979, unweighted mean of the F measure of each label",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_macro_f1,
    ),
    Metric(
        name="micro_f1",
        title="F1, over all rows",
        title_zh="微平均 F1",
        formula="2 TP / (2 TP + FP + FN), summed over labels first; one label a row: the accuracy",
        formula_zh="先对各标签求和再计算 2 TP / (2 TP + FP + FN);每行一个标签时等于准确率",
        source="Manning, Raghavan and Schütze 2008, section 13.6",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_accuracy,
        outcomes=_right,
    ),
    Metric(
        name="weighted_f1",
        title="F1, weighted by frequency",
        title_zh="加权平均 F1",
        formula="mean of 2 TP / (2 TP + FP + FN) over labels, weighted by their rows in the truth",
        formula_zh="各标签 2 TP / (2 TP + FP + FN) 按真实行数加权平均",
        source="van Rijsbergen 1979, mean of the F measure weighted by support",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_weighted_f1,
    ),
    Metric(
        name="precision",
        title="Precision",
        title_zh="精确率",
        formula="TP / (TP + FP) of the label 1; undefined where no row is predicted 1",
        formula_zh="标签 1 的 TP / (TP + FP);没有一行预测为 1 时无定义",
        source="ISO/IEC TS 4213:2022, precision",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_precision,
        truth=BINARY,
        predicted=BINARY,
    ),
    Metric(
        name="recall",
        title="Recall",
        title_zh="召回率",
        formula="TP / (TP + FN) of the label 1; undefined where no label is 1",
        formula_zh="标签 1 的 TP / (TP + FN);没有真实标签为 1 时无定义",
        source="ISO/IEC TS 4213:2022, recall",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_recall,
        truth=BINARY,
        predicted=BINARY,
    ),
    Metric(
        name="f1",
        title="F1",
        title_zh="F1 值",
        formula="2 TP / (2 TP + FP + FN) of the label 1",
        formula_zh="标签 1 的 2 TP / (2 TP + FP + FN)",
        source="van Rijsbergen 1979, F measure with equal weights",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_f1,
        truth=BINARY,
        predicted=BINARY,
    ),
    Metric(
        name="mcc",
        title="Matthews correlation coefficient",
        title_zh="马修斯相关系数",
        formula="(n c - sum t_k p_k) / sqrt((n^2 - sum t_k^2) (n^2 - sum p_k^2)), c rows right, t_k"
        " and p_k rows of label k in truth and prediction",
        formula_zh="(n c - Σ t_k p_k) / √((n² - Σ t_k²)(n² - Σ p_k²)),c 为正确行数,"
        "t_k、p_k 为标签 k 的真实与预测行数",
        source="Matthews 1975; Gorodkin 2004 for more than two labels",
        direction=Direction.HIGHER,
        minimum=-1,
        maximum=1,
        compute=_mcc,
    ),
    Metric(
        name="mean_iou",
        title="Mean intersection over union",
        title_zh="平均交并比",
        formula="mean over all labels, true or predicted, of TP / (TP + FP + FN)",
        formula_zh="全部标签(真实或预测)TP / (TP + FP + FN) 的平均值",
        source="Jaccard 1901; Everingham et al. 2015, the PASCAL VOC segmentation measure",
        direction=Direction.HIGHER,
        minimum=0,
        maximum=1,
        compute=_mean_iou,
    ),
)
