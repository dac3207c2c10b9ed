"""Whoever has database, storage and master key together reads no document before the opening."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from marketplace.bids.actions.documents import head_context, part_context
from marketplace.bids.queries import documents as known
from marketplace.house import House
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.envelopes import CannotOpenEnvelope
from marketplace.kit.rotation import sealed_columns
from marketplace.kit.secrets import CannotUnseal
from marketplace.registry import metadata
from tests.doors.bids.asking import seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given.scenarios import a_published_call

HEX: Final = re.compile(rb"[0-9a-fA-F]{64}")
KEY_BYTES: Final = 32


async def stored(house: House) -> list[bytes]:
    """Everything in the database: bytes as they are, what is sealed also unsealed, the rest as
    text.
    """
    found: list[bytes] = []
    async with house.database.engine.connect() as connection:
        for table in metadata().sorted_tables:
            for row in (await connection.execute(select(table))).all():
                found += [one if isinstance(one, bytes) else str(one).encode() for one in row]
        for column in sealed_columns(metadata()):
            wanted = select(column.column, *column.needed).where(column.column.is_not(None))
            names = [one.name for one in column.needed]
            for sealed, *values in (await connection.execute(wanted)).all():
                context = column.context.format(**dict(zip(names, values, strict=True)))
                with suppress(CannotUnseal):
                    found.append(house.keeper.unseal(sealed, context=context))
    return found


def keys_in(house: House, values: list[bytes]) -> Iterator[bytes]:
    """Everything that could be a key: the master key, and every 32 bytes that lie somewhere."""
    yield house.keeper.master_key
    yield house.keeper.derive("bids")
    for value in values:
        if len(value) == KEY_BYTES:
            yield value
        yield from (bytes.fromhex(one.decode()) for one in HEX.findall(value))


@pytest.mark.postgres
async def test_no_key_that_lies_anywhere_opens_a_document(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Heads and parts stay closed to all of them; after the opening the same search has a key."""
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    await papers.a_document(client, bid)
    assert (await seal(client, bid)).status_code == 200

    before = await _opens(house, bid.id)
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    after = await _opens(house, bid.id)

    assert before == set()
    assert after == {"part"}


async def _opens(house: House, bid_id: UUID) -> set[str]:
    """Say what could be opened with anything that lies in the house."""
    keys = set(keys_in(house, await stored(house)))
    assert len(keys) > 10
    async with house.database.reading() as session:
        (row,) = await known.documents_of(session, bid_id)
        (part,) = await known.parts_of(session, row.id)
    content = await house.storage.within("bid-documents").read(part.stored_name)
    closed = {
        "head": (row.head, head_context(row.bid_id, row.id)),
        "part": (content, part_context(row.bid_id, row.id, 0)),
    }
    found = set()
    for name, (envelope, context) in closed.items():
        for key in keys:
            with suppress(CannotOpenEnvelope):
                envelopes.open_(envelope, private_key=key, context=context)
                found.add(name)
    return found
