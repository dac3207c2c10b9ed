"""How the evaluation of an inference endpoint says no."""

from marketplace.kit.errors import Unacceptable


class EndpointLimitInvalid(Unacceptable):
    """This limit of endpoint calls is outside what the platform allows."""

    code = "scoring.endpoint_limit_invalid"
    title_zh = "该接口调用限制超出平台允许的范围。"


class EndpointHeaderInvalid(Unacceptable):
    """This header cannot be sent to an endpoint."""

    code = "scoring.endpoint_header_invalid"
    title_zh = "该请求头不能发送给接口。"


class EndpointInputsUnfit(Unacceptable):
    """These inputs cannot be sent to an endpoint."""

    code = "scoring.endpoint_inputs_unfit"
    title_zh = "这些输入数据不能发送给接口。"


class EndpointUnreliable(Unacceptable):
    """The endpoint failed on more rows than the call allows."""

    code = "scoring.endpoint_unreliable"
    title_zh = "接口失败的行数超过本次征集允许的比例。"


class EndpointTooSlow(Unacceptable):
    """The endpoint did not answer all rows in the time that the call allows."""

    code = "scoring.endpoint_too_slow"
    title_zh = "接口未能在本次征集允许的时间内答完全部各行。"


class EndpointTurnedAway(Unacceptable):
    """The endpoint answered that it does not take our calls: check its address and its header."""

    code = "scoring.endpoint_turned_away"
    title_zh = "接口拒绝平台的调用:请检查接口地址和请求头。"


class EndpointTargetRefused(Unacceptable):
    """The address of the endpoint is none that the platform calls."""

    code = "scoring.endpoint_target_refused"
    title_zh = "接口地址不在平台允许调用的范围内。"


class EndpointAnswersTooLarge(Unacceptable):
    """All answers of the endpoint together are larger than what is kept."""

    code = "scoring.endpoint_answers_too_large"
    title_zh = "接口全部应答的总量超过可保存的大小。"


class EndpointRowsUnanswered(Unacceptable):
    """This metric needs a prediction for every row, and the endpoint gave none for some."""

    code = "scoring.endpoint_rows_unanswered"
    title_zh = "该指标要求每行都有预测,而接口有若干行未给出。"


class EvidenceBroken(Unacceptable):
    """The kept answers of an endpoint are not what was kept: their chain of digests is broken."""

    code = "scoring.evidence_broken"
    title_zh = "已保存的接口应答与当时保存的不符:摘要链断裂。"
