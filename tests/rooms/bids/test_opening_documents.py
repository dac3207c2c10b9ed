"""What an opening makes of documents, whatever was done to them since they were sealed."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from sqlmodel import col, select, update

from marketplace.bids.queries import bids as bids_known
from marketplace.bids.queries import documents as known
from marketplace.bids.rules.documents import Finding
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.documents import (
    BidDocument,
    BidDocumentPart,
    BidTrace,
    OpenedDocument,
)
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.doors.bids.asking import seal
from tests.given import bids as given
from tests.given import documents as papers
from tests.given.bids import Begun
from tests.given.documents import PLAN
from tests.given.scenarios import Called, a_published_call

SECONDS_MAX: Final = 5
"""For opening five bids with six documents each, on a busy machine."""


async def a_bid_with(
    client: httpx.AsyncClient, house: House, clock: FixedClock, *contents: bytes, call: Called
) -> tuple[Begun, list[str]]:
    """A sealed bid with documents."""
    bid = await given.a_draft_bid(house.database, clock, call)
    documents = [
        await papers.a_document(client, bid, content, part_bytes=600) for content in contents
    ]
    answer = await seal(client, bid)
    assert answer.status_code == 200, answer.text
    return bid, documents


async def the_opening(house: House, clock: FixedClock, call: Called) -> None:
    """Open everything, and look at the documents."""
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)
    await papers.an_inspector(house).work()


async def findings(database: Database, bid: Begun) -> list[Finding]:
    """What was found of the documents of a bid."""
    async with database.reading() as session:
        return [one.finding for one in await known.opened_of_bid(session, bid.id)]


def stored(house: House) -> list[Path]:
    """The files in which parts lie, in the order in which they were written."""
    shelf = house.settings.data_dir / "storage" / "bid-documents"
    return sorted((one for one in shelf.rglob("*") if one.is_file()), key=lambda one: one.name)


async def change(database: Database, table: Any, document: str, **values: object) -> None:
    """Change rows as somebody with the database in their hands would."""
    column = table.id if table is BidDocument else table.document_id
    async with database.writing() as session:
        await session.exec(
            update(table).where(col(column) == papers.id_of(document)).values(**values)
        )


async def another_byte(house: House, _: str) -> None:
    """One byte of a stored part is another one."""
    path = stored(house)[0]
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(bytes(content))


async def a_lost_part(house: House, _: str) -> None:
    """A stored part is gone."""
    stored(house)[1].unlink()


async def swapped_parts(house: House, _: str) -> None:
    """Two stored parts have changed their places."""
    first, second = stored(house)[:2]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


async def another_head(house: House, document: str) -> None:
    """The head is the one of another document."""
    await change(house.database, BidDocument, document, head=b"jbe\x01 another")


async def another_digest(house: House, document: str) -> None:
    """Somebody has written another digest of a part into the database."""
    await change(house.database, BidDocumentPart, document, sealed_sha256="0" * 64)


async def a_part_less(house: House, document: str) -> None:
    """The last part was dropped from the database: a truncated document."""
    async with house.database.writing() as session:
        parts = await known.parts_of(session, papers.id_of(document))
        await session.delete(parts[-1])


Harm = Callable[[House, str], Any]
HARMS: Final[list[tuple[Harm, Finding]]] = [
    (another_byte, Finding.UNREADABLE),
    (a_lost_part, Finding.UNREADABLE),
    (swapped_parts, Finding.UNREADABLE),
    (another_head, Finding.ALTERED),
    (another_digest, Finding.ALTERED),
    (a_part_less, Finding.ALTERED),
]


@pytest.mark.parametrize(("harm", "finding"), HARMS, ids=[one.__name__ for one, _ in HARMS])
async def test_what_was_done_to_a_document_is_found_and_stops_nobody(
    client: httpx.AsyncClient,
    house: House,
    clock: FixedClock,
    harm: Harm,
    finding: Finding,
) -> None:
    """The bid goes to the panel with the finding; the other documents and bids are sound."""
    call = await a_published_call(house.database, clock)
    harmed, (document, _) = await a_bid_with(
        client, house, clock, b"harmed " + PLAN, b"whole " + PLAN, call=call
    )
    other, _ = await a_bid_with(client, house, clock, PLAN, call=call)

    await harm(house, document)
    await the_opening(house, clock, call)

    assert await findings(house.database, harmed) == [finding, Finding.SOUND]
    assert await findings(house.database, other) == [Finding.SOUND]
    async with house.database.reading() as session:
        bid = await bids_known.opened_bid(session, harmed.id)
        told = (
            await session.exec(select(EventRow).where(EventRow.type == "bid.document_unsound"))
        ).all()
    assert bid.state is BidState.OPENED
    assert [(one.subject_id, one.data["finding"]) for one in told] == [(harmed.id, finding.value)]
    refused = await client.get(f"{document}/content", headers=call.cast.officer.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "bids.document_unsound")


@pytest.mark.postgres
async def test_a_document_that_is_not_what_it_announced_is_found(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Another digest, and another kind: each is named for what it is."""
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    await papers.a_document(client, bid, PLAN, sha256="0" * 64)
    await papers.a_document(client, bid, PLAN, kind="pdf", name="plan.pdf")
    await seal(client, bid)

    await the_opening(house, clock, call)

    assert await findings(house.database, bid) == [Finding.DIFFERENT, Finding.NOT_ITS_KIND]


@pytest.mark.postgres
async def test_a_document_that_disappeared_is_missed(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """The sealed offer names it: that it is not there cannot be hidden."""
    call = await a_published_call(house.database, clock)
    bid, (document,) = await a_bid_with(client, house, clock, PLAN, call=call)
    async with house.database.writing() as session:
        for part in await known.parts_of(session, papers.id_of(document)):
            await session.delete(part)
        await session.flush()
        await session.delete(await session.get_one(BidDocument, papers.id_of(document)))

    await the_opening(house, clock, call)

    assert await findings(house.database, bid) == [Finding.MISSING]


async def test_a_document_smuggled_in_afterwards_is_not_opened(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Only what the sealed offer names is part of it, whatever the database says."""
    call = await a_published_call(house.database, clock)
    bid, (document,) = await a_bid_with(client, house, clock, PLAN, call=call)
    smuggled = await papers.a_document(client, bid, b"smuggled " + PLAN)
    await change(house.database, BidDocument, smuggled, bound_number=1)

    await the_opening(house, clock, call)

    async with house.database.reading() as session:
        found = await known.opened_of_bid(session, bid.id)
    assert [one.named for one in found] == [str(papers.id_of(document))]


@pytest.mark.postgres
async def test_opening_does_not_take_longer_for_large_documents(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Heads are opened and no content is read: the files need not even be there."""
    call = await a_published_call(house.database, clock)
    for _ in range(5):
        await a_bid_with(client, house, clock, *(PLAN for _ in range(6)), call=call)
    for path in stored(house):
        path.unlink()
    await given.the_deadline_passed(house.database, clock, call)
    began = time.monotonic()

    await given.the_opening(house.database, clock, call, keeper=house.keeper)

    took = time.monotonic() - began
    async with house.database.reading() as session:
        opened = await known.opened_on_call(session, call.id)
    assert [one.finding for one in opened] == [Finding.PENDING] * 30
    assert took < SECONDS_MAX


@pytest.mark.postgres
async def test_two_that_look_at_once_write_once(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Every document is leased to one of them."""
    call = await a_published_call(house.database, clock)
    bid, _ = await a_bid_with(client, house, clock, PLAN, b"second " + PLAN, call=call)
    await given.the_deadline_passed(house.database, clock, call)
    await given.the_opening(house.database, clock, call, keeper=house.keeper)

    looked = await asyncio.gather(*(papers.an_inspector(house).work() for _ in range(3)))

    assert sum(looked) == 2
    assert await findings(house.database, bid) == [Finding.SOUND, Finding.SOUND]
    assert await papers.an_inspector(house).work() == 0


@pytest.mark.postgres
async def test_two_parts_at_once_are_one_part(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """A client that sends a part twice at the same time gets one of them in."""
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    document = (await papers.begun(client, bid, PLAN)).headers["location"]

    answers = await asyncio.gather(*(papers.put(client, bid, document, 0, PLAN) for _ in range(4)))

    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert len(stored(house)) == 1
    assert (await papers.act(client, bid, document, "complete")).status_code == 200


@pytest.mark.postgres
async def test_sealing_and_removing_at_once_leave_a_whole_offer(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Whoever comes first: the offer names the document and it is there, or neither."""
    call = await a_published_call(house.database, clock)
    bid = await given.a_draft_bid(house.database, clock, call)
    document = await papers.a_document(client, bid)

    await asyncio.gather(seal(client, bid), papers.act(client, bid, document, "remove"))
    await the_opening(house, clock, call)

    found = await findings(house.database, bid)
    assert found in ([Finding.SOUND], [])


async def test_where_an_offer_came_from_is_known_after_the_opening_only(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """Closed before, a fingerprint afterwards, forgotten half a year later."""
    call = await a_published_call(house.database, clock)
    bid, _ = await a_bid_with(client, house, clock, call=call)
    withdrawn, _ = await a_bid_with(client, house, clock, call=call)
    async with house.database.reading() as session:
        before = await known.traces_on_call(session, call.id)

    await client.post(
        f"/v1/bids/{withdrawn.id}/actions/withdraw",
        headers=withdrawn.solver.headers | {"If-Match": '"v2.0000000000000000"'},
    )
    await the_opening(house, clock, call)
    async with house.database.reading() as session:
        opened = {one.bid_id: one for one in await known.traces_on_call(session, call.id)}
    clock.advance(papers.HALF_A_YEAR)
    await papers.a_sweeper(house).work()

    assert [(one.address_fingerprint, one.person_id) for one in before] == [(None, None)] * 2
    assert all(one.closed is not None for one in before)
    assert opened[bid.id].address_fingerprint is not None
    assert opened[bid.id].person_id == bid.solver.actor.person_id
    assert opened[withdrawn.id].address_fingerprint is None
    assert all(one.closed is None for one in opened.values())
    async with house.database.reading() as session:
        rows = (await session.exec(select(BidTrace))).all()
    assert [one.address_fingerprint for one in rows] == [None, None]


async def test_a_wrong_master_key_opens_no_kept_key(
    client: httpx.AsyncClient, house: House, clock: FixedClock
) -> None:
    """The keys of opened documents are kept sealed: the database alone reads nothing."""
    call = await a_published_call(house.database, clock)
    await a_bid_with(client, house, clock, PLAN, call=call)
    await the_opening(house, clock, call)

    async with house.database.reading() as session:
        (opened,) = (await session.exec(select(OpenedDocument))).all()

    assert opened.sealed_key is not None
    assert len(opened.sealed_key) > 32
    assert opened.sealed_key.startswith(house.keeper.head)
