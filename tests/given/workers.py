"""What a worker does in tests of workers: good, greedy, curious and dying work."""

import fcntl
import mmap
import os
import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from marketplace.kit.workbench import Files, Shelf


def work(task: dict[str, Any], files: Files, shelf: Shelf) -> tuple[dict[str, Any], bytes]:
    """Do what the test asks for."""
    return DEEDS[task["deed"]](task, files, shelf), b""


def standing(stream: BinaryIO, task: dict[str, Any]) -> dict[str, Any]:
    """Say how this process stands among others; work for `kit.bounded`."""
    return {
        "session": os.getsid(0),
        "leads_a_group": os.getpgid(0) == os.getpid(),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
    }


def _sum(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    kept = shelf.get("kept", lambda: len(files.read("kept")))
    return {"bytes": len(files.read("sent")), "kept": kept, "pid": os.getpid()}


def _grab(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    return {"bytes": len(bytearray(4 << 30))}


def _spin(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    while True:
        pass


def _nap(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    time.sleep(0.5)
    return {"slept": True}


def _die(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    os._exit(3)


def _fail(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    raise LookupError("nobody foresaw this")


def _look_around(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    """Try whatever somebody would try who has taken a worker over; say how each ended."""
    tries: dict[str, Callable[[], object]] = {
        "read a file": lambda: os.open(task["file"], os.O_RDONLY),
        "read our own environment": lambda: os.open("/proc/self/environ", os.O_RDONLY),
        "read that of the service": lambda: os.open(f"/proc/{task['pid']}/environ", os.O_RDONLY),
        "list open files": lambda: os.open("/proc/self/fd", os.O_DIRECTORY),
        "write a file": lambda: os.open("left-behind", os.O_WRONLY | os.O_CREAT),
        "reach a network": socket.socket,
        "start a process": os.fork,
        "start a program": lambda: os.execv("/bin/true", ["true"]),
        "end the service": lambda: os.kill(task["pid"], 0),
        "lift a limit": _lift_a_limit,
    }
    held = {}
    for number in range(3, 64):
        try:
            held[number] = os.fstat(number).st_mode
        except OSError:
            continue
    return {
        "allowed": [name for name, attempt in tries.items() if not _refused(attempt)],
        "environment": sorted(os.environ),
        "descriptors": len(held),
    }


def _scribble(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    """Try to change the file that was sent."""
    sent = files.descriptors["sent"]
    tries: dict[str, Callable[[], object]] = {
        "write": lambda: os.write(sent, b"x"),
        "write in the middle": lambda: os.pwrite(sent, b"x", 2),
        "cut off": lambda: os.ftruncate(sent, 0),
        "write in memory": lambda: mmap.mmap(sent, 0, mmap.MAP_SHARED, mmap.PROT_WRITE),
        "open for everybody": lambda: os.fchmod(sent, 0o666),
    }
    allowed = []
    for name, attempt in tries.items():
        try:
            attempt()
        except OSError:
            continue
        allowed.append(name)
    return {"allowed": allowed, "read": files.read("sent").decode()}


def _map(task: dict[str, Any], files: Files, shelf: Shelf) -> dict[str, Any]:
    """Read files where they lie; then try what else is asked for by the name of that call."""
    sent = files.descriptors["sent"]
    commands = (fcntl.F_DUPFD, fcntl.F_GETFL, fcntl.F_SETFL, fcntl.F_SETOWN, fcntl.F_SETLEASE)
    return {
        "read": {name: bytes(files.mapped(name)).decode() for name in files.descriptors},
        "allowed": [one for one in commands if not _refused(partial(fcntl.fcntl, sent, one))],
    }


def _lift_a_limit() -> None:
    import resource  # noqa: PLC0415  # loaded by the test of limits only

    resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (PermissionError, ImportError, ValueError):
        return True
    return False


DEEDS: dict[str, Callable[[dict[str, Any], Files, Shelf], dict[str, Any]]] = {
    "sum": _sum,
    "grab": _grab,
    "spin": _spin,
    "nap": _nap,
    "die": _die,
    "fail": _fail,
    "look around": _look_around,
    "scribble": _scribble,
    "map": _map,
}
