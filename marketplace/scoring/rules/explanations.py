"""Why a bid stands where it stands: words and figures in Chinese and English.

Words are made from a ranking and are no part of its document: a better sentence must not change the
digest of a round that was decided years ago.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from marketplace.kit.money import format_yuan
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Criterion, Formula, Kind
from marketplace.scoring.rules.points import Bases, Finding
from marketplace.scoring.rules.rubric import HIGHER_POINTS_OF, Aggregation, Method, Rubric

HARD_FLOOR: Final = "non_responsive_hard_floor"

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "ineligible": ("资格审查不合格", "did not pass the eligibility check"),
    "non_responsive": ("未实质性响应", "does not meet the substantive terms"),
    HARD_FLOOR: ("未达到门槛值", "does not reach a hard floor"),
    "over_maximum_price": ("报价超过最高限价", "quotes more than the maximum price"),
    "abnormally_low_unproven": (
        "报价异常低且未证明合理",
        "did not explain its abnormally low quote",
    ),
    "withdrawn": ("投标已撤回", "was withdrawn"),
    "revoked": ("投标已撤销", "was revoked"),
    "invalidated": ("投标被认定无效", "was declared invalid"),
    "not_submitted": ("尚未提交", "was not submitted yet"),
}
"""Known reasons in words; any other code is shown as it is."""

_TIE_BREAKS: Final[Mapping[str, tuple[str, str]]] = {
    "lower_evaluated_price": ("评审价低者优先", "lower evaluated price first"),
    "earlier_receipt": ("先递交者优先", "earlier receipt first"),
    "witnessed_draw": ("见证抽签", "witnessed draw"),
}

_AGGREGATIONS: Final[Mapping[Aggregation, tuple[str, str]]] = {
    Aggregation.MEAN: ("平均分", "mean"),
    Aggregation.TRIMMED_MEAN: (
        "去掉最高、最低各 {trim} 个后的平均分",
        "mean without {trim} at each end",
    ),
    Aggregation.MEDIAN: ("中位数", "median"),
    Aggregation.CALIBRATED: (
        "校准(扣除各评委松严与离散差异)后的平均分",
        "mean, after severity and spread of each judge are taken out,",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Lines for people: first the place, then one line per criterion, in rubric order."""

    zh: tuple[str, ...]
    en: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What the first line tells: the place, among how many, and how a tie was handled."""

    rank: int
    ranked: int
    total: Decimal
    score: Decimal
    shared: bool
    tie_broken_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price as it is evaluated, with where it comes from."""

    quote_fen: int
    deduction_bps: int
    evaluated_fen: int


def explain(
    rubric: Rubric,
    placing: Placing,
    *,
    findings: Mapping[str, Finding],
    against: Bases,
    price: Price | None,
) -> Explanation:
    """Put one standing into words and figures."""
    lines = [_place(rubric, placing)]
    for criterion in rubric.criteria:
        finding = findings[criterion.code]
        zh, en = _reason(rubric, criterion, finding, against=against, price=price)
        weight = f"{criterion.weight_bps // 100}.{criterion.weight_bps % 100:02d}"
        points = f"{finding.points:f}"
        tail_zh = f"得 {points} 分(满分 {weight})。" if criterion.weight_bps else "门槛项,不计分。"
        tail_en = f"{points} of {weight} points." if criterion.weight_bps else "a gate, no points."
        lines.append(
            (f"{criterion.title_zh}:{zh};{tail_zh}", f"{criterion.title_en}: {en}; {tail_en}")
        )
    return Explanation(zh=tuple(zh for zh, _ in lines), en=tuple(en for _, en in lines))


def explain_exclusion(rubric: Rubric, reason: str, missed: Sequence[str] = ()) -> Explanation:
    """Say why a bid is out, and which floors it missed."""
    zh, en = REASONS.get(reason, (reason, reason))
    lines = [(f"未参与排名:{zh}。", f"Not ranked: {en}.")]
    for code in missed:
        criterion = rubric.criterion(code)
        if criterion is not None and criterion.floor is not None:
            floor = numbers.plain(criterion.floor)
            lines.append(
                (
                    f"{criterion.title_zh}:未达到下限 {floor}。",
                    f"{criterion.title_en}: the floor is {floor}.",
                )
            )
    return Explanation(zh=tuple(zh for zh, _ in lines), en=tuple(en for _, en in lines))


def _place(rubric: Rubric, placing: Placing) -> tuple[str, str]:
    total = f"{placing.total:f}"
    zh = f"第 {placing.rank} 名(共 {placing.ranked} 家),总分 {total}"
    en = f"Rank {placing.rank} of {placing.ranked} with {total} points"
    if rubric.method == Method.LOWEST_PRICE:
        zh, en = f"{zh},按评审价由低到高排名", f"{en}, ranked by evaluated price, lowest first"
    elif rubric.method == Method.TOPSIS:
        figure = f"{placing.score:f}"
        zh = f"{zh},按与理想方案的贴近度排名(TOPSIS),贴近度 {figure}"
        en = f"{en}, ranked by closeness to the ideal (TOPSIS), which is {figure}"
    elif rubric.method == Method.BORDA:
        figure, others = numbers.plain(placing.score.normalize()), placing.ranked - 1
        zh = f"{zh},按波达计数排名:加权平均胜过其他 {others} 家中的 {figure} 家(相同计半家)"
        en = (
            f"{en}, ranked by Borda count: beats {figure} of {others} others"
            " in the weighted mean, equals counting half"
        )
    if placing.tie_broken_by is not None:
        rule_zh, rule_en = _tie_break(rubric, placing.tie_broken_by)
        zh, en = f"{zh};得分相同,按“{rule_zh}”排定", f"{en}; a tie, broken by: {rule_en}"
    elif placing.shared:
        zh, en = (
            f"{zh};得分相同,名次并列",
            f"{en}; a tie that no rule breaks, so the rank is shared",
        )
    return f"{zh}。", f"{en}."


def _tie_break(rubric: Rubric, rule: str) -> tuple[str, str]:
    criterion = rubric.criterion(rule.removeprefix(HIGHER_POINTS_OF))
    if criterion is not None:
        return f"{criterion.title_zh}得分高者优先", f"higher points of {criterion.title_en} first"
    return _TIE_BREAKS.get(rule, (rule, rule))


def _reason(
    rubric: Rubric, criterion: Criterion, finding: Finding, *, against: Bases, price: Price | None
) -> tuple[str, str]:
    raw = numbers.plain(finding.raw)
    if criterion.kind == Kind.PRICE_LOW_FIRST and price is not None:
        return _price_reason(price, against.price_fen or price.evaluated_fen)
    scale = "" if criterion.scale_max is None else numbers.plain(criterion.scale_max)
    if criterion.kind == Kind.SUBJECTIVE_EXPERT:
        zh, en = (words.format(trim=rubric.trim) for words in _AGGREGATIONS[rubric.aggregation])
        return (
            f"{finding.marks} 位评委打分的{zh}为 {raw} / {scale}",
            f"{en} of {finding.marks} marks is {raw} of {scale}",
        )
    if criterion.kind == Kind.OBJECTIVE_EXPERT:
        return f"按指标表认定为 {raw} / {scale}", f"set at {raw} of {scale} by the indicator table"
    best = against.best.get(criterion.code)
    if best is not None:
        low = criterion.formula == Formula.RATIO_TO_BEST_LOW
        figure = numbers.plain(best)
        return (
            f"申报值 {raw},最优值 {figure}({'最低' if low else '最高'}者最优)",
            f"declared {raw}, the best is {figure} ({'lowest' if low else 'highest'} is best)",
        )
    return _line_reason(criterion, raw)


def _line_reason(criterion: Criterion, raw: str) -> tuple[str, str]:
    floor = "-" if criterion.floor is None else numbers.plain(criterion.floor)
    zh, en = f"{criterion.metric or '申报值'} 为 {raw},下限 {floor}", f"value {raw}, floor {floor}"
    if criterion.metric is not None:
        en = f"{criterion.metric} is {raw}, floor {floor}"
    if criterion.target is None:
        return zh, en
    target = numbers.plain(criterion.target)
    return f"{zh},目标 {target}", f"{en}, target {target}"


def _price_reason(price: Price, base_fen: int) -> tuple[str, str]:
    quote, own, base = (
        format_yuan(fen) for fen in (price.quote_fen, price.evaluated_fen, base_fen)
    )
    if price.deduction_bps:
        percent = numbers.plain(Decimal(price.deduction_bps).scaleb(-2, context=numbers.EXACT))
        return (
            f"报价 {quote} 元,价格扣除 {percent}%,评审价 {own} 元,最低评审价 {base} 元",
            f"quote {quote} yuan less {percent} % is evaluated at {own}, the lowest is {base}",
        )
    return (
        f"报价 {quote} 元即评审价,最低评审价 {base} 元",
        f"quote {quote} yuan is evaluated as it stands, the lowest is {base}",
    )
