"""Warm workers for content that nobody trusts: processes that load once and give up every right.

Loading a library for tables takes longer than reading a file with it, so a worker does many pieces
of work.  It is ended, never repaired: at any limit, at any death, when nobody waits for its answer
any more, and after `pieces_max` pieces in any case.  What it may do is in `kit.confinement`; it has
no environment, no folder, no network, and no open file but those of its piece of work.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog

from marketplace.kit.bounded import Limits, Stopped
from marketplace.kit.storage import into_unnamed
from marketplace.kit.workbench import LENGTHS, OUT_OF_MEMORY

CRASHED: Final = "crashed"
FAILED: Final = "failed"
START_SECONDS_MAX: Final = 60
ANSWER_BYTES_MAX: Final = 256 * 1024 * 1024
ENVIRONMENT: Final = {
    "PYTHONUTF8": "1",
    # Address space is limited, and every arena reserves 64 MiB of it.
    "MALLOC_ARENA_MAX": "2",
    # What a file took, the next one takes again: new memory must be emptied by the system first.
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 1024 * 1024),
    "POLARS_MAX_THREADS": str(min(4, os.cpu_count() or 1)),
}


_log = structlog.get_logger("jiebang.work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One file of a piece of work; with a key, a worker may keep what it made of it."""

    stream: Callable[[], AsyncIterator[bytes]]
    lent: Callable[[], Awaitable[BinaryIO]] | None = None
    """A cheaper way to the same: a file that is open for reading."""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The work ended by itself and said this."""

    answer: dict[str, Any]
    blob: bytes = b""
    milliseconds: int = 0
    """Computing time."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    in_force: tuple[str, ...] = ()
    holds: frozenset[str] = frozenset()
    pieces: int = 0

    def end(self) -> int:
        """End the process if it still lives; say how it ended."""
        self.channel.close()
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()


@dataclass(slots=True, kw_only=True)
class Pool:
    """At most `size` workers of one kind, started when they are needed."""

    work: str
    """The function, as in `package.module:name`; see `kit.workbench.Work`."""
    prepare: str = ""
    """Called once in each worker before it gives up its rights."""
    size: int
    limits: Limits
    pieces_max: int = 200
    _idle: list[_Worker] = field(default_factory=list)
    _busy: set[int] = field(default_factory=set)
    _waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    _places_taken: int = 0

    async def run(self, task: dict[str, Any], files: Mapping[str, Content]) -> Answered | Stopped:
        """Do one piece of work in a worker of its own for as long as it takes.

        A worker that dies without a reason of its own was ended from outside: the work is then done
        once more, in a fresh one.
        """
        await self._take_place()
        try:
            outcome = await self._attempt(task, files)
            if outcome == Stopped(reason=CRASHED):
                outcome = await self._attempt(task, files)
        finally:
            self._leave_place()
        return outcome

    async def warm(self) -> None:
        """Start the first worker before anybody waits for it."""
        if not self._idle and not self._places_taken:
            await self._take_place()
            try:
                self._idle.append(await self._start())
            finally:
                self._leave_place()

    def pids(self) -> list[int]:
        """List the processes that live."""
        return [*(worker.process.pid for worker in self._idle), *self._busy]

    def close(self) -> None:
        """End every worker that has nothing to do; those at work end after it."""
        while self._idle:
            self._idle.pop().end()

    async def _attempt(
        self, task: dict[str, Any], files: Mapping[str, Content]
    ) -> Answered | Stopped:
        worker = self._idle.pop() if self._idle else await self._start()
        self._busy.add(worker.process.pid)
        usable = True
        try:
            async with asyncio.timeout(self.limits.wall_seconds), AsyncExitStack() as opened:
                wanted = {name: one for name, one in files.items() if one.key not in worker.holds}
                spooled = [await _spooled(one, opened) for one in wanted.values()]
                usable = False
                said = await self._exchange(worker, task, list(wanted), spooled)
            usable = "answer" in said and worker.pieces < self.pieces_max
        except TimeoutError:
            return Stopped(reason="out_of_time")
        finally:
            self._busy.discard(worker.process.pid)
            if usable:
                self._idle.append(worker)
            else:
                worker.end()
        return _outcome(said, worker.process.returncode)

    async def _exchange(
        self, worker: _Worker, task: dict[str, Any], names: list[str], descriptors: list[int]
    ) -> dict[str, Any]:
        """Hand one piece of work over and hear the answer; an empty one where the worker died."""
        message = {"task": task, "files": names, "cpu_seconds": self.limits.cpu_seconds}
        body = json.dumps(message).encode()
        try:
            socket.send_fds(worker.channel, [LENGTHS.pack(len(body), 0)], descriptors)
            await asyncio.get_running_loop().sock_sendall(worker.channel, body)
            said = await _hear(worker.channel)
        except ConnectionError:
            said = {}
        worker.pieces += 1
        worker.holds = frozenset(said.get("shelf", ()))
        return said

    async def _start(self) -> _Worker:
        """Start a worker and wait until it is ready.  Refuses RuntimeError if it never is."""
        # A folder of its own, removed while it stands in it: there nothing can be made, or left.
        folder = Path(tempfile.mkdtemp(prefix="jiebang-worker-"))
        ours, theirs = socket.socketpair()
        with theirs:
            process = self._process(theirs.fileno(), folder)
        ours.setblocking(False)
        worker = _Worker(process, ours)
        self._busy.add(process.pid)
        said: dict[str, Any] = {}
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                said = await _hear(ours)
        finally:
            self._busy.discard(process.pid)
            _remove(folder)
            if "in_force" not in said:
                worker.end()
        if "in_force" not in said:
            raise RuntimeError(f"a worker does not start: {said.get('failed', 'it died')}")
        worker.in_force = tuple(said["in_force"])
        return worker

    def _process(self, descriptor: int, folder: Path) -> subprocess.Popen[bytes]:
        arguments = [
            *(sys.executable, "-s", "-E", "-B", "-c", _BOOT, str(descriptor)),
            *(self.work, self.prepare, str(self.limits.memory_bytes)),
            *(str(Path(path).resolve()) for path in sys.path),
        ]
        return subprocess.Popen(  # noqa: S603  # our own interpreter and nothing of a stranger's
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[descriptor],
            cwd=folder,
            env=ENVIRONMENT,
        )

    async def _take_place(self) -> None:
        """Wait for one of the places, whichever event loop is asking."""
        while self._places_taken >= self.size:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                # Its turn may have come at the same moment: then it is the next one's.
                if turn.done() and not turn.cancelled():
                    self._call_next()
                raise
        self._places_taken += 1

    def _leave_place(self) -> None:
        self._places_taken -= 1
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done() and not turn.get_loop().is_closed():
                turn.get_loop().call_soon_threadsafe(_set, turn)
                return


# The folder is empty, so nothing is imported from it; the paths come as arguments.
_BOOT: Final = (
    "import sys; sys.path[:] = sys.argv[5:];"
    " from marketplace.kit import workbench; workbench.main()"
)


def _remove(folder: Path) -> None:
    folder.rmdir()


def _set(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_result(None)


def _outcome(said: dict[str, Any], ended_with: int | None) -> Answered | Stopped:
    if "answer" in said:
        return Answered(answer=said["answer"], blob=said["blob"], milliseconds=said["milliseconds"])
    if "failed" in said:
        _log.warning("work failed in its worker", met=said["failed"])
        return Stopped(reason=FAILED)
    if ended_with == -signal.SIGPROF:
        return Stopped(reason="out_of_time")
    # A library that gets no memory gives up by SIGABRT.
    if ended_with in (OUT_OF_MEMORY, -signal.SIGABRT):
        return Stopped(reason="out_of_memory")
    return Stopped(reason=CRASHED)


async def _hear(channel: socket.socket) -> dict[str, Any]:
    """Hear one message, with the bytes beside it as `blob`; an empty one at the end of the line."""
    try:
        body_bytes, blob_bytes = LENGTHS.unpack(await _exactly(channel, LENGTHS.size))
        if body_bytes + blob_bytes > ANSWER_BYTES_MAX:
            return {}
        said: dict[str, Any] = json.loads(await _exactly(channel, body_bytes))
        said["blob"] = bytes(await _exactly(channel, blob_bytes))
    except (ConnectionError, EOFError):
        return {}
    return said


async def _exactly(channel: socket.socket, size: int) -> bytearray:
    content = bytearray(size)
    view, at = memoryview(content), 0
    while at < size:
        taken = await asyncio.get_running_loop().sock_recv_into(channel, view[at:])
        if not taken:
            raise EOFError
        at += taken
    return content


async def _spooled(content: Content, opened: AsyncExitStack) -> int:
    """Have a content in an open file, which is closed when `opened` is left."""
    if content.lent is not None:
        return opened.enter_context(await content.lent()).fileno()
    return opened.enter_context(await into_unnamed(content.stream())).fileno()
