"""How the matching room says no."""

from marketplace.kit.errors import Conflict, Forbidden, NotFound, Unacceptable


class MatchmakingUnknown(NotFound):
    """No such matchmaking event."""

    code = "matching.matchmaking_unknown"
    title_zh = "找不到该供需对接会。"


class NotTheHost(Forbidden):
    """Only the host of this matchmaking event may do this."""

    code = "matching.not_the_host"
    title_zh = "只有该供需对接会的主办方可以执行此操作。"


class MatchmakingNumberTaken(Conflict):
    """This matchmaking number is already in use."""

    code = "matching.number_taken"
    title_zh = "该供需对接会编号已被使用。"


class MatchmakingOver(Conflict):
    """The matchmaking event has begun or was called off: nobody can register any more."""

    code = "matching.over"
    title_zh = "该供需对接会已开始或已取消,不能再报名。"


class MatchmakingNotBegun(Conflict):
    """The matchmaking event has not begun: it cannot have been held."""

    code = "matching.not_begun"
    title_zh = "该供需对接会尚未开始,不能登记为已举办。"


class StartsInThePast(Unacceptable):
    """A matchmaking event must start later than now."""

    code = "matching.starts_in_the_past"
    title_zh = "供需对接会的开始时间须晚于当前时间。"


class CallNotLinked(Unacceptable):
    """An outcome can be noted only for a call that the matchmaking event is about."""

    code = "matching.call_not_linked"
    title_zh = "只能为该供需对接会关联的榜单登记对接结果。"


class NotRegistered(Conflict):
    """Your organisation is not registered for this matchmaking event."""

    code = "matching.not_registered"
    title_zh = "贵单位未报名该供需对接会。"
