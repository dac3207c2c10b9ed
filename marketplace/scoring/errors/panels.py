"""How the scoring room says no: draws, recusals, the chair, the report, a stop."""

from marketplace.kit.errors import (
    Conflict,
    Forbidden,
    LimitReached,
    Malformed,
    NotFound,
    Unacceptable,
)


class DrawUnknown(NotFound):
    """No such draw, or none that you may see."""

    code = "scoring.draw_unknown"
    title_zh = "找不到该次抽取,或您无权查看。"


class DrawOpenAlready(Conflict):
    """A draw of this call is open already: finish it or give it up."""

    code = "scoring.draw_open_already"
    title_zh = "该榜单已有一次抽取尚未完成:请先完成或放弃。"


class DrawOver(Conflict):
    """This draw is over: it was finished or given up."""

    code = "scoring.draw_over"
    title_zh = "该次抽取已完成或已放弃。"


class DrawTooEarly(Conflict):
    """Judges are not drawn earlier than this before the review."""

    code = "scoring.draw_too_early"
    title_zh = "抽取评审专家的时间早于规定的提前期。"


class ReviewMisdated(Unacceptable):
    """The review begins after the call has closed, and after the draw."""

    code = "scoring.review_misdated"
    title_zh = "评审时间应在截止时间和抽取时间之后。"


class PoolTooSmall(Conflict):
    """Too few experts can be drawn for this panel."""

    code = "scoring.pool_too_small"
    title_zh = "可供抽取的专家不足。"


class DrawNotNeeded(Conflict):
    """No seat of this panel is empty, or somebody in reserve can still take it."""

    code = "scoring.draw_not_needed"
    title_zh = "评审组无空缺席位,或仍有候补专家可递补。"


class DrawNeeded(Conflict):
    """On this legal track judges are drawn and not named."""

    code = "scoring.draw_needed"
    title_zh = "该法定路径的评审专家须随机抽取,不得指定。"


class ReasonForNamingMissing(Unacceptable):
    """Whoever names judges instead of drawing them says why."""

    code = "scoring.reason_for_naming_missing"
    title_zh = "自行选定评审专家须说明理由。"


class ReserveEmpty(Conflict):
    """Nobody in reserve can take this seat: draw anew."""

    code = "scoring.reserve_empty"
    title_zh = "没有可递补的候补专家:请重新抽取。"


class EntropyUnfit(Malformed):
    """What a side gives to a draw is 32 bytes, written as 64 hexadecimal digits."""

    code = "scoring.entropy_unfit"
    title_zh = "抽取用随机数须为 32 字节(64 位十六进制)。"


class DrawDocumentUnfit(Malformed):
    """This is not the record of a draw."""

    code = "scoring.draw_document_unfit"
    title_zh = "这不是一份抽取记录。"


class RecusalUnknown(NotFound):
    """No such request, or none that you may see."""

    code = "scoring.recusal_unknown"
    title_zh = "找不到该回避申请,或您无权查看。"


class RecusalDecided(Conflict):
    """This request was decided already."""

    code = "scoring.recusal_decided"
    title_zh = "该回避申请已作出决定。"


class RecusalTooLate(Conflict):
    """Recusal is asked for while the call runs; later the way is a complaint."""

    code = "scoring.recusal_too_late"
    title_zh = "回避申请应在程序进行期间提出;此后应通过投诉解决。"


class RecusalsUsedUp(LimitReached):
    """This organisation has filed as many requests on this call as it may."""

    code = "scoring.recusals_used_up"
    title_zh = "该单位在本榜单提出的回避申请已达上限。"


class NobodyNamed(Unacceptable):
    """Whoever accepts a request says who it is about."""

    code = "scoring.nobody_named"
    title_zh = "同意回避时须指明所涉人员。"


class RecusalPending(Conflict):
    """A request about this judge waits for its decision: nothing is marked or signed before."""

    code = "scoring.recusal_pending"
    title_zh = "关于该专家的回避申请尚未决定:决定前不得评分或签署。"


class ChairUnfit(Unacceptable):
    """The chair is one of the experts who sit, never a representative of the poster."""

    code = "scoring.chair_unfit"
    title_zh = "评审组长须从在任专家中推选,出题方代表不得担任。"


class ChairElected(Conflict):
    """The panel has its chair already."""

    code = "scoring.chair_elected"
    title_zh = "评审组长已经产生。"


class ChairNeeded(Forbidden):
    """This is for the chair of the panel."""

    code = "scoring.chair_needed"
    title_zh = "此项须由评审组长办理。"


class PanelChangedSince(Conflict):
    """A judge of this round was recused since: it is done again without their marks."""

    code = "scoring.panel_changed_since"
    title_zh = "本轮评审后有专家回避,其评分无效,须重新评审。"


class ReportMissing(NotFound):
    """There is no report about the round that counts, or none that you may see."""

    code = "scoring.report_missing"
    title_zh = "当前有效轮次尚无评审报告,或您无权查看。"


class ReportClosed(Conflict):
    """The report about this round is closed already."""

    code = "scoring.report_closed"
    title_zh = "本轮评审报告已经形成。"


class ReportSigned(Conflict):
    """This judge has said their word on the report already."""

    code = "scoring.report_signed"
    title_zh = "该专家已对评审报告签署意见。"


class ReportUnsigned(Conflict):
    """Not every judge has signed the report or dissented in writing."""

    code = "scoring.report_unsigned"
    title_zh = "尚有专家未签署评审报告,也未书面提出不同意见。"


class SilenceTooEarly(Conflict):
    """A judge has this much time to sign or to dissent before silence counts as agreement."""

    code = "scoring.silence_too_early"
    title_zh = "专家签署或书面提出不同意见的时间未满,不得视为同意。"


class EvaluationStopped(Conflict):
    """The panel has stopped: nothing is marked or ranked before the bureau has decided."""

    code = "scoring.evaluation_stopped"
    title_zh = "评审组已停止评审:主管部门决定前不得评分或排名。"


class NothingStopped(Conflict):
    """The panel has not stopped, or the bureau has decided already."""

    code = "scoring.nothing_stopped"
    title_zh = "评审组未停止评审,或主管部门已作出决定。"
