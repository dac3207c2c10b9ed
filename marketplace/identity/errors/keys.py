"""How the identity room says no: API keys."""

from marketplace.kit.errors import Conflict, NotFound, Unacceptable, Unauthenticated


class CredentialRefused(Unauthenticated):
    """This key is unknown, expired or revoked."""

    code = "identity.credential_refused"
    title_zh = "密钥不存在、已过期或已吊销。"


class KeyUnknown(NotFound):
    """No such API key."""

    code = "identity.key_unknown"
    title_zh = "找不到该密钥。"


class ScopeTooWide(Unacceptable):
    """A key cannot do more than the person it speaks for."""

    code = "identity.scope_too_wide"
    title_zh = "密钥的权限不能超出其所代表人员的权限。"


class PersonHasKeys(Conflict):
    """This person has had a key here: only they make more, or are invited again."""

    code = "identity.person_has_keys"
    title_zh = "此人在该组织已有过密钥:新的密钥只能由其本人签发。"


class KeyNotLive(Conflict):
    """This key was revoked, has expired, or was rotated already."""

    code = "identity.key_not_live"
    title_zh = "该密钥已吊销、已过期或已轮换。"
