"""The child of `kit.workers`: load, give up every right, then do one piece of work after another.

Each piece comes as one message with open files beside it, and is answered by one message.  What is
expensive to prepare may be left on the shelf for the next piece; the answer says what lies there,
so that it need not be sent again.
"""

import importlib
import json
import mmap
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.kit import confinement

OUT_OF_MEMORY: Final = 77
FAILED: Final = 78
LENGTHS: Final = struct.Struct("!QQ")
"""Of the JSON and of the bytes beside it, before each message in either direction."""
FILES_MAX: Final = 8


@dataclass(slots=True)
class Shelf:
    """A few prepared things by key; the longest unused is given up first."""

    things_max: int = 4
    _things: OrderedDict[str, Any] = field(default_factory=OrderedDict)

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Find what lies here under this key, or make it."""
        if key not in self._things:
            made = make()
            while len(self._things) >= self.things_max:
                self._things.popitem(last=False)
            self._things[key] = made
        self._things.move_to_end(key)
        return self._things[key]

    def keys(self) -> list[str]:
        """List what lies here."""
        return list(self._things)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one piece of work, read when they are asked for."""

    descriptors: Mapping[str, int]

    def read(self, name: str) -> bytes:
        """Read a whole file."""
        descriptor = self.descriptors[name]
        size = os.fstat(descriptor).st_size
        content = os.pread(descriptor, size, 0)
        while len(content) < size:
            piece = os.pread(descriptor, size - len(content), len(content))
            if not piece:
                raise EOFError(name)
            content += piece
        return content

    def mapped(self, name: str) -> bytes | mmap.mmap:
        """Give a whole file of which only what is looked at is read."""
        descriptor = self.descriptors[name]
        # Nothing is no map.
        if not os.fstat(descriptor).st_size:
            return b""
        return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)

    def close(self) -> None:
        """Give them back."""
        for descriptor in self.descriptors.values():
            os.close(descriptor)


Work = Callable[[dict[str, Any], Files, Shelf], tuple[dict[str, Any], bytes]]
"""From a task and its files to an answer for JSON, and bytes beside it."""


def main() -> None:
    """Be the child: arguments are the descriptor of the channel, work, preparation, memory."""
    descriptor, work_name, prepare_name, memory_bytes, *paths = sys.argv[1:]
    # Whatever the service can import: packages of third parties lie where it finds them.
    sys.path[:] = paths
    confinement.stand_back()
    channel = socket.socket(fileno=int(descriptor))
    try:
        work: Work = _named(work_name)
        if prepare_name:
            _named(prepare_name)()
    except Exception as unforeseen:
        _say(channel, {"failed": f"{type(unforeseen).__name__}: {unforeseen}"[:1000]}, b"")
        raise
    threading.Thread(target=_end_with_the_parent, args=(channel.fileno(),), daemon=True).start()
    in_force = confinement.confine(memory_bytes=int(memory_bytes))
    _say(channel, {"in_force": in_force}, b"")
    shelf = Shelf()
    while True:
        _serve(channel, work, shelf)


def _serve(channel: socket.socket, work: Work, shelf: Shelf) -> None:
    """Do one piece of work; end where there is no telling what state it has left."""
    first, descriptors, _, _ = socket.recv_fds(channel, LENGTHS.size, FILES_MAX)
    if not first:
        os._exit(0)
    head = first + _exactly(channel, LENGTHS.size - len(first))
    message = json.loads(_exactly(channel, LENGTHS.unpack(head)[0]))
    files = Files(dict(zip(message["files"], descriptors, strict=True)))
    # Counts the computing time of all threads, and ends the process when it is used up.
    signal.setitimer(signal.ITIMER_PROF, message["cpu_seconds"])
    begun = time.process_time_ns()
    try:
        answer, blob = work(message["task"], files, shelf)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BaseException as unforeseen:
        # Some libraries panic with what is no `Exception`.  What was met is for the log only.
        _say(channel, {"failed": f"{type(unforeseen).__name__}: {unforeseen}"[:1000]}, b"")
        os._exit(FAILED)
    signal.setitimer(signal.ITIMER_PROF, 0)
    files.close()
    spent = (time.process_time_ns() - begun) // 1_000_000
    _say(channel, {"answer": answer, "shelf": shelf.keys(), "milliseconds": spent}, blob)


def _say(channel: socket.socket, message: dict[str, Any], blob: bytes) -> None:
    body = json.dumps(message).encode()
    channel.sendall(LENGTHS.pack(len(body), len(blob)) + body)
    channel.sendall(blob)


def _exactly(channel: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = channel.recv(size - len(content))
        if not piece:
            os._exit(0)
        content += piece
    return content


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _end_with_the_parent(descriptor: int) -> None:
    """Wait until nobody is there to hear an answer: a long computation must not outlive its need.

    Nothing is asked for, so only the end of the other side wakes it.
    """
    waiting = select.poll()
    waiting.register(descriptor, 0)
    waiting.poll()
    os._exit(0)


if __name__ == "__main__":
    main()
