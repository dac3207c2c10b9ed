"""How often one may ask: by key, by address, and where a secret could be guessed."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from litestar import Litestar, Response, post
from litestar.stores.memory import MemoryStore
from sqlalchemy import event
from structlog.testing import capture_logs

from marketplace.app import create_app
from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.kit.database import Database
from marketplace.settings import SettingInvalid
from marketplace.wire import limits
from marketplace.wire.limits import address_of
from tests.given.identity import Someone, someone
from tests.given.servers import RedisServer, a_redis

CALLS = "/v1/scenarios"
WRONG = "Bearer jb_{:012d}_0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A Redis for this file; tests use databases of their own by flushing it."""
    with a_redis() as server:
        yield server


def limited(house: House, **settings: object) -> House:
    """The house with other limits."""
    changed = dataclasses.replace(house.settings, **settings)  # type: ignore[arg-type]
    return dataclasses.replace(house, settings=changed)


@asynccontextmanager
async def asking(app: Litestar, address: str = "203.0.113.7") -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address."""
    transport = httpx.ASGITransport(
        app=app,  # type: ignore[arg-type]
        client=(address, 40_000),
        raise_app_exceptions=False,
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        yield client


async def statuses(client: httpx.AsyncClient, times: int, **options: object) -> list[int]:
    """Ask several times, one after the other."""
    return [
        (await client.get(CALLS, **options)).status_code  # type: ignore[arg-type]
        for _ in range(times)
    ]


@pytest.fixture
async def opened() -> AsyncIterator[Callable[[House], Litestar]]:
    """Make apps whose connections to their store are given back at the end."""
    apps: list[Litestar] = []

    def make(house: House) -> Litestar:
        apps.append(create_app(house))
        return apps[-1]

    yield make
    for app in apps:
        await app.stores.get(limits.STORE).__aexit__(None, None, None)


class TestAddresses:
    """Requests without a key."""

    async def test_are_counted_by_address(self, house: House) -> None:
        """The fourth in a minute is refused; another address is not concerned."""
        app = create_app(limited(house, requests_per_minute_per_address=3))
        async with asking(app) as client, asking(app, "203.0.113.8") as neighbour:
            assert await statuses(client, 5) == [200, 200, 200, 429, 429]
            assert await statuses(neighbour, 1) == [200]

    @pytest.mark.parametrize("language", ["zh-CN", "en"])
    async def test_the_refusal_says_when_to_come_back(self, house: House, language: str) -> None:
        """A problem document in the caller's language, with Retry-After and what is allowed."""
        app = create_app(limited(house, requests_per_minute_per_address=1))
        async with asking(app) as client:
            first = await client.get(CALLS)
            refused = await client.get(CALLS, headers={"Accept-Language": language})

        assert first.headers["ratelimit-policy"] == "1; w=60"
        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == (
            "1", "0",
        )  # fmt: skip
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["cache-control"] == "no-store"
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit-remaining"] == "0"
        body = refused.json()
        assert body["code"] == "marketplace.limit_reached"
        assert body["retry_after_seconds"] == int(refused.headers["retry-after"])
        assert body["title"].isascii() is (language == "en")

    async def test_cost_no_database_read_when_refused(self, house: House) -> None:
        """A flood from one address is turned away before anything is asked of the database."""
        app = create_app(limited(house, requests_per_minute_per_address=1))
        async with asking(app) as client:
            await client.get(CALLS)
            async with counting(house.database) as asked:
                assert set(await statuses(client, 20)) == {429}
                invented = [{"Authorization": WRONG.format(number)} for number in range(20)]
                for headers in invented:
                    assert (await client.get(CALLS, headers=headers)).status_code == 429
            assert asked == []

    async def test_health_is_not_counted(self, house: House) -> None:
        """Whoever watches over the house may ask as often as they like."""
        app = create_app(limited(house, requests_per_minute_per_address=1))
        async with asking(app) as client:
            await statuses(client, 2)
            for _ in range(5):
                answer = await client.get("/health/ready")
                assert answer.status_code == 200 and "ratelimit-limit" not in answer.headers

    async def test_what_a_caller_says_of_its_address_is_not_believed(self, house: House) -> None:
        """A forged X-Forwarded-For or Forwarded opens no count of its own."""
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as client:
            asked = [
                await client.get(
                    CALLS,
                    headers={
                        "X-Forwarded-For": f"198.51.100.{number}",
                        "Forwarded": f"for=198.51.100.{number}",
                        "X-Real-IP": f"198.51.100.{number}",
                    },
                )
                for number in range(4)
            ]
        assert [answer.status_code for answer in asked] == [200, 200, 429, 429]

    @pytest.mark.parametrize(
        ("host", "counted_as"),
        [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("testclient", "testclient"),
        ],
    )
    async def test_an_ipv6_line_is_one_address(
        self, app: Litestar, host: str, counted_as: str
    ) -> None:
        """A household has 2^64 addresses of version 6, and is one caller."""
        scope = {"type": "http", "client": (host, 1), "headers": [], "litestar_app": app}
        assert address_of(app.request_class(scope)) == counted_as  # type: ignore[arg-type]


class TestKeys:
    """Requests with a key."""

    async def test_are_counted_by_key_from_wherever_they_come(self, house: House) -> None:
        """The limit of a key is its own, over all addresses, and not its neighbour's."""
        one, two = await someone(house.database), await someone(house.database)
        app = create_app(limited(house, requests_per_minute_per_key=3))
        async with asking(app) as here, asking(app, "203.0.113.8") as there:
            assert await statuses(here, 2, headers=one.headers) == [200, 200]
            assert await statuses(there, 2, headers=one.headers) == [200, 429]
            assert await statuses(here, 1, headers=two.headers) == [200]

    async def test_do_not_use_up_their_address(self, house: House) -> None:
        """Whoever shows a valid key is not counted as a stranger."""
        one = await someone(house.database)
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as client:
            assert await statuses(client, 5, headers=one.headers) == [200] * 5
            assert await statuses(client, 3) == [200, 200, 429]

    async def test_a_wrong_key_counts_against_the_address(self, house: House) -> None:
        """An invented prefix opens no count of its own: the third guess is refused unread."""
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as client:
            asked = [
                await client.get(CALLS, headers={"Authorization": WRONG.format(number)})
                for number in range(4)
            ]
            assert [answer.status_code for answer in asked] == [401, 401, 429, 429]
            assert await statuses(client, 1) == [429]

    async def test_a_cookie_that_signs_nobody_in_counts_against_the_address(
        self, house: House
    ) -> None:
        """An invented cookie is no way around the count of an address."""
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as client:
            asked = [
                await client.get(CALLS, headers={"Cookie": f"session=guess-{number}"})
                for number in range(4)
            ]
            assert [answer.status_code for answer in asked] == [200, 200, 429, 429]

    async def test_a_known_key_is_not_locked_out_by_its_neighbours(self, house: House) -> None:
        """An address that has used itself up still lets keys pass that were accepted lately."""
        one, new = await someone(house.database), await someone(house.database)
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as client:
            await statuses(client, 1, headers=one.headers)
            await statuses(client, 3)
            assert await statuses(client, 2, headers=one.headers) == [200, 200]
            assert await statuses(client, 1, headers=new.headers) == [429]

    async def test_a_revoked_key_is_a_wrong_key(
        self, house: House, client: httpx.AsyncClient
    ) -> None:
        """That it was valid a moment ago helps once: then it counts against its address."""
        admin = await someone(house.database, Role.ORGANIZATION_ADMIN)
        app = create_app(limited(house, requests_per_minute_per_address=2))
        async with asking(app) as asker:
            assert await statuses(asker, 1, headers=admin.headers) == [200]
            await revoke(client, admin)
            assert await statuses(asker, 4, headers=admin.headers) == [401, 401, 429, 429]

    async def test_no_key_is_kept(self, house: House) -> None:
        """Neither the store nor what is remembered of accepted keys holds a key or its secret."""
        one = await someone(house.database)
        app = create_app(
            limited(house, requests_per_minute_per_key=9, requests_per_minute_per_address=9)
        )
        async with asking(app) as client:
            await statuses(client, 2, headers=one.headers)
            await client.get(CALLS, headers={"Authorization": WRONG.format(1)})
        store = app.stores.get(limits.STORE)
        assert isinstance(store, MemoryStore)
        kept = repr(store._store)
        assert "KeyLimit" in kept and "AddressLimit" in kept
        assert one.key not in kept and one.key.split("_")[-1] not in kept
        shared = limits.Shared()
        shared.remember(one.key)
        assert shared.knows(one.key) and one.key.encode() not in b"".join(shared.accepted)


class TestGuessing:
    """Doors at which a secret could be guessed."""

    async def test_are_narrower(self, house: House) -> None:
        """Signing in is counted by address, more strictly than the rest."""
        app = create_app(
            limited(house, guesses_per_minute_per_address=2, requests_per_minute_per_address=50)
        )
        app.register(redeem)
        async with asking(app) as client:
            wrong = {"login": "nobody", "password": "a guess, and not a good one"}
            first = await client.post("/v1/sessions", json=wrong)
            assert (first.status_code, first.headers["ratelimit-limit"]) == (401, "2")
            assert (await client.post("/v1/redeem")).status_code == 201
            for path in ("/v1/sessions/", "//v1/sessions", "/v1/redeem"):
                assert (await client.post(path)).status_code in {404, 429}
            refused = await client.post("/v1/sessions", json=wrong)
            assert refused.status_code == 429 and "retry-after" in refused.headers
            assert await statuses(client, 3) == [200, 200, 200]


@post("/v1/redeem", sync_to_thread=False, opt={limits.GUESSING: True})
def redeem() -> Response[None]:
    """Stand for a door that says of itself that one may guess there."""
    return Response(None, status_code=201)


async def test_zero_switches_every_limit_off(house: House) -> None:
    """Nobody is counted, and no header says so."""
    async with asking(create_app(house)) as client:
        answer = await client.get(CALLS)
    assert answer.status_code == 200 and "ratelimit-limit" not in answer.headers


async def test_at_once_no_more_pass_than_one_after_the_other(house: House) -> None:
    """Fifty requests at the same moment in one process: exactly the limit passes."""
    app = create_app(limited(house, requests_per_minute_per_address=10))
    async with asking(app) as client:
        answers = await asyncio.gather(*(client.get("/v1/calendars") for _ in range(50)))
    assert sum(answer.status_code != 429 for answer in answers) == 10


class TestOverRedis:
    """Several processes that count together."""

    async def test_two_apps_share_their_counts(
        self, house: House, redis: RedisServer, opened: Callable[[House], Litestar]
    ) -> None:
        """What one app counted the other knows: by address and by key."""
        shared = limited(
            house,
            requests_per_minute_per_address=3,
            requests_per_minute_per_key=3,
            redis_url=redis.url,
        )
        one = await someone(house.database)
        first, second = opened(shared), opened(shared)
        async with asking(first, "192.0.2.1") as here, asking(second, "192.0.2.1") as there:
            assert await statuses(here, 2) == [200, 200]
            assert await statuses(there, 2) == [200, 429]
        async with asking(first, "192.0.2.3") as here, asking(second, "192.0.2.3") as there:
            assert await statuses(there, 2, headers=one.headers) == [200, 200]
            assert await statuses(here, 2, headers=one.headers) == [200, 429]

    async def test_at_once_two_apps_still_limit(
        self, house: House, redis: RedisServer, opened: Callable[[House], Litestar]
    ) -> None:
        """Counts are lost between processes, and a flood is refused all the same."""
        shared = limited(house, requests_per_minute_per_address=20, redis_url=redis.url)
        first, second = opened(shared), opened(shared)
        async with asking(first, "192.0.2.2") as here, asking(second, "192.0.2.2") as there:
            # Connected first: what is measured is counting, not how fast a busy machine connects.
            for client in (here, there):
                assert (await client.get("/v1/calendars")).status_code == 200
            answers = await asyncio.gather(
                *(client.get("/v1/calendars") for _ in range(30) for client in (here, there))
            )
        passed = sum(answer.status_code != 429 for answer in answers)
        assert 18 <= passed < 60

    async def test_a_store_that_is_down_stops_nobody(
        self, house: House, opened: Callable[[House], Litestar]
    ) -> None:
        """The house stays open, is not slowed down by every request, and says so in the log."""
        with a_redis() as gone:
            shared = limited(house, requests_per_minute_per_address=2, redis_url=gone.url)
            app = opened(shared)
            with capture_logs() as lines:
                async with asking(app) as client:
                    assert await statuses(client, 3) == [200, 200, 429]
                    gone.stop()
                    assert await asyncio.wait_for(statuses(client, 20), timeout=5) == [200] * 20
        told = [line for line in lines if line["event"] == "limits.store_down"]
        assert len(told) == 1 and gone.url not in repr(told)

    @pytest.mark.parametrize("url", ["nonsense", "http://example.com", "redis://:p@ss word@[::"])
    def test_an_address_that_is_none_is_refused(self, house: House, url: str) -> None:
        """A wrong setting is told when the house starts, without repeating its password."""
        with pytest.raises(SettingInvalid, match="MARKETPLACE_REDIS_URL") as refused:
            create_app(limited(house, redis_url=url))
        assert url not in str(refused.value)


async def revoke(client: httpx.AsyncClient, someone: Someone) -> None:
    """Have somebody revoke their own key."""
    path = f"/v1/api-keys/{someone.actor.key_id}/actions/revoke"
    answer = await client.post(path, headers=someone.headers)
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def counting(database: Database) -> AsyncIterator[list[str]]:
    """List the statements that reach the database meanwhile."""
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
