"""The porter: turns a bearer key into an `Actor`, or says that it opens nothing."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from marketplace.identity.errors import CredentialRefused
from marketplace.identity.queries import keys
from marketplace.identity.rules.access import NOBODY, Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database

KEY_LENGTH_MAX = 200


class Porter(ASGIMiddleware):
    """Finds out who is asking before the handler runs; never decides what they may do."""

    def __init__(self, database: Callable[[], Database], clock: Callable[[], Clock]) -> None:
        self.database = database
        self.clock = clock

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the actor into the scope.  A wrong key is refused even where none is needed."""
        scope["user"] = NOBODY
        scope["auth"] = None
        scope["user"] = await self._actor(ASGIConnection(scope))
        await next_app(scope, receive, send)

    async def _actor(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Actor:
        header = connection.headers.get("authorization")
        if header is None:
            return NOBODY
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or len(key) > KEY_LENGTH_MAX:
            raise CredentialRefused()
        async with self.database().reading() as session:
            return await keys.actor_of_key(session, key.strip(), now=self.clock().now())
