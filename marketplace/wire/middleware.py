"""What happens around every request: an id, a size limit, security headers, one log line."""

import re
import time
from typing import Any
from uuid import uuid4

import structlog
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_log = structlog.get_logger("jiebang.request")

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class CanonicalLine:
    """Gives each request an id, adds the security headers, and writes one line when it is done."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        # Servers write plain text here: compared by value, because it is never the enum's member.
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = _accepted_id(scope)
        started = time.perf_counter()
        seen: dict[str, Any] = {"status": 500}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                headers = MutableScopeHeaders(message)
                headers["X-Request-Id"] = request_id
                for name, value in SECURITY_HEADERS.items():
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
        actor = scope.get("user")
        line = _log.error if bug else _log.info
        line(
            "request",
            method=scope.get("method"),
            path=scope.get("path"),
            status=status,
            problem=state.get("problem_code"),
            actor=getattr(actor, "kind", None),
            ms=round((time.perf_counter() - started) * 1000, 1),
            exc_info=bug,
        )


def _accepted_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(text := value.decode("latin-1")):
            return text
    return uuid4().hex
