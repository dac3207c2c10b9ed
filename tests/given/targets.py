"""Addresses that nobody may make us dial, every way to write them, and the tricks round them.

One table for both judgements: the text of a URL when it is registered, the address at the moment
of connecting.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from marketplace.kit.addresses import Objection

FORBIDDEN_4 = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",  # metadata of Alibaba Cloud
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "127.255.255.254",
    "168.63.129.16",  # host agent of Azure
    "169.254.0.23",  # metadata of Tencent Cloud
    "169.254.169.254",  # metadata of most clouds
    "169.254.170.2",  # credentials of containers
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",  # metadata of Oracle Cloud
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
)

FORBIDDEN_6 = (
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of Amazon
    "fd20:ce::254",  # metadata of Google
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1",
)

FORBIDDEN = FORBIDDEN_4 + FORBIDDEN_6

FORM_4 = Callable[[IPv4Address], str]


def _parts(address: IPv4Address) -> tuple[int, int, int, int]:
    a, b, c, d = address.packed
    return a, b, c, d


def _within(prefix: str, shift: int = 0) -> FORM_4:
    """Write an IPv6 address that carries an IPv4 one."""
    return lambda a: f"[{IPv6Address(int(IPv6Address(prefix)) | int(a) << shift)}]"


FORMS_4: dict[str, tuple[FORM_4, Objection]] = {
    "plain": (str, Objection.ADDRESS),
    "decimal": (lambda a: str(int(a)), Objection.NUMERIC_HOST),
    "octal": (lambda a: f"0{int(a):o}", Objection.NUMERIC_HOST),
    "hexadecimal": (lambda a: f"0x{int(a):x}", Objection.NUMERIC_HOST),
    "capital hexadecimal": (lambda a: f"0X{int(a):08X}", Objection.NUMERIC_HOST),
    "octal parts": (
        lambda a: ".".join(f"0{part:03o}" for part in _parts(a)),
        Objection.NUMERIC_HOST,
    ),
    "hexadecimal parts": (
        lambda a: ".".join(f"0x{part:x}" for part in _parts(a)),
        Objection.NUMERIC_HOST,
    ),
    "mixed parts": (
        lambda a: "{}.0x{:x}.0{:o}.{}".format(*_parts(a)),
        Objection.NUMERIC_HOST,
    ),
    "two parts": (lambda a: f"{int(a) >> 24}.{int(a) & 0xFFFFFF}", Objection.NUMERIC_HOST),
    "three parts": (
        lambda a: f"{_parts(a)[0]}.{_parts(a)[1]}.{int(a) & 0xFFFF}",
        Objection.NUMERIC_HOST,
    ),
    "overflowing": (lambda a: str(int(a) + 2**32), Objection.NUMERIC_HOST),
    "leading zeros": (
        lambda a: ".".join(f"{part:03d}" if part < 100 else f"0{part}" for part in _parts(a)),
        Objection.NUMERIC_HOST,
    ),
    "trailing dot": (lambda a: f"{a}.", Objection.NUMERIC_HOST),
    "trailing dots": (lambda a: f"{a}..", Objection.NUMERIC_HOST),
    "escaped dots": (lambda a: str(a).replace(".", "%2e"), Objection.HOST),
    "escaped digits": (
        lambda a: "".join(f"%{ord(char):02x}" for char in str(a)),
        Objection.HOST,
    ),
    "full-width digits": (
        lambda a: str(a).translate({48 + n: 0xFF10 + n for n in range(10)}),
        Objection.MALFORMED,
    ),
    "ideographic dots": (lambda a: str(a).replace(".", "。"), Objection.MALFORMED),
    "circled digits": (lambda a: str(a).replace("1", "①").replace("2", "②"), Objection.MALFORMED),
    "user before": (lambda a: f"hooks.example.com@{a}", Objection.CREDENTIALS),
    "user and word before": (lambda a: f"hooks.example.com:443@{a}", Objection.CREDENTIALS),
    "backslash before": (lambda a: f"hooks.example.com\\@{a}", Objection.MALFORMED),
    "bracketed": (lambda a: f"[{a}]", Objection.MALFORMED),
    "mapped": (_within("::ffff:0:0"), Objection.ADDRESS),
    "mapped, dotted": (lambda a: f"[::ffff:{a}]", Objection.ADDRESS),
    "mapped, written out": (
        lambda a: f"[{IPv6Address(f'::ffff:{a}').exploded.upper()}]",
        Objection.ADDRESS,
    ),
    "compatible": (_within("::"), Objection.ADDRESS),
    "translated": (_within("::ffff:0:0:0"), Objection.ADDRESS),
    "NAT64": (_within("64:ff9b::"), Objection.ADDRESS),
    "NAT64 of a network": (_within("64:ff9b:1::"), Objection.ADDRESS),
    "6to4": (_within("2002::", 80), Objection.ADDRESS),
    "Teredo": (_within("2001:0:5db8:d70e::"), Objection.ADDRESS),
    "ISATAP": (_within("2606:4700::5efe:0:0"), Objection.ADDRESS),
    "zone": (lambda a: f"[fe80::{int(a) >> 16:x}:{int(a) & 0xFFFF:x}%25eth0]", Objection.ZONE),
    "mapped with a zone": (lambda a: f"[::ffff:{a}%25lo]", Objection.ZONE),
}
"""How an IPv4 address is written as the host of a URL, and what is then said against it."""

FORMS_6: dict[str, tuple[Callable[[IPv6Address], str], Objection]] = {
    "plain": (lambda a: f"[{a}]", Objection.ADDRESS),
    "written out": (lambda a: f"[{a.exploded}]", Objection.ADDRESS),
    "capitals": (lambda a: f"[{str(a).upper()}]", Objection.ADDRESS),
    "zone": (lambda a: f"[{a}%25lo]", Objection.ZONE),
    "bare zone": (lambda a: f"[{a}%lo]", Objection.ZONE),
    "user before": (lambda a: f"hooks.example.com@[{a}]", Objection.CREDENTIALS),
    "trailing dot": (lambda a: f"[{a}].", Objection.MALFORMED),
    "without brackets": (lambda a: a.exploded, Objection.MALFORMED),
    "in a name": (lambda a: f"[{a}].example.com", Objection.MALFORMED),
}

TRICKS: tuple[tuple[str, Objection], ...] = (
    ("", Objection.MALFORMED),
    ("hooks.example.com/in", Objection.MALFORMED),
    ("//hooks.example.com/in", Objection.MALFORMED),
    ("https://hooks.example.com/a b", Objection.MALFORMED),
    ("https://hooks.example.com/\r\nHost:x", Objection.MALFORMED),
    ("https://hooks.example.com\t.evil.example/", Objection.MALFORMED),
    (" https://hooks.example.com/", Objection.MALFORMED),
    ("https:/\\169.254.169.254/", Objection.MALFORMED),
    ("https://hooks.example.com\\@10.0.0.1/", Objection.MALFORMED),
    ("https://例子.中国/", Objection.MALFORMED),
    ("https://ｌocalhost/", Objection.MALFORMED),
    ("https://ⓛocalhost/", Objection.MALFORMED),
    ("https://localho\u00adst/", Objection.MALFORMED),
    ("https://１２７.0.0.1/", Objection.MALFORMED),
    ("https://١٢٧.0.0.1/", Objection.MALFORMED),
    ("https://hooks.example.com:99999/", Objection.MALFORMED),
    ("https://hooks.example.com:443:80/", Objection.MALFORMED),
    ("https://hooks.example.com:/", Objection.MALFORMED),
    ("https://hooks.example.com:-1/", Objection.MALFORMED),
    ("https://hooks.example.com:0x1bb/", Objection.MALFORMED),
    ("https://[::1].example.com/", Objection.MALFORMED),
    ("https://[::1/", Objection.MALFORMED),
    ("https://[v1.127.0.0.1]/", Objection.HOST),
    ("https://hooks.example.com/" + "a" * 2048, Objection.MALFORMED),
    ("http://hooks.example.com/", Objection.SCHEME),
    ("ftp://hooks.example.com/", Objection.SCHEME),
    ("file:///etc/passwd", Objection.SCHEME),
    ("gopher://hooks.example.com/", Objection.SCHEME),
    ("unix:///var/run/docker.sock", Objection.SCHEME),
    ("javascript://hooks.example.com/", Objection.SCHEME),
    ("https://user@hooks.example.com/", Objection.CREDENTIALS),
    ("https://user:word@hooks.example.com/", Objection.CREDENTIALS),
    ("https://@hooks.example.com/", Objection.CREDENTIALS),
    ("https://hooks.example.com@10.0.0.1/", Objection.CREDENTIALS),
    ("https://127.0.0.1%2f@example.com", Objection.CREDENTIALS),
    ("https://hooks.example.com/#part", Objection.FRAGMENT),
    ("https://169.254.169.254#@hooks.example.com/", Objection.FRAGMENT),
    ("https:///in", Objection.HOST),
    ("https:127.0.0.1/", Objection.HOST),
    ("https:///169.254.169.254/", Objection.HOST),
    ("https://hooks.example.com./", Objection.HOST),
    ("https://localhost./", Objection.HOST),
    ("https://hooks..example.com/", Objection.HOST),
    ("https://-hooks.example.com/", Objection.HOST),
    ("https://hooks%2eexample.com/", Objection.HOST),
    ("https://hooks.example.com;@169.254.169.254/", Objection.CREDENTIALS),
    ("https://hooks.example.com,169.254.169.254/", Objection.NUMERIC_HOST),
    ("https://169.254.169.254,hooks.example.com/", Objection.HOST),
    ("https://256.256.256.256/", Objection.NUMERIC_HOST),
    ("https://1.2.3.4.5/", Objection.NUMERIC_HOST),
    ("https://127.0.0.0x1/", Objection.NUMERIC_HOST),
    ("https://example.0x/", Objection.NUMERIC_HOST),
    ("https://hooks.example.1/", Objection.NUMERIC_HOST),
    ("https://127.1/", Objection.NUMERIC_HOST),
    ("https://0/", Objection.NUMERIC_HOST),
    ("https://169.254.169.254/latest/meta-data/", Objection.ADDRESS),
    ("https://169.254.169.254?@hooks.example.com/", Objection.ADDRESS),
    ("https://10.0.0.1:8443/", Objection.ADDRESS),
    ("https://localhost/", Objection.LOCAL_NAME),
    ("https://LOCALHOST:8443/", Objection.LOCAL_NAME),
    ("https://localhost.localdomain/", Objection.LOCAL_NAME),
    ("https://ip6-localhost/", Objection.LOCAL_NAME),
    ("https://redis/", Objection.LOCAL_NAME),
    ("https://metadata/", Objection.LOCAL_NAME),
    ("https://api.localhost/", Objection.LOCAL_NAME),
    ("https://metadata.google.internal/", Objection.LOCAL_NAME),
    ("https://instance-data.ec2.internal/", Objection.LOCAL_NAME),
    ("https://kubernetes.default.svc/", Objection.LOCAL_NAME),
    ("https://kubernetes.default.svc.cluster.local/", Objection.LOCAL_NAME),
    ("https://printer.local/", Objection.LOCAL_NAME),
    ("https://hr.corp/", Objection.LOCAL_NAME),
    ("https://router.home/", Objection.LOCAL_NAME),
    ("https://hooks.example.com:22/", Objection.PORT),
    ("https://hooks.example.com:0/", Objection.PORT),
    ("https://hooks.example.com:80/", Objection.PORT),
    ("https://hooks.example.com:443443/", Objection.MALFORMED),
    ("https://hooks.example.com:5432/", Objection.PORT),
    ("https://hooks.example.com:6379/", Objection.PORT),
    ("https://hooks.example.com:10250/", Objection.PORT),
    ("https://93.184.215.14:2375/", Objection.PORT),
)
"""Texts that are refused as they stand, each for its own reason."""

RESOLVED_NAMES = (
    "metadata.tencentyun.com",
    "127.0.0.1.nip.io",
    "localtest.me",
    "xn--80ak6aa92e.example",
    "hooks.example.com",
)
"""Names that nothing can be said against, until somebody says where they lead."""


def disguised() -> list[tuple[str, str, Objection]]:
    """Every address in every form: a name for the case, the host, and what is said against it."""
    table = [
        (f"{text} {form}", write(IPv4Address(text)), objection)
        for text in FORBIDDEN_4
        for form, (write, objection) in FORMS_4.items()
        # Not every address changes in every form.
        if form == "plain" or write(IPv4Address(text)) != text
    ]
    table += [
        (f"{text} {form}", write(IPv6Address(text)), objection)
        for text in FORBIDDEN_6
        for form, (write, objection) in FORMS_6.items()
    ]
    return table
