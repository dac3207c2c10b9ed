"""How the scoring room says no: derived weights, outcomes of rows, statements of certainty."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class WeightsNotDerived(Unacceptable):
    """The weights of the criteria are not those that the comparisons beside them give."""

    code = "scoring.weights_not_derived"
    title_zh = "各因素权重与所附两两比较推导的结果不一致。"


class OutcomesUnfit(Unacceptable):
    """The outcomes of the rows do not belong to this criterion, or do not give its values."""

    code = "scoring.outcomes_unfit"
    title_zh = "逐行结果与该评审因素不符,或无法得出其指标值。"


class CertaintyPending(Conflict):
    """How sure this ranking is has not been computed yet: ask again in a moment."""

    code = "scoring.certainty_pending"
    title_zh = "该排名的可靠性分析尚未完成,请稍后再试。"


class PlotUnknown(NotFound):
    """No such drawing of a ranking, or none that you may see."""

    code = "scoring.plot_unknown"
    title_zh = "没有此图,或您无权查看。"
