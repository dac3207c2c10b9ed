"""Connecting to a name after every address it has was judged, and to exactly one of them."""

import socket
import ssl
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from ipaddress import IPv4Address, ip_address
from socket import SOCK_STREAM
from typing import Any, Final

from aiohappyeyeballs import start_connection

from marketplace.kit.addresses import Address, Policy, Target, objection_to
from marketplace.kit.exchange import DialError, Line, Reason

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

HEAD_START_SECONDS: Final = 0.25
"""How long the first address of a name is alone before the next one is tried beside it.  Source
RFC 8305, "Connection Attempt Delay"."""


READ_AHEAD_BYTES_MIN: Final = 65_536
"""What a connection offers to take in at once, however little is read of an answer."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system for every address of a name, in its order of preference."""
    answers = await get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


async def connect(
    target: Target,
    line: Line,
    *,
    policy: Policy,
    resolver: Resolver,
    tls: ssl.SSLContext | None,
    read_bytes_max: int,
) -> None:
    """Connect a line to a target: one question about its name, and no address but those judged.

    Units    `read_bytes_max` is what is read of one answer; the system is asked to take in little
             more, or who sends without end would have megabytes on their way before we hang up.
    Refuses  DialError, with the objection or with what the network said.
    """
    found = [target.address] if target.address else await _resolved(target, resolver)
    for address in found:
        # All of them, also those that will not be tried: the next dial might take any.
        judge(address, policy)
    ways: list[Any] = [_way(address, target.port) for address in found]
    loop = get_running_loop()
    try:
        connected = await start_connection(
            ways,
            happy_eyeballs_delay=HEAD_START_SECONDS,
            socket_factory=partial(_socket, max(read_bytes_max, READ_AHEAD_BYTES_MIN)),
        )
        await loop.create_connection(
            lambda: line,
            sock=connected,
            ssl=tls,
            server_hostname=None if tls is None else target.host,
        )
    except ssl.SSLError as failed:
        raise _failure(Reason.TLS_FAILED, failed) from failed
    except (OSError, RuntimeError) as failed:
        # On uvloop a socket that was closed beneath it is a RuntimeError.
        raise _failure(Reason.CONNECT_FAILED, failed) from failed


async def _resolved(target: Target, resolver: Resolver) -> list[Address]:
    try:
        found = [ip_address(text) for text in await resolver(target.host, target.port)]
    except (OSError, UnicodeError) as unknown:
        raise DialError(Reason.NAME_UNKNOWN, detail=str(unknown)[:200]) from unknown
    if not found:
        raise DialError(Reason.NAME_UNKNOWN)
    return found


def judge(address: Address, policy: Policy) -> None:
    """Let an address pass that may be dialled.  Refuses  DialError for every other one."""
    objection = objection_to(address, policy)
    if objection is not None:
        raise DialError(Reason.TARGET_REFUSED, objection, detail=str(address))


def _way(address: Address, port: int) -> tuple[Any, ...]:
    """Write an address so that it is never looked up again."""
    if isinstance(address, IPv4Address):
        return socket.AF_INET, SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port)
    return socket.AF_INET6, SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port, 0, 0)


def _socket(receive_bytes: int, way: Any) -> socket.socket:
    """Make a socket before it is connected: only then is the window that it offers its own."""
    made = socket.socket(family=way[0], type=way[1], proto=way[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    return made


def _failure(reason: Reason, failed: Exception) -> DialError:
    return DialError(reason, detail=f"{type(failed).__name__}: {failed}"[:200])
