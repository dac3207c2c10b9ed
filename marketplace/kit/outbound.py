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
answer.  This is built on aiohttp, whose redirects, proxies, cookies and decompression are switched
off: at 64 connections a post costs it a third of what httpcore takes (decision 0039).
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Final, Self

import aiohttp
import certifi
from aiohttp.client_reqrep import ClientResponse
from aiohttp.connector import Connection
from yarl import URL

from marketplace.kit import addresses
from marketplace.kit.addresses import Objection, Target
from marketplace.kit.dialling import (
    CheckedConnector,
    DialError,
    Reason,
    Resolver,
    system_resolver,
)

HEADERS_KEPT = ("content-type", "location", "retry-after", "server")
HEADER_LENGTH_KEPT = 200
READ_AHEAD_BYTES_MAX: Final = 65_536
GOALS_KEPT: Final = 1_024
"""URLs that were taken apart and are remembered."""
_OURS: Final = frozenset(
    {"host", "content-length", "user-agent", "accept", "accept-encoding", "transfer-encoding"}
    | {"connection", "upgrade", "expect", "te"}
)
"""They decide where a message goes or where it ends: no caller does."""
_CEILING_SECONDS: Final = 1e6
"""Above this aiohttp would round a deadline up to a whole second."""
READ_BYTES_MOST: Final = 4 * 1024 * 1024
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
    exchanges: int = 0
    """Posts that were not refused for their URL."""
    connected: int = 0
    """Exchanges that found no connection at rest."""

    @property
    def reused(self) -> int:
        """How many exchanges took a connection that was at rest."""
        return self.exchanges - self.connected

    def dialled(self) -> None:
        """Count a new connection."""
        self.connected += 1


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
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        # Of its own, so that a policy need not be hashed with every post.
        self._goal_of = lru_cache(maxsize=GOALS_KEPT)(partial(_goal_of, reach=self.policy.reach))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up every connection at rest."""
        if self._session is not None:
            await self._session.close()
            self._session = None

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
                goal = self._goal_of(url)
                if isinstance(goal, Objection):
                    raise DialError(Reason.TARGET_REFUSED, goal)
                await self._exchange(goal, headers, body, hearing)
        except aiohttp.ConnectionTimeoutError:
            failure = DialError(Reason.CONNECT_TIMEOUT)
        except TimeoutError:
            failure = DialError(Reason.TIMEOUT)
        except DialError as failed:
            failure = failed
        except (aiohttp.ClientError, OSError) as error:
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

    async def _exchange(
        self, goal: "_Goal", headers: Mapping[str, str], body: bytes, hearing: "_Hearing"
    ) -> None:
        session = self._session or self._open()
        self.tally.exchanges += 1
        response = await session.request(
            "POST",
            goal.url,
            # Host and length are the client's to say, out of what was checked and what is sent.
            headers={name: headers[name] for name in headers if name.lower() not in _OURS},
            data=body,
            allow_redirects=False,
            ssl=self._trusted() if goal.target.scheme == "https" else True,
        )
        assert isinstance(response, _Response)
        try:
            await hearing.listen(response, self.policy)
        finally:
            # Whoever has heard the end has given the connection back already.
            response.close()

    def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            # Not the environment's certificates: SSL_CERT_FILE must not decide whom we trust.
            self._tls = ssl.create_default_context(cafile=certifi.where())
        return self._tls

    def _open(self) -> aiohttp.ClientSession:
        policy = self.policy
        self._session = aiohttp.ClientSession(
            connector=CheckedConnector(
                policy.reach,
                self._resolver,
                idle_seconds=policy.idle_seconds,
                idle_max=policy.idle_max,
                on_dial=self.tally.dialled,
            ),
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "user-agent": policy.user_agent,
                "accept": "*/*",
                "accept-encoding": "identity",
            },
            skip_auto_headers=("content-type",),
            timeout=aiohttp.ClientTimeout(
                total=None, connect=policy.connect_seconds, ceil_threshold=_CEILING_SECONDS
            ),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=min(policy.read_bytes_max, READ_AHEAD_BYTES_MAX),
        )
        return self._session


@dataclass(frozen=True, slots=True)
class _Goal:
    """A URL that may be dialled, taken apart once for all posts that go there."""

    target: Target
    url: URL


def _goal_of(url: str, *, reach: addresses.Policy) -> _Goal | Objection:
    """Judge the text of a URL, which says the same each time; its addresses are judged later."""
    target = addresses.target_of(url, reach)
    if isinstance(target, Objection):
        return target
    built = URL.build(
        scheme=target.scheme,
        authority=target.authority,
        path="/",
        encoded=True,
    )
    # As it was written, byte for byte: a path that is encoded anew may name something else.
    return _Goal(target, URL(f"{built.origin()}{target.path}", encoded=True))


class _Response(ClientResponse):
    """An answer that remembers where it came from: at its end the connection is given back."""

    address = ""

    async def start(self, connection: Connection) -> ClientResponse:
        """Note the address, then read the head."""
        if connection.transport is not None:
            self.address = str((connection.transport.get_extra_info("peername") or ("",))[0])
        return await super().start(connection)


@dataclass(slots=True)
class _Hearing:
    """What has been heard so far; it outlives a deadline that strikes in the middle of the body."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    address: str = ""

    async def listen(self, response: _Response, policy: OutboundPolicy) -> None:
        """Take in the head and as much of the body as is wanted; then the connection is free."""
        self.address = response.address
        for name in HEADERS_KEPT:
            value = response.headers.get(name)
            if value is not None:
                self.headers[name] = _as_latin(value)[:HEADER_LENGTH_KEPT]
        self.status = response.status
        if response.content.at_eof():
            return
        async for chunk in response.content.iter_any():
            self.body += chunk
            if len(self.body) > policy.read_bytes_max:
                break

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


def _as_latin(value: str) -> str:
    """Read a header as HTTP writes it; aiohttp leaves bytes that are not UTF-8 as surrogates."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")


def _reason_of(error: Exception) -> Reason:
    match error:
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return Reason.TLS_FAILED
        case aiohttp.ClientConnectorError():
            return Reason.CONNECT_FAILED
        case aiohttp.ClientResponseError():
            return Reason.NOT_HTTP
        case _:
            return Reason.CONNECTION_BROKEN
