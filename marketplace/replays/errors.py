"""How the replay room says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class ReplayNotFound(NotFound):
    """No such replay, or none to an endpoint of yours."""

    code = "replays.replay_not_found"
    title_zh = "没有该重放任务,或其端点不属于您的组织。"


class RangeUnusable(Unacceptable):
    """A replay begins at a moment or at an event, and does not end before it begins."""

    code = "replays.range_unusable"
    title_zh = "重放须指明起始时刻或起始事件,且结束不得早于起始。"


class TooManyReplays(Conflict):
    """This endpoint has as many running replays as it may have: wait for one, or cancel it."""

    code = "replays.too_many_replays"
    title_zh = "该端点进行中的重放任务已达上限:请等待完成或取消。"
