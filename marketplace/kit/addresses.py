"""Which places strangers may make us dial.

A webhook target is chosen by somebody else, so it is judged twice: `target_of` judges the text when
it is registered and again before every request, `objection_to` judges each address at the moment of
connecting. Only the second is a defence (a name may answer differently tomorrow); the first is good
manners.

The standard library's `is_global` is not enough: it calls multicast, NAT64, 6to4 and several
special ranges global.  Here the IPv4 ranges are denied by list, and of IPv6 only global unicast is
taken, less a list; whatever carries an IPv4 address inside an IPv6 one is refused whole. Source
IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

from marketplace.kit.errors import Words

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Objection(StrEnum):
    """Names why a target is not dialled; the values are stable and are shown to the owner."""

    MALFORMED = "malformed"
    """Not an absolute URL of printable ASCII, or longer than 2,048 characters."""
    SCHEME = "scheme"
    """Neither https nor, where the policy allows it, http."""
    CREDENTIALS = "credentials"
    """A user name or password stands before the host."""
    FRAGMENT = "fragment"
    """A fragment is never sent; its presence is a misunderstanding."""
    HOST = "host"
    """No host, a trailing dot, or characters that a host name cannot have."""
    NUMERIC_HOST = "numeric_host"
    """A number that is not a plain dotted IPv4 address: octal, hexadecimal, shortened, overlong."""
    ZONE = "zone"
    """An IPv6 address with a zone names one of our own interfaces."""
    LOCAL_NAME = "local_name"
    """A name that can only be ours: `localhost`, a single label, `.internal` and the like."""
    PORT = "port"
    """A port on which something other than a web server is usually found."""
    ADDRESS = "address"
    """An address that is not a public unicast address."""


WHAT_WOULD_DO: Final[dict[Objection, Words]] = {
    Objection.MALFORMED: Words(
        "请填写完整网址,如 https://example.com/hook;仅限可见 ASCII 字符,至多 2048 个。",
        "Write a whole URL such as https://example.com/hook, in printable ASCII, 2,048 at most.",
    ),
    Objection.SCHEME: Words("网址须以 https:// 开头。", "The URL must begin with https://."),
    Objection.CREDENTIALS: Words(
        "网址中不得含用户名或口令。", "Take the user name and password out of the URL."
    ),
    Objection.FRAGMENT: Words(
        "请去掉网址中 # 及其后的部分。", "Take the # and what follows it out of the URL."
    ),
    Objection.HOST: Words(
        "主机名缺失或写法有误,例如末尾多了一个点。",
        "The host is missing or is not written as a host name, for example with a dot at its end.",
    ),
    Objection.NUMERIC_HOST: Words(
        "请填写域名或普通的点分十进制 IPv4 地址。", "Write a name, or a plain dotted IPv4 address."
    ),
    Objection.ZONE: Words(
        "IPv6 地址不得带区域标识(%)。", "Take the zone (%) out of the IPv6 address."
    ),
    Objection.LOCAL_NAME: Words(
        "该名称只在内部网络有效;请填写公网域名。",
        "This name means something inside a network only; write a public one.",
    ),
    Objection.PORT: Words(
        "该端口通常不是网站服务;请使用 443 等常用端口。",
        "Something other than a web server is usually on this port; use 443, for example.",
    ),
    Objection.ADDRESS: Words(
        "该地址不是公网单播地址(例如内网或本机地址);请填写公网地址。",
        "This is no public unicast address, but a private or local one, for example.",
    ),
}
"""What is told to whoever entered an address that is not dialled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may be dialled; the default is for production."""

    plain_http: bool = False
    """Whether `http` is taken as well as `https`."""
    allowed: tuple[Network, ...] = ()
    """Networks that are dialled although they are not public; for development and tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart once, so that what was checked is what is dialled."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    path: str
    """Path and query, beginning with a slash."""
    address: Address | None
    """The address, if the host was written as one."""

    @property
    def authority(self) -> str:
        """The `Host` header: brackets round IPv6, the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


DEFAULT_PORTS = {"https": 443, "http": 80}
LENGTH_MAX = 2048

# Databases, caches, queues, desktops, container and cluster control: none should ever hear from us.
# fmt: off
DENIED_PORTS = frozenset({
    1080, 1433, 1434, 1521, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3128, 3260, 3306, 3389,
    4194, 4369, 5432, 5433, 5601, 5672, 5900, 5984, 6000, 6379, 6380, 6443, 6667, 8200, 8300, 8301,
    8500, 9042, 9092, 9100, 9200, 9300, 10250, 10255, 10256, 11211, 15672, 16379, 26379, 27017,
    27018, 28017, 61616,
})
# fmt: on

DENIED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; also Alibaba Cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, a public address that is not public
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

UNICAST_6 = IPv6Network("2000::/3")
DENIED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)

PRODUCTION = Policy()
DEVELOPMENT = Policy(plain_http=True, allowed=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")))
"""This machine and plain http as well; the rest of the private world stays closed."""


def policy_for(*, development: bool) -> Policy:
    """Choose the policy of an installation by its one setting."""
    return DEVELOPMENT if development else PRODUCTION


# fmt: off
LOCAL_SUFFIXES = (
    ".localhost", ".localdomain", ".local", ".internal", ".intranet", ".lan", ".corp", ".home",
    ".home.arpa", ".svc", ".onion",
)
# fmt: on

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(:[0-9]{1,5})?")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def target_of(url: str, policy: Policy) -> Target | Objection:
    """Take a URL apart, or say why it is not dialled.

    Refuses  by returning the objection; the caller's room decides what kind of refusal that is.

    >>> target_of("https://Hooks.example.com/in?x=1", Policy())  # doctest: +ELLIPSIS
    Target(scheme='https', host='hooks.example.com', port=443, path='/in?x=1', address=None)
    >>> target_of("https://0x7f.1/", Policy()).value
    'numeric_host'
    """
    if len(url) > LENGTH_MAX or not _PRINTABLE.fullmatch(url) or "\\" in url:
        return Objection.MALFORMED
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Objection.MALFORMED
    if not parts.scheme or not _AUTHORITY.fullmatch(parts.netloc.rpartition("@")[2]):
        return Objection.MALFORMED
    if parts.scheme not in DEFAULT_PORTS or (parts.scheme == "http" and not policy.plain_http):
        return Objection.SCHEME
    if "@" in parts.netloc:
        return Objection.CREDENTIALS
    if "#" in url:
        return Objection.FRAGMENT

    host = parts.hostname or ""
    address = _literal_of(host, bracketed=parts.netloc.startswith("["))
    if isinstance(address, Objection):
        return address
    objection = _objection_to_host(host, address, policy)
    if objection is not None:
        return objection

    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    open_to_development = address is not None and _is_allowed(address, policy)
    if not open_to_development and not _is_port_taken(port, parts.scheme, policy):
        return Objection.PORT
    path = parts.path or "/"
    return Target(
        scheme=parts.scheme,
        host=host if address is None else str(address),
        port=port,
        path=f"{path}?{parts.query}" if parts.query else path,
        address=address,
    )


def objection_to(address: Address, policy: Policy) -> Objection | None:
    """Say whether an address may be dialled; to be asked about every address, when connecting.

    >>> objection_to(IPv4Address("93.184.215.14"), Policy()) is None
    True
    >>> objection_to(IPv6Address("64:ff9b::a9fe:a9fe"), Policy()).value  # NAT64 of 169.254.169.254
    'address'
    """
    if _is_allowed(address, policy):
        return None
    if isinstance(address, IPv4Address):
        denied = any(address in network for network in DENIED_4)
    else:
        denied = (
            address.scope_id is not None
            or address not in UNICAST_6
            or any(address in network for network in DENIED_6)
            or _is_isatap(address)
        )
    return Objection.ADDRESS if denied else None


def _is_allowed(address: Address, policy: Policy) -> bool:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    return any(address in network for network in policy.allowed)


def _is_isatap(address: IPv6Address) -> bool:
    """An interface identifier 0:5efe:v4 (or 200:5efe:v4) tunnels to the IPv4 address it carries."""
    return (int(address) >> 32) & 0xFDFF_FFFF == 0x0000_5EFE


def _literal_of(host: str, *, bracketed: bool) -> Address | Objection | None:
    """Read the host as an address, None if it is a name.

    Whatever ends in a number is an address to the resolvers of many systems (`127.1`, `0x7f000001`,
    `017700000001`), so it must be one in its plain form.
    """
    if bracketed:
        if "%" in host:
            return Objection.ZONE
        try:
            return IPv6Address(host)
        except ValueError:
            return Objection.HOST
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        try:
            return IPv4Address(host)
        except ValueError:
            return Objection.NUMERIC_HOST
    return None


def _objection_to_host(host: str, address: Address | None, policy: Policy) -> Objection | None:
    if address is not None:
        return objection_to(address, policy)
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return Objection.HOST
    if policy.allowed:
        return None
    if len(labels) == 1 or host.endswith(LOCAL_SUFFIXES):
        return Objection.LOCAL_NAME
    return None


def _is_port_taken(port: int, scheme: str, policy: Policy) -> bool:
    """With an allow-list any port may be meant; the addresses are still checked when connecting."""
    if policy.allowed:
        return port > 0
    return port == DEFAULT_PORTS[scheme] or (1024 <= port <= 65535 and port not in DENIED_PORTS)
