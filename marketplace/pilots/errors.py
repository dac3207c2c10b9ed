"""The ways the pilots room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class TermsMalformed(Unacceptable):
    """These cost-sharing terms or amounts cannot be settled."""

    code = "pilots.terms_malformed"
    title_zh = "费用共担条款或金额无法结算。"


class CommitmentExhausted(Conflict):
    """The commitments do not cover this claim, and the terms name nobody to bear the rest."""

    code = "pilots.commitment_exhausted"
    title_zh = "各方承诺资金不足以覆盖本次申报,且条款未约定由谁补足。"


class RuleUnknown(Unacceptable):
    """This claim was settled by a version of the rule that is not known here."""

    code = "pilots.rule_unknown"
    title_zh = "未知的费用共担规则版本。"


class FindingIncomplete(Unacceptable):
    """A finding of no fault needs all five points to hold, each with evidence."""

    code = "pilots.finding_incomplete"
    title_zh = "无过错认定须五项条件全部成立并附证据。"


class PilotUnknown(NotFound):
    """There is no such pilot, or none that you may see."""

    code = "pilots.pilot_unknown"
    title_zh = "试点不存在,或您无权查看。"


class PhaseUnknown(NotFound):
    """This pilot has no such phase."""

    code = "pilots.phase_unknown"
    title_zh = "该试点没有此阶段。"


class ClaimUnknown(NotFound):
    """There is no such claim, or none that you may see."""

    code = "pilots.claim_unknown"
    title_zh = "费用申报不存在,或您无权查看。"


class AwardNotStanding(Conflict):
    """The award does not stand yet, or not any more: no pilot can be opened from it."""

    code = "pilots.award_not_standing"
    title_zh = "中选结果尚未生效或已失效,不能据此设立试点。"


class PartiesNotDistinct(Unacceptable):
    """District, poster and solver must be three different organisations."""

    code = "pilots.parties_not_distinct"
    title_zh = "区级出资方、出题方与揭榜方须为三个不同的单位。"


class NotYourPart(Forbidden):
    """This step belongs to another party of the pilot."""

    code = "pilots.not_your_part"
    title_zh = "此步骤应由试点的其他参与方办理。"


class PhaseOutOfOrder(Conflict):
    """Phases are run in order, one at a time, and only after the one before has passed."""

    code = "pilots.phase_out_of_order"
    title_zh = "各阶段须依次进行,上一阶段通过后方可开始下一阶段。"


class PhaseUnderfunded(Conflict):
    """What is committed to this phase does not cover its ceiling."""

    code = "pilots.phase_underfunded"
    title_zh = "本阶段承诺资金未覆盖阶段费用上限。"


class PhaseNotOpenForClaims(Conflict):
    """Cost can be claimed only for a phase that has started."""

    code = "pilots.phase_not_open_for_claims"
    title_zh = "阶段尚未开始,不能申报费用。"


class PhaseUndecided(Conflict):
    """How this phase ended is not decided yet, so its cost cannot be shared."""

    code = "pilots.phase_undecided"
    title_zh = "阶段结果尚未认定,不能结算费用。"


class StopNoticeMissing(Unacceptable):
    """A phase that is stopped needs the day of the notice; any other phase has none."""

    code = "pilots.stop_notice_missing"
    title_zh = "止损须注明通知日期,其他情形不得填写。"


class PhasesUnfinished(Conflict):
    """Acceptance comes after every phase has passed."""

    code = "pilots.phases_unfinished"
    title_zh = "全部阶段通过后方可申请验收。"


class LinesMalformed(Unacceptable):
    """A claim needs lines with a key, a day, and an amount above zero; no key twice."""

    code = "pilots.lines_malformed"
    title_zh = "费用明细须有唯一凭证号、发生日期和大于零的金额。"


class DeclarationMissing(Unacceptable):
    """Whoever claims cost declares that it is true."""

    code = "pilots.declaration_missing"
    title_zh = "申报人须作出真实性声明。"


class CostLineUsed(Conflict):
    """This cost has been claimed before."""

    code = "pilots.cost_line_used"
    title_zh = "该费用凭证已被使用。"


class VerifiedAboveClaimed(Unacceptable):
    """Every line is verified, at most at what was claimed, and not all at nothing."""

    code = "pilots.verified_above_claimed"
    title_zh = "核定须逐行进行且不得超过申报金额,亦不得全部为零。"


class NothingOwed(Conflict):
    """Nothing is owed on this claim."""

    code = "pilots.nothing_owed"
    title_zh = "该申报没有应付款项。"


class BankReferenceUsed(Conflict):
    """This bank reference has paid another claim."""

    code = "pilots.bank_reference_used"
    title_zh = "该银行流水号已用于其他付款。"


class ClaimsOpen(Conflict):
    """A pilot is closed when every claim is at its end and nothing is owed."""

    code = "pilots.claims_open"
    title_zh = "仍有未结的费用申报或应付款项,不能关闭试点。"


class OfTheSolver(Forbidden):
    """Whoever belongs or belonged to the solver judges neither its pilot nor its cost."""

    code = "pilots.of_the_solver"
    title_zh = "揭榜方的现任或曾任人员不得审核其试点和费用。"


class PilotsOpen(Conflict):
    """A call is completed when every pilot of it is closed."""

    code = "pilots.open"
    title_zh = "该榜单尚有未关闭的试点。"


class StillReserved(Conflict):
    """Money of a closed pilot is still reserved."""

    code = "pilots.still_reserved"
    title_zh = "已关闭的试点仍有预留资金。"
