"""The ways the marketplace says no.

    MarketplaceError
    ├── Unauthenticated      who are you?
    ├── Forbidden            not you, or not with this key
    ├── NotFound             no such thing, or none that you may know of
    ├── Conflict             not in the present state
    │   └── Stale            somebody changed it since you read it
    ├── Unacceptable         well formed, but against a rule
    │   └── Malformed        not even well formed
    ├── TooLarge             more than we take
    ├── OutOfRange           less than is asked for
    ├── PreconditionMissing  say which version you mean
    ├── LimitReached         too often, too soon
    └── Unavailable          somebody we depend on does not answer

Kinds only; the HTTP status of a kind is decided in `wire.problems`.  A refusal is a subclass that
states a fact: its docstring is the English title, `title_zh` the Chinese one, `code` is stable for
ever, and the keyword arguments are the facts, which become members of the problem document.  A fact
in `Words` is told in one language.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Words:
    """A fact that is told in the language of whoever asks."""

    zh: str
    en: str


class MarketplaceError(Exception):
    """The marketplace refuses to do this."""

    code: ClassVar[str] = "marketplace.error"
    title_zh: ClassVar[str] = "平台拒绝此操作。"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.title_en)

    @property
    def title_en(self) -> str:
        """The first sentence of the class docstring."""
        return (type(self).__doc__ or "").strip().splitlines()[0]

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.title_en} [{self.code}]" + (f" {facts}" if facts else "")


class Unauthenticated(MarketplaceError):
    """Sign in first: no valid credential came with the request."""

    code = "identity.unauthenticated"
    title_zh = "请先登录:请求未携带有效凭证。"


class Forbidden(MarketplaceError):
    """You may not do this."""

    code = "identity.forbidden"
    title_zh = "您无权执行此操作。"


class NotFound(MarketplaceError):
    """No such thing, or none that you may see."""

    code = "marketplace.not_found"
    title_zh = "不存在,或您无权查看。"


class Conflict(MarketplaceError):
    """This cannot be done in the present state."""

    code = "marketplace.conflict"
    title_zh = "当前状态下不能执行此操作。"


class Stale(Conflict):
    """It was changed since you read it: read it again, then decide."""

    code = "marketplace.stale_version"
    title_zh = "内容已被他人修改:请重新读取后再决定。"


class Unacceptable(MarketplaceError):
    """Well formed, but against a rule."""

    code = "marketplace.unacceptable"
    title_zh = "格式正确,但不符合规则。"


class Malformed(Unacceptable):
    """The request is not well formed."""

    code = "marketplace.malformed"
    title_zh = "请求格式不正确。"


class TooLarge(MarketplaceError):
    """This is larger than what is accepted here."""

    code = "marketplace.too_large"
    title_zh = "内容超过允许的大小。"


class OutOfRange(MarketplaceError):
    """There is nothing in this range."""

    code = "marketplace.out_of_range"
    title_zh = "所请求的范围内没有内容。"


class PreconditionMissing(MarketplaceError):
    """Say which version you are changing: send If-Match with the ETag you read."""

    code = "marketplace.precondition_required"
    title_zh = "请用 If-Match 标明您要修改的版本(ETag)。"


class LimitReached(MarketplaceError):
    """Too many requests: wait, then try again."""

    code = "marketplace.limit_reached"
    title_zh = "请求过于频繁:请稍后再试。"


class Unavailable(MarketplaceError):
    """Not available now; try again later."""

    code = "marketplace.unavailable"
    title_zh = "服务暂不可用,请稍后再试。"
