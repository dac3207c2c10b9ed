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
answer.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final, Self

import certifi

from marketplace.kit import addresses, dialling
from marketplace.kit.addresses import Objection, Target
from marketplace.kit.dialling import Resolver, system_resolver
from marketplace.kit.exchange import DialError, Hearing, Line, Reason, Rest

GOALS_KEPT: Final = 1_024
"""URLs that were taken apart and are remembered."""
_OURS: Final = frozenset(
    {"host", "content-length", "user-agent", "accept", "accept-encoding", "transfer-encoding"}
    | {"connection", "upgrade", "expect", "te"}
)
"""They decide where a message goes or where it ends: no caller does."""
_HEADERS: Final = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e]*\r\n)*", re.ASCII)
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
    """Lower-case names; only those in `exchange.HEADERS_KEPT`, each cut to 200 characters."""
    body: bytes
    """Its beginning, as much as the policy keeps."""
    truncated: bool
    """The body was longer than is kept, or still coming at the deadline."""
    cut_off: bool
    """It was longer than is read, or still coming: we hung up, and the next post dials anew."""
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
        policy = self.policy
        self._rest = Rest(seconds=policy.idle_seconds, lines_max=policy.idle_max)
        self._lines: set[Line] = set()
        # Of its own, so that a policy need not be hashed with every post.
        self._goal_of = lru_cache(maxsize=GOALS_KEPT)(partial(_goal_of, policy=policy))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up every connection; who still waits for an answer hears that it is broken."""
        self._rest.close()
        for line in self._lines:
            line.hang_up()
        # They hear of it in the next turn of the loop, and over TLS in the one after.
        for _ in range(2):
            await asyncio.sleep(0)

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
        Refuses  nothing by raising: a refused target is an Unanswered with its objection.  Headers
                 that are none are a mistake of the caller, a ValueError.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        self.tally.posts += 1
        goal = self._goal_of(url)
        if isinstance(goal, Objection):
            self.tally.refused += 1
            return Unanswered(reason=Reason.TARGET_REFUSED, objection=goal, duration_ms=0)
        question = _question(goal, headers, body)
        hearing = Hearing(loop.create_future(), self.policy.read_bytes_max)
        seconds = self.policy.total_seconds if timeout is None else timeout
        try:
            address = await self._exchange(goal, question, hearing, started, seconds)
        except DialError as failed:
            hearing.end()
            self.tally.refused += failed.reason is Reason.TARGET_REFUSED
            return _unanswered(failed, _since(started, loop))
        if hearing.status is None:
            assert hearing.failure is not None, "a hearing ends with a status or with a failure"
            return _unanswered(hearing.failure, _since(started, loop))
        # The head is the answer: a body that broke off or dribbles takes nothing of it back.
        self.tally.answered += 1
        kept, read = self.policy.kept_bytes, self.policy.read_bytes_max
        return Answer(
            status=hearing.status,
            headers=hearing.headers,
            body=bytes(hearing.body[:kept]),
            truncated=hearing.failure is not None or len(hearing.body) > kept,
            cut_off=hearing.failure is not None or len(hearing.body) > read,
            address=address,
            duration_ms=_since(started, loop),
        )

    async def _exchange(
        self, goal: "_Goal", question: bytes, hearing: Hearing, started: float, seconds: float
    ) -> str:
        """Ask and hear, over a connection at rest or a new one; say which address answered."""
        self.tally.exchanges += 1
        line = self._rest.take(goal.place) or await self._connected(goal, seconds)
        deadline = asyncio.get_running_loop().call_at(
            started + seconds, hearing.end, Reason.TIMEOUT
        )
        try:
            line.ask(question, hearing)
            await hearing.over
        finally:
            deadline.cancel()
            if line.finish():
                self._rest.put(goal.place, line)
            else:
                line.hang_up()
        return line.address

    async def _connected(self, goal: "_Goal", seconds: float) -> Line:
        self.tally.connected += 1
        brief = min(self.policy.connect_seconds, seconds)
        line = Line(self._lost)
        try:
            async with asyncio.timeout(brief):
                await dialling.connect(
                    goal.target,
                    line,
                    policy=self.policy.reach,
                    resolver=self._resolver,
                    tls=self._trusted() if goal.target.scheme == "https" else None,
                    read_bytes_max=self.policy.read_bytes_max,
                )
        except TimeoutError as late:
            raise DialError(Reason.CONNECT_TIMEOUT if brief < seconds else Reason.TIMEOUT) from late
        self._lines.add(line)
        return line

    def _lost(self, line: Line) -> None:
        self._lines.discard(line)
        self._rest.forget(line)

    def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            # Not the environment's certificates: SSL_CERT_FILE must not decide whom we trust.
            self._tls = ssl.create_default_context(cafile=certifi.where())
        return self._tls


@dataclass(frozen=True, slots=True)
class _Goal:
    """A URL that may be dialled, taken apart once for all posts that go there."""

    target: Target
    place: tuple[str, str, int]
    """Which connections lead there."""
    head: str
    """How every question to it begins."""


def _goal_of(url: str, *, policy: OutboundPolicy) -> _Goal | Objection:
    """Judge the text of a URL, which says the same each time; its addresses are judged later."""
    target = addresses.target_of(url, policy.reach)
    if isinstance(target, Objection):
        return target
    # The path as it was written, byte for byte: encoded anew it may name something else.
    head = (
        f"POST {target.path} HTTP/1.1\r\nhost: {target.authority}\r\n"
        f"user-agent: {policy.user_agent}\r\naccept: */*\r\naccept-encoding: identity\r\n"
    )
    return _Goal(target, (target.scheme, target.host, target.port), head)


def _question(goal: _Goal, headers: Mapping[str, str], body: bytes) -> bytes:
    """Write the whole of a request.  Refuses  ValueError, for what would be another request."""
    # Host and length are the client's to say, out of what was checked and what is sent.
    lines = [f"{name}: {headers[name]}\r\n" for name in headers if name.lower() not in _OURS]
    said = "".join(lines)
    # Each of them one line: a value that breaks its own would be a header of somebody else's.
    if not _HEADERS.fullmatch(said) or said.count("\n") != len(lines):
        raise ValueError("a header must be one line of printable ASCII")
    return f"{goal.head}{said}content-length: {len(body)}\r\n\r\n".encode("ascii") + body


def _unanswered(failed: DialError, duration_ms: int) -> Unanswered:
    return Unanswered(
        reason=failed.reason,
        objection=failed.objection,
        detail=failed.detail,
        duration_ms=duration_ms,
    )


def _since(started: float, loop: asyncio.AbstractEventLoop) -> int:
    return round((loop.time() - started) * 1000)
