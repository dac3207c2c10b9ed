"""How the scoring room says no where a panel decides together."""

from marketplace.kit.errors import Conflict


class VotedAlready(Conflict):
    """You have voted on this: a vote is cast once."""

    code = "scoring.voted_already"
    title_zh = "您已就该事项表决:每席只表决一次。"


class ResponsivenessPending(Conflict):
    """The panel has no majority yet on whether every bid answers the call."""

    code = "scoring.responsiveness_pending"
    title_zh = "评审组尚未就全部投标是否实质性响应形成多数意见。"


class PriceNotAsked(Conflict):
    """Nobody asked for an explanation of this price."""

    code = "scoring.price_not_asked"
    title_zh = "未就该报价要求说明。"


class PriceAskedAlready(Conflict):
    """An explanation of this price was asked for already."""

    code = "scoring.price_asked_already"
    title_zh = "该报价已被要求说明。"


class PriceExplainedAlready(Conflict):
    """This price was explained already, or the panel has decided on it."""

    code = "scoring.price_explained_already"
    title_zh = "该报价已作说明,或评审组已有结论。"


class PriceUnexplained(Conflict):
    """There is no explanation yet on which the panel could vote."""

    code = "scoring.price_unexplained"
    title_zh = "投标人尚未作出说明,评审组无从表决。"


class ExplanationLate(Conflict):
    """The time to explain the price is over."""

    code = "scoring.explanation_late"
    title_zh = "报价说明的期限已过。"


class NothingToRecommend(Conflict):
    """There is no ranking from which candidates could be recommended."""

    code = "scoring.nothing_to_recommend"
    title_zh = "尚无可据以推荐候选人的排名。"


class CandidatesTied(Conflict):
    """More bids share the first place than may be recommended: break the tie first."""

    code = "scoring.candidates_tied"
    title_zh = "并列首位的投标多于候选人上限:须先处理并列。"
