"""Connecting to a name after every address it has was judged, and to exactly one of them.

This is the lower half of `kit.outbound`: aiohttp's connector, with the two places at which an
address can still be judged before it is dialled: the resolver's answer and the making of a socket.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from ipaddress import IPv4Address, ip_address
from socket import SOCK_STREAM
from typing import Any, Final

from aiohttp import AddrInfoType, ClientTimeout, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace

from marketplace.kit.addresses import Address, Objection, Policy, objection_to

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class Reason(StrEnum):
    """Names why there was no answer; the values are stable and are shown to the owner."""

    TARGET_REFUSED = "target_refused"
    """The URL, or an address of its name, may not be dialled."""
    NAME_UNKNOWN = "name_unknown"
    CONNECT_FAILED = "connect_failed"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_FAILED = "tls_failed"
    """No handshake, or a certificate that does not vouch for the name."""
    TIMEOUT = "timeout"
    """Connected, but no complete answer head before the deadline."""
    CONNECTION_BROKEN = "connection_broken"
    NOT_HTTP = "not_http"


class DialError(Exception):
    """Carries the reason out of the connecting code; `kit.outbound` turns it into a value."""

    def __init__(
        self, reason: Reason, objection: Objection | None = None, detail: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason, self.objection, self.detail = reason, objection, detail


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system for every address of a name, in its order of preference."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


class CheckedResolver(AbstractResolver):
    """Asks once for each new connection and judges every address that is told."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """List the checked addresses; a bad one spoils the name, for the next dial might take it.

        Refuses  DialError, with the objection or because the name is unknown.
        """
        try:
            found = [ip_address(text) for text in await self._resolver(host, port)]
        except (OSError, UnicodeError) as unknown:
            raise DialError(Reason.NAME_UNKNOWN, detail=str(unknown)[:200]) from unknown
        if not found:
            raise DialError(Reason.NAME_UNKNOWN)
        for address in found:
            judge(address, self._policy)
        return [_numeric(address, host, port) for address in found]

    async def close(self) -> None:
        """Nothing is kept."""


def judge(address: Address, policy: Policy) -> None:
    """Let an address pass that may be dialled.  Refuses  DialError for every other one."""
    objection = objection_to(address, policy)
    if objection is not None:
        raise DialError(Reason.TARGET_REFUSED, objection, detail=str(address))


def _numeric(address: Address, host: str, port: int) -> ResolveResult:
    """Write an address so that it is never looked up again."""
    return ResolveResult(
        hostname=host,
        host=str(address),
        port=port,
        family=socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


PIECE_BYTES: Final = 8_192
"""So much is parsed at a time: a flood of empty answers costs far more to read than to send."""
UNREAD_MAX: Final = 8
"""More answers than these at one time are no answer to one question, interim ones included."""


class WaryHandler(ResponseHandler):
    """Hangs up on a server that answers more than it was asked, before all of that is parsed."""

    def data_received(self, data: bytes) -> None:
        """Take in what came, piece by piece; nothing at all is how aiohttp goes on after a rest."""
        for start in range(0, max(1, len(data)), PIECE_BYTES):
            super().data_received(data[start : start + PIECE_BYTES])
            if self.exception() is not None:
                return
            if len(self) > UNREAD_MAX:
                self.set_exception(HttpProcessingError(message="more answers than questions"))
                if self.transport is not None:
                    self.transport.close()
                return


class CheckedConnector(TCPConnector):
    """Connects to checked addresses only, and lets no more connections rest than are wanted."""

    def __init__(
        self,
        policy: Policy,
        resolver: Resolver,
        *,
        idle_seconds: float,
        idle_max: int,
        on_dial: Callable[[], None],
    ) -> None:
        def checked_socket(info: AddrInfoType) -> socket.socket:
            # A host that is written as an address never sees the resolver.
            judge(ip_address(str(info[4][0])), policy)
            return socket.socket(family=info[0], type=info[1], proto=info[2])

        super().__init__(
            resolver=CheckedResolver(policy, resolver),
            use_dns_cache=False,
            limit=0,
            keepalive_timeout=idle_seconds,
            socket_factory=checked_socket,
        )
        wary: Any = partial(WaryHandler, loop=self._loop)
        self._factory = wary
        self._idle_max = idle_max
        self._on_dial = on_dial

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        """Count, then connect; whoever found a connection at rest does not come here."""
        self._on_dial()
        return await super()._create_connection(req, traces, timeout)

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        """Let a connection rest, and hang up the one that rested longest if there are too many.

        aiohttp limits how many connections are in use, and has no limit for those at rest.
        """
        super()._release(key, protocol, should_close=should_close)
        if sum(map(len, self._conns.values())) <= self._idle_max:
            return
        longest = min(self._conns, key=lambda one: self._conns[one][0][1])
        resting = self._conns[longest]
        tired, _ = resting.popleft()
        if not resting:
            del self._conns[longest]
        tired.close()
