"""How the bids room says no around corrected prices."""

from marketplace.kit.errors import Conflict, NotFound


class CorrectionUnknown(NotFound):
    """There is no price correction for this bid, or none that you may see."""

    code = "bids.correction_unknown"
    title_zh = "该投标无报价修正,或您无权查看。"


class CorrectionTimeOver(Conflict):
    """The time to answer this correction is over: the bid is invalid."""

    code = "bids.correction_time_over"
    title_zh = "确认报价修正的时限已过,投标无效。"


class CorrectionsPending(Conflict):
    """Price corrections wait for their bidders: rank once they are answered or out of time."""

    code = "bids.corrections_pending"
    title_zh = "尚有报价修正待投标人确认:确认或逾期后方可排序。"
