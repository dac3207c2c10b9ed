"""The porter: turns a bearer key or a session's cookie into an `Actor`, or says that it opens
nothing.

A key wins over a cookie: whoever can send one is no page of somebody else's.  A request that a
cookie speaks for must prove that it comes from our own page, unless it only reads; this happens
before the handler and before any stored answer, so a repeat cannot go around it.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final, Protocol

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.identity.errors.keys import CredentialRefused
from marketplace.identity.errors.sign_in import CrossSiteRefused, SessionEnded
from marketplace.identity.queries import keys
from marketplace.identity.queries import sessions as queries
from marketplace.identity.rules import sessions
from marketplace.identity.rules.access import NOBODY, Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.notebook import Notebook
from marketplace.kit.secrets import Keeper
from marketplace.settings import Settings
from marketplace.wire.cookies import cookie, cookie_name, no_cookie

KEY_LENGTH_MAX = 200
COOKIE: Final = "jiebang"
CSRF_HEADER: Final = "x-csrf-token"
CSRF_PURPOSE: Final = "csrf"
SIGN_IN_DOOR: Final = {"sign_in_door": True}
"""Option of handlers through which people come in: there a cookie that opens nothing is no error,
and there is no session yet whose proof could be asked for."""


class _Lodge(Protocol):
    """What the porter works with."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def keeper(self) -> Keeper: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def key_uses(self) -> Notebook: ...
    @property
    def session_uses(self) -> Notebook: ...


Connection = ASGIConnection[Any, Any, Any, Any]


class Porter(ASGIMiddleware):
    """Finds out who is asking before the handler runs; never decides what they may do."""

    def __init__(self, lodge: Callable[[], _Lodge]) -> None:
        self.lodge = lodge

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Put the actor into the scope.  A wrong key is refused even where none is needed."""
        scope["user"] = NOBODY
        scope["auth"] = None
        connection: Connection = ASGIConnection(scope)
        lodge = self.lodge()
        actor = await _who(lodge, connection)
        if actor is None:
            send = _clearing(lodge.settings, send)
        scope["user"] = actor or NOBODY
        # What they proved it with: some answers are kept for whoever shows the same again.
        scope["auth"] = _credential(lodge, connection)
        await next_app(scope, receive, send)


async def recognise(lodge: _Lodge, connection: Connection) -> Actor:
    """Find out once more who is asking, for an answer that goes on for long."""
    return await _who(lodge, connection) or NOBODY


async def _who(lodge: _Lodge, connection: Connection) -> Actor | None:
    if "authorization" in connection.headers:
        return await _bearer(lodge, connection)
    return await _visitor(lodge, connection)


def _credential(lodge: _Lodge, connection: Connection) -> str | None:
    if "authorization" in connection.headers:
        return connection.headers["authorization"].partition(" ")[2].strip()
    return session_token(connection, lodge.settings)


async def _bearer(lodge: _Lodge, connection: Connection) -> Actor:
    scheme, _, key = connection.headers["authorization"].partition(" ")
    if scheme.lower() != "bearer" or len(key) > KEY_LENGTH_MAX:
        raise CredentialRefused()
    now = lodge.clock.now()
    async with lodge.database.glancing() as session:
        actor = await keys.actor_of_key(session, key.strip(), now=now)
    if actor.key_id is not None:
        lodge.key_uses.note(actor.key_id, now)
    return actor


async def _visitor(lodge: _Lodge, connection: Connection) -> Actor | None:
    """Find out who a browser speaks for; None when its cookie is to be taken away."""
    token = session_token(connection, lodge.settings)
    is_sign_in_door = bool(connection.route_handler.opt.get("sign_in_door"))
    writes = connection.scope.get("method") not in sessions.SAFE_METHODS
    if writes and (token is not None or is_sign_in_door):
        _check_own_page(lodge, connection)
    if token is None:
        return NOBODY
    actor = await _actor_of_cookie(lodge, token)
    if actor is None:
        if connection.scope["path"].startswith("/v1/") and not is_sign_in_door:
            raise SessionEnded()
        return None
    if writes and not is_sign_in_door:
        _check_proof(lodge, connection, token)
    return actor


async def _actor_of_cookie(lodge: _Lodge, token: str) -> Actor | None:
    now = lodge.clock.now()
    idle = dt.timedelta(minutes=lodge.settings.session_idle_minutes)
    async with lodge.database.glancing() as session:
        actor = await queries.actor_of_session(
            session, token, idle=idle, seen=lodge.session_uses, now=now
        )
    if actor is not None and actor.session_id is not None:
        lodge.session_uses.note(actor.session_id, now)
    return actor


def _check_own_page(lodge: _Lodge, connection: Connection) -> None:
    """Refuse what a browser says was sent by another site's page."""
    headers = connection.headers
    if not sessions.is_own_page(
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        host=headers.get("host"),
        public_url=lodge.settings.public_url,
    ):
        raise CrossSiteRefused(missing="origin")


def _check_proof(lodge: _Lodge, connection: Connection, token: str) -> None:
    """Refuse a request without the proof that its sender could read our answers."""
    sent = connection.headers.get(CSRF_HEADER, "")
    if not sessions.csrf_matches(lodge.keeper.derive(CSRF_PURPOSE), token, sent):
        raise CrossSiteRefused(missing=CSRF_HEADER)


def session_token(connection: Connection, settings: Settings) -> str | None:
    """Read the token that a browser sent along."""
    name = cookie_name(COOKIE, development=settings.development)
    token = connection.cookies.get(name)
    if not token:
        return None
    return token[: sessions.TOKEN_LENGTH_MAX]


def csrf_token(keeper: Keeper, token: str) -> str:
    """Make the proof that belongs to a session's token."""
    return sessions.csrf_token(keeper.derive(CSRF_PURPOSE), token)


def session_cookie(settings: Settings, token: str) -> Cookie:
    """Make the cookie that carries a session."""
    seconds = settings.session_hours * 3600
    return cookie(COOKIE, token, max_age=seconds, development=settings.development)


def no_session_cookie(settings: Settings) -> Cookie:
    """Make the cookie that takes a session's away."""
    return no_cookie(COOKIE, development=settings.development)


def _clearing(settings: Settings, send: Send) -> Send:
    """Take a cookie away that opens nothing, unless the answer brings a new one."""
    name = cookie_name(COOKIE, development=settings.development).encode()

    async def cleared(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            brings_one = any(
                header.lower() == b"set-cookie" and value.startswith(name + b"=")
                for header, value in headers
            )
            if not brings_one:
                headers.append(no_session_cookie(settings).to_encoded_header())
            message["headers"] = headers
        await send(message)

    return cleared
