"""The one checked dialler: whatever is sent to an address chosen by somebody else leaves here.

What is promised.  The name is resolved once, every address it has is judged by `kit.addresses`, and
the connection goes to one of exactly these addresses: there is no second lookup that could answer
differently. TLS name and `Host` stay those of the URL.  Redirects are not followed, proxies and
certificates of the environment are not used, nothing is decompressed, and the answer is read up to
a cap under one deadline.

What is only an optimisation: a connection at rest is used again for the same scheme, host and
port.  It stays pinned to the address that was checked.  It rests for less time than most servers
keep it, because a server that hangs up just as we speak makes a delivery fail for nothing.

Whatever goes wrong on the network is an `Unanswered`, a value: the caller records it like an
answer.  This is built on httpcore, the lower half of httpx: its upper half brings redirects,
proxies and cookies that would have to be switched off again, and in its shared pool each request
costs CPU in proportion to the open connections.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import certifi
import httpcore

from marketplace.kit import addresses
from marketplace.kit.addresses import Objection, Target
from marketplace.kit.dialling import (
    CheckedBackend,
    DialError,
    Reason,
    Resolver,
    system_resolver,
)

HEADERS_KEPT = ("content-type", "location", "retry-after", "server")
HEADER_LENGTH_KEPT = 200
READ_BYTES_MOST = 4 * 1024 * 1024
"""No policy reads more of one answer than this: it is held in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPolicy:
    """What may be dialled, how long it may take, and how much of the answer is read."""

    reach: addresses.Policy = addresses.PRODUCTION
    connect_seconds: float = 5.0
    """For resolving, connecting and the TLS handshake together."""
    total_seconds: float = 15.0
    """From the first look at the URL to the last byte of the answer."""
    read_bytes_max: int = 16_384
    """An answer with a longer body is cut off and its connection closed."""
    kept_bytes: int = 2_048
    """How much of the body is handed to the caller; no more than is read."""
    idle_seconds: float = 4.0
    """How long a connection rests; below the five seconds that common servers allow."""
    idle_max: int = 64
    """How many connections rest, over all targets."""
    user_agent: str = "Jiebang"

    def __post_init__(self) -> None:
        if not 0 <= self.kept_bytes <= self.read_bytes_max <= READ_BYTES_MOST:
            raise ValueError(f"of an answer, at most {READ_BYTES_MOST} bytes are read and kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the other side said."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; only those in HEADERS_KEPT, each cut to 200 characters."""
    body: bytes
    """Its beginning, as much as the policy keeps."""
    truncated: bool
    """The body was longer than is kept, or still coming at the deadline."""
    address: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Why nothing was heard."""

    reason: Reason
    objection: Objection | None = None
    detail: str = ""
    duration_ms: int


@dataclass(slots=True)
class Tally:
    """Counts what the dialler did, so that a change of its pooling can be measured."""

    posts: int = 0
    answered: int = 0
    refused: int = 0
    connected: int = 0
    reused: int = 0


class Outbound:
    """Dials for one event loop; close it, or use it as an asynchronous context manager."""

    def __init__(
        self,
        policy: OutboundPolicy | None = None,
        *,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy or OutboundPolicy()
        self.tally = Tally()
        self._backend = CheckedBackend(self.policy.reach, resolver)
        self._tls = tls
        self._resting = _Resting(self.policy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up every connection at rest."""
        await self._resting.close()

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout: float | None = None,
    ) -> Answer | Unanswered:
        """Send one POST and hear the answer, or learn why there is none.

        Units    `timeout` in seconds for everything together; by default the policy's total.
        Refuses  nothing by raising: a refused target is an Unanswered with its objection.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.tally.posts += 1
        hearing = _Hearing()
        failure: DialError | None = None
        try:
            async with asyncio.timeout(self.policy.total_seconds if timeout is None else timeout):
                target = addresses.target_of(url, self.policy.reach)
                if isinstance(target, Objection):
                    raise DialError(Reason.TARGET_REFUSED, target)
                await self._exchange(target, self._headers(target, headers, body), body, hearing)
        except TimeoutError:
            failure = DialError(Reason.TIMEOUT)
        except DialError as failed:
            failure = failed
        except (*_NETWORK_ERRORS, OSError) as error:
            failure = DialError(_reason_of(error), detail=f"{type(error).__name__}: {error}"[:200])
        duration_ms = round((loop.time() - started) * 1000)

        if hearing.status is not None:
            # The head is the answer: a body that broke off or dribbles takes nothing of it back.
            self.tally.answered += 1
            return hearing.answer(self.policy, cut=failure is not None, duration_ms=duration_ms)
        assert failure is not None, "an exchange ends with a status or with a failure"
        self.tally.refused += failure.reason is Reason.TARGET_REFUSED
        return Unanswered(
            reason=failure.reason,
            objection=failure.objection,
            detail=failure.detail,
            duration_ms=duration_ms,
        )

    def _headers(
        self, target: Target, headers: Mapping[str, str], body: bytes
    ) -> list[tuple[bytes, bytes]]:
        """The caller's headers, less those that decide where the message goes or where it ends."""
        own = {
            "host": target.authority,
            "content-length": str(len(body)),
            "user-agent": self.policy.user_agent,
            "accept": "*/*",
            "accept-encoding": "identity",
        }
        barred = own.keys() | {"transfer-encoding", "connection", "upgrade", "expect", "te"}
        given = {name.lower(): value for name, value in headers.items()}
        sent = own | {name: value for name, value in given.items() if name not in barred}
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]

    async def _exchange(
        self, target: Target, headers: list[tuple[bytes, bytes]], body: bytes, hearing: "_Hearing"
    ) -> None:
        origin = (target.scheme, target.host, target.port)
        connection = await self._resting.take(origin)
        if connection is None:
            self.tally.connected += 1
            connection = self._connection(origin)
        else:
            self.tally.reused += 1
        try:
            url = httpcore.URL(
                scheme=target.scheme, host=target.host, port=target.port, target=target.path
            )
            request = httpcore.Request(
                "POST",
                url,
                headers=headers,
                content=body,
                extensions={"timeout": {"connect": self.policy.connect_seconds}},
            )
            response = await connection.handle_async_request(request)
            await hearing.listen(response, self.policy)
        except BaseException:
            await connection.aclose()
            raise
        await self._resting.put(origin, connection)

    def _connection(self, origin: "_Origin") -> httpcore.AsyncHTTPConnection:
        scheme, host, port = origin
        if scheme == "https" and self._tls is None:
            # Not the environment's certificates: SSL_CERT_FILE must not decide whom we trust.
            self._tls = ssl.create_default_context(cafile=certifi.where())
        return httpcore.AsyncHTTPConnection(
            httpcore.Origin(scheme.encode("ascii"), host.encode("ascii"), port),
            ssl_context=self._tls,
            keepalive_expiry=self.policy.idle_seconds,
            network_backend=self._backend,
        )


_Origin = tuple[str, str, int]


@dataclass(slots=True)
class _Hearing:
    """What has been heard so far; it outlives a deadline that strikes in the middle of the body."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    address: str = ""

    async def listen(self, response: httpcore.Response, policy: OutboundPolicy) -> None:
        """Take in the head and as much of the body as is wanted; then the connection is free."""
        stream = response.extensions["network_stream"]
        self.address = str((stream.get_extra_info("server_addr") or ("",))[0])
        for name, value in response.headers:
            known = name.decode("ascii").lower()
            if known in HEADERS_KEPT:
                self.headers[known] = value.decode("latin-1")[:HEADER_LENGTH_KEPT]
        self.status = response.status
        try:
            assert isinstance(response.stream, AsyncIterable)
            async for chunk in response.stream:
                self.body += chunk
                if len(self.body) > policy.read_bytes_max:
                    break
        finally:
            await response.aclose()

    def answer(self, policy: OutboundPolicy, *, cut: bool, duration_ms: int) -> Answer:
        assert self.status is not None
        return Answer(
            status=self.status,
            headers=self.headers,
            body=bytes(self.body[: policy.kept_bytes]),
            truncated=cut or len(self.body) > policy.kept_bytes,
            address=self.address,
            duration_ms=duration_ms,
        )


class _Resting:
    """Connections at rest, found by origin and dropped oldest first; every step costs the same."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy
        self._since: dict[httpcore.AsyncHTTPConnection, tuple[_Origin, float]] = {}
        self._by_origin: dict[_Origin, list[httpcore.AsyncHTTPConnection]] = {}

    async def take(self, origin: _Origin) -> httpcore.AsyncHTTPConnection | None:
        """Hand out the connection that rested for the shortest time, if it is still good."""
        while origin in self._by_origin:
            connection = self._by_origin[origin][-1]
            self._forget(connection)
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def put(self, origin: _Origin, connection: httpcore.AsyncHTTPConnection) -> None:
        """Let a connection rest, unless its answer was cut off; drop those that rested too long."""
        now = asyncio.get_running_loop().time()
        if connection.is_idle() and not connection.is_closed():
            self._since[connection] = (origin, now)
            self._by_origin.setdefault(origin, []).append(connection)
        else:
            await connection.aclose()
        while self._since:
            oldest, (_, since) = next(iter(self._since.items()))
            if (
                len(self._since) <= self._policy.idle_max
                and now - since < self._policy.idle_seconds
            ):
                break
            self._forget(oldest)
            await oldest.aclose()

    async def close(self) -> None:
        while self._since:
            connection = next(iter(self._since))
            self._forget(connection)
            await connection.aclose()

    def _forget(self, connection: httpcore.AsyncHTTPConnection) -> None:
        origin, _ = self._since.pop(connection)
        same_origin = self._by_origin[origin]
        same_origin.remove(connection)
        if not same_origin:
            del self._by_origin[origin]


_NETWORK_ERRORS = (
    httpcore.NetworkError,
    httpcore.RemoteProtocolError,
    httpcore.TimeoutException,
)


def _reason_of(error: Exception) -> Reason:
    if isinstance(error, httpcore.ConnectTimeout):
        return Reason.CONNECT_TIMEOUT
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Reason.TLS_FAILED
    if isinstance(error, httpcore.ConnectError):
        return Reason.CONNECT_FAILED
    if isinstance(error, httpcore.TimeoutException):
        return Reason.TIMEOUT
    if isinstance(error, httpcore.RemoteProtocolError) and "disconnected" not in str(error):
        return Reason.NOT_HTTP
    return Reason.CONNECTION_BROKEN
