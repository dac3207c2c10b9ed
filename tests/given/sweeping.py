"""Look for something secret in everything that a house has written, in every form it could take.

A marker is a text that occurs nowhere else.  It is looked for as it is, in the encodings that
Chinese text comes in, and as programs rewrite it: base64 wherever it may begin, hexadecimal,
escaped as in JSON, in an address; and as its plain digest, against which it could be guessed.
"""

import asyncio
import base64
import hashlib
import io
import json
import logging
import struct
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import select, text

from marketplace.bids.rules.amounts import write_amount
from marketplace.house import House
from marketplace.kit.database import Database
from marketplace.kit.logs import configure_logs
from marketplace.registry import metadata
from tests.given.traces import bytes_on_disk

OWN_LOGGERS = ("httpx", "httpcore")
"""Of the client that plays the browser in this process; a server has none of its calls."""
LENGTH_MIN = 6
"""Shorter forms are found anywhere by chance."""
NUMBER_LENGTH_MIN = 5
"""A number of five bytes stands in ten megabytes of noise once in a hundred thousand sweeps."""

Marker = str | bytes | int | range
"""A text, bytes, an amount in fen, or all amounts of a range."""


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


def amount_forms(fen: int) -> dict[str, bytes]:
    """Every form in which an amount is looked for: written in fen and in yuan, with and without
    separators, in capital characters, as the bytes of a number, and as a digest.
    """
    return _forms_of_texts(_written_amount(fen)) | _forms_of_numbers(fen)


def common_forms(amounts: range) -> dict[str, bytes]:
    """What the written forms of every amount in a range begin with: one search for all of them."""
    first, last = _written_amount(amounts[0]), _written_amount(amounts[-1])
    return _forms_of_texts({name: _beginning(first[name], last[name]) for name in first})


def _beginning(one: str, other: str) -> str:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(left for left, _ in pairs)


def number_forms(fen: int) -> dict[str, bytes]:
    """The forms of an amount that have nothing in common with those of its neighbours."""
    return {f"digest, {name}": one for name, one in _digests(fen).items()} | _forms_of_numbers(fen)


def _written_amount(fen: int) -> dict[str, str]:
    yuan, rest = divmod(fen, 100)
    return {
        "fen": str(fen),
        "fen, separated": f"{fen:,}",
        "yuan": f"{yuan}.{rest:02d}",
        "yuan, separated": f"{yuan:,}.{rest:02d}",
        "ten thousand yuan": f"{yuan // 10_000}.{yuan % 10_000:04d}{rest:02d}",
        "in words": write_amount(fen).removeprefix("人民币"),
    }


def _forms_of_texts(written: Mapping[str, str]) -> dict[str, bytes]:
    found = {
        f"{name}, {how}": form
        for name, text in written.items()
        for how, form in forms(text).items()
    }
    # Digits are the same in many encodings.
    return {name: form for form, name in {form: name for name, form in found.items()}.items()}


def _forms_of_numbers(fen: int) -> dict[str, bytes]:
    found = {
        "a number, big end first": fen.to_bytes(8, "big").lstrip(b"\0"),
        "a number, little end first": fen.to_bytes(8, "little").rstrip(b"\0"),
        "a float, big end first": struct.pack(">d", fen),
        "a float, little end first": struct.pack("<d", fen),
    }
    return {name: one for name, one in found.items() if len(one) >= NUMBER_LENGTH_MIN}


def _digests(fen: int) -> dict[str, bytes]:
    return {
        name: hashlib.sha256(text.encode()).hexdigest().encode()
        for name, text in _written_amount(fen).items()
    }


def find(markers: Mapping[str, Marker], places: Mapping[str, bytes]) -> list[str]:
    """Say which marker lies where, in which form; empty: nowhere."""
    return [
        f"{name}, {form}: {place}"
        for name, marker in markers.items()
        for form, wanted in _forms_of(marker).items()
        for place, content in places.items()
        if wanted in content
    ]


def _forms_of(marker: Marker) -> dict[str, bytes]:
    match marker:
        case int():
            return amount_forms(marker)
        case range():
            return {
                **common_forms(marker),
                **{
                    f"{fen} {name}": one
                    for fen in marker
                    for name, one in number_forms(fen).items()
                },
            }
        case _:
            return forms(marker)


async def everything(house: House, *, told: Iterable[tuple[str, bytes]] = ()) -> dict[str, bytes]:
    """All that the house has written: every row of every table, the file of the database with what
    was deleted in it, every stored file, and whatever else was told (logs, bodies of webhooks).
    """
    places = {name: content async for name, content in rows(house.database)}
    if house.database.engine.url.get_backend_name() == "sqlite":
        places["the database file"] = bytes_on_disk(house.database)
    else:
        places |= {name: content async for name, content in copied(house.database)}
        places["the files of the database"] = await files_of_tables(house.database)
    places |= dict(files(house.settings.data_dir))
    return places | dict(told)


async def rows(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """Every table, its values one after the other: bytes as they are, the rest as text."""
    async with database.engine.connect() as connection:
        for table in metadata().sorted_tables:
            found = await connection.execute(select(table))
            content = b"\n".join(_written(value) for row in found.all() for value in row)
            yield f"table {table.name}", content


async def copied(database: Database) -> AsyncIterator[tuple[str, bytes]]:
    """Every table of a PostgreSQL database as COPY writes it, also those that no model knows."""
    async with database.engine.connect() as connection:
        names = await connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        )
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        for (name,) in names.all():
            for form in ("text", "binary"):
                written = io.BytesIO()
                await raw.copy_from_table(name, output=written, format=form)
                yield f"copy of {name}, {form}", written.getvalue()


async def files_of_tables(database: Database) -> bytes:
    """The files in which PostgreSQL keeps tables and indexes, with every row that was deleted or
    rolled back and is still there.
    """
    async with database.engine.connect() as connection:
        await connection.execute(text("CHECKPOINT"))
        found = await connection.execute(
            text(
                "SELECT current_setting('data_directory'), pg_relation_filepath(c.oid)"
                " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'i', 't') AND n.nspname IN ('public', 'pg_toast')"
                " AND c.oid >= 16384"
            )
        )
        paths = [Path(folder) / name for folder, name in found.all()]
    return b"\n".join(await asyncio.to_thread(lambda: [one.read_bytes() for one in paths]))


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
