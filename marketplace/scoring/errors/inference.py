"""How inference endpoints and their hidden inputs say no."""

from marketplace.kit.errors import Conflict, LimitReached, NotFound


class EndpointsNotTaken(Conflict):
    """This criterion takes prediction files; no endpoint is called for it."""

    code = "scoring.endpoints_not_taken"
    title_zh = "该评分项只接收预测文件,不调用推理接口。"


class FilesNotTaken(Conflict):
    """This criterion is measured by calling endpoints; no prediction file is taken for it."""

    code = "scoring.files_not_taken"
    title_zh = "该评分项通过调用推理接口测评,不接收预测文件。"


class InferenceEndpointUnknown(NotFound):
    """No such inference endpoint, or none of yours."""

    code = "scoring.inference_endpoint_unknown"
    title_zh = "没有该推理接口,或不属于您的组织。"


class TooManyInferenceEndpoints(Conflict):
    """This bid has registered as many inference endpoints as it may."""

    code = "scoring.too_many_inference_endpoints"
    title_zh = "本应榜登记的推理接口数量已达上限。"


class InferenceEndpointRetired(Conflict):
    """This inference endpoint is retired: register it again to have it called."""

    code = "scoring.inference_endpoint_retired"
    title_zh = "该推理接口已停用:如需调用请重新登记。"


class NothingToProbeWith(Conflict):
    """The call publishes no example to try an endpoint with."""

    code = "scoring.nothing_to_probe_with"
    title_zh = "榜单未公布可用于试调用的示例。"


class ProbesUsed(LimitReached):
    """Endpoints of this bid were tried as often as they may be on one day."""

    code = "scoring.probes_used"
    title_zh = "本应榜当日的接口试调用次数已用完。"


class EvidenceSealed(Conflict):
    """What an endpoint answered is shown to nobody before the bids are opened."""

    code = "scoring.evidence_sealed"
    title_zh = "开标前不向任何人展示接口的应答。"


class NoEvidence(Conflict):
    """This submission has no kept answers: it is a file, or its calls are not over."""

    code = "scoring.no_evidence"
    title_zh = "该提交没有已保存的接口应答:其为文件提交,或调用尚未结束。"


class InputsMissing(Conflict):
    """There are no hidden inputs for this criterion yet."""

    code = "scoring.inputs_missing"
    title_zh = "该评分项尚未设置隐藏输入。"
