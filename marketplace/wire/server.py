"""The server in front of the app: uvicorn, with a bound on what a request's head may be and take.

uvicorn's fast parser takes heads of any size and waits for them for ever; it limits idle
connections only.  Both are limited here, before anything of the app has been called.
"""

import asyncio
from typing import Any, Final

import uvicorn
from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from marketplace.settings import Settings

URL_BYTES_MAX: Final = 8_192
HEADERS_MAX: Final = 100
HEAD_BYTES_MAX: Final = 32_768
GRACE_SECONDS: Final = 10

STATUS_LINES: Final = {
    400: b"HTTP/1.1 400 Bad Request\r\n",
    408: b"HTTP/1.1 408 Request Timeout\r\n",
    414: b"HTTP/1.1 414 URI Too Long\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
}


class BoundedHttp(HttpToolsProtocol):
    """One connection, whose requests have heads of bounded size that arrive in bounded time."""

    head_seconds_max: float = 15

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._head_bytes = 0
        """What arrived of a head that is not complete."""
        self._began = False
        self._refused = 400
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, and judge what is still incomplete."""
        self._began = False
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        # Where a request began or ended in these bytes, how many belong to the next is not known.
        self._head_bytes = 0 if self._began else self._head_bytes + len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refused = 431
            self.send_400_response("")
        elif self.cycle is None or self.cycle.response_complete:
            self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header, unless there are too many; the parser passes the refusal on."""
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX:
            self._refused = 431
            raise ValueError("too many headers")

    def on_headers_complete(self) -> None:
        """Begin the request, if its head is of the size of a head."""
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if len(self.url) > URL_BYTES_MAX or size > HEAD_BYTES_MAX:
            self._refused = 414 if len(self.url) > URL_BYTES_MAX else 431
            raise ValueError("the head is too large")
        self._head_arrived()
        self._in_head, self._began = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go back to waiting for a head, once there is something to wait for."""
        super().on_message_complete()
        # The bytes that ended this request held its body: they are no part of the next head.
        self._in_head, self._began = True, True

    def on_response_complete(self) -> None:
        """Hang up on whoever was answered before they had sent everything: nobody will read it."""
        if not self._in_head:
            self.transport.close()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer a head that is refused, and close the connection."""
        self._head_arrived()
        head = (
            b"content-type: text/plain; charset=utf-8\r\n"
            b"x-content-type-options: nosniff\r\n"
            b"cache-control: no-store\r\n"
            b"content-length: 0\r\n"
            b"connection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINES[self._refused] + head)
        self.transport.close()

    def _wait_for_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds_max, self._too_late)

    def _head_arrived(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refused = 408
            self.send_400_response("")


def server_config(
    app: Litestar, settings: Settings, *, host: str | None = None, port: int | None = None
) -> uvicorn.Config:
    """Describe how the app is served.

    Without trusted proxies what a caller says of its own address is not even read.
    """
    proxies = [one for part in settings.trusted_proxies.split(",") if (one := part.strip())]

    class Http(BoundedHttp):
        head_seconds_max = settings.head_seconds_max

    return uvicorn.Config(
        app,
        host=host or settings.host,
        port=settings.port if port is None else port,
        http=Http,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
