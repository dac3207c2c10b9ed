"""Connecting to a name after every address it has was judged, and to exactly one of them.

This is the lower half of `kit.outbound`.  It takes the place of httpcore's own network code, which
is the last moment at which the check and the connection can still be made about the same address.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from socket import SOCK_STREAM

import httpcore

from marketplace.kit.addresses import Address, Objection, Policy, objection_to

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

READ_BYTES_AT_ONCE = 8_192
"""What is read at once is taken apart without a pause: chunks of one byte take a while."""


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


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, judges and connects in one step, so that what was judged is what is dialled."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first of the checked addresses that answers; they share the time given."""
        assert timeout is not None, "every dial has a deadline"
        deadline = asyncio.get_running_loop().time() + timeout
        try:
            async with asyncio.timeout_at(deadline):
                candidates = await self._checked(host, port)
                for left in range(len(candidates), 1, -1):
                    with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                        return await self._dial(candidates[-left], port, deadline, left)
                return await self._dial(candidates[-1], port, deadline, 1)
        except TimeoutError as late:
            raise httpcore.ConnectTimeout("no connection in time") from late

    async def _dial(
        self, address: Address, port: int, deadline: float, left: int
    ) -> httpcore.AsyncNetworkStream:
        share = max(0.0, deadline - asyncio.get_running_loop().time()) / left
        # A literal address is never looked up again.
        stream = await self._network.connect_tcp(str(address), port, share)
        return _DatedStream(stream, deadline)

    async def _checked(self, host: str, port: int) -> list[Address]:
        """Every address of the name; a bad one spoils it, for the next dial might take that one."""
        try:
            found = [ip_address(text) for text in await self._resolver(host, port)]
        except (OSError, UnicodeError) as unknown:
            raise DialError(Reason.NAME_UNKNOWN, detail=str(unknown)[:200]) from unknown
        if not found:
            raise DialError(Reason.NAME_UNKNOWN)
        for address in found:
            objection = objection_to(address, self._policy)
            if objection is not None:
                raise DialError(Reason.TARGET_REFUSED, objection, detail=str(address))
        return found


class _DatedStream(httpcore.AsyncNetworkStream):
    """A connected stream whose TLS handshake has what is left of the time to connect."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(min(max_bytes, READ_BYTES_AT_ONCE), timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = max(0.0, self._deadline - asyncio.get_running_loop().time())
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, left)
        except BaseException:
            # httpcore 1.0.9 closes the socket on its own errors, not when the task is cancelled.
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
