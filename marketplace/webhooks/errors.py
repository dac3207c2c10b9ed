"""How the webhook room says no."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable


class TargetRefused(Unacceptable):
    """Webhooks are not sent to this address."""

    code = "webhooks.target_refused"
    title_zh = "不向该地址发送 Webhook。"


class EventTypeUnusable(Unacceptable):
    """A subscription names event types as they are written, or a prefix that ends in `.*`."""

    code = "webhooks.event_type_unusable"
    title_zh = "订阅须写事件类型全名,或以 .* 结尾的前缀。"


class SecretUnusable(Unacceptable):
    """A webhook secret is 24 to 64 random bytes, written `whsec_` and base64."""

    code = "webhooks.secret_unusable"
    title_zh = "Webhook 密钥须为 24 至 64 个随机字节,写作 whsec_ 加 base64。"


class MessageIdUnusable(Unacceptable):
    """A message id has no dots, blanks or control characters: it is part of what is signed."""

    code = "webhooks.message_id_unusable"
    title_zh = "消息编号不得含点、空白或控制字符:它是签名内容的一部分。"


class EndpointNotFound(NotFound):
    """No such webhook endpoint, or none of yours."""

    code = "webhooks.endpoint_not_found"
    title_zh = "没有该 Webhook 端点,或不属于您的组织。"


class TooManyEndpoints(Conflict):
    """Your organisation has as many webhook endpoints as it may have."""

    code = "webhooks.too_many_endpoints"
    title_zh = "贵组织的 Webhook 端点数量已达上限。"


class DeliveryNotFound(NotFound):
    """No such delivery, or none to an endpoint of yours."""

    code = "webhooks.delivery_not_found"
    title_zh = "没有该投递记录,或其端点不属于您的组织。"


class EndpointDisabled(Conflict):
    """This endpoint is disabled because its address said that it is gone: resume it first."""

    code = "webhooks.endpoint_disabled"
    title_zh = "该端点因对方返回 410 而被停用:请先恢复。"
