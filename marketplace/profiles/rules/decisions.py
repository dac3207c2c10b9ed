"""The decision table of the legal tracks: what each asks for, and what to know beside it.

Each need is a test of the answers with the words for both outcomes and the law behind it.  No place
is named: what depends on one is a level of government, an amount or an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from marketplace.profiles.rules.profile import Track
from marketplace.profiles.rules.questionnaire import Answers, Gain, Level, Money, Poster, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The answers, and the amount from which an open tender is the rule (None if unknown)."""

    answers: Answers
    threshold_fen: int | None

    @property
    def above_threshold(self) -> bool | None:
        """Say whether an open tender is the rule; None while it cannot be known."""
        if self.answers.amount_fen is None or self.threshold_fen is None:
            return None
        return self.answers.amount_fen >= self.threshold_fen


Test = Callable[[Case], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing a track asks for: how to see it, what to say if it is true and if it is not."""

    code: str
    holds: Test
    reason: Words
    missing: Words
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something to know beside the choice of track."""

    code: str
    applies: Test
    text: Words
    law: str


PUBLIC_POSTERS: Final = frozenset(Poster) - {Poster.COMPANY}
PURCHASES: Final = frozenset({Gain.PAID_CONTRACT, Gain.RESEARCH_THEN_PURCHASE})
OPEN_TO_LEVELS: Final = frozenset({Level.CENTRAL, Level.PROVINCIAL, Level.SEPARATELY_PLANNED})
"""Levels that may choose cooperative innovation by themselves."""

GPL_2 = "政府采购法 第2条"
GPR_2 = "政府采购法实施条例 第2条"
GPL_27 = "政府采购法 第27条"
COOPERATION = "财库〔2024〕13号 第4条"
PROGRAMME = "项目管理办法;公平竞争审查条例 第12条"
CIVIL = "民法典 第499条、第851条至第861条"


def _need(code: str, holds: Test, reason: Words, missing: Words, law: str) -> Need:
    return Need(code=code, holds=holds, reason=reason, missing=missing, law=law)


PUBLIC_POSTER = _need(
    "public_poster",
    lambda case: case.answers.poster in PUBLIC_POSTERS,
    Words("出题方是预算单位", "The poster lives on the public budget"),
    Words("须由预算单位出题", "A unit that lives on the public budget would have to post it"),
    GPL_2,
)
PUBLIC_MONEY = _need(
    "public_money",
    lambda case: case.answers.money is not Money.OWN,
    Words("使用财政性资金", "Public money pays"),
    Words("须使用财政性资金", "Public money would have to pay"),
    GPL_2,
)
PURCHASE = _need(
    "purchase",
    lambda case: case.answers.gain in PURCHASES,
    Words("优胜者得到付款合同,属于采购", "The winner gets a paid contract: that is a purchase"),
    Words("须以合同方式有偿取得", "Something would have to be bought by contract"),
    GPL_2,
)
BELOW_THRESHOLD = _need(
    "below_threshold",
    lambda case: case.above_threshold is not True,
    Words("未见达到公开招标数额标准", "The amount is not known to reach the open-tender threshold"),
    Words(
        "金额须低于公开招标数额标准,或事先获批采用其他方式",
        "The amount would have to stay below the open-tender threshold, or another method be "
        "approved beforehand",
    ),
    GPL_27,
)
SEPARABLE = _need(
    "separable_money",
    lambda case: case.answers.money is not Money.MIXED_INSEPARABLE,
    Words("资金可以分开核算", "The money can be told apart"),
    Words(
        "财政性与非财政性资金须能分割,否则整个项目适用政府采购法",
        "Public and other money would have to be told apart, or procurement law governs the whole",
    ),
    GPR_2,
)
NOT_ALREADY_PUBLIC = _need(
    "not_already_public",
    lambda case: not case.answers.already_public,
    Words(
        "同一内容未由政府投资或购买", "The same content is not built or bought with public money"
    ),
    Words(
        "同一内容不得已由政府投资建设或购买服务",
        "The same content must not be built or bought with public money already",
    ),
    "软件类资助项目管理办法(资助项目不属于政府投资建设或购买服务)",
)
GRANT = _need(
    "grant",
    lambda case: case.answers.gain is Gain.GRANT_AFTER_USE,
    Words("使用见效后奖补,不购买", "A grant after proven use; nothing is bought"),
    Words("须改为使用见效后奖补,不购买", "It would have to be a grant after proven use"),
    PROGRAMME,
)
GRANT_MAKER = _need(
    "grant_maker",
    lambda case: case.answers.poster in {Poster.COMPETENT_DEPARTMENT, Poster.SCIENCE_DEPARTMENT},
    Words("出题方是奖补政策的主管部门", "The poster is in charge of a grant programme"),
    Words("须由奖补政策的主管部门组织", "The department in charge would have to run it"),
    PROGRAMME,
)
PROJECT = _need(
    "project_funding",
    lambda case: case.answers.gain is Gain.PROJECT_FUNDING,
    Words("立项资助,分期拨付", "Project funding in instalments"),
    Words("须改为立项资助、分期拨付", "It would have to be project funding in instalments"),
    "科技计划项目管理办法",
)
SCIENCE_DEPARTMENT = _need(
    "science_department",
    lambda case: case.answers.poster is Poster.SCIENCE_DEPARTMENT,
    Words("出题方是科技主管部门", "The poster is a science and technology department"),
    Words("须由科技主管部门组织", "A science and technology department would have to run it"),
    "科技计划项目管理办法",
)
UNCERTAIN = _need(
    "uncertain_outcome",
    lambda case: case.answers.uncertain,
    Words("市场无现成产品,研发结果不确定", "There is no product, and R&D may fail"),
    Words("须无现成产品、需要研发创新", "There would have to be no product, so that R&D is needed"),
    "财库〔2024〕13号 第2条(条款序号待核)",
)
RESEARCH_FIRST = _need(
    "research_then_purchase",
    lambda case: case.answers.gain is Gain.RESEARCH_THEN_PURCHASE,
    Words("先补偿研发成本,成功后首购", "R&D cost first, then the first purchase"),
    Words("须为订购加首购", "It would have to be an order of R&D with a first purchase"),
    "财库〔2024〕13号 第18条、第23条",
)
LEVEL_ALLOWED = _need(
    "level_allowed",
    lambda case: (
        case.answers.level in OPEN_TO_LEVELS
        or (case.answers.level is Level.PREFECTURE and case.answers.provincial_approval)
    ),
    Words("该层级可以采用,或已获省级批准", "This level may use it, or the province approved it"),
    Words(
        "须为中央、省级(含计划单列市)部门;地市级部门须经省级批准,区县级部门不能自行选用",
        "It takes a central or provincial department or one of a separately planned city; a "
        "prefecture needs the province's approval, and a district cannot choose it by itself",
    ),
    COOPERATION,
)
COMPANY = _need(
    "company",
    lambda case: case.answers.poster is Poster.COMPANY,
    Words("企业出题", "A company poses the problem"),
    Words("须由企业出题", "A company would have to pose it"),
    CIVIL,
)
OWN_MONEY = _need(
    "own_money",
    lambda case: case.answers.money in {Money.OWN, Money.MIXED_SEPARABLE},
    Words("主要使用自有资金", "The poster pays with its own money"),
    Words("须以企业自有资金为主,财政补助部分能分开", "The company's own money would have to pay"),
    CIVIL,
)

TABLE: Final[dict[Track, tuple[Need, ...]]] = {
    Track.COOPERATIVE_INNOVATION: (
        PUBLIC_POSTER, PUBLIC_MONEY, RESEARCH_FIRST, UNCERTAIN, LEVEL_ALLOWED,
    ),
    Track.PROCUREMENT_CONSULTATION: (PUBLIC_POSTER, PUBLIC_MONEY, PURCHASE, BELOW_THRESHOLD),
    Track.PROCUREMENT_TENDER: (PUBLIC_POSTER, PUBLIC_MONEY, PURCHASE),
    Track.SCI_PLAN: (SCIENCE_DEPARTMENT, PUBLIC_MONEY, PROJECT, SEPARABLE, NOT_ALREADY_PUBLIC),
    Track.SUBSIDY: (GRANT_MAKER, PUBLIC_MONEY, GRANT, SEPARABLE, NOT_ALREADY_PUBLIC),
    Track.PRIVATE: (COMPANY, OWN_MONEY, SEPARABLE),
}  # fmt: skip
"""The decision table.  Where several tracks fit, the one that asks for more comes first, except
that an open tender comes before a consultation unless the amount is known to be small or the
outcome is uncertain."""

NOTES: Final = (
    Note(
        code="whole_project_is_procurement",
        applies=lambda case: case.answers.money is Money.MIXED_INSEPARABLE,
        text=Words(
            "财政性与非财政性资金无法分割:整个项目统一适用政府采购法",
            "Public and other money cannot be told apart: procurement law governs the whole",
        ),
        law=GPR_2,
    ),
    Note(
        code="never_both_paid_and_reimbursed",
        applies=lambda case: case.answers.money is Money.MIXED_SEPARABLE,
        text=Words(
            "同一成本项不得既由采购付款又由奖补报销,须分开核算",
            "No cost line may be paid by a purchase and reimbursed by a grant: keep them apart",
        ),
        law=NOT_ALREADY_PUBLIC.law,
    ),
    Note(
        code="bought_content_gets_no_grant",
        applies=lambda case: case.answers.already_public,
        text=Words(
            "已由政府投资或购买的内容不得再获资助",
            "What public money builds or buys already gets no grant",
        ),
        law=NOT_ALREADY_PUBLIC.law,
    ),
    Note(
        code="district_cannot_choose_cooperation",
        applies=lambda case: (
            case.answers.level is Level.DISTRICT
            and case.answers.gain is Gain.RESEARCH_THEN_PURCHASE
        ),
        text=Words(
            "区县级部门不能自行选用合作创新采购,可请上级部门作为采购人",
            "A district cannot choose cooperative innovation; a higher level would have to buy",
        ),
        law=COOPERATION,
    ),
    Note(
        code="provincial_approval_needed",
        applies=lambda case: (
            case.answers.level is Level.PREFECTURE
            and case.answers.gain is Gain.RESEARCH_THEN_PURCHASE
            and not case.answers.provincial_approval
        ),
        text=Words(
            "地市级部门采用合作创新采购须先经省级批准",
            "A prefecture needs the province's approval before cooperative innovation",
        ),
        law=COOPERATION,
    ),
    Note(
        code="amount_unknown",
        applies=lambda case: case.answers.gain in PURCHASES and case.above_threshold is None,
        text=Words(
            "金额或数额标准未知,无法判断是否必须公开招标",
            "Without the amount nobody can say whether an open tender is the rule",
        ),
        law=GPL_27,
    ),
    Note(
        code="tender_of_uncertain_research",
        applies=lambda case: case.answers.uncertain and case.answers.gain is Gain.PAID_CONTRACT,
        text=Words(
            "研发结果不确定,普通采购合同难以约定失败的分担,宜考虑订购加首购或立项资助",
            "The outcome is uncertain, and an ordinary contract shares failure badly",
        ),
        law="民法典 第858条",
    ),
    Note(
        code="fair_competition_review",
        applies=lambda case: (
            case.answers.poster is not Poster.COMPANY and case.answers.gain not in PURCHASES
        ),
        text=Words(
            "奖补和资助条件须经公平竞争审查并留存结论",
            "The conditions of a grant need a fair-competition review on record",
        ),
        law="公平竞争审查条例 第9条、第10条、第12条",
    ),
    Note(
        code="related_parties_get_no_public_share",
        applies=lambda case: (
            case.answers.poster is Poster.COMPANY and case.answers.money is Money.MIXED_SEPARABLE
        ),
        text=Words(
            "财政补助部分按奖补规则办理;出题方的关联方不得取得",
            "The public part follows the rules of grants, and the poster's affiliates get none",
        ),
        law="公司法 第265条;平台约定",
    ),
    Note(
        code="no_switch_after_bids",
        applies=lambda case: True,
        text=Words(
            "路径须在发榜前确定,收到投标后不得变更",
            "The track is fixed before publication and never changed once there are bids",
        ),
        law="平台约定",
    ),
)  # fmt: skip
