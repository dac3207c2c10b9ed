"""A folder and a bucket keep the same promises."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from marketplace.kit.ids import made_at, new_id
from marketplace.kit.objects import Bucket, S3Storage, open_bucket
from marketplace.kit.storage import FileMissing, FileTooLarge, LocalStorage, Storage
from tests.given.processes import an_s3_service

MEBIBYTE = 1024 * 1024


@pytest.fixture(params=["folder", "memory", "s3"])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Storage]:
    """An empty shelf: a folder, a bucket in memory, and one of a real S3-compatible process."""
    if request.param == "folder":
        yield LocalStorage(tmp_path / "storage")
    elif request.param == "memory":
        yield S3Storage(MemoryStore())
    else:
        async with an_s3_service() as url:
            yield open_bucket(
                Bucket(
                    name="jiebang-test",
                    region="us-east-1",
                    endpoint=url,
                    access_key="tests",
                    secret_key="only",
                )
            )


async def in_pieces(content: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    """Content as it arrives."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def listed(shelf: Storage) -> list[str]:
    """What lies on a shelf."""
    return sorted([name async for name in shelf.names()])


async def test_a_shelf_keeps_what_it_promises(shelf: Storage) -> None:
    """Whole or not at all, readable from any byte, listed, removed; areas do not see each other."""
    content = os.urandom(MEBIBYTE) * 20
    data = shelf.within("datasets")

    stored = await data.store(in_pieces(content), bytes_max=len(content))
    small = await shelf.store_bytes(b"beside")
    with pytest.raises(FileTooLarge):
        await data.store(in_pieces(content), bytes_max=1_000_000)
    ranges = {
        (start, length): b"".join(
            [piece async for piece in data.stream(stored.name, start=start, length=length)]
        )
        for start, length in ((0, 1), (5, 9_000_000), (len(content) - 3, 3), (7, None), (0, 0))
    }

    assert stored.size_bytes == len(content)
    assert await data.read(stored.name) == content
    lent = await data.lent(stored.name)
    assert os.pread(lent.fileno(), len(content) + 1, 0) == content
    for (start, length), found in ranges.items():
        end = None if length is None else start + length
        assert found == content[start:end], (start, length)
    assert await listed(data) == [stored.name]
    assert await listed(shelf) == [small.name]
    await data.discard(stored.name)
    await data.discard(stored.name)
    assert await listed(data) == []
    with lent:
        assert os.pread(lent.fileno(), len(content) + 1, 0) == content
    with pytest.raises(FileMissing):
        await data.read(stored.name)
    with pytest.raises(FileMissing):
        await data.lent(stored.name)
    with pytest.raises(FileMissing):
        _ = [piece async for piece in data.stream(stored.name, start=1, length=1)]


async def test_a_stream_that_breaks_off_leaves_nothing(shelf: Storage) -> None:
    """The error of the sender comes through, and there is no half file."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(9 * MEBIBYTE)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await shelf.store(broken(), bytes_max=100 * MEBIBYTE)

    assert await listed(shelf) == []


async def test_a_name_tells_when_its_writing_began() -> None:
    """The sweep relies on it."""
    first, second = made_at(new_id()), made_at(new_id())

    assert first.tzinfo is not None
    assert first <= second


@pytest.mark.parametrize("way", ["stream", "lent"])
async def test_a_reader_that_is_stopped_leaves_no_file_open(tmp_path: Path, way: str) -> None:
    """Also where it is stopped while the file is being opened, which may take long on a network.

    The file is a pipe: to open it takes until somebody writes.
    """
    shelf = LocalStorage(tmp_path)
    name = (await shelf.store_bytes(b"")).name
    path = pipe_instead_of(tmp_path, name)
    before = files_without_a_name()

    async def read() -> None:
        if way == "lent":
            await shelf.lent(name)
        async for _ in shelf.stream(name):
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    writer = await asyncio.to_thread(os.open, path, os.O_WRONLY)
    os.close(writer)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if times_open(path) == 0 and files_without_a_name() == before:
            break

    assert times_open(path) == 0
    assert files_without_a_name() == before


def pipe_instead_of(folder: Path, name: str) -> Path:
    """Put a pipe where a stored file lies."""
    (path,) = folder.glob(f"*/{name}")
    path.unlink()
    os.mkfifo(path)
    return path


def held() -> list[str]:
    """What this process holds open."""
    return [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]


def times_open(path: Path) -> int:
    """Count how often this process holds a file."""
    return held().count(str(path))


def files_without_a_name() -> int:
    """Count the copies that this process holds."""
    return sum("memfd:" in one for one in held())
