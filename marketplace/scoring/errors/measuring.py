"""How measuring says no, beside what is wrong with a file or a metric."""

from marketplace.kit.errors import Unacceptable, Unavailable


class MeasuringStopped(Unacceptable):
    """Measuring this file took more memory or time than is allowed, or broke the measuring."""

    code = "scoring.measuring_stopped"
    title_zh = "测评该文件超出允许的内存或时间,或导致测评中断。"


class ScorerUnavailable(Unavailable):
    """The scorer does not answer now: the file is kept, or may be sent again."""

    code = "scoring.scorer_unavailable"
    title_zh = "测评服务暂不可用:文件已保留,或可稍后重新提交。"


class MetricNotOfFiles(Unacceptable):
    """This metric is measured by calling an endpoint, and not from a file."""

    code = "scoring.metric_not_of_files"
    title_zh = "该指标须通过调用接口测得,不能由文件计算。"


class MetricFailed(Unacceptable):
    """The program of this metric failed on this data."""

    code = "scoring.metric_failed"
    title_zh = "该指标的计算程序在此数据上运行失败。"
