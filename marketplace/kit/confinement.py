"""Give up, for ever, whatever a process that reads strangers' files does not need.

`confine` is called by a process on itself, once everything it will ever need is loaded.  From then
on it can compute, use the memory it was given, and speak through what is already open.  It cannot
open a file, reach a network, start a program, or lift a limit: on Linux the kernel refuses such
calls (seccomp).  Elsewhere the limits of POSIX remain, and `confine` says what holds.
"""

import contextlib
import ctypes
import importlib
import os
import platform
import sys
from typing import Any, Final

ARCHITECTURES: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The kernel's name of each, and the column of `CALLS`."""
GENTLENESS: Final = 10
"""Requests come first: the system prefers the server to whoever works for it."""

CALLS: Final[dict[str, tuple[int | None, int | None]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "poll": (7, None),
    "ppoll": (271, 73),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "epoll_wait": (232, None),
    "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
"""What stays allowed whatever its arguments: memory, time, threads, and what is open already."""

CLONE: Final = (56, 220)
CLONE3: Final = (435, 435)
TGKILL: Final = (234, 131)
FCNTL: Final = (72, 25)
SECCOMP: Final = (317, 277)

_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = 0, 4, 16, 24
_F_DUPFD_CLOEXEC = 1030
_CLONE_THREAD = 0x00010000
_NO_NEW_PRIVILEGES, _SET_DUMPABLE = 38, 4
_SET_FILTER, _ALL_THREADS = 1, 1


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("first", ctypes.POINTER(_Instruction)))


def give_way() -> None:
    """Let whoever shares this machine, and this session, go first.

    Where the system shares its time among sessions first, how gentle a process is counts for
    nothing outside its own: who starts another that shall give way starts no session for it.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.nice(GENTLENESS)


def leave_a_processor() -> None:
    """Stay off one of several processors: those who answer find it free, with what it has at hand.

    Whatever is started from here stays off it as well.
    """
    with contextlib.suppress(OSError, AttributeError):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, ours[1:] or ours)


def stand_back() -> None:
    """Give way, in a group of its own that the signals of a terminal pass by."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpgid(0, 0)
    give_way()


def confine(*, memory_bytes: int, files_max: int = 32) -> list[str]:
    """Give everything up; say what is in force, of: limits, no_new_privileges, system_calls.

    Units    `memory_bytes` is address space beyond what the process holds already.
    """
    return [
        *(["limits"] if _limit(memory_bytes, files_max) else []),
        *_of_linux(),
    ]


def _limit(memory_bytes: int, files_max: int) -> bool:
    try:
        # Loaded here, where it is used: other systems than Unix have no such module.
        resource = importlib.import_module("resource")
    except ImportError:
        return False
    for kind, most in (
        ("RLIMIT_AS", _held_bytes() + memory_bytes),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", files_max),
        ("RLIMIT_NPROC", 0),
    ):
        with contextlib.suppress(AttributeError, ValueError):
            resource.setrlimit(getattr(resource, kind), (most, most))
    return True


def _held_bytes() -> int:
    """Measure the address space in use: loaded libraries reserve much and use little of it."""
    try:
        descriptor = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(descriptor, 200).split()[0]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(descriptor)


def _of_linux() -> list[str]:
    known = ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return []
    libc: Any = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_DUMPABLE, 0, 0, 0, 0)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return []
    architecture, column = known
    program = _filter(architecture, column)
    instructions = (_Instruction * len(program))(*program)
    whole = _Program(len(program), instructions)
    number = SECCOMP[column]
    refused = libc.syscall(number, _SET_FILTER, _ALL_THREADS, ctypes.byref(whole)) != 0
    return ["no_new_privileges"] if refused else ["no_new_privileges", "system_calls"]


def _filter(architecture: int, column: int) -> list[_Instruction]:
    """Write the kernel's filter: what is not named is refused as not permitted."""
    allowed = [numbers[column] for numbers in CALLS.values() if numbers[column] is not None]
    return [
        _Instruction(_LOAD, 0, 0, _ARCHITECTURE_AT),
        _Instruction(_EQUAL, 1, 0, architecture),
        _Instruction(_RETURN, 0, 0, _KILL),
        _Instruction(_LOAD, 0, 0, _NUMBER_AT),
        *(
            part
            for number in allowed
            for part in (
                _Instruction(_EQUAL, 0, 1, number),
                _Instruction(_RETURN, 0, 0, _ALLOW),
            )
        ),
        # Its arguments lie in memory, where no filter sees them; the library then falls back to
        # `clone`, which may make a thread and no process.
        _Instruction(_EQUAL, 0, 1, CLONE3[column]),
        _Instruction(_RETURN, 0, 0, _REFUSE | _ENOSYS),
        _Instruction(_EQUAL, 0, 4, CLONE[column]),
        _Instruction(_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        _Instruction(_ANY_BIT, 0, 1, _CLONE_THREAD),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _REFUSE | _EPERM),
        # Whoever maps an open file keeps a second descriptor of it.
        _Instruction(_EQUAL, 0, 4, FCNTL[column]),
        _Instruction(_LOAD, 0, 0, _SECOND_ARGUMENT_AT),
        _Instruction(_EQUAL, 0, 1, _F_DUPFD_CLOEXEC),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _REFUSE | _EPERM),
        # A process may end itself, which is how it says that it has no memory left.
        _Instruction(_EQUAL, 0, 3, TGKILL[column]),
        _Instruction(_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        _Instruction(_EQUAL, 0, 1, os.getpid()),
        _Instruction(_RETURN, 0, 0, _ALLOW),
        _Instruction(_RETURN, 0, 0, _REFUSE | _EPERM),
    ]
