"""LINT-04 to 07: nobody is favoured or shut out by a condition that the need does not ask for."""

import datetime as dt
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from marketplace.profiles.rules.deadlines import local_date
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.checks.clocks import Planned
from marketplace.scenarios.rules.checks.finding import REVIEW, Finding, severity_of
from marketplace.scenarios.rules.checks.phrases import Barrier, Place, barriers, fold
from marketplace.scenarios.rules.content import Content, Text

GPR_20: Final = "政府采购法实施条例 第20条"
SMALL_FIRMS: Final = "中小企业促进法 第40条"
FIRST_PRODUCTS: Final = "科学技术进步法 第91条"
FAIR: Final = "公平竞争审查条例 第9条、第10条、第12条"
DESIGNER: Final = "政府采购法实施条例 第18条"

_TO_SMALL: Final = Text(
    "删除该条件;能力可用样机、测试或承诺证明", "Remove it; test the ability instead"
)
ADVICE: Final[Mapping[Barrier, tuple[Text, Text]]] = MappingProxyType(
    {
        Barrier.REGISTERED_PLACE: (
            Text("以注册地或所在地设条件或加分", "tied to where a firm is registered"),
            Text("改为对服务响应时间的要求", "Ask for a response time instead"),
        ),
        Barrier.LOCAL_BRANCH: (
            Text("要求在当地设立机构", "asks for a local branch"),
            Text("改为对服务响应时间的要求", "Ask for a response time instead"),
        ),
        Barrier.OWNERSHIP: (
            Text("以所有制形式设条件或加分", "tied to a form of ownership"),
            Text("对各类所有制企业一视同仁", "Treat every form of ownership alike"),
        ),
        Barrier.TIED_RECORD: (
            Text(
                "以特定地区或特定行业的业绩、奖项设条件或加分",
                "tied to one region's or trade's record",
            ),
            Text("改为与需求相称的同类能力证明", "Ask for proof of the ability that is needed"),
        ),
        Barrier.BRAND: (
            Text("指定品牌", "names a brand"),
            Text(
                "改写为技术指标,并注明“或相当于”", "State the requirement, or add “or equivalent”"
            ),
        ),
        Barrier.PATENT: (
            Text("指定专利或专有技术", "names a patent"),
            Text("改写为技术指标,不指定实现方式", "State the requirement, not the means"),
        ),
        Barrier.SUPPLIER: (
            Text("指定供应商或要求厂家授权", "names a supplier, or asks for its authorisation"),
            Text("删除指定;质量以验收指标保证", "Remove it; acceptance metrics ensure quality"),
        ),
        Barrier.OPERATOR: (
            Text("面向特定经营者", "selective for a named operator"),
            Text("改为符合条件者均可申报", "Let everybody apply who meets the conditions"),
        ),
        Barrier.AGE: (Text("以成立或经营年限设条件或加分", "tied to years in business"), _TO_SMALL),
        Barrier.FINANCES: (
            Text("以注册资本、收入、利润等财务指标设条件或加分", "tied to financial figures"),
            _TO_SMALL,
        ),
        Barrier.SIZE: (Text("以规模或人数设条件或加分", "tied to the size of a firm"), _TO_SMALL),
        Barrier.EQUITY: (Text("以股权结构设条件或加分", "tied to who owns shares"), _TO_SMALL),
        Barrier.SALES_RECORD: (
            Text(
                "以销售业绩或市场份额为条件,排除首次投放的产品", "shuts out products without sales"
            ),
            Text("首台(套)产品以测试代替业绩", "Let a test stand for the record of a new product"),
        ),
    }
)
"""What each barrier is, and what would be right."""
SMALL_FIRM_BARRIERS: Final = frozenset(
    {Barrier.AGE, Barrier.FINANCES, Barrier.SIZE, Barrier.EQUITY, Barrier.SALES_RECORD}
)
GRANT_BARRIERS: Final = frozenset({Barrier.OPERATOR, Barrier.LOCAL_BRANCH})
EXCLUDES_DESIGNERS: Final = ("未参与", "不得参与", "没有参与", "未受托")
DESIGN_WORDS: Final = ("编制", "设计", "论证", "规划", "起草")


def conditions(
    content: Content, profile: RuleProfile, *, planned: Planned | None = None
) -> Iterator[Finding]:
    """LINT-04, 05, 06: phrases that favour or shut out, in every text that bidders must follow.

    Shape    by rule, then in the order of the texts.
    """
    found = [
        _finding(profile, pointer, hit.barrier, hit.phrase)
        for pointer, text, place in _texts(content)
        for hit in barriers(text, place)
    ]
    if _exempt(content, planned):
        found = [one for one in found if one.rule != "LINT-06"]
    yield from sorted(found, key=lambda finding: finding.rule)
    if content.competition_exemption is not None and not _exempt(content, planned):
        yield Finding(
            rule="LINT-06", severity=severity_of(profile),
            pointer="/competition_exemption/until", source=FAIR,
            message=Text("例外规定没有有效的截止日期", "The exception has no valid last day"),
            suggestion=Text("写明晚于发榜日的截止日期", "State a last day after publication"),
        )  # fmt: skip


def designers(content: Content, profile: RuleProfile) -> Iterator[Finding]:
    """LINT-07: whoever designed or specified the need cannot bid on it, and the call says so.

    Shape    a designer who is named and not shut out has the severity of the track.  Where nobody
             is named the law shuts them out without the call's help, and a purchase that is
             silent about it is only to be looked at.
    """
    if not (profile.track.is_procurement or content.need_designers):
        return
    if any(_excludes_designers(one.zh) for one in content.qualifications):
        return
    named = "、".join(content.need_designers)
    yield Finding(
        rule="LINT-07", severity=severity_of(profile) if named else REVIEW,
        pointer="/qualifications", source=DESIGNER,
        message=Text(
            f"未排除参与需求设计的供应商{f'({named})' if named else ''}",
            f"A vendor that designed the need is not shut out{f': {named}' if named else ''}",
        ),
        suggestion=Text(
            "增加资格条件:未参与本榜单需求的编制、设计或论证",
            "Add the condition: took no part in drafting or designing this need",
        ),
    )  # fmt: skip


def _texts(content: Content) -> Iterator[tuple[str, str, Place]]:
    """List every text that may hold a condition: where it stands, what it says, of what kind."""
    yield "/title", content.title.zh, Place.NEED
    yield "/problem", content.problem.zh, Place.NEED
    for index, line in enumerate(content.constraints.zh):
        yield f"/constraints/zh/{index}", line, Place.CONDITION
    for index, criterion in enumerate(content.criteria):
        yield f"/criteria/{index}/title", criterion.title.zh, Place.SCORE
        if criterion.rule is not None:
            yield f"/criteria/{index}/rule", criterion.rule.zh, Place.SCORE
    for index, qualification in enumerate(content.qualifications):
        yield f"/qualifications/{index}", qualification.zh, Place.CONDITION


def _finding(profile: RuleProfile, pointer: str, barrier: Barrier, phrase: str) -> Finding:
    message, suggestion = ADVICE[barrier]
    rule, source = _rule_of(barrier, procurement=profile.track.is_procurement)
    return Finding(
        rule=rule, severity=severity_of(profile), pointer=pointer, source=source,
        message=Text(f"“{phrase}”:{message.zh}", f"“{phrase}”: {message.en}"),
        suggestion=suggestion,
    )  # fmt: skip


def _rule_of(barrier: Barrier, *, procurement: bool) -> tuple[str, str]:
    """Find the rule a barrier breaks; operators and branches are a grant's own matter."""
    if barrier is Barrier.SALES_RECORD:
        return "LINT-05", FIRST_PRODUCTS
    if barrier in SMALL_FIRM_BARRIERS:
        return "LINT-05", SMALL_FIRMS
    if barrier in GRANT_BARRIERS and not procurement:
        return "LINT-06", FAIR
    return "LINT-04", GPR_20


def _exempt(content: Content, planned: Planned | None) -> bool:
    """Say whether an exception is recorded that has an end, and one that is not over."""
    exemption = content.competition_exemption
    if exemption is None:
        return False
    try:
        until = dt.date.fromisoformat(exemption.until)
    except ValueError:
        return False
    return planned is None or until >= local_date(planned.published_at)


def _excludes_designers(text: str) -> bool:
    """Read a condition that shuts out whoever took part in designing the need."""
    folded = fold(text)
    return any(word in folded for word in EXCLUDES_DESIGNERS) and any(
        word in folded for word in DESIGN_WORDS
    )
