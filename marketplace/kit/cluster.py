"""The same bounded work on a Dask cluster: the same function, in the same kind of worker.

A process of the cluster never reads a file itself: it keeps a pool of confined workers of its own,
so every limit of `kit.workers` holds there too.  The cluster does again what a lost machine has not
answered; a piece of work changes nothing, so doing it twice is no harm.

What is sent is bytes and names.  Machines of the cluster need the same release of this package.
"""

import asyncio
import atexit
import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from marketplace.kit.bounded import Limits, Stopped
from marketplace.kit.errors import Unavailable
from marketplace.kit.workers import Answered, Content, Pool

CONNECT_SECONDS: Final = 5
LOST_WORKERS_MAX: Final = 3
"""How often a piece of work may lose the machine it runs on before it counts as their undoing."""


class ClusterUnavailable(Unavailable):
    """The cluster that measures files does not answer: try again later."""

    code = "scoring.cluster_unavailable"
    title_zh = "测评集群无应答,请稍后再试。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Which work, in how many workers for each process of the cluster, and with which limits."""

    work: str
    prepare: str
    size: int
    limits: Limits


@cache
def pool_here(kind: Kind) -> Pool:
    """Keep one pool for each kind of work in this process, and end its workers with it."""
    pool = Pool(work=kind.work, prepare=kind.prepare, size=kind.size, limits=kind.limits)
    atexit.register(pool.close)
    return pool


async def run_here(
    kind: Kind, task: dict[str, Any], files: Mapping[str, tuple[bytes, str | None]]
) -> Answered | Stopped:
    """Do one piece of work on this machine of the cluster."""
    contents = {
        name: Content(stream=_from_memory(content), key=key)
        for name, (content, key) in files.items()
    }
    return await pool_here(kind).run(task, contents)


def _from_memory(content: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def whole() -> AsyncIterator[bytes]:
        yield content

    return whole


@dataclass(slots=True, kw_only=True)
class DaskExecutor:
    """Sends pieces of work to the scheduler of a cluster."""

    address: str
    kind: Kind
    _client: Any = None
    _loop: asyncio.AbstractEventLoop | None = None
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, task: dict[str, Any], files: Mapping[str, Content]) -> Answered | Stopped:
        """Do one piece of work somewhere.  Refuses ClusterUnavailable."""
        client = await self._connected()
        contents = {name: (await _whole(one), one.key) for name, one in files.items()}
        patience = self.kind.limits.wall_seconds * LOST_WORKERS_MAX
        # Not pure: the same file sent twice is two pieces of work, and each has its answer.
        future = client.submit(
            run_here, self.kind, task, contents, pure=False, retries=LOST_WORKERS_MAX
        )
        try:
            async with asyncio.timeout(patience):
                outcome: Answered | Stopped = await future
        except (TimeoutError, OSError) as lost:
            await future.cancel()
            raise ClusterUnavailable() from lost
        except asyncio.CancelledError:
            await future.cancel()
            raise
        return outcome

    async def warm(self) -> None:
        """Find the scheduler."""
        await self._connected()

    def close(self) -> None:
        """Forget the connection, which ends with the event loop it belongs to."""
        self._client = None

    async def _connected(self) -> Any:
        """Connect once in each event loop.  Refuses ClusterUnavailable."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._client, self._connecting = loop, None, asyncio.Lock()
        async with self._connecting:
            if self._client is None:
                distributed = importlib.import_module("distributed")
                try:
                    self._client = await distributed.Client(
                        self.address,
                        asynchronous=True,
                        timeout=CONNECT_SECONDS,
                        set_as_default=False,
                    )
                except (OSError, TimeoutError) as nobody:
                    raise ClusterUnavailable() from nobody
        return self._client


async def _whole(content: Content) -> bytes:
    return b"".join([piece async for piece in content.stream()])
