"""How submissions, boards, long work and re-scoring say no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable, Unavailable


class ValueUnsortable(Unacceptable):
    """This value cannot stand on a board: it is no ordinary number."""

    code = "scoring.value_unsortable"
    title_zh = "该数值不是普通数字,不能进入榜单。"


class PhaseOver(Conflict):
    """The phase is over: nothing is taken and nothing selected any more."""

    code = "scoring.phase_over"
    title_zh = "本阶段已结束:不再接收提交,也不能再选定。"


class NotScored(Conflict):
    """Only a submission that has a value can be selected."""

    code = "scoring.not_scored"
    title_zh = "只有已得出结果的提交才能被选定。"


class BoardUnknown(NotFound):
    """No such leaderboard, or none that you may see now."""

    code = "scoring.board_unknown"
    title_zh = "找不到该榜单,或您目前无权查看。"


class WorkUnknown(NotFound):
    """No such work, or none that you may see."""

    code = "scoring.work_unknown"
    title_zh = "找不到该任务,或您无权查看。"


class RescoringUnknown(NotFound):
    """No such re-scoring, or none that you may see."""

    code = "scoring.rescoring_unknown"
    title_zh = "找不到该重新评测,或您无权查看。"


class RescoringUnderWay(Conflict):
    """Another re-scoring of this criterion is under way: commit or cancel it first."""

    code = "scoring.rescoring_under_way"
    title_zh = "该评分项已有重新评测正在进行:请先提交或取消。"


class RescoringIncomplete(Conflict):
    """Not every stored submission has been measured anew yet."""

    code = "scoring.rescoring_incomplete"
    title_zh = "尚有已存提交未完成重新评测。"


class PreviewStale(Conflict):
    """The ranks have changed since this preview: look at the new one, then decide."""

    code = "scoring.preview_stale"
    title_zh = "预览之后名次已变化:请查看新的预览后再决定。"


class NothingToRescore(Conflict):
    """There is no newer hidden set that waits to count."""

    code = "scoring.nothing_to_rescore"
    title_zh = "没有等待生效的新隐藏测试集。"


class ScorerLost(Unavailable):
    """The platform lost this work several times; it counts for nothing and can be sent again."""

    code = "scoring.scorer_lost"
    title_zh = "平台多次未能完成此项评测:不计次数,可重新提交。"


class SubmissionsPending(Conflict):
    """Files that came in time still wait to be measured: rank when they have their value."""

    code = "scoring.submissions_pending"
    title_zh = "尚有按时提交的文件未完成评测:请在全部得出结果后再排名。"


class OwnRescoring(Conflict):
    """Whoever asked for a re-scoring may not commit it: it takes two."""

    code = "scoring.own_rescoring"
    title_zh = "发起重新评测者不得自行确认:须由两人完成。"
