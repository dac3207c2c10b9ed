"""How the scenarios room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


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
