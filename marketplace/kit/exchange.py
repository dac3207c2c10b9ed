"""One question over one connection, and the answer to it: HTTP/1.1 as a wary client speaks it.

What the other side says is parsed by llhttp, through httptools.  What is ours is what a client has
to decide: when an answer is complete, how much of it is read, and whether the connection may serve
again.  It may where the answer ended by its own framing, nothing came behind it, and all of the
question was taken.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from marketplace.kit.addresses import Objection

HEADERS_KEPT: Final[Mapping[bytes, str]] = {
    name.encode(): name for name in ("content-type", "location", "retry-after", "server")
}
"""What is handed to the caller: by the name on the wire, in lower case."""
HEADER_LENGTH_KEPT: Final = 200
IDLE_BYTES_MAX: Final = 65_536
"""So much may come without one byte of a body: a head, or what is said beside the chunks."""
INTERIM_MAX: Final = 8
"""So many times a server may say that it has not finished."""
SWITCHING: Final = 101
"""The one interim status behind which no other answer comes."""
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


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
    """Says why there is no answer; `kit.outbound` turns it into a value."""

    def __init__(
        self, reason: Reason, objection: Objection | None = None, detail: str = ""
    ) -> None:
        super().__init__(reason)
        self.reason, self.objection, self.detail = reason, objection, detail


class _Enough(Exception):
    """Stops the parser: nothing of what follows is wanted."""


class Hearing:
    """What has been heard of one answer; it outlives a deadline that strikes within the body."""

    __slots__ = (
        *("status", "headers", "body", "failure", "is_reusable", "over"),
        *("_parser", "_bytes_max", "_idle_bytes", "_begun", "_is_framed"),
    )

    def __init__(self, over: asyncio.Future[None], read_bytes_max: int) -> None:
        self.over = over
        """Done when nothing more is to be heard, for better or worse."""
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.failure: DialError | None = None
        """Why the answer is not complete."""
        self.is_reusable = False
        self._bytes_max = read_bytes_max
        self._idle_bytes = self._begun = 0
        self._is_framed = False
        """The head says where the body ends; otherwise the end of the connection does."""
        self._parser: Any = HttpResponseParser(self)
        # As other clients read what servers that are old write; neither moves the end of a body.
        self._parser.set_dangerous_leniencies(
            lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def feed(self, data: bytes) -> None:
        """Take in what came."""
        parser = self._parser
        if parser is None:
            self.is_reusable = False
            return
        self._idle_bytes += len(data)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as broken:
            self.is_reusable = False
            self.end(Reason.NOT_HTTP, f"{type(broken).__name__}: {broken}"[:200])
        if self._idle_bytes > IDLE_BYTES_MAX:
            self.end(Reason.NOT_HTTP, "more head than any answer has")

    def lost(self, error: Exception | None) -> None:
        """Hear that the connection has ended, which may be the end of the answer."""
        if self.status is not None and not self._is_framed and error is None:
            self.end()
        else:
            self.end(Reason.CONNECTION_BROKEN, f"{error or 'the server hung up'}"[:200])

    def end(self, reason: Reason | None = None, detail: str = "") -> None:
        """Hear no more; only the first end counts."""
        if self._parser is None:
            return
        self._parser = None  # which holds this, as this holds it
        if reason is not None:
            self.failure = DialError(reason, detail=detail)
        if not self.over.done():
            self.over.set_result(None)

    def on_message_begin(self) -> None:
        """Hear another head begin."""
        self._begun += 1
        if self._parser is None or self._begun > INTERIM_MAX:
            self.is_reusable = False
            raise _Enough

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep what is wanted; what comes behind the body is not."""
        if self.status is not None:
            return
        lower = name.lower()
        if lower in HEADERS_KEPT:
            text = value.decode("latin-1")
            self.headers.setdefault(HEADERS_KEPT[lower], text[:HEADER_LENGTH_KEPT])
        elif lower in _FRAMING:
            self._is_framed = True

    def on_headers_complete(self) -> None:
        """Have the status, unless it only says that there will be one."""
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != SWITCHING:
            self.headers.clear()
            self._is_framed = False
        else:
            self.status = status

    def on_body(self, data: bytes) -> None:
        """Take in a piece of the body, up to the most that is read."""
        self._idle_bytes = 0
        # One byte beyond what is read says that there was more.
        self.body += data[: self._bytes_max + 1 - len(self.body)]
        if len(self.body) > self._bytes_max:
            self.end()
            raise _Enough

    def on_message_complete(self) -> None:
        """Be done, unless this was no answer yet."""
        if self.status is not None and self._parser is not None:
            self.is_reusable = self.status != SWITCHING and self._parser.should_keep_alive()
            self.end()


class Line(asyncio.Protocol):
    """One connection.  It hangs up on whoever speaks unasked."""

    def __init__(self, on_lost: Callable[["Line"], None]) -> None:
        self.address = ""
        self._on_lost = on_lost
        self._hearing: Hearing | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether something can be said."""
        return not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note who is there."""
        # uvloop's transports are not of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self.address = str((transport.get_extra_info("peername") or ("",))[0])

    def data_received(self, data: bytes) -> None:
        """Let whoever asked hear it."""
        if self._hearing is None:
            self.hang_up()
        else:
            self._hearing.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever asked, or whoever keeps connections at rest."""
        if self._hearing is not None:
            self._hearing.lost(exc)
        self._on_lost(self)

    def ask(self, question: bytes, hearing: Hearing) -> None:
        """Send a question; what comes back is heard by `hearing`."""
        self._hearing = hearing
        if self.is_open:
            self._transport.write(question)
        else:
            hearing.lost(None)

    def finish(self) -> bool:
        """Hear no more of an answer; tell whether another question may be asked."""
        hearing, self._hearing = self._hearing, None
        return (
            hearing is not None
            and hearing.is_reusable
            and self.is_open
            and self._transport.get_write_buffer_size() == 0
        )

    def hang_up(self) -> None:
        """Close at once, whatever was not sent or read."""
        self._transport.abort()


class Rest:
    """Connections that may serve again, for a while and up to a number; the oldest leaves first."""

    def __init__(self, *, seconds: float, lines_max: int) -> None:
        self._seconds, self._lines_max = seconds, lines_max
        self._since: dict[Line, float] = {}
        """In the order in which they came to rest."""
        self._places: dict[Line, Any] = {}
        self._at: dict[Any, dict[Line, None]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def take(self, place: Any) -> Line | None:
        """Find the connection to a place that came to rest last."""
        since = asyncio.get_running_loop().time() - self._seconds
        while lines := self._at.get(place):
            line = next(reversed(lines))
            rested = self._since[line]
            self.forget(line)
            if rested >= since and line.is_open:
                return line
            line.hang_up()
        return None

    def put(self, place: Any, line: Line) -> None:
        """Let a connection rest."""
        loop = asyncio.get_running_loop()
        self._since[line], self._places[line] = loop.time(), place
        self._at.setdefault(place, {})[line] = None
        if len(self._since) > self._lines_max:
            self._dismiss(next(iter(self._since)))
        if self._sweep is None:
            self._sweep = loop.call_later(self._seconds, self._dismiss_tired)

    def forget(self, line: Line) -> None:
        """Keep a connection no longer, if it was kept."""
        if line in self._since:
            del self._since[line]
            place = self._places.pop(line)
            del self._at[place][line]
            if not self._at[place]:
                del self._at[place]

    def close(self) -> None:
        """Hang up all of them."""
        while self._since:
            self._dismiss(next(iter(self._since)))
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None

    def _dismiss(self, line: Line) -> None:
        self.forget(line)
        line.hang_up()

    def _dismiss_tired(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        while self._since:
            line, since = next(iter(self._since.items()))
            if since + self._seconds > loop.time():
                self._sweep = loop.call_at(since + self._seconds, self._dismiss_tired)
                return
            self._dismiss(line)
