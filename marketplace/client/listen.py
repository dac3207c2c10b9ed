"""A webhook receiver for development: checks signatures, sorts out duplicates, can fail on purpose.

It shows in one short file what a real receiver must do: verify the raw bytes before reading them,
answer quickly, remember the `webhook-id` because every message may come more than once, and expect
the order of arrival to differ from the order of events.  It verifies with the published
`standardwebhooks` library, so it also proves that any other receiver can.
"""

import asyncio
import contextlib
import json
import secrets
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 1_048_576
REMEMBERED_MAX = 10_000


class Outcome(StrEnum):
    """Names what the receiver made of one request."""

    ACCEPTED = "accepted"
    """A new message with a valid signature."""
    DUPLICATE = "duplicate"
    """A message that was accepted before; answered like the first time, and not acted upon."""
    REFUSED_ON_PURPOSE = "refused_on_purpose"
    """Failed to see that it comes again; it is not remembered as accepted."""
    BAD_SIGNATURE = "bad_signature"
    """Not signed with our secret, or too old."""
    NOT_A_WEBHOOK = "not_a_webhook"
    """Not a POST, too large, or not JSON although it is signed."""


STATUS = {
    Outcome.ACCEPTED: 204,
    Outcome.DUPLICATE: 204,
    Outcome.BAD_SIGNATURE: 401,
    Outcome.NOT_A_WEBHOOK: 400,
}

NAME_ZH = {
    Outcome.ACCEPTED: "收到",
    Outcome.DUPLICATE: "重复",
    Outcome.REFUSED_ON_PURPOSE: "故意拒收",
    Outcome.BAD_SIGNATURE: "签名无效",
    Outcome.NOT_A_WEBHOOK: "不是推送",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """How a receiver fails on purpose; forged messages are refused before any of it."""

    first: bool = False
    """The first attempt of every message is refused."""
    every: bool = False
    """Every attempt is refused."""
    rate: float = 0.0
    """This share of attempts is refused, 0 to 1."""
    status: int = 503
    """What is then answered."""
    slow_seconds: float = 0.0
    """How long each answer is held back; the message has been taken by then."""

    def strikes(self, attempt: int, draw: Callable[[], float]) -> bool:
        """Decide whether an attempt is refused."""
        return self.every or (self.first and attempt == 1) or draw() < self.rate


HONEST = Mischief()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as the receiver saw it."""

    outcome: Outcome
    message_id: str
    attempt: int
    """1 for the first request with this message id that had a valid signature; 0 without one."""
    event: dict[str, Any]
    """The CloudEvents envelope; empty unless the signature is valid."""

    @property
    def line(self) -> str:
        """One line for a terminal: outcome, type, subject and sequence, attempt, message id."""
        said = self.event.get("type", "-"), self.event.get("subject", "-")
        sequence = self.event.get("sequence", "-")
        outcome = f"{NAME_ZH[self.outcome]} {self.outcome.value}"
        words = (outcome, *said, f"#{sequence}", f"attempt {self.attempt}", self.message_id or "-")
        # What comes over the network must not be able to draw on our terminal.
        line = " ".join(map(str, words))
        return "".join(char if char.isprintable() else "?" for char in line)


class Receiver:
    """An ASGI application that takes webhooks on every path."""

    def __init__(
        self,
        secret: str,
        *,
        mischief: Mischief,
        draw: Callable[[], float],
        on_event: Callable[[Received], None],
        on_answered: Callable[[Received], None],
    ) -> None:
        self._webhook = Webhook(secret)
        self._mischief = mischief
        self._draw = draw
        self._on_event = on_event
        self._on_answered = on_answered
        self._attempts: OrderedDict[str, int] = OrderedDict()
        self._accepted: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"only http is served here, not {scope['type']}")
        body = await _body_of(receive)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        received = self._judge(scope["method"], headers, body)
        self._on_event(received)
        if self._mischief.slow_seconds:
            await asyncio.sleep(self._mischief.slow_seconds)
        status = STATUS.get(received.outcome, self._mischief.status)
        await _answer(send, received.outcome, status)
        self._on_answered(received)

    def _judge(self, method: str, headers: dict[str, str], body: bytes | None) -> Received:
        message_id = headers.get("webhook-id", "")
        if method != "POST" or body is None:
            return _nothing(Outcome.NOT_A_WEBHOOK, message_id)
        try:
            # On the raw bytes, before anything is read from them.
            self._webhook.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            # standardwebhooks 1.1.0 lets a ValueError out for a signature of an odd shape.
            return _nothing(Outcome.BAD_SIGNATURE, message_id)
        try:
            event = json.loads(body)
        except ValueError:
            return _nothing(Outcome.NOT_A_WEBHOOK, message_id)
        if not isinstance(event, dict):
            return _nothing(Outcome.NOT_A_WEBHOOK, message_id)
        attempt = self._attempts.get(message_id, 0) + 1
        _remember(self._attempts, message_id, attempt)
        outcome = self._outcome_of(message_id, attempt)
        return Received(outcome=outcome, message_id=message_id, attempt=attempt, event=event)

    def _outcome_of(self, message_id: str, attempt: int) -> Outcome:
        if message_id in self._accepted:
            return Outcome.DUPLICATE
        if self._mischief.strikes(attempt, self._draw):
            return Outcome.REFUSED_ON_PURPOSE
        _remember(self._accepted, message_id, None)
        return Outcome.ACCEPTED


def _ignore(received: Received) -> None:
    """Take no notice."""


def create_receiver(
    secret: str,
    *,
    mischief: Mischief = HONEST,
    draw: Callable[[], float] = secrets.SystemRandom().random,
    on_event: Callable[[Received], None] = _ignore,
    on_answered: Callable[[Received], None] = _ignore,
) -> Receiver:
    """Make a receiver for one endpoint's secret.

    Shape    `on_event` is called for every request, also for duplicates and refused ones: look at
             `outcome`; `on_answered` when its answer has left.
    Units    `draw` is uniform in [0, 1) and decides which attempts a rate of mischief strikes.
    """
    return Receiver(
        secret, mischief=mischief, draw=draw, on_event=on_event, on_answered=on_answered
    )


@contextlib.asynccontextmanager
async def serve_receiver(
    receiver: Application, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve a receiver in this event loop until the block ends; yields its URL.

    Port 0 takes a free one.  Signals stay with the program that is already running.
    """
    listening = socket.create_server((host, port))
    bound = listening.getsockname()[1]
    config = uvicorn.Config(
        receiver,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        http="h11",
        timeout_graceful_shutdown=1,
    )
    server = _Embedded(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:
            if serving.done():
                await serving
                raise RuntimeError("the receiver stopped before it started")
            await asyncio.sleep(0.01)
        yield f"http://{host}:{bound}/"
    finally:
        server.should_exit = True
        await serving
        listening.close()


class _Embedded(uvicorn.Server):
    """A server inside somebody else's program: it leaves the signal handlers alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _nothing(outcome: Outcome, message_id: str) -> Received:
    return Received(outcome=outcome, message_id=message_id[:128], attempt=0, event={})


def _remember(memory: OrderedDict[str, Any], key: str, value: object) -> None:
    memory[key] = value
    memory.move_to_end(key)
    while len(memory) > REMEMBERED_MAX:
        memory.popitem(last=False)


async def _body_of(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than a webhook may be or was broken off."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _answer(send: Send, outcome: Outcome, status: int) -> None:
    body = b"" if status == 204 else outcome.value.encode("ascii") + b"\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8")] if body else []
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
