"""How the bids room says no after the opening."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class NeedDesigner(Forbidden):
    """Whoever helped to design the need of a call cannot bid on it."""

    code = "bids.need_designer"
    title_zh = "参与过榜单需求设计的单位不得投标。"


class RevocationReasonMissing(Unacceptable):
    """Say why the bid is taken back after the deadline: it has consequences."""

    code = "bids.revocation_reason_missing"
    title_zh = "截止后撤销投标须说明理由,并承担相应后果。"


class EvidenceMissing(Unacceptable):
    """An accusation needs words and at least one document of evidence."""

    code = "bids.evidence_missing"
    title_zh = "须写明所涉事实并附至少一份证据。"


class HearingUnknown(NotFound):
    """No such hearing, or none that you may see."""

    code = "bids.hearing_unknown"
    title_zh = "找不到该听取意见程序,或您无权查看。"


class HearingMissing(Conflict):
    """No bid is invalidated before its bidder was offered a hearing on the evidence."""

    code = "bids.hearing_missing"
    title_zh = "认定投标无效前,须先就证据听取投标人意见。"


class HearingOpenAlready(Conflict):
    """A hearing of this bid is open: decide it first."""

    code = "bids.hearing_open_already"
    title_zh = "该投标已有进行中的听取意见程序:请先作出决定。"


class HearingRunning(Conflict):
    """The bidder has not answered, and the time to answer is not over."""

    code = "bids.hearing_running"
    title_zh = "投标人尚未答复,且答复期限未满。"


class HearingOver(Conflict):
    """The time to answer is over."""

    code = "bids.hearing_over"
    title_zh = "答复期限已过。"


class TermTooShort(Unacceptable):
    """A bidder is given at least a day to answer, and at most sixty."""

    code = "bids.term_too_short"
    title_zh = "答复期限不得少于一日,不得多于六十日。"
