"""What every test may ask for: a database of its own, an app over it, a client, a clock.

A migrated template is built once per process and copied for each test; every test commits for real.
A test marked `postgres` runs twice, once on each database, or with `alone=True` on PostgreSQL only,
where it is about the server; all others run on SQLite.
"""

import gc

# As in the command: thousands of classes are made on the way in, and none of them is garbage.
gc.disable()

import asyncio
import dataclasses
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from marketplace.app import create_app
from marketplace.house import House
from marketplace.kit import garbage
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database, engine_for
from marketplace.kit.logs import configure_logs
from marketplace.kit.loops import new_loop
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import LocalStorage
from marketplace.migrate import migrate
from marketplace.settings import Settings
from tests.postgres_server import PostgresServer, create_database, execute

gc.freeze()
gc.set_threshold(*garbage.THRESHOLDS)
gc.enable()

configure_logs(json_lines=False)

START = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
"""Monday, 09:00 in Shenzhen; every story begins here."""

UNLIMITED: Final = Settings(
    requests_per_minute_per_key=0,
    requests_per_minute_per_address=0,
    guesses_per_minute_per_address=0,
)
"""All tests ask from one address; those about limits say which they want."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test on the loop of the commands."""
    return {"new_loop": new_loop}


def in_a_thread(work: Callable[[str], None], argument: str) -> None:
    """Do what starts an event loop of its own, also while the test's loop is running."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(work, argument).result()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked `postgres` on both databases, or on that one alone."""
    if "engine" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("postgres")
        alone = marked is not None and marked.kwargs.get("alone", False)
        engines = ["sqlite", "postgres"] if marked else ["sqlite"]
        metafunc.parametrize("engine", engines[1:] if alone else engines)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, in any order: one that came last would be waited for.

    Within these files and the others, and within each, the order is still another each time.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """Look for no garbage among the tests either: they stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    in_a_thread(migrate, f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL server with a migrated database named `template`."""
    server = PostgresServer(in_memory=True)
    create_database(server, "template_jiebang")
    in_a_thread(migrate, server.url("template_jiebang"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def engines() -> dict[str, AsyncEngine]:
    """One engine per database address, kept for the process: its compiled statements are worth more
    than the connections, which each test gives back.
    """
    return {}


@pytest.fixture
async def database(
    engine: str, request: pytest.FixtureRequest, engines: dict[str, AsyncEngine]
) -> AsyncIterator[Database]:
    """A database of this test's own, migrated and empty."""
    fresh = _fresh_sqlite if engine == "sqlite" else _fresh_postgres
    url = fresh(request)
    if url not in engines:
        engines[url] = engine_for(url, pool_size=20)
        if engine == "sqlite":
            event.listen(engines[url].sync_engine, "connect", _wait_for_no_disk)
    database = Database(url, engine=engines[url])
    yield database
    await database.close()


def _wait_for_no_disk(connection: Any, _: object) -> None:
    """Commit without waiting for the disk: no test pulls the plug of the machine it runs on."""
    connection.execute("PRAGMA synchronous=OFF")


def _fresh_sqlite(request: pytest.FixtureRequest) -> str:
    """Copy the template over the file that this process's tests use one after the other."""
    template: Path = request.getfixturevalue("sqlite_template")
    path = template.with_name("test.db")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


def _fresh_postgres(request: pytest.FixtureRequest) -> str:
    """Make the database that this process's tests use one after the other anew."""
    server: PostgresServer = request.getfixturevalue("postgres_server")
    execute(server, 'DROP DATABASE IF EXISTS "test" WITH (FORCE)')
    create_database(server, "test", template="template_jiebang")
    return server.url("test")


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at START until the test moves it."""
    return FixedClock(START)


@pytest.fixture
def house(database: Database, clock: FixedClock, tmp_path: Path) -> House:
    """Everything an app is built from, over this test's database."""
    return House(
        settings=dataclasses.replace(UNLIMITED, data_dir=tmp_path, development=True),
        database=database,
        storage=LocalStorage(tmp_path / "storage"),
        keeper=Keeper.from_text("a key for tests only, 32 characters at least"),
        clock=clock,
        hasher=Hasher(memory_kib=64, passes=1),
    )


class Caller(httpx.AsyncClient):
    """A client that also knows the house it calls, for what people cannot ask for: the ticks."""

    def __init__(self, house: House, **options: Any) -> None:
        super().__init__(**options)
        self.house = house


_built: dict[str, tuple[House, Litestar]] = {}


def an_app_over(house: House, name: str = "app") -> Litestar:
    """The whole app, over a house of a test; one that is needed beside it has a name of its own.

    Building it takes half a second, so the process builds one and every test moves in: the app
    looks its furniture up anew for each request.
    """
    if name not in _built:
        first = dataclasses.replace(house)
        _built[name] = (first, create_app(first))
    home, app = _built[name]
    for field in dataclasses.fields(House):
        object.__setattr__(home, field.name, getattr(house, field.name))
    return app


@pytest.fixture
def app(house: House) -> Litestar:
    """The whole app, over this test's house."""
    return an_app_over(house)


@pytest.fixture
async def client(app: Litestar, house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client in this test's own event loop, carrying no credential."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with Caller(house, transport=transport, base_url="http://jiebang.test") as client:
        yield client
