"""Work on content that nobody trusts: in a process of its own, with limits it cannot lift.

`run` streams bytes into a fresh Python, which first limits itself, then calls one function with
the stream and a task, and answers one line of JSON.  Memory, computing time and the time of the
clock are bounded, so neither a bug nor a bomb stops a request.  This bounds resources; it is no
sandbox for code of strangers, and none is run in it.
"""

import asyncio
import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from marketplace.kit import confinement

ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one piece of work may use."""

    cpu_seconds: int
    wall_seconds: int
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The work ended by itself and said this."""

    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The work was stopped or died: `out_of_time`, `out_of_memory` or `crashed`."""

    reason: str


async def run(
    function: str, task: dict[str, Any], content: AsyncIterator[bytes], *, limits: Limits
) -> Done | Stopped:
    """Call `function` (as in `package.module:name`) with the content and the task."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__, function, json.dumps(task)),
        str(limits.memory_bytes),
        str(limits.cpu_seconds),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=ANSWER_BYTES_MAX,
        cwd=ROOT,
        # Nothing of ours goes along: no settings, no keys.
        env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    feeding = asyncio.create_task(_feed(process, content))
    try:
        async with asyncio.timeout(limits.wall_seconds):
            said = await _said(process)
            code = await process.wait()
    except TimeoutError:
        return Stopped(reason="out_of_time")
    finally:
        _end(process)
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
        await process.wait()
    return _outcome(code, said)


async def _feed(process: asyncio.subprocess.Process, content: AsyncIterator[bytes]) -> None:
    """Hand the content over as fast as it is taken; whoever has heard enough hangs up."""
    assert process.stdin is not None
    try:
        async for piece in content:
            try:
                process.stdin.write(piece)
                await process.stdin.drain()
            except (BrokenPipeError, ConnectionResetError):
                return
    finally:
        process.stdin.close()


async def _said(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    try:
        return await process.stdout.readline()
    except ValueError:
        return b""


def _end(process: asyncio.subprocess.Process) -> None:
    """End the process we have started, and whatever it has started, if it still lives."""
    if process.returncode is None:
        # It leads a group only once it has begun.
        for end in (partial(os.killpg, process.pid, signal.SIGKILL), process.kill):
            with contextlib.suppress(ProcessLookupError):
                end()


def _outcome(ended_with: int, said: bytes) -> Done | Stopped:
    if ended_with == -signal.SIGXCPU:
        return Stopped(reason="out_of_time")
    if ended_with == OUT_OF_MEMORY:
        return Stopped(reason="out_of_memory")
    if ended_with != 0 or not said.endswith(b"\n"):
        return Stopped(reason="crashed")
    return Done(answer=json.loads(said))


OUT_OF_MEMORY: Final = 77
_NO_ROOM: Final = ("failed to map segment", "cannot allocate memory")


def _limit(memory_bytes: int, cpu_seconds: int) -> None:
    """Give up what is not needed before anything else is loaded."""
    # Loaded here, where it is used: other systems than Unix have no such module.
    resource = importlib.import_module("resource")
    for kind, most, beyond in (
        (resource.RLIMIT_AS, memory_bytes, 0),
        # One second between the warning, which names the reason, and the end.
        (resource.RLIMIT_CPU, cpu_seconds, 1),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 32, 0),
    ):
        resource.setrlimit(kind, (most, most + beyond))


def main() -> None:
    """Be the child: limit yourself, do the one thing, say it in one line."""
    function, task, memory_bytes, cpu_seconds = sys.argv[1:]
    confinement.stand_back()
    _limit(int(memory_bytes), int(cpu_seconds))
    module, _, name = function.partition(":")
    try:
        work = getattr(importlib.import_module(module), name)
        answer = json.dumps(work(sys.stdin.buffer, json.loads(task)))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except ImportError as failed:
        # The loader of shared objects knows no MemoryError; it says so in words of its own.
        if any(words in str(failed).lower() for words in _NO_ROOM):
            os._exit(OUT_OF_MEMORY)
        raise
    sys.stdout.write(answer + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
