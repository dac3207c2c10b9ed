"""How the identity room says no: the expert pool."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class ExpertUnknown(NotFound):
    """No such expert, or none that you may see."""

    code = "identity.expert_unknown"
    title_zh = "找不到该专家,或您无权查看。"


class ExpertAlready(Conflict):
    """This person is in the expert pool already."""

    code = "identity.expert_already"
    title_zh = "此人已在专家库中。"


class ExpertUnfit(Unacceptable):
    """Whoever pays, audits, watches or hears complaints is no expert of the pool."""

    code = "identity.expert_unfit"
    title_zh = "财政、审计、监督和投诉处理人员不得进入专家库。"


class TieUnknown(NotFound):
    """No such tie of this expert, or none that you may see."""

    code = "identity.tie_unknown"
    title_zh = "找不到该专家的此项关系,或您无权查看。"


class TieEnded(Conflict):
    """This tie was ended already."""

    code = "identity.tie_ended"
    title_zh = "该项关系已记录终止。"


class TieUnfit(Unacceptable):
    """A tie does not end before it begins, and a declared interest says what it is."""

    code = "identity.tie_unfit"
    title_zh = "关系的终止日不得早于起始日;申报利害关系须说明内容。"
