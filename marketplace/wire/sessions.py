"""Where transactions begin and end for HTTP: closed after the handler, before the response starts.

Exactly one generator dependency per request: two would be closed at the same time, and one could
write after the other has committed.
"""

from collections.abc import AsyncGenerator, Callable

from litestar.di import Provide

from marketplace.kit.database import Database, ReadSession, WriteSession


def session_dependencies(database: Callable[[], Database]) -> dict[str, Provide]:
    """Offer `reader` and `writer` to handlers; a handler takes one of them."""

    async def reader() -> AsyncGenerator[ReadSession, None]:
        async with database().reading() as session:
            yield session

    async def writer() -> AsyncGenerator[WriteSession, None]:
        async with database().writing() as session:
            yield session

    return {"reader": Provide(reader), "writer": Provide(writer)}
