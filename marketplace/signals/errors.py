"""How the signals room says no."""

from marketplace.kit.errors import Forbidden, NotFound


class SignalUnknown(NotFound):
    """This call has no such signal."""

    code = "signals.unknown"
    title_zh = "该榜单没有此串通迹象。"


class SignalsNotForYou(Forbidden):
    """Signals of collusion are for the panel, the bureau, supervisors and auditors."""

    code = "signals.not_for_you"
    title_zh = "串通迹象仅供评审组、主管部门、监督与审计查阅。"
