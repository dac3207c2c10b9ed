"""How the feed says no."""

from marketplace.kit.errors import Conflict, LimitReached, Malformed, NotFound


class EventUnknown(NotFound):
    """No such event, or none that you may hear."""

    code = "feed.event_unknown"
    title_zh = "找不到该事件,或您无权知悉。"


class CheckpointUnknown(NotFound):
    """There is no checkpoint of this number."""

    code = "feed.checkpoint_unknown"
    title_zh = "没有该编号的检查点。"


class NotVouchedForYet(Conflict):
    """No checkpoint vouches for this event yet: the next one will, within minutes."""

    code = "feed.not_vouched_for_yet"
    title_zh = "该事件尚未纳入检查点:数分钟内即会纳入。"


class FilterUnusable(Malformed):
    """A filter is an event type such as `scenario.published`, or a prefix such as `scenario.*`."""

    code = "feed.filter_unusable"
    title_zh = "过滤条件须为事件类型(如 scenario.published)或前缀(如 scenario.*)。"


class SubjectUnusable(Malformed):
    """A subject is written as `kind/id`, such as `scenario/0190…`."""

    code = "feed.subject_unusable"
    title_zh = "事件主体须写作“类别/标识”,如 scenario/0190…。"


class TooManyStreams(LimitReached):
    """You already have as many streams open as one organisation may: close one first."""

    code = "feed.too_many_streams"
    title_zh = "贵单位打开的事件流已达上限:请先关闭一个。"
