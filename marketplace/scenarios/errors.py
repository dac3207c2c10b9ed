"""How the scenarios room says no."""

from marketplace.kit.errors import Conflict, Forbidden, LimitReached, NotFound, Unacceptable


class ScenarioUnknown(NotFound):
    """No such scenario, or none that you may see."""

    code = "scenarios.unknown"
    title_zh = "找不到该场景,或您无权查看。"


class BatchUnknown(NotFound):
    """No such batch."""

    code = "scenarios.batch_unknown"
    title_zh = "找不到该批次。"


class BatchNumberTaken(Conflict):
    """This batch number is already in use."""

    code = "scenarios.batch_number_taken"
    title_zh = "该批次编号已被使用。"


class ContentUnreadable(Unacceptable):
    """The content of the call is not complete or not of the right form."""

    code = "scenarios.content_unreadable"
    title_zh = "榜单内容不完整或格式不正确。"


class LintFailed(Unacceptable):
    """The call breaks rules that it must keep: see `findings`."""

    code = "scenarios.lint_failed"
    title_zh = "榜单未通过合规检查:见 findings。"


class NeedNotSigned(Conflict):
    """The end-user unit has not signed the need and the acceptance metrics yet."""

    code = "scenarios.need_not_signed"
    title_zh = "需求单位尚未签认需求与验收指标。"


class NotTheEndUser(Forbidden):
    """Only the end-user unit named in the call signs the need."""

    code = "scenarios.not_the_end_user"
    title_zh = "只有榜单载明的需求单位可以签认需求。"


class NotThePoster(Forbidden):
    """Only the poster of this call may do this."""

    code = "scenarios.not_the_poster"
    title_zh = "只有本榜单的出题方可以执行此操作。"


class ReviewIncomplete(Unacceptable):
    """Approval needs a feasibility opinion and a fair-competition review."""

    code = "scenarios.review_incomplete"
    title_zh = "核准须附论证意见和公平竞争审查结论。"


class DeadlineTooEarly(Unacceptable):
    """The bid deadline is earlier than the rules of this legal track allow."""

    code = "scenarios.deadline_too_early"
    title_zh = "投标截止时间早于该法定路径允许的最早时间。"


class DeadlinePassed(Conflict):
    """The bid deadline has passed: the content of the call is frozen."""

    code = "scenarios.deadline_passed"
    title_zh = "投标截止时间已过:榜单内容不可再修改。"


class FrozenField(Conflict):
    """Subject matter and eligibility conditions of a published call cannot be changed."""

    code = "scenarios.frozen_field"
    title_zh = "已发榜的标的和资格条件不得更改。"


class NothingChanged(Unacceptable):
    """The amendment changes nothing."""

    code = "scenarios.nothing_changed"
    title_zh = "修改内容与现行版本相同。"


class PanelNotSeated(Conflict):
    """The panel is not complete: bids are opened only when it is."""

    code = "scenarios.panel_not_seated"
    title_zh = "评审组尚未组成,不能开标。"


class NotRelaunchable(Conflict):
    """A call can take up again only a failed or cancelled call of the same poster."""

    code = "scenarios.not_relaunchable"
    title_zh = "只能就同一出题方已失败或已取消的榜单重新发榜。"


class ReviewDatePassed(Unacceptable):
    """The date on which a shelved call is looked at again lies in the future."""

    code = "scenarios.review_date_passed"
    title_zh = "复核日期须晚于今日。"


class PublicationInPast(Unacceptable):
    """A publication is scheduled for a time that is still to come."""

    code = "scenarios.publication_in_past"
    title_zh = "预定发榜时间须晚于当前时间。"


class NothingScheduled(Conflict):
    """No publication of this call is scheduled."""

    code = "scenarios.nothing_scheduled"
    title_zh = "该榜单没有预定发榜。"


class NotTheOrganizer(Forbidden):
    """Only the organiser of a batch plans it."""

    code = "scenarios.not_the_organizer"
    title_zh = "只有批次的组织单位可以编制计划。"


class BatchBlocked(Unacceptable):
    """Not every call of the batch can be published: see `blocked`; none was."""

    code = "scenarios.batch_blocked"
    title_zh = "批次内有榜单尚不能发布(见 blocked),本次未发布任何一项。"


class BatchEmpty(Conflict):
    """No call of this batch is waiting to be published."""

    code = "scenarios.batch_empty"
    title_zh = "该批次没有待发布的榜单。"


class AmendmentUnknown(NotFound):
    """No such amendment, or none that you may see."""

    code = "scenarios.amendment_unknown"
    title_zh = "找不到该修改案,或您无权查看。"


class AmendmentWaiting(Conflict):
    """Another amendment of this call waits for confirmation: confirm or withdraw it first."""

    code = "scenarios.amendment_waiting"
    title_zh = "该榜单另有待确认的修改案:请先确认或撤回。"


class NoAmendmentWaiting(Conflict):
    """No amendment of this call waits for confirmation."""

    code = "scenarios.no_amendment_waiting"
    title_zh = "该榜单没有待确认的修改案。"


class AmendmentOutdated(Conflict):
    """The call was changed since this amendment was proposed: propose it anew."""

    code = "scenarios.amendment_outdated"
    title_zh = "修改案提出后榜单已有变更:请重新提出。"


class Suspended(Conflict):
    """The call is suspended: this is barred until the suspension ends."""

    code = "scenarios.suspended"
    title_zh = "榜单已中止:中止期间不得进行此操作。"


class SuspensionUnknown(NotFound):
    """No such suspension, or none that you may see."""

    code = "scenarios.suspension_unknown"
    title_zh = "找不到该中止记录,或您无权查看。"


class NotSuspendable(Conflict):
    """Only a published call that has not ended can be suspended."""

    code = "scenarios.not_suspendable"
    title_zh = "只有已发榜且尚未终结的榜单可以中止。"


class SuspensionTooLong(Unacceptable):
    """The suspension ends later than the rules of this legal track allow, or has no end."""

    code = "scenarios.suspension_too_long"
    title_zh = "中止期限超过该法定路径的上限,或未定期限。"


class SuspensionOver(Conflict):
    """This suspension has ended already."""

    code = "scenarios.suspension_over"
    title_zh = "该中止已经结束。"


class SuspensionInPast(Unacceptable):
    """A suspension ends at a time that is still to come."""

    code = "scenarios.suspension_in_past"
    title_zh = "中止的截止时间须晚于当前时间。"


class NotYourSuspension(Forbidden):
    """A suspension is lifted by the kind of authority that ordered it."""

    code = "scenarios.not_your_suspension"
    title_zh = "中止只能由作出决定的同类机关解除。"


class EnquiryUnknown(NotFound):
    """No such enquiry, or none that you may see."""

    code = "scenarios.enquiry_unknown"
    title_zh = "找不到该询问,或您无权查看。"


class EnquiriesClosed(Conflict):
    """Questions are taken while the call is open for bids."""

    code = "scenarios.enquiries_closed"
    title_zh = "只在投标截止前受理询问。"


class TooManyEnquiries(LimitReached):
    """Your organisation has as many unanswered questions on this call as are taken at once."""

    code = "scenarios.too_many_enquiries"
    title_zh = "贵单位对该榜单的未答复询问已达上限。"


class QuestionNamesAsker(Unacceptable):
    """The question names your organisation: it will be published, so leave the name out."""

    code = "scenarios.question_names_asker"
    title_zh = "询问将公开发布,请删去贵单位的名称或统一社会信用代码。"


class OwnCallNotAsked(Conflict):
    """The poster and the end user of a call answer questions about it; they do not ask them."""

    code = "scenarios.own_call_not_asked"
    title_zh = "出题方和需求单位答复询问,不提出询问。"


class ClarificationNeedsAmendment(Conflict):
    """An answer that changes the call is published with the confirmed amendment that does so."""

    code = "scenarios.clarification_needs_amendment"
    title_zh = "答复改变榜单内容的,须先完成修改案并在此注明。"


class ComparisonsUnfit(Unacceptable):
    """Weights need every two criteria compared once, on the scale from 1/9 to 9."""

    code = "scenarios.comparisons_unfit"
    title_zh = "推导权重须将每两项因素比较一次,取值为 1/9 至 9。"


class ComparisonsInconsistent(Unacceptable):
    """These comparisons contradict each other: their consistency ratio is above 0.10."""

    code = "scenarios.comparisons_inconsistent"
    title_zh = "两两比较自相矛盾:一致性比率超过 0.10。"
