"""How the identity room says no: not you, not twice."""

from marketplace.kit.errors import Forbidden


class NotPermitted(Forbidden):
    """Your role, or the scope of your key, does not allow this."""

    code = "identity.not_permitted"
    title_zh = "您的角色或密钥范围不允许此操作。"


class SameHands(Forbidden):
    """Whoever prepared this may not also decide it: another person must."""

    code = "identity.same_hands"
    title_zh = "同一事项的不相容职责须由不同人员承担。"


class RoleNotYours(Forbidden):
    """You may not give this role in this organisation."""

    code = "identity.role_not_yours"
    title_zh = "您无权在该组织中授予此角色。"
