"""LINT-08, 09, 12, 13: bonds, prices, where the money comes from, and purchases cut in pieces."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.profiles.rules.profile import RuleProfile, Track
from marketplace.scenarios.rules.checks.finding import (
    ERROR,
    Finding,
    percent,
    severity_of,
    yuan,
)
from marketplace.scenarios.rules.content import Content, Phase, Text

PUBLIC_FUNDERS: Final = ("gov", "poster")
"""Whoever must have the money before the call; the solver brings its share with the bid."""
FUNDER_NAMES: Final = {"gov": ("财政", "the public share"), "poster": ("出题方", "the poster")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another call of the same unit in the same fiscal year, as far as splitting is in question."""

    number: str
    track: Track
    category: str
    domain: str
    ceiling_fen: int


def maximum_price(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-09: a maximum price within the budget, phases within it too, and no minimum price."""
    budget, source = content.budget, profile.parameter("max_price_required").source
    if budget.max_price_fen is None and profile.flag("max_price_required"):
        yield Finding(
            rule="LINT-09", severity=severity_of(profile), pointer="/budget/max_price_fen",
            source=source,
            message=Text("未设最高限价", "There is no maximum price"),
            suggestion=Text("设定不高于预算的最高限价", "State a maximum price within the budget"),
        )  # fmt: skip
    if budget.max_price_fen is not None and budget.max_price_fen > budget.ceiling_fen:
        yield Finding(
            rule="LINT-09", severity=ERROR, pointer="/budget/max_price_fen", source=source,
            message=Text("最高限价高于预算", "The maximum price is above the budget"),
            suggestion=Text("最高限价不得超过预算", "Lower it to the budget or less"),
        )  # fmt: skip
    if budget.min_price_fen is not None:
        yield Finding(
            rule="LINT-09", severity=severity_of(profile), pointer="/budget/min_price_fen",
            source="招标投标法实施条例 第27条",
            message=Text("不得规定最低限价", "A minimum price is not allowed"),
            suggestion=Text("删除最低限价", "Remove it"),
        )  # fmt: skip
    phases = sum(phase.ceiling_fen for phase in content.cost_share)
    if phases > budget.ceiling_fen:
        yield Finding(
            rule="LINT-09", severity=ERROR, pointer="/cost_share", source="预算法 第13条",
            message=Text("各阶段上限之和超过预算", "The phase ceilings exceed the budget together"),
            suggestion=Text("各阶段上限之和不得超过预算", "Lower the ceilings"),
        )  # fmt: skip


def bonds(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-08: bonds within their limits, not in cash only, and given back in time."""
    asked = content.bonds
    for name, field, bps in (
        ("bid_bond_max_bps", "bid_fen", None),
        ("performance_bond_max_bps", "performance_bps", asked.performance_bps),
    ):
        if not profile.has(name):
            continue
        limit = profile.integer(name)
        # The limit of a bid bond is a part of the budget, compared without dividing.
        over = (
            asked.bid_fen * BPS_WHOLE > content.budget.ceiling_fen * limit
            if bps is None
            else bps > limit
        )
        if over:
            yield Finding(
                rule="LINT-08", severity=severity_of(profile), pointer=f"/bonds/{field}",
                source=profile.parameter(name).source,
                message=Text(
                    f"保证金超过上限({percent(limit)})",
                    f"The bond is above its limit of {percent(limit)}",
                ),
                suggestion=Text(
                    f"不超过{'预算' if bps is None else '合同金额'}的 {percent(limit)}",
                    f"At most {percent(limit)} of the {'budget' if bps is None else 'contract'}",
                ),
            )  # fmt: skip
    if not (asked.bid_fen or asked.performance_bps):
        return
    if profile.has("bond_non_cash") and profile.flag("bond_non_cash") and not asked.non_cash:
        yield Finding(
            rule="LINT-08", severity=severity_of(profile), pointer="/bonds/non_cash",
            source=profile.parameter("bond_non_cash").source,
            message=Text("只接受现金保证金", "Only cash is taken as a bond"),
            suggestion=Text(
                "接受支票、汇票、保函、保险等非现金形式", "Take guarantees and insurances as well"
            ),
        )  # fmt: skip
    if profile.has("bond_return") and asked.refund_days > profile.period("bond_return").count:
        period = profile.period("bond_return")
        working = period.unit == "working_days"
        yield Finding(
            rule="LINT-08", severity=severity_of(profile), pointer="/bonds/refund_days",
            source=period.source,
            message=Text(
                f"退还期限 {asked.refund_days} 日,超过 {period.count} "
                f"个{'工作日' if working else '自然日'}",
                f"Given back in {asked.refund_days} days; {period.count} are allowed",
            ),
            suggestion=Text(
                f"{period.count} 个{'工作日' if working else '自然日'}内退还",
                f"Give it back within {period.count} {'working ' if working else ''}days",
            ),
        )  # fmt: skip


def funding(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-12: for every phase, what each funder may have to pay is committed by name.

    Shape    the larger of the two shares counts, that of success and that of blameless failure,
             rounded up to the fen.  The solver's own share comes with its bid.
    """
    committed: defaultdict[tuple[str, str], int] = defaultdict(int)
    for source in content.budget.sources:
        committed[source.phase, source.funder] += source.amount_fen
    for index, phase in enumerate(content.cost_share):
        for funder in PUBLIC_FUNDERS:
            needed, there = _needed(phase, funder), committed[phase.code, funder]
            if there >= needed:
                continue
            zh, en = FUNDER_NAMES[funder]
            yield Finding(
                rule="LINT-12", severity=severity_of(profile),
                pointer=f"/cost_share/{index}/ceiling_fen",
                source="预算法 第13条;保障中小企业款项支付条例(2025年修订) 第8条",
                message=Text(
                    f"阶段 {phase.code}:{zh}应承担至多 {yuan(needed)} 元,已落实 {yuan(there)} 元",
                    f"Phase {phase.code}: {en} may owe CNY {yuan(needed)}, and CNY "
                    f"{yuan(there)} is committed",
                ),
                suggestion=Text(
                    f"在 budget.sources 中写明阶段 {phase.code} 的{zh}资金来源和金额",
                    f"State where the money of phase {phase.code} comes from in budget.sources",
                ),
            )  # fmt: skip
    known = {phase.code for phase in content.cost_share}
    for index, source in enumerate(content.budget.sources):
        if source.phase not in known or source.funder not in PUBLIC_FUNDERS:
            yield Finding(
                rule="LINT-12", severity=severity_of(profile),
                pointer=f"/budget/sources/{index}", source="预算法 第13条",
                message=Text(
                    "资金来源所指的阶段或出资方不存在", "This money is for no phase of the call"
                ),
                suggestion=Text(
                    f"阶段取 {'、'.join(sorted(known))} 之一", f"Name one of {sorted(known)}"
                ),
            )  # fmt: skip


def splitting(
    content: Content, profile: RuleProfile, siblings: Sequence[Sibling]
) -> Iterator[Finding]:
    """LINT-13: one unit's purchases of one kind in one year are not cut to avoid a tender.

    Shape    only where the profile sets a threshold, only together with another call of the same
             category and domain that is bought without an open tender, and not where the total
             was approved to be bought so.
    """
    if not profile.has("tender_threshold_fen") or content.budget.method_approval:
        return
    alike = [
        one
        for one in siblings
        if one.track.is_procurement
        and one.track is not Track.PROCUREMENT_TENDER
        and (one.category, one.domain) == (content.category, content.domain)
    ]
    threshold = profile.integer("tender_threshold_fen")
    total = content.budget.ceiling_fen + sum(one.ceiling_fen for one in alike)
    if alike and total > threshold:
        numbers = sorted(one.number for one in alike)
        yield Finding(
            rule="LINT-13", severity=severity_of(profile), pointer="/budget/ceiling_fen",
            source=profile.parameter("tender_threshold_fen").source,
            message=Text(
                f"疑似化整为零:与 {'、'.join(numbers)} 同类,全年合计 {yuan(total)} 元,"
                f"超过 {yuan(threshold)} 元",
                f"Together with {', '.join(numbers)} this year's purchases of this kind make CNY "
                f"{yuan(total)}, more than CNY {yuan(threshold)}",
            ),
            suggestion=Text(
                "改用公开招标,或在 budget.method_approval 中写明批准文件",
                "Use an open tender, or state the approval in budget.method_approval",
            ),
        )  # fmt: skip


def _needed(phase: Phase, funder: str) -> int:
    """Find what a funder may owe in a phase at most, in whole fen rounded up."""
    share = max(phase.ok_bps[funder], phase.blameless_fail_bps[funder])
    return -(-phase.ceiling_fen * share // BPS_WHOLE)
