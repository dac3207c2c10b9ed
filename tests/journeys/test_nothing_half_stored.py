"""Killed in the middle of an upload, at several points: rows and files agree, and it goes on."""

import asyncio
import contextlib
import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from marketplace.datasets.actions import sweeping
from marketplace.datasets.actions.sweeping import Agreement
from marketplace.house import House
from marketplace.kit.clock import FixedClock, SystemClock
from tests.given import datasets as given
from tests.given.datasets import Library
from tests.given.processes import PATIENCE_SECONDS, Server, served

MEBIBYTE = 1024 * 1024
PART = 8 * MEBIBYTE
CONTENT = os.urandom(MEBIBYTE) * 24
LATER = dt.timedelta(days=1)


def parts_on_disk(house: House) -> list[Path]:
    """What is being written at this moment."""
    return [
        path
        for path in (house.settings.data_dir / "storage" / "datasets").rglob("*.part")
        if path.exists() and path.stat().st_size > 0
    ]


async def until(happened: Callable[[], object]) -> None:
    """Wait for something to be seen from outside."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Another process makes it happen: there is no event to wait for.
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def kill_within_a_part(server: Server, library: Library, upload: str, start: int) -> None:
    """Send the head and half of the body of a part, and cut the power when it is being written."""
    part = CONTENT[start : start + PART]
    head = [
        f"PUT {upload}/parts/{start} HTTP/1.1",
        "Host: jiebang.test",
        f"Authorization: Bearer {library.custodian.key}",
        f"Content-Digest: {given.content_digest(part)}",
        f"Content-Length: {len(part)}",
        "",
        "",
    ]
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write("\r\n".join(head).encode() + part[: len(part) // 2])
    await writer.drain()
    await until(lambda: parts_on_disk(library.house))
    await server.kill()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def swept(house: House) -> Agreement:
    """What does not agree after a sweep a day later."""
    await sweeping.sweep(
        house.database,
        house.storage,
        patience=dt.timedelta(days=365),
        clock=house.clock,
        wall=FixedClock(SystemClock().now() + LATER),
    )
    return await sweeping.compare(house.database, house.storage)


AGREED = Agreement(rows_without_file=frozenset(), files_without_row=frozenset())


@pytest.mark.postgres
async def test_an_upload_survives_three_power_cuts(client: httpx.AsyncClient, house: House) -> None:
    """In a part, between parts, and while the whole file is made: each time nothing is half there.

    No row ever names a file that is not whole; what lies around without a row is gone after the
    sweep; and the upload ends with exactly the bytes that were announced.
    """
    library = await given.a_library(client, house)
    version = await library.version()
    upload = await library.begin(version, CONTENT, kind="opaque", name="whole.bin")

    async with served(house) as server:
        await kill_within_a_part(server, library, upload, 0)
    left_in_a_part = parts_on_disk(house)
    in_a_part = await sweeping.compare(house.database, house.storage)
    after_first_sweep = await swept(house)

    async with served(house) as server, httpx.AsyncClient(base_url=server.url) as real:
        library.client = real
        assert (await library.put(upload, 0, CONTENT[:PART])).is_success
        await server.kill()
    between_parts = await sweeping.compare(house.database, house.storage)

    async with served(house) as server, httpx.AsyncClient(base_url=server.url) as real:
        library.client = real
        for start in range(PART, len(CONTENT), PART):
            assert (await library.put(upload, start, CONTENT[start : start + PART])).is_success
        completing = asyncio.create_task(library.complete(upload))
        await until(lambda: parts_on_disk(house))
        await server.kill()
        with pytest.raises(httpx.TransportError):
            await completing
    while_made = await sweeping.compare(house.database, house.storage)
    after_second_sweep = await swept(house)

    library.client = client
    offset = (await library.ask(library.custodian, "HEAD", upload)).headers["upload-offset"]
    done = await library.complete(upload)
    after_all = await swept(house)

    assert left_in_a_part, "the first part was not being written"
    assert in_a_part.rows_without_file == while_made.rows_without_file == frozenset()
    assert in_a_part.files_without_row
    assert between_parts == AGREED
    assert while_made.files_without_row
    assert after_first_sweep == after_second_sweep == after_all == AGREED
    assert int(offset) == len(CONTENT)
    assert (done.status_code, done.json()["sha256"]) == (201, given.sha256(CONTENT))
    assert not parts_on_disk(house)


async def test_memory_stays_small_whatever_passes_through(
    client: httpx.AsyncClient, house: House
) -> None:
    """Sixty-four megabytes up and down cost the server no more than twenty-four of memory."""
    content = os.urandom(MEBIBYTE) * 64
    library = await given.a_library(client, house)
    version = await library.version("open")

    async with served(house) as server, httpx.AsyncClient(base_url=server.url, timeout=120) as real:
        library.client = real
        warm = await library.upload(version, content[:MEBIBYTE], kind="opaque", name="warm.bin")
        assert warm.status_code == 201
        before = server.resident_bytes()
        done = await library.upload(version, content, kind="opaque", part_bytes=PART)
        for verb, body in (("seal", None), ("publish", {"statement": "已抽检(示例)"})):
            moved = await library.act(library.custodian, version, verb, body)
            assert moved.status_code == 200, moved.text
        url = f"/v1/dataset-files/{done.json()['id']}/content"
        taken = 0
        async with real.stream("GET", url, headers=library.solver.headers) as answer:
            async for piece in answer.aiter_bytes():
                taken += len(piece)
        grown = server.resident_bytes() - before

    assert taken == len(content)
    assert grown < 24 * MEBIBYTE, f"grew by {grown / MEBIBYTE:.1f} MiB"
