"""Files by name under one folder: written whole or not at all, streamed, hashed on the way."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from marketplace.kit.errors import NotFound, TooLarge
from marketplace.kit.ids import new_id


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


@dataclass(frozen=True, slots=True)
class Storage:
    """A local folder; names are made here, so no caller can choose a path."""

    root: Path

    async def store(self, chunks: AsyncIterator[bytes], *, bytes_max: int) -> StoredFile:
        """Write a stream under a new name.

        Refuses  FileTooLarge as soon as more than `bytes_max` bytes came; nothing is left behind.
        """
        name = str(new_id())
        path = self._path(name)
        part = path.with_suffix(".part")
        hasher, size = hashlib.sha256(), 0
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > bytes_max:
                        raise FileTooLarge(bytes_max=bytes_max)
                    hasher.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_settle, file.fileno())
            await asyncio.to_thread(part.replace, path)
        finally:
            part.unlink(missing_ok=True)
        return StoredFile(name=name, size_bytes=size, sha256=hasher.hexdigest())

    async def store_bytes(self, content: bytes) -> StoredFile:
        """Write bytes that are already here."""

        async def whole() -> AsyncIterator[bytes]:
            yield content

        return await self.store(whole(), bytes_max=len(content))

    async def read(self, name: str) -> bytes:
        """Read a whole file."""
        try:
            return await asyncio.to_thread(self._path(name).read_bytes)
        except FileNotFoundError as missing:
            raise FileMissing(name=name) from missing

    async def discard(self, name: str) -> None:
        """Remove a file that nothing refers to, because what it was stored for was refused."""
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    def _path(self, name: str) -> Path:
        # Two levels of folders, so that no folder grows to hundreds of thousands of entries.
        return self.root / name[-2:] / name


def _settle(descriptor: int) -> None:
    """A digest in the database must not outlive its file after a power cut."""
    os.fsync(descriptor)
