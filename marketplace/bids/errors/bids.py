"""How the bids room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class BidUnknown(NotFound):
    """No such bid, or none that you may see."""

    code = "bids.unknown"
    title_zh = "找不到该投标,或您无权查看。"


class CallNotOpen(Conflict):
    """This call is not open for bids."""

    code = "bids.call_not_open"
    title_zh = "该榜单未处于接受投标状态。"


class CallClosed(Conflict):
    """The bid deadline has passed: the time of acceptance decides, not the time you began."""

    code = "bids.call_closed"
    title_zh = "投标截止时间已过:以服务器接收时间为准。"


class AlreadyBid(Conflict):
    """Your organisation already has a live bid on this call: replace or withdraw it."""

    code = "bids.already_bid"
    title_zh = "贵单位在该榜单已有有效投标:请替换或撤回。"


class OwnCall(Forbidden):
    """An organisation cannot bid on its own call."""

    code = "bids.own_call"
    title_zh = "出题方不得对本单位的榜单投标。"


class QuoteMissing(Unacceptable):
    """This call is judged by price: state a quote."""

    code = "bids.quote_missing"
    title_zh = "该榜单含价格评审:请填写报价。"


class QuoteNotPositive(Unacceptable):
    """A bid without a price is not a purchase: state a quote above zero."""

    code = "bids.quote_not_positive"
    title_zh = "零报价不构成有偿取得:报价须大于零。"


class DeclarationMissing(Unacceptable):
    """Declarations that every bidder signs are missing."""

    code = "bids.declaration_missing"
    title_zh = "缺少投标人必须签署的声明。"


class DeductionNotAllowed(Unacceptable):
    """This price deduction is not open to your organisation on this call."""

    code = "bids.deduction_not_allowed"
    title_zh = "贵单位在该榜单不适用此价格扣除。"


class FigureMissing(Unacceptable):
    """Figures that the call scores by formula must be declared, exactly those and no others."""

    code = "bids.figure_missing"
    title_zh = "须且只须申报榜单按公式评分的各项数值。"


class FigureUnfit(Unacceptable):
    """A declared figure is one that its formula cannot take."""

    code = "bids.figure_unfit"
    title_zh = "申报数值不适用于该评分公式。"


class OfferNoLongerFits(Conflict):
    """The amended call asks for something that your sealed offer lacks: replace it."""

    code = "bids.offer_no_longer_fits"
    title_zh = "榜单修改后,您已密封的报价缺少必需内容:请替换。"


class ReceiptUnknown(NotFound):
    """Nothing was sealed for this bid yet."""

    code = "bids.receipt_unknown"
    title_zh = "该投标尚未密封提交,没有回执。"


class TooEarlyToOpen(Conflict):
    """Bids are opened at the deadline, not before."""

    code = "bids.too_early_to_open"
    title_zh = "未到截止时间,不得开标。"


class AlreadyOpened(Conflict):
    """The bids of this call were already opened."""

    code = "bids.already_opened"
    title_zh = "该榜单已经开标。"


class OpeningRequestedAlready(Conflict):
    """The opening of this call was already started: a supervisor has to witness it."""

    code = "bids.opening_requested_already"
    title_zh = "该榜单的开标已经发起:请监督人员见证。"


class OpeningUnknown(NotFound):
    """There is no opening record, or none that you may see."""

    code = "bids.opening_unknown"
    title_zh = "尚无开标记录,或您无权查看。"


class OpeningNotRequested(Conflict):
    """An officer has to start the opening before a supervisor can witness it."""

    code = "bids.opening_not_requested"
    title_zh = "须先由经办人员发起开标,监督人员方可见证。"


class CheckIncomplete(Unacceptable):
    """Every qualification of the call needs one answer, and a failed one a reason."""

    code = "bids.check_incomplete"
    title_zh = "须对每项资格条件逐一作出结论,不合格须说明理由。"
