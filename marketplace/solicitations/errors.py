"""How the solicitations room says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class SolicitationUnknown(NotFound):
    """No such solicitation."""

    code = "solicitations.unknown"
    title_zh = "找不到该征榜通知。"


class ProposalUnknown(NotFound):
    """No such proposal, or none that you may see."""

    code = "solicitations.proposal_unknown"
    title_zh = "找不到该场景申报,或您无权查看。"


class RoundUnknown(NotFound):
    """No such readiness round, or none that you may see."""

    code = "solicitations.round_unknown"
    title_zh = "找不到该成熟度排名,或您无权查看。"


class SchemeUnknown(NotFound):
    """No such readiness scheme."""

    code = "solicitations.scheme_unknown"
    title_zh = "找不到该成熟度评价方案。"


class SchemeMalformed(Unacceptable):
    """The readiness scheme is not complete, or names a fact that nobody can compute."""

    code = "solicitations.scheme_malformed"
    title_zh = "成熟度评价方案不完整,或包含无法计算的指标。"


class SchemeHasOtherContent(Conflict):
    """This version of the scheme is loaded with other content: a change is a new version."""

    code = "solicitations.scheme_has_other_content"
    title_zh = "该版本评价方案已载入且内容不同:修改须另立版本。"


class SolicitationNumberTaken(Conflict):
    """This solicitation number is already in use."""

    code = "solicitations.number_taken"
    title_zh = "该征榜通知编号已被使用。"


class WindowUnfit(Unacceptable):
    """The window must close later than it opens, and later than now."""

    code = "solicitations.window_unfit"
    title_zh = "征集截止时间须晚于开始时间,且晚于当前时间。"


class WindowClosed(Conflict):
    """Proposals are taken only while the window is open."""

    code = "solicitations.window_closed"
    title_zh = "不在征集时间内,不能申报。"


class WindowStillOpen(Conflict):
    """Proposals are ranked only after the window has closed."""

    code = "solicitations.window_still_open"
    title_zh = "征集尚未截止,不能排名。"


class DomainNotInvited(Unacceptable):
    """This solicitation does not invite scenarios of this domain."""

    code = "solicitations.domain_not_invited"
    title_zh = "本次征榜不包括该领域的场景。"


class NotAProposal(Conflict):
    """Only a scenario that is still being prepared can be proposed."""

    code = "solicitations.not_a_proposal"
    title_zh = "只有尚在准备阶段的场景可以申报。"


class AlreadyFiled(Conflict):
    """This scenario is already filed under this solicitation."""

    code = "solicitations.already_filed"
    title_zh = "该场景已在本次征榜中申报。"


class ProposalWithdrawn(Conflict):
    """This proposal was withdrawn."""

    code = "solicitations.proposal_withdrawn"
    title_zh = "该场景申报已撤回。"


class NothingToRank(Conflict):
    """There is no proposal to rank."""

    code = "solicitations.nothing_to_rank"
    title_zh = "没有可排名的场景申报。"
