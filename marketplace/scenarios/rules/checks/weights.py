"""LINT-01, 02, 03, 14, 15: the yardstick is whole, lawful on its track and scores no gate."""

from collections.abc import Iterator
from typing import Literal, cast

from marketplace.kit.money import BPS_WHOLE
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules import yardstick
from marketplace.scenarios.rules.checks.finding import ERROR, Finding, severity_of
from marketplace.scenarios.rules.content import Content, Text


def weights(content: Content) -> Iterator[Finding]:
    """LINT-01: weights make 100, and every criterion can turn a value into points."""
    source = "政府采购法实施条例 第34条"
    total = sum(criterion.weight_bps for criterion in content.criteria)
    if total != BPS_WHOLE:
        yield Finding(
            # A file by which no score can be computed is no file on any track.
            rule="LINT-01", severity=ERROR, pointer="/criteria", source=source,
            message=Text(
                f"权重合计 {total / 100:g},应为 100", f"The weights make {total / 100:g}, not 100"
            ),
            suggestion=Text("调整各项权重使合计为 100", "Adjust the weights to add up to 100"),
        )  # fmt: skip
    for pointer in dict.fromkeys(yardstick.flaws(content)):
        yield Finding(
            rule="LINT-01", severity=ERROR, pointer=pointer, source=source,
            message=Text(
                f"{pointer}:缺少可量化的规则,或与其他字段矛盾",
                f"{pointer}: not quantified, or at odds with the other fields",
            ),
            suggestion=Text("补充分值标准或量化规则", "State the scale or the quantified rule"),
        )  # fmt: skip


def choices(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-14: method, aggregation and tie-breaks are among those the track allows."""
    scheme = content.scoring
    chosen = {
        "evaluation_methods": [("/scoring/method", scheme.method)],
        "aggregations": [("/scoring/aggregation", scheme.aggregation)],
        "tie_breaks": [
            (f"/scoring/tie_breaks/{place}", rule.partition(":")[0])
            for place, rule in enumerate(scheme.tie_breaks)
        ],
    }
    for name, choices in chosen.items():
        allowed = profile.allowed(name)
        for pointer, choice in choices:
            if choice not in allowed:
                yield Finding(
                    rule="LINT-14", severity=severity_of(profile), pointer=pointer,
                    source=profile.parameter(name).source,
                    message=Text(
                        f"该法定路径不适用 {choice}", f"This track does not allow {choice}"
                    ),
                    suggestion=Text(f"可选:{'、'.join(allowed)}", f"Choose {', '.join(allowed)}"),
                )  # fmt: skip


def race(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-15: the race has room for its winners, and no more lanes than the track allows."""
    race, lanes = content.race, profile.integer("max_awards")
    fits = 1 <= race.final_solvers <= race.stage1_solvers <= lanes
    known = {None, *(phase.code for phase in content.cost_share)}
    if not fits or race.eliminate_at not in known:
        yield Finding(
            rule="LINT-15", severity=severity_of(profile), pointer="/race",
            source=profile.parameter("max_awards").source,
            message=Text(
                f"赛马安排有误,或超过 {lanes} 家",
                f"The race contradicts itself or has more than {lanes} solvers",
            ),
            suggestion=Text("核对各阶段家数和淘汰阶段", "Check the solvers of each stage"),
        )  # fmt: skip


def price_weight(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-02: the weight of price, and of the R&D plan, within what the track allows."""
    if content.scoring.method == "lowest_price":
        return
    category = cast('Literal["goods", "services"]', content.category)
    lowest, highest = profile.price_weight_bounds_bps(category)
    prices = [one for one in content.criteria if one.kind == "price_low_first"]
    weight = sum(one.weight_bps for one in prices)
    bounded = profile.flag("price_required") or bool(prices)
    if bounded and not lowest <= weight <= highest:
        name = f"price_weight_floor_{category}_bps"
        source = profile.parameter(name).source if profile.has(name) else ""
        yield Finding(
            rule="LINT-02", severity=severity_of(profile), pointer="/criteria", source=source,
            message=Text(
                f"价格权重 {weight / 100:g},应在 {lowest / 100:g} 至 {highest / 100:g} 之间",
                f"Price weighs {weight / 100:g}; {lowest / 100:g} to {highest / 100:g} is allowed",
            ),
            suggestion=Text("调整价格分权重", "Adjust the weight of the price"),
        )  # fmt: skip
    if profile.has("rd_plan_weight_floor_bps"):
        floor = profile.integer("rd_plan_weight_floor_bps")
        plan = sum(one.weight_bps for one in content.criteria if one.code == "rd_plan")
        if plan < floor:
            yield Finding(
                rule="LINT-02", severity=severity_of(profile), pointer="/criteria",
                source=profile.parameter("rd_plan_weight_floor_bps").source,
                message=Text(
                    f"研发方案权重 {plan / 100:g},不得低于 {floor / 100:g}",
                    f"The R&D plan (rd_plan) weighs {plan / 100:g}, less than {floor / 100:g}",
                ),
                suggestion=Text("提高研发方案权重", "Give the R&D plan more weight"),
            )  # fmt: skip


def scored_gates(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-03: no condition of eligibility is scored again."""
    codes = {one.code for one in content.qualifications}
    titles = {_folded(one.zh) for one in content.qualifications}
    for index, criterion in enumerate(content.criteria):
        if criterion.code in codes or _folded(criterion.title.zh) in titles:
            yield Finding(
                rule="LINT-03", severity=severity_of(profile), pointer=f"/criteria/{index}",
                source="财政部令第87号 第55条(未核对原文)",
                message=Text(
                    f"资格条件“{criterion.title.zh}”又被列为评分项",
                    f"Eligibility condition {criterion.code} is scored as well",
                ),
                suggestion=Text("资格条件只作合格与否判断", "Keep it as a condition only"),
            )  # fmt: skip


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
