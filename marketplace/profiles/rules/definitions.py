"""The closed list of what a rule profile may state, with a name for people in both languages.

A name that is not here cannot be set and cannot be asked for, so a typing error in a data file is
refused when the file is loaded and not on the day the number is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Unit(StrEnum):
    """What a value is measured in, and with it what type it has."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    YEARS = "years"
    COUNT = "count"
    FEN = "fen"
    BPS = "bps"
    BPS_RANGE = "bps_range"
    FRACTION = "fraction"
    FLAG = "flag"
    CODE = "code"
    CODES = "codes"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One parameter that profiles may set; `required` ones are set by every profile.

    Shape    a period that is `backward` is counted back from its event, not on from it.
    """

    units: tuple[Unit, ...]
    title_zh: str
    title_en: str
    required: bool
    backward: bool = False


DAYS = (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)


def _must(title_zh: str, title_en: str, *units: Unit) -> Definition:
    return Definition(units=units, title_zh=title_zh, title_en=title_en, required=True)


def _may(title_zh: str, title_en: str, *units: Unit) -> Definition:
    return Definition(units=units, title_zh=title_zh, title_en=title_en, required=False)


def _before(title_zh: str, title_en: str) -> Definition:
    return Definition(
        units=DAYS, title_zh=title_zh, title_en=title_en, required=False, backward=True
    )


_ACCESS = {
    "only_by_name": _may(
        "须指名适用", "holds only where it is named, never as the choice of its track", Unit.FLAG
    ),
    "provincial_approval_required": _must(
        "须经省级批准", "a city department needs the province's approval", Unit.FLAG
    ),
    "feasibility_review_required": _must(
        "发榜前须论证", "a feasibility review comes before publication", Unit.FLAG
    ),
    "lint_severity": _must(
        "公平竞争与采购检查的效力", "whether a failed check blocks or asks for a review", Unit.CODE
    ),
    "max_price_required": _must("须设最高限价", "a maximum price must be published", Unit.FLAG),
    "allocation_modes": _may("可用资金分配方式", "ways to divide a pool of grants", Unit.CODES),
    "tender_threshold_fen": _may(
        "公开招标数额标准", "from this amount a year on an open tender is the rule", Unit.FEN
    ),
    "bid_bond_max_bps": _may("投标保证金上限", "bid bond, at most of the budget", Unit.BPS),
    "performance_bond_max_bps": _may(
        "履约保证金上限", "performance bond, at most of the contract", Unit.BPS
    ),
    "bond_non_cash": _may("保证金须接受非现金形式", "bonds need not be cash", Unit.FLAG),
    "weekend_roll": _may(
        "自然日期限遇普通周末顺延", "an end on an ordinary weekend moves on", Unit.FLAG
    ),
}

_CALL = {
    "minimum_bids": _must("最少投标数", "fewest bids that keep a call alive", Unit.COUNT),
    "bid_window": _must("投标期限", "from publication to closing, at least", *DAYS),
    "notice_period": _may("公告期限", "for how long the notice stands", *DAYS),
    "file_available": _may("文件提供期限", "for how long the bid file is on offer", *DAYS),
    "application_window": _may("申请参与期限", "to ask to take part, at least", *DAYS),
    "enquiry_reply": _may("答复询问期限", "to answer an enquiry", *DAYS),
    "amendment_lead": _may("修改提前期", "from a material amendment to closing, at least", *DAYS),
    "file_challenge": _may("对文件提出质疑的期限", "to challenge the bid file", *DAYS),
    "file_challenge_from": _may(
        "文件质疑期限起算点", "what the challenge of the file counts from", Unit.CODE
    ),
    "file_objection_lead": _before(
        "对文件提出异议的最晚提前期", "to object to the file, at least before closing"
    ),
    "file_objection_reply": _may("对文件异议的答复期限", "to answer that objection", *DAYS),
    "sealed": _must("截止前密封", "bids stay sealed until opening", Unit.FLAG),
    "bid_count_secret": _must(
        "截止前投标数保密", "how many have bid is secret until opening", Unit.FLAG
    ),
    "bidder_names_secret": _may(
        "截止前投标人名称保密", "who has bid is secret until opening", Unit.FLAG
    ),
    "public_opening": _must("公开开标", "quotes are read out in public at opening", Unit.FLAG),
}

_PANEL = {
    "panel_size_min": _must("评审组最少人数", "fewest members of a panel", Unit.COUNT),
    "panel_odd": _must("评审组人数为单数", "a panel has an odd number of members", Unit.FLAG),
    "panel_expert_share_min": _must(
        "专家最低占比", "experts, at least of the panel", Unit.FRACTION
    ),
    "panel_size_large": _may(
        "大额项目评审组最少人数", "fewest members for a large call", Unit.COUNT
    ),
    "panel_large_budget_fen": _may(
        "大额项目预算起点", "budget from which a call is large", Unit.FEN
    ),
    "panel_expertise": _may("须含专家类别", "kinds of expert that must sit", Unit.CODES),
    "panel_selection": _must("专家产生方式", "how experts are chosen", Unit.CODE),
    "panel_draw_lead": _before("抽取专家最早提前期", "draw no earlier than this before review"),
    "panel_names_secret": _may(
        "结果公布前专家名单保密", "who judges is secret until the result", Unit.FLAG
    ),
    "panel_names_published": _may(
        "随结果公布专家名单", "who judged is published with the result", Unit.FLAG
    ),
}

_EVALUATION = {
    "evaluation_methods": _must("可用评审方法", "methods that may be chosen", Unit.CODES),
    "aggregations": _must("可用汇总方式", "ways to combine judges' marks", Unit.CODES),
    "tie_breaks": _must("可用并列处理", "tie-breaks that may be published", Unit.CODES),
    "rounding_scale": _must("计分小数位", "decimal places of points", Unit.COUNT),
    "rounding_mode": _must("舍入方式", "how points are rounded", Unit.CODE),
    "rounding_stage": _must("舍入环节", "where points are rounded", Unit.CODE),
    "price_required": _must("须有价格分", "price must be a criterion", Unit.FLAG),
    "reject_zero_price": _must("拒绝零报价", "a quote must be above zero", Unit.FLAG),
    "price_weight_floor_goods_bps": _may("货物价格权重下限", "goods: price, at least", Unit.BPS),
    "price_weight_floor_services_bps": _may(
        "服务价格权重下限", "services: price, at least", Unit.BPS
    ),
    "price_weight_ceiling_goods_bps": _may("货物价格权重上限", "goods: price, at most", Unit.BPS),
    "price_weight_ceiling_services_bps": _may(
        "服务价格权重上限", "services: price, at most", Unit.BPS
    ),
    "rd_plan_weight_floor_bps": _may("研发方案权重下限", "R&D plan, at least", Unit.BPS),
    "price_corrections": _may(
        "报价修正顺序", "how a price that contradicts itself is corrected, in order", Unit.CODES
    ),
    "price_correction_reply": _may(
        "确认报价修正的期限", "for the bidder to confirm a corrected price", *DAYS
    ),
    "abnormal_low_mean_bps": _may(
        "异常低价:低于有效报价均价的比例", "suspect below this part of the mean quote", Unit.BPS
    ),
    "abnormal_low_second_bps": _may(
        "异常低价:低于次低报价的比例", "suspect below this part of the second-lowest", Unit.BPS
    ),
    "abnormal_low_ceiling_bps": _may(
        "异常低价:低于最高限价的比例", "suspect below this part of the maximum price", Unit.BPS
    ),
    "price_explanation_hours": _must(
        "异常低价书面说明时限(小时)", "hours to explain a very low price in writing", Unit.COUNT
    ),
    "deduction_small_range_bps": _may(
        "小微企业价格扣除幅度", "deduction for small and micro firms", Unit.BPS_RANGE
    ),
    "deduction_consortium_range_bps": _may(
        "联合体或分包价格扣除幅度", "deduction for a small share in a consortium", Unit.BPS_RANGE
    ),
    "deduction_consortium_share_min_bps": _may(
        "联合体小微份额下限", "small and micro share that earns it, at least", Unit.BPS
    ),
    "deduction_domestic_bps": _may("本国产品价格扣除", "deduction for domestic products", Unit.BPS),
    "deduction_domestic_from": _may(
        "本国产品价格扣除起始日", "first day of that deduction", Unit.DATE
    ),
}

_DECISION = {
    "report_to_decision": _may("评审报告送达期限", "to hand over the panel's report", *DAYS),
    "decision": _may("定榜期限", "to decide after the report", *DAYS),
    "max_candidates": _must("候选人上限", "candidates on the report, at most", Unit.COUNT),
    "max_awards": _must("入围上限", "solvers that may be taken in parallel", Unit.COUNT),
    "award_in_rank_order": _must("按排序定榜", "the decision follows the ranking", Unit.FLAG),
    "result_notice": _may("结果公告期限", "to publish the result after deciding", *DAYS),
    "publicity_start": _may("公示开始期限", "to begin publicity after the report", *DAYS),
    "publicity": _must("公示期", "for how long the result is open to objection", *DAYS),
    "sole_source_publicity": _may("单一来源公示期", "publicity before a sole source", *DAYS),
    "challenge": _must("质疑(异议)期限", "to object to the result", *DAYS),
    "challenge_from": _must("质疑期限起算点", "what that period counts from", Unit.CODE),
    "reply": _must("质疑答复期限", "to answer an objection", *DAYS),
    "challenge_blocks_signing": _may(
        "质疑期间暂停签约", "no contract is signed while a challenge may change it", Unit.FLAG
    ),
    "objection_suspends": _may(
        "异议答复前暂停程序", "the procedure stands until an objection is answered", Unit.FLAG
    ),
    "one_challenge_per_step": _may(
        "同一环节质疑须一次性提出",
        "the file may ask for all challenges of a step at once",
        Unit.FLAG,
    ),
    "complaint": _may("投诉期限", "to complain after the reply period", *DAYS),
    "complaint_from": _may("投诉期限起算点", "what that period counts from", Unit.CODE),
    "complaint_within_challenge": _may(
        "投诉不得超出质疑事项", "a complaint stays within the challenge", Unit.FLAG
    ),
    "complaint_check": _may("投诉审查期限", "authority: to check a complaint", *DAYS),
    "complaint_service": _may("投诉送达期限", "authority: to serve it", *DAYS),
    "complaint_decision": _may("投诉处理期限", "authority: to decide it", *DAYS),
    "complaint_tests_excluded": _may(
        "检验鉴定和专家评审时间不计", "time for tests and experts is not counted", Unit.FLAG
    ),
    "authority_may_suspend": _may(
        "监管部门可责令暂停", "the authority may suspend the procedure", Unit.FLAG
    ),
    "suspension_max": _may("暂停期限上限", "authority may suspend, at most", *DAYS),
}

_CONTRACT = {
    "sign_contract": _must("签约期限", "to sign after the award notice", *DAYS),
    "contract_notice": _may("合同公告期限", "to publish the contract", *DAYS),
    "contract_filing": _may("合同备案期限", "to file a copy of the contract", *DAYS),
    "award_report": _may("招标情况报告期限", "to report the procedure to the authority", *DAYS),
    "bond_return": _may("退还保证金期限", "to give a bond back", *DAYS),
    "supplement_max_bps": _may("补充合同上限", "supplement, at most of the contract", Unit.BPS),
    "rd_term_max": _may("研发合同期限上限", "R&D contract, at most", Unit.YEARS),
    "rd_term_max_major": _may("重大项目研发合同期限上限", "major R&D, at most", Unit.YEARS),
    "sme_payment": _may("中小企业付款期限", "to pay a small firm", *DAYS),
    "sme_payment_max": _may("中小企业约定付款期限上限", "to pay it, at most by contract", *DAYS),
    "sme_payment_from": _may(
        "中小企业付款期限起算点", "what the time to pay counts from", Unit.CODE
    ),
    "late_inspection_starts_clock": _may(
        "逾期检验自约定检验期满起算", "a late inspection does not delay it", Unit.FLAG
    ),
    "undisputed_part_payable": _may(
        "无争议部分先行支付", "what is not in dispute is paid", Unit.FLAG
    ),
    "audit_may_delay_payment": _may(
        "可以审计结果为付款条件", "payment may wait for an audit", Unit.FLAG
    ),
    "overdue_interest_daily_bps": _may("逾期利息日利率", "default interest per day", Unit.BPS),
    "advance_payment_min_bps": _may(
        "首购预付款下限", "advance on the first purchase, at least", Unit.BPS
    ),
    "records_retention": _must("档案保存期限", "for how long files are kept", Unit.YEARS),
    "pipia_retention": _may(
        "个人信息影响评估保存期限", "for how long impact assessments are kept", Unit.YEARS
    ),
    "entrustment_retention": _may(
        "委托处理记录保存期限", "for how long records of entrusted data are kept", Unit.YEARS
    ),
}

DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {**_ACCESS, **_CALL, **_PANEL, **_EVALUATION, **_DECISION, **_CONTRACT}
)
"""Every parameter by name, in the order in which people read a profile."""

REQUIRED = frozenset(name for name, definition in DEFINITIONS.items() if definition.required)
"""What other rooms may ask of any profile without looking first."""
