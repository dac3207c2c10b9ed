"""The transaction of a request ends before its answer begins, so no answer tells a falsehood.

That what fails leaves nothing behind is shown beside the wire's other tests; this file is about
order, about a COMMIT that the database refuses, and about sessions that only read.
"""

import inspect
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency
from litestar.types import Message, Receive, Scope, Send
from sqlalchemy import text

from marketplace.identity.tables.people import Person
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.wire.problems import exception_handlers
from marketplace.wire.sessions import session_dependencies
from tests.conftest import START

NOBODY = UUID(int=0)
ORPHANS = """
CREATE TABLE orphan (
    person_id {uuid} NOT NULL REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED
)
"""


def a_person(name: str) -> Person:
    """A row that any handler may write."""
    return Person(name_zh=name, name_en=name, registered_at=START)


@post("/ends-well")
async def ends_well(writer: NamedDependency[WriteSession]) -> None:
    """Write, and answer 201."""
    writer.add(a_person("ends well"))


@post("/breaks-at-the-end")
async def breaks_at_the_end(writer: NamedDependency[WriteSession]) -> None:
    """Write what the database refuses only when the transaction ends."""
    writer.add(a_person("breaks at the end"))
    await writer.flush()
    connection = await writer.connection()
    await connection.execute(text("INSERT INTO orphan VALUES (:id)"), {"id": NOBODY.hex})


@pytest.fixture
async def small_app(database: Database) -> Litestar:
    """The wire of the house with one honest handler, and one that fails at the very end."""
    uuid = "CHAR(32)" if database.is_sqlite else "UUID"
    async with database.engine.begin() as connection:
        await connection.execute(text(ORPHANS.format(uuid=uuid)))
    return Litestar(
        [ends_well, breaks_at_the_end],
        dependencies=dict(session_dependencies(lambda: database)),
        exception_handlers=exception_handlers(),
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def small_client(small_app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client of these handlers."""
    app: Any = small_app
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        yield client


async def people(database: Database) -> int:
    """Count the people that another session sees."""
    async with database.reading() as session:
        found = await (await session.connection()).execute(text("SELECT count(*) FROM person"))
        return int(found.scalar_one())


@pytest.mark.postgres
async def test_what_is_written_is_there_before_the_answer_begins(
    small_app: Litestar, database: Database
) -> None:
    """Whoever reads the first byte of a 201 may rely on it: the transaction has been committed."""
    seen: list[int] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def look(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.append(await people(database))
            await send(message)

        await small_app(scope, receive, look)

    transport = httpx.ASGITransport(app=watched)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://jiebang.test") as client:
        answer = await client.post("/ends-well")

    assert answer.status_code == 201
    assert seen == [1]


@pytest.mark.postgres
async def test_a_commit_that_fails_is_no_success(
    small_client: httpx.AsyncClient, database: Database
) -> None:
    """What the database refuses at the end is a 500, and the next request finds all in order."""
    answer = await small_client.post("/breaks-at-the-end")

    assert answer.status_code == 500
    assert answer.json()["code"] == "marketplace.internal"
    assert await people(database) == 0


@pytest.mark.postgres
async def test_a_statement_of_a_reader_is_not_kept(database: Database) -> None:
    """What gets past a reader by a bare statement is rolled back: readers are never committed."""
    async with database.writing() as session:
        session.add(a_person("stays"))

    async with database.reading() as session:
        await (await session.connection()).execute(text("DELETE FROM person"))

    assert await people(database) == 1


def test_a_handler_takes_one_session(app: Litestar) -> None:
    """Two sessions would end at the same time, and one could write after the other's commit."""
    both = [
        str(handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if {"reader", "writer"} <= set(inspect.signature(_function(handler)).parameters)
    ]

    assert issubclass(WriteSession, ReadSession)
    assert both == []


def _function(handler: Any) -> Any:
    return handler.fn
