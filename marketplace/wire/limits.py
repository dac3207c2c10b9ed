"""How often one may ask: Litestar's limiter, by key, by address, and narrower where one may guess.

Who is counted how:

    no credential            by address, before anything is read from the database
    a valid key              by key, after the porter has read it
    a wrong key              by address; when that is used up, unknown keys are refused unread
    guessing (signing in)    by address as well, in a narrower count

A key that was accepted lately is let through to the porter even when its address has used itself
up, so that nobody can lock out the others behind the same proxy.  What is remembered for that is a
digest that is keyed anew in each process.

The count is a window that begins with the first request.  Reading and writing it are two steps:
within a process a lock makes them one; between processes over one Redis counts are lost when both
happen at once, so that two busy processes allow about twice the limit, and more if one stalls in
between.  A store that does not answer stops nobody: it is left alone for a few seconds, and a line
says so.
"""

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import structlog
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import TooManyRequestsException
from litestar.middleware import DefineMiddleware
from litestar.middleware.rate_limit import CacheObject, RateLimitConfig, RateLimitMiddleware
from litestar.stores.base import Store
from litestar.stores.memory import MemoryStore
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.kit.errors import Unauthenticated
from marketplace.settings import PREFIX, SettingInvalid, Settings

STORE: Final = "rate_limit"
UNLIMITED: Final = "unlimited"
"""In the `opt` of a handler: it is not counted at all."""
GUESSING: Final = "guesses_a_secret"
"""In the `opt` of a handler: whoever calls it often enough could guess a secret."""
GUESSING_DOORS: Final = frozenset({("POST", "/v1/sessions")})
"""Doors at which one may guess, whether or not their handlers say so."""
STORE_SECONDS_MAX: Final = 1.0
REST_SECONDS: Final = 5
SWEEP_SECONDS: Final = 60
KEYS_REMEMBERED: Final = 10_000

AnyRequest = Request[Any, Any, Any]
_log = structlog.get_logger("jiebang.limits")


@dataclass(slots=True)
class Shared:
    """What the limits of one app have in common; a route has its own instance of each limit."""

    locks: tuple[asyncio.Lock, ...] = field(
        default_factory=lambda: tuple(asyncio.Lock() for _ in range(64))
    )
    rests_until: float = 0
    """When a store that failed is asked again, on the loop's clock."""
    sweeps_at: float = 0
    salt: bytes = field(default_factory=lambda: os.urandom(32))
    accepted: OrderedDict[bytes, None] = field(default_factory=OrderedDict)
    """Digests of credentials that the porter took, the latest last."""

    def lock(self, key: str) -> asyncio.Lock:
        """Find the lock of a count."""
        return self.locks[hash(key) % len(self.locks)]

    def knows(self, credential: str) -> bool:
        """Tell whether this credential was accepted lately."""
        return self._digest(credential) in self.accepted

    def remember(self, credential: str) -> None:
        """Note that a credential was accepted."""
        digest = self._digest(credential)
        self.accepted[digest] = None
        self.accepted.move_to_end(digest)
        while len(self.accepted) > KEYS_REMEMBERED:
            self.accepted.popitem(last=False)

    def forget(self, credential: str) -> None:
        """Note that a credential was refused."""
        self.accepted.pop(self._digest(credential), None)

    def _digest(self, credential: str) -> bytes:
        return hashlib.blake2b(credential.encode(), key=self.salt, digest_size=16).digest()


class Limit(RateLimitMiddleware):
    """Litestar's limiter that all routes share, and that a failing store does not close."""

    def __init__(self, app: ASGIApp, config: RateLimitConfig, shared: Shared) -> None:
        super().__init__(app, config)
        self.shared = shared

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request, and refuse it when it is one too many."""
        request: AnyRequest = scope["litestar_app"].request_class(scope)
        if await self.should_check_request(request):
            counted = await self.count(request)
            if counted is not None:
                send = self.create_send_wrapper(send, counted)
        await self.app(scope, receive, send)

    async def count(self, request: AnyRequest, *, adding: bool = True) -> CacheObject | None:
        """Count a request, or only look; None: the store does not answer.

        Refuses  TooManyRequestsException when the limit is used up.
        """
        key, shared = self.cache_key_from_request(request), self.shared
        loop, store = asyncio.get_running_loop(), self.config.get_store_from_app(request.app)
        async with shared.lock(key):
            # Asked with the lock in hand: whoever waited behind a failure does not try again.
            if loop.time() < shared.rests_until:
                return None
            try:
                async with asyncio.timeout(2 * STORE_SECONDS_MAX):
                    await self._sweep(store, loop.time())
                    counted = await self.retrieve_cached_history(key, store)
                    full = len(counted.history) >= self.max_requests
                    if adding and not full:
                        await self.set_cached_history(key, counted, store)
            # Whatever a store raises: to be unable to count is no reason to close the house.
            except Exception as down:
                shared.rests_until = loop.time() + REST_SECONDS
                _log.warning("limits.store_down", error=type(down).__name__, seconds=REST_SECONDS)
                return None
        if full:
            headers = self.create_response_headers(counted)
            wait = str(max(1, int(headers[self.config.rate_limit_reset_header_key])))
            raise TooManyRequestsException(headers=headers | {"Retry-After": wait})
        return counted

    async def _sweep(self, store: Store, now: float) -> None:
        """Let go of old counts: a store in memory does not by itself."""
        if isinstance(store, MemoryStore) and now >= self.shared.sweeps_at:
            self.shared.sweeps_at = now + SWEEP_SECONDS
            await store.delete_expired()

    def create_send_wrapper(self, send: Send, cache_object: CacheObject) -> Send:
        """Tell what is left; where two limits count, the inner one is told, which is narrower."""

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                for name, value in self.create_response_headers(cache_object).items():
                    headers.setdefault(name, value)
            await send(message)

        return telling


class AddressLimit(Limit):
    """Counts what comes without a credential or with a wrong one, by address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request without a credential; let one with a credential show it first."""
        request: AnyRequest = scope["litestar_app"].request_class(scope)
        credential = request.headers.get("authorization") or request.headers.get("cookie")
        if credential is None:
            await super().__call__(scope, receive, send)
            return
        if not self.shared.knows(credential):
            await self.count(request, adding=False)
        try:
            await self.app(scope, receive, send)
        except Unauthenticated:
            self.shared.forget(credential)
            await self.count(request)
            raise
        if person_of(request) is not None:
            self.shared.remember(credential)
            return
        # A cookie that signs nobody in. The answer is out already: the next one is refused.
        self.shared.forget(credential)
        with suppress(TooManyRequestsException):
            await self.count(request)


class GuessLimit(Limit):
    """Counts attempts at doors where a secret could be guessed, by address."""


class KeyLimit(Limit):
    """Counts what a valid key, or a signed-in person, asks for."""


def before_the_porter(settings: Settings) -> Sequence[DefineMiddleware]:
    """Limit by address: nothing is read for what is refused here."""
    shared = Shared()
    found = []
    if settings.requests_per_minute_per_address:
        limit = _config(settings.requests_per_minute_per_address, address_of)
        found.append(DefineMiddleware(AddressLimit, config=limit, shared=shared))
    if settings.guesses_per_minute_per_address:
        limit = _config(settings.guesses_per_minute_per_address, address_of, _is_guess)
        found.append(DefineMiddleware(GuessLimit, config=limit, shared=shared))
    return found


def after_the_porter(settings: Settings) -> Sequence[DefineMiddleware]:
    """Limit by key, once it is known whose it is."""
    if not settings.requests_per_minute_per_key:
        return []
    limit = _config(settings.requests_per_minute_per_key, _bearer_of, _is_somebody)
    return [DefineMiddleware(KeyLimit, config=limit, shared=Shared())]


def _config(number: int, identifier: Any, applies: Any = None) -> RateLimitConfig:
    return RateLimitConfig(
        rate_limit=("minute", number),
        identifier_for_request=identifier,
        check_throttle_handler=applies,
        exclude_opt_key=UNLIMITED,
        store=STORE,
    )


def address_of(request: AnyRequest) -> str:
    """Name who is counted without a key: an IPv4 address, or the /64 that one IPv6 line has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def person_of(request: AnyRequest) -> Any:
    """The actor that the porter found, or None when it found nobody."""
    user = request.scope.get("user")
    return None if user is None or user.is_nobody else user


def _bearer_of(request: AnyRequest) -> str:
    """Name a key by its id, a signed-in person by theirs; never by the key itself."""
    user = person_of(request)
    return str(user.key_id or user.person_id)


def _is_somebody(request: AnyRequest) -> bool:
    return person_of(request) is not None


def _is_guess(request: AnyRequest) -> bool:
    handler = request.scope["route_handler"]
    # The template, not the path: a slash more would be another path to the same door.
    door = (request.method, request.scope["path_template"])
    return GUESSING in handler.opt or door in GUESSING_DOORS


def store_for(settings: Settings) -> Store:
    """Make the store of the counts: a Redis that processes share, or this process's memory.

    Refuses  SettingInvalid without the `redis` extra, or for an address that is none.
    """
    if not settings.redis_url:
        return MemoryStore()
    try:
        from litestar.stores.redis import RedisStore  # noqa: PLC0415
        from redis.asyncio import Redis  # noqa: PLC0415
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ImportError as missing:
        raise SettingInvalid(f"{PREFIX}REDIS_URL needs the extra jiebang[redis]") from missing
    try:
        client = Redis.from_url(
            settings.redis_url,
            socket_timeout=STORE_SECONDS_MAX,
            socket_connect_timeout=STORE_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as invalid:
        # The address may hold a password, so it is not repeated here.
        raise SettingInvalid(f"{PREFIX}REDIS_URL is not an address of a Redis") from invalid
    return RedisStore(client, namespace="jiebang", handle_client_shutdown=True)
