"""Look for something secret in everything that a house has written, in every form it could take.

A marker is a text that occurs nowhere else.  It is looked for as it is, in the encodings that
Chinese text comes in, and as programs rewrite it: base64 wherever it may begin, hexadecimal,
escaped as in JSON, in an address; and as its plain digest, against which it could be guessed.
"""

import base64
import hashlib
import io
import json
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select

from marketplace.house import House
from marketplace.kit.database import Database
from marketplace.kit.logs import configure_logs
from marketplace.registry import metadata
from tests.given.traces import bytes_on_disk

OWN_LOGGERS = ("httpx", "httpcore")
"""Of the client that plays the browser in this process; a server has none of its calls."""
LENGTH_MIN = 6
"""Shorter forms are found anywhere by chance."""


def forms(marker: str | bytes) -> dict[str, bytes]:
    """Every form in which a marker is looked for, by its name."""
    raw = marker.encode() if isinstance(marker, str) else marker
    found = {
        "as it is": raw,
        "hexadecimal": raw.hex().encode(),
        "hexadecimal, capital": raw.hex().upper().encode(),
        "digest": hashlib.sha256(raw).hexdigest().encode(),
        "digest, as bytes": hashlib.sha256(raw).digest(),
        "in an address": quote(raw, safe="").encode(),
        **{f"base64, {skipped} before": _base64(raw, skipped) for skipped in range(3)},
        **{
            f"base64url, {skipped} before": _base64(raw, skipped).translate(_URL)
            for skipped in range(3)
        },
    }
    if isinstance(marker, str):
        found |= {name: marker.encode(name, "ignore") for name in ("utf-16-le", "utf-16-be")}
        found |= {name: marker.encode(name, "ignore") for name in ("gbk", "gb18030")}
        escaped = json.dumps(marker)[1:-1]
        found |= {
            "escaped": escaped.encode(),
            "escaped, capital": escaped.upper().replace("\\U", "\\u").encode(),
            "escaped twice": json.dumps(escaped)[1:-1].encode(),
        }
    return {name: form for name, form in found.items() if len(form) >= LENGTH_MIN}


_URL = bytes.maketrans(b"+/", b"-_")


def _base64(raw: bytes, skipped: int) -> bytes:
    """What is the same in base64 whatever stands around, if that many bytes stand before."""
    written = base64.b64encode(b"\0" * skipped + raw + b"\0" * 3)
    first = {0: 0, 1: 2, 2: 3}[skipped]
    whole_bits = (skipped + len(raw)) * 8
    return written[first : whole_bits // 6]


def find(markers: Mapping[str, str | bytes], places: Mapping[str, bytes]) -> list[str]:
    """Say which marker lies where, in which form; empty: nowhere."""
    return [
        f"{name}, {form}: {place}"
        for name, marker in markers.items()
        for form, wanted in forms(marker).items()
        for place, content in places.items()
        if wanted in content
    ]


async def everything(house: House, *, told: Iterable[tuple[str, bytes]] = ()) -> dict[str, bytes]:
    """All that the house has written: every row of every table, the file of the database with what
    was deleted in it, every stored file, and whatever else was told (logs, bodies of webhooks).
    """
    places = {name: content async for name, content in rows(house.database)}
    if house.database.engine.url.get_backend_name() == "sqlite":
        places["the database file"] = bytes_on_disk(house.database)
    places |= dict(files(house.settings.data_dir))
    return places | dict(told)


async def rows(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """Every table, its values one after the other: bytes as they are, the rest as text."""
    async with database.engine.connect() as connection:
        for table in metadata().sorted_tables:
            found = await connection.execute(select(table))
            content = b"\n".join(_written(value) for row in found.all() for value in row)
            yield f"table {table.name}", content


def _written(value: object) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).encode()
    return str(value).encode()


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, with its name as part of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(folder))
            yield f"file {name}", name.encode() + b"\n" + path.read_bytes()


@contextmanager
def logged(records: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """Every line, written as in production but down to DEBUG, and what libraries tell at INFO."""
    written = io.StringIO()
    configure_logs(json_lines=True, level=logging.DEBUG, to=written)
    records.set_level(logging.INFO)
    try:
        yield written
    finally:
        configure_logs(json_lines=False)
    for record in records.records:
        if not record.name.startswith(OWN_LOGGERS):
            written.write(f"{record.name} {record.getMessage()} {record.exc_text or ''}\n")
