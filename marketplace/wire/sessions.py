"""Where transactions begin and end for HTTP: closed after the handler, before the response starts.

Exactly one generator dependency per request: two would be closed at the same time, and one could
write after the other has committed.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.di import Provide

from marketplace.kit.database import Database, ReadSession, WriteSession

BeforeCommit = Callable[[Request[Any, Any, Any], WriteSession], Awaitable[None]]


def session_dependencies(
    database: Callable[[], Database], *, before_commit: BeforeCommit | None = None
) -> dict[str, Provide]:
    """Offer `reader`, `writer` and `glancer` to handlers; a handler takes one of them.

    A `glancer` begins no transaction: each of its statements sees the database as it then is.

    `before_commit` is the last word of every transaction that ends well: what it writes is
    committed with the rest, and if it fails nothing is.
    """

    async def reader() -> AsyncGenerator[ReadSession, None]:
        async with database().reading() as session:
            yield session

    async def glancer() -> AsyncGenerator[ReadSession, None]:
        async with database().glancing() as session:
            yield session

    async def writer(request: Request[Any, Any, Any]) -> AsyncGenerator[WriteSession, None]:
        async with database().writing() as session:
            yield session
            if before_commit is not None:
                await before_commit(request, session)

    return {
        "reader": Provide(reader),
        "writer": Provide(writer),
        "glancer": Provide(glancer),
    }
