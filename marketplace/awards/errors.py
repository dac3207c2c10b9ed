"""The ways the awards room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class NothingRanked(Conflict):
    """There is no closed ranking round to award from."""

    code = "awards.nothing_ranked"
    title_zh = "尚无已结束的排名轮次,无法决定中选。"


class NotACandidate(Unacceptable):
    """This bid is not in the latest ranking."""

    code = "awards.not_a_candidate"
    title_zh = "该投标不在最新排名中。"


class RankOrderBroken(Conflict):
    """A bid that ranks better is still willing: it must be awarded first."""

    code = "awards.rank_order_broken"
    title_zh = "排名在前的候选方仍愿承接,须先授予。"


class SlotsTaken(Conflict):
    """Every slot of this call has an award already."""

    code = "awards.slots_taken"
    title_zh = "该榜单的名额已全部授出。"


class QuoteAboveBudget(Unacceptable):
    """The quote is above the budget of the call."""

    code = "awards.quote_above_budget"
    title_zh = "报价超过榜单预算上限。"


class PublicityRunning(Conflict):
    """The time for objections is not over."""

    code = "awards.publicity_running"
    title_zh = "公示期尚未结束。"


class AwardUnknown(NotFound):
    """There is no such award, or none that you may see."""

    code = "awards.award_unknown"
    title_zh = "中选记录不存在,或您无权查看。"


class ReasonMissing(Unacceptable):
    """This decision needs a reason."""

    code = "awards.reason_missing"
    title_zh = "须说明理由。"


class PersonNeeded(Forbidden):
    """The platform itself decides nothing: a person must."""

    code = "awards.person_needed"
    title_zh = "平台本身不作决定,须由具体人员办理。"


class AwardsStanding(Conflict):
    """An award of this call still holds a slot."""

    code = "awards.standing"
    title_zh = "该榜单仍有有效的定榜结果。"


class NoCandidateLeft(Conflict):
    """Nobody in the ranking is left who could follow."""

    code = "awards.no_candidate_left"
    title_zh = "排名中已无可递补的候选人。"


class DeclinedAlready(Conflict):
    """This award was declined already: a decision on the cause follows."""

    code = "awards.declined_already"
    title_zh = "该中选已声明放弃:等待对原因作出认定。"


class SigningRunning(Conflict):
    """The winner has not declined, and the time to sign is not over."""

    code = "awards.signing_running"
    title_zh = "中选人未声明放弃,且签约期限未满。"


class NotAwarded(Conflict):
    """This bid holds no award that could be declined."""

    code = "awards.not_awarded"
    title_zh = "该投标没有可以放弃的中选结果。"


class PanelUnchanged(Conflict):
    """No judge of the ranking was recused since: there is nothing to evaluate again."""

    code = "awards.panel_unchanged"
    title_zh = "排名所依据的评审组未发生回避,无须重新评审。"
