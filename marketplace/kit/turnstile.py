"""Take turns at SQLite's one writer, over all processes.

SQLite's own waiting is unfair: who waits asks again after ever longer naps, and who writes without
a pause has begun again long before.  Here whoever wants to write holds the turnstile, a lock on a
file beside the database, until it has begun; so nobody begins twice while another one waits.  The
system takes the lock from a process that dies.

The turnstile is a courtesy: where it cannot be had, BEGIN IMMEDIATE alone is what keeps writers
apart.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 10.0
"""As long as one waits for a lock on PostgreSQL."""
NAP_SECONDS: Final = 0.001
SUFFIX: Final = "-turnstile"


def begin_writing(
    connection: sqlite3.Connection,
    beside: Path | None,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> sqlite3.Cursor:
    """Begin a transaction that may write, after those who came earlier; blocks its thread.

    Shape    `beside` is the database's file; None: it has none, and no other process knows it.
    Refuses  OperationalError, "database is locked", where the patience is over.
    """
    until = time.monotonic() + patience_seconds
    with _turnstile(beside, until):
        naps_before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute("PRAGMA busy_timeout=0")
        try:
            while True:
                try:
                    return connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as refused:
                    busy = refused.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() > until:
                        raise
                time.sleep(NAP_SECONDS)
        finally:
            connection.execute(f"PRAGMA busy_timeout={naps_before}")


@contextmanager
def _turnstile(beside: Path | None, until: float) -> Iterator[None]:
    """Hold the turnstile; go through without it when it cannot be had, or not in time."""
    held = None if beside is None else _opened(beside)
    if held is None:
        yield
        return
    try:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    break
            time.sleep(NAP_SECONDS)
        yield
    finally:
        os.close(held)


def _opened(beside: Path) -> int | None:
    try:
        return os.open(f"{beside}{SUFFIX}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError:
        # Made by another user, or beside a database that is only read.
        return None
