"""Which targets may be dialled: every trick we know, and the plain cases that must keep working."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.addresses import (
    DEVELOPMENT,
    PRODUCTION,
    WHAT_WOULD_DO,
    Objection,
    Policy,
    Target,
    objection_to,
    target_of,
)
from tests.given.targets import FORBIDDEN, RESOLVED_NAMES, TRICKS, disguised

PERMITTED = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.1",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2400:3200::1",
    "2a00:1450:4001:80b::200e",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_refuses_addresses_that_are_not_public(text: str) -> None:
    """No special, private or translated address is dialled, in either family."""
    assert objection_to(ip_address(text), PRODUCTION) is Objection.ADDRESS


@pytest.mark.parametrize("text", PERMITTED)
def test_permits_public_addresses_up_to_the_borders(text: str) -> None:
    """Public neighbours of every refused range stay reachable."""
    assert objection_to(ip_address(text), PRODUCTION) is None


@pytest.mark.parametrize("name", RESOLVED_NAMES)
def test_a_name_is_taken_until_it_is_known_where_it_leads(name: str) -> None:
    """The text says nothing against it: the address decides, when it is dialled."""
    assert isinstance(target_of(f"https://{name}/in", PRODUCTION), Target)


def test_the_allow_list_opens_exactly_its_networks() -> None:
    """Development may dial this machine, not the rest of the private world."""
    assert objection_to(ip_address("127.0.0.1"), DEVELOPMENT) is None
    assert objection_to(ip_address("::1"), DEVELOPMENT) is None
    assert objection_to(ip_address("10.0.0.1"), DEVELOPMENT) is Objection.ADDRESS
    assert objection_to(ip_address("169.254.169.254"), DEVELOPMENT) is Objection.ADDRESS
    assert objection_to(ip_address("::ffff:127.0.0.1"), DEVELOPMENT) is Objection.ADDRESS


@pytest.mark.parametrize("text", ["fe80::1%eth0", "2606:4700::1%1", "::1%lo"])
def test_refuses_addresses_with_a_zone(text: str) -> None:
    """A zone names one of our own interfaces, so no allow-list opens it."""
    assert objection_to(ip_address(text), DEVELOPMENT) is Objection.ADDRESS


@pytest.mark.parametrize(("url", "objection"), TRICKS)
def test_names_the_objection_to_a_url(url: str, objection: Objection) -> None:
    """Each way of disguising a target is refused, and for its own reason."""
    assert target_of(url, PRODUCTION) is objection


def test_no_forbidden_address_passes_in_any_form() -> None:
    """Every address of the table, written in every way that some resolver understands."""
    table = disguised()
    said = {case: target_of(f"https://{host}/in", PRODUCTION) for case, host, _ in table}

    assert len(FORBIDDEN) >= 60 and len(table) > 1_000
    assert said == {case: objection for case, _, objection in table}


def test_takes_an_ordinary_url_apart() -> None:
    """What is dialled is exactly what was checked, with the query and the odd port kept."""
    target = target_of("https://Hooks.Example.com:8443/in/%2e?a=1&b=@", PRODUCTION)

    assert target == Target(
        scheme="https", host="hooks.example.com", port=8443, path="/in/%2e?a=1&b=@", address=None
    )
    assert target.authority == "hooks.example.com:8443"


def test_takes_addresses_written_out() -> None:
    """A public address may stand in the URL; IPv6 is normalised and gets its brackets back."""
    four = target_of("https://93.184.215.14", PRODUCTION)
    six = target_of("https://[2606:4700:4700:0::1111]:8443/", PRODUCTION)

    assert isinstance(four, Target) and isinstance(six, Target)
    assert four.address == IPv4Address("93.184.215.14")
    assert four.path == "/" and four.authority == "93.184.215.14"
    assert six.address == IPv6Address("2606:4700:4700::1111")
    assert six.authority == "[2606:4700:4700::1111]:8443"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000/in", "http://localhost:81/in", "https://[::1]:5432/in"]
)
def test_development_reaches_this_machine_on_any_port(url: str) -> None:
    """With an allow-list a receiver on this machine may use whatever port is free."""
    assert isinstance(target_of(url, DEVELOPMENT), Target)


def test_plain_http_alone_does_not_open_private_networks() -> None:
    """The two relaxations are separate decisions."""
    relaxed = Policy(plain_http=True)

    assert isinstance(target_of("http://hooks.example.com/in", relaxed), Target)
    assert target_of("http://10.0.0.1/in", relaxed) is Objection.ADDRESS


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_passes_that_the_standard_library_calls_special(number: int) -> None:
    """Our list is at least as strict as the library's predicates."""
    address = IPv4Address(number)

    if objection_to(address, PRODUCTION) is None:
        assert address.is_global and not address.is_multicast and not address.is_reserved


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::", "::"]))
def test_no_ipv6_disguise_of_an_ipv4_address_passes(number: int, prefix: str) -> None:
    """Mapped, NAT64, 6to4 and compatible forms are refused whatever they carry."""
    shift = 80 if prefix == "2002::" else 0
    disguised = IPv6Address(int(IPv6Address(prefix)) | number << shift)

    assert objection_to(disguised, PRODUCTION) is Objection.ADDRESS


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    """Garbage is refused, never an exception; and nothing but https gets through."""
    for url in (text, "https://" + text):
        answer = target_of(url, PRODUCTION)
        assert isinstance(answer, Objection) or answer.scheme == "https"


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_literals_are_judged_like_the_addresses_they_are(a: int, b: int, c: int, d: int) -> None:
    """The two judgements never disagree about an address written in the URL."""
    text = f"{a}.{b}.{c}.{d}"

    in_url = target_of(f"https://{text}/", PRODUCTION)

    assert isinstance(in_url, Target) == (objection_to(IPv4Address(text), PRODUCTION) is None)


def test_a_network_of_the_allow_list_may_be_of_either_family() -> None:
    """An IPv4 address is compared with IPv6 networks without complaint."""
    only_six = Policy(allowed=(ip_network("fd00::/8"),))
    only_four = Policy(allowed=(IPv4Network("10.0.0.0/8"),))

    assert objection_to(ip_address("10.0.0.1"), only_six) is Objection.ADDRESS
    assert objection_to(ip_address("fd00::1"), only_six) is None
    assert objection_to(ip_address("fd00::1"), only_four) is Objection.ADDRESS


def test_every_objection_says_what_would_do() -> None:
    """A new one without words would be a fault of ours instead of a refusal."""
    assert set(WHAT_WOULD_DO) == set(Objection)
    assert all(words.zh and words.en for words in WHAT_WOULD_DO.values())
