"""Files by name: written whole or not at all, streamed, hashed on the way, read from any byte.

A `Storage` is a shelf.  `LocalStorage` is a folder; `kit.objects.S3Storage` is a bucket of any
service that speaks S3.  Names are made here, so no caller can choose a path, and a name tells when
its writing began: whoever keeps the rows can sweep away what a crash has left without one.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast, runtime_checkable

from marketplace.kit.errors import NotFound, TooLarge
from marketplace.kit.ids import new_id

PIECE_BYTES: Final = 256 * 1024
"""Of a file that is read: large enough to be fast, small enough for many readers at once."""
PART: Final = ".part"
"""How the name of a file ends that is still being written."""


class FileMissing(NotFound):
    """This file is not in the storage."""

    code = "storage.file_missing"
    title_zh = "存储中找不到该文件。"


class FileTooLarge(TooLarge):
    """This file is larger than what is accepted here."""

    code = "storage.file_too_large"
    title_zh = "文件超过允许的大小。"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was written: its name in the storage, size and digest."""

    name: str
    size_bytes: int
    sha256: str


@runtime_checkable
class Storage(Protocol):
    """A shelf of files."""

    async def store(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> StoredFile:
        """Write a stream under a new name.

        Refuses  FileTooLarge as soon as more than `bytes_max` bytes came; nothing is left behind.
        """
        ...

    async def store_bytes(self, content: bytes) -> StoredFile:
        """Write bytes that are already here."""
        ...

    async def read(self, name: str) -> bytes:
        """Read a whole file."""
        ...

    def stream(
        self, name: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Read a file piece by piece, from byte `start`, at most `length` bytes of it."""
        ...

    async def lent(self, name: str) -> BinaryIO:
        """Open a whole file; it can be read until it is closed, whatever becomes of its name."""
        ...

    async def discard(self, name: str) -> None:
        """Remove a file that nothing refers to, because what it was stored for was refused."""
        ...

    def names(self) -> AsyncGenerator[str, None]:
        """List what lies on this shelf, also what a crash has left half written."""
        ...

    def within(self, area: str) -> "Storage":
        """Offer a shelf of its own inside this one."""
        ...


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Give bytes that are already here as a stream."""
    yield content


@dataclass(slots=True)
class Meter:
    """Counts and hashes what passes through it, and cuts it off where it becomes too much."""

    bytes_max: int
    size_bytes: int = 0
    _hasher: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    async def through(self, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Pass the chunks on.  Refuses FileTooLarge."""
        async for chunk in chunks:
            self.size_bytes += len(chunk)
            if self.size_bytes > self.bytes_max:
                raise FileTooLarge(bytes_max=self.bytes_max)
            self._hasher.update(chunk)
            yield chunk

    def stored(self, name: str) -> StoredFile:
        """Describe what has passed."""
        return StoredFile(name=name, size_bytes=self.size_bytes, sha256=self._hasher.hexdigest())


@dataclass(frozen=True, slots=True)
class LocalStorage:
    """A local folder."""

    root: Path

    async def store(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> StoredFile:
        """Write a stream under a new name, and have it on the disk before saying so."""
        name = str(new_id())
        path = self._path(name)
        part = path.with_suffix(PART)
        meter = Meter(bytes_max)
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                async for chunk in meter.through(chunks):
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_settle, file.fileno())
            await asyncio.to_thread(_put_in_place, part, path)
        finally:
            part.unlink(missing_ok=True)
        return meter.stored(name)

    async def store_bytes(self, content: bytes) -> StoredFile:
        """Write bytes that are already here."""
        return await self.store(whole(content), bytes_max=len(content))

    async def read(self, name: str) -> bytes:
        """Read a whole file."""
        try:
            return await asyncio.to_thread(self._path(name).read_bytes)
        except FileNotFoundError as missing:
            raise FileMissing(name=name) from missing

    async def stream(
        self, name: str, *, start: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """Read a file piece by piece."""
        try:
            file = await opened(lambda: self._path(name).open("rb"))
        except FileNotFoundError as missing:
            raise FileMissing(name=name) from missing
        with file:
            file.seek(start)
            left = length
            while left is None or left > 0:
                wanted = PIECE_BYTES if left is None else min(PIECE_BYTES, left)
                piece = await asyncio.to_thread(file.read, wanted)
                if not piece:
                    return
                left = None if left is None else left - len(piece)
                yield piece

    async def lent(self, name: str) -> BinaryIO:
        """Open the file itself, for reading: what was written whole does not change any more."""
        try:
            return await opened(partial(_for_reading, self._path(name)))
        except FileNotFoundError as missing:
            raise FileMissing(name=name) from missing

    async def discard(self, name: str) -> None:
        """Remove a file, or what is left of one."""
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    async def names(self) -> AsyncGenerator[str, None]:
        """List what lies here, folder by folder."""
        for folder in sorted(await asyncio.to_thread(_entries, self.root)):
            for path in await asyncio.to_thread(_entries, folder):
                yield path.name

    def within(self, area: str) -> "LocalStorage":
        """Offer a folder of its own inside this one."""
        return LocalStorage(self.root / area)

    def _path(self, name: str) -> Path:
        # Two levels of folders, so that no folder grows to hundreds of thousands of entries.
        return self.root / name.removesuffix(PART)[-2:] / name


async def opened(opens: Callable[[], BinaryIO]) -> BinaryIO:
    """Open a file in a thread; whoever is stopped meanwhile leaves none open."""
    opening = asyncio.get_running_loop().run_in_executor(None, opens)
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: "asyncio.Future[Any]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def unnamed() -> BinaryIO:
    """Make a file without a name, in memory where the system can."""
    if not hasattr(os, "memfd_create"):
        return cast(BinaryIO, tempfile.TemporaryFile(buffering=0))
    return cast(BinaryIO, os.fdopen(os.memfd_create("work", os.MFD_CLOEXEC), "r+b", buffering=0))


async def into_unnamed(pieces: AsyncIterator[bytes]) -> BinaryIO:
    """Put a stream into a file without a name."""
    file = unnamed()
    try:
        async for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[file.write(view) :]
    except BaseException:
        file.close()
        raise
    return file


def _for_reading(path: Path) -> BinaryIO:
    return path.open("rb", buffering=0)


def _settle(descriptor: int) -> None:
    """A digest in the database must not outlive its file after a power cut."""
    os.fsync(descriptor)


def _put_in_place(part: Path, path: Path) -> None:
    """Give the file its name; the folder has to be on the disk as well, or the name is not."""
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _entries(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if len(path.name) == 2 or path.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
