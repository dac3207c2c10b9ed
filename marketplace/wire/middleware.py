"""What happens around every request: an id, security headers, one log line, a body in time."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import ClientException, HTTPException, InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.wire.counting import Counted
from marketplace.wire.headers import POLICY_STATE

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_log = structlog.get_logger("jiebang.request")


class CanonicalLine:
    """Gives each request an id, adds the security headers, writes one line when it is done, counts.

    It stands around the whole app, not around its routes: also what no route takes is answered.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str], counted: Counted) -> None:
        self.app = app
        self.headers = headers
        self.counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        # Servers write plain text here: compared by value, because it is never the enum's member.
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = _accepted_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        seen: dict[str, Any] = {"status": 500}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                headers = MutableScopeHeaders(message)
                headers["X-Request-Id"] = request_id
                policy = (scope.get("state") or {}).get(POLICY_STATE)
                if policy is not None:
                    headers.setdefault("Content-Security-Policy", policy)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, watch)
        finally:
            self._line(scope, seen["status"], started)
            structlog.contextvars.clear_contextvars()

    def _line(self, scope: Scope, status: int, started: float) -> None:
        state = scope.get("state") or {}
        bug = state.get("bug")
        seconds = time.perf_counter() - started
        self.counted.note(status, seconds)
        actor = scope.get("user")
        line = _log.error if bug else _log.info
        line(
            "request",
            method=scope.get("method"),
            # An address that no route has may hold whatever was typed there, a secret too.
            path=scope.get("path") if scope.get("route_handler") else None,
            status=status,
            problem=state.get("problem_code"),
            actor=getattr(actor, "kind", None),
            ms=round(seconds * 1000, 1),
            exc_info=bug,
        )


def _accepted_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(text := value.decode("latin-1")):
            return text
    return uuid4().hex


class WholeBody(ASGIMiddleware):
    """Reads a body before anything is opened for it, and waits for it only so long.

    A handler that reads it late holds its transaction meanwhile; on SQLite nobody else could write
    until a slow caller has finished.  Files are not held in memory: their handlers stream them,
    and the time is limited all the same.
    """

    def __init__(self, seconds_max: int) -> None:
        self.seconds_max = seconds_max

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Read the body of one request, unless it is a file."""
        punctual, handler = self._punctual(receive), scope["route_handler"]
        assert isinstance(handler, HTTPRouteHandler), "there are no others in this house"
        if handler.resolve_request_max_body_size() is not None:
            request = scope["litestar_app"].request_class(scope, punctual, send)
            try:
                # Litestar remembers it with the request, and every later reader is given it.
                await request.body()
            except InternalServerException as gone:
                raise ClientException("the body was broken off") from gone
        await next_app(scope, punctual, send)

    def _punctual(self, receive: Receive) -> Receive:
        """Give the messages of the body until its time is up; what comes after has all the time."""
        arriving, until = True, asyncio.get_running_loop().time() + self.seconds_max

        async def next_message() -> Any:
            nonlocal arriving
            if not arriving:
                return await receive()
            try:
                async with asyncio.timeout_at(until):
                    message = await receive()
            except TimeoutError as late:
                raise HTTPException(status_code=408, headers={"Connection": "close"}) from late
            arriving = message["type"] == "http.request" and message.get("more_body", False)
            return message

        return next_message
