"""Take the documents of a bid in parts, each encrypted before it touches the storage.

Every document has a key pair of its own.  Its private key, with all that the document announces,
lies in its head, closed for the lockbox of the call and the bid's reading key; its parts are closed
for its public key.  So the installation takes documents in without being able to read them, and the
opening of a call opens heads, however large the documents are.

A part is written to the storage first and exists from the moment its row is committed.  No session
is open while bytes move.  Only sealing an offer makes documents count, and it decides by the
database's clock under the lock of the call; here the deadline is asked for as well, so that nobody
uploads in vain.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.bids.actions.sealing import recipients_of
from marketplace.bids.errors.bids import CallNotOpen
from marketplace.bids.errors.documents import (
    DocumentIncomplete,
    DocumentNotItsKind,
    DocumentOver,
    DocumentPartBrokenOff,
    DocumentPartDigestDiffers,
    DocumentPartEmpty,
    DocumentPartMisplaced,
    DocumentPartTooLarge,
    DocumentsFixed,
    DocumentsFull,
)
from marketplace.bids.errors.sealing import EnvelopeUnfit
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.admission import check_open
from marketplace.bids.rules.documents import (
    Announced,
    DocumentState,
    Head,
    is_any_kind,
)
from marketplace.bids.rules.lifecycle import LIVE_STATES
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.documents import BidDocument, BidDocumentPart
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import FileTooLarge, Storage, StoredFile
from marketplace.kit.tables import sealed_context
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import Block

SHELF: Final = "bid-documents"
"""The area of the storage in which the parts of documents lie, and nothing else."""
PART_SECONDS_MAX: Final = 600
"""No part takes longer to arrive: what is older than twice that was left behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much one bid may bring."""

    document_bytes_max: int
    documents_max: int
    bytes_max: int
    """Of all documents of a bid together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedElsewhere:
    """A document that its bidder encrypts: what arrives is taken as it is, and never read."""

    document_id: UUID
    """Chosen by the bidder: its envelopes are bound to it."""
    head: bytes
    public_key: bytes
    size_bytes: int
    """Of all its envelopes together."""


def head_context(bid_id: UUID, document_id: UUID) -> bytes:
    """Name the one document whose head opens there."""
    return f"bid/{bid_id}/document/{document_id}/head".encode()


def part_context(bid_id: UUID, document_id: UUID, number: int) -> bytes:
    """Name the one part that opens there; moved to another place or document, it does not."""
    return f"bid/{bid_id}/document/{document_id}/{number}".encode()


async def begin(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    document: Announced | ClosedElsewhere,
    room: Room,
    keeper: Keeper,
    clock: Clock,
) -> BidDocument:
    """Begin a document of an own bid that can still be changed.

    Refuses  CallClosed, DocumentsFixed, FileTooLarge before a byte was sent, DocumentsFull,
             EnvelopeUnfit.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    bid = await queries.own_bid(session, actor, bid_id, lock=True)
    await _check_changeable(session, bid, clock)
    if document.size_bytes > room.document_bytes_max:
        raise FileTooLarge(bytes_max=room.document_bytes_max, bytes=document.size_bytes)
    count, taken = await papers.room_taken(session, bid.id)
    if count >= room.documents_max or taken + document.size_bytes > room.bytes_max:
        raise DocumentsFull(documents_max=room.documents_max, bytes_max=room.bytes_max)
    call = await scenarios.scenario(session, bid.scenario_id)
    recipients = await recipients_of(session, bid, call.lockbox_id)
    document_id, sealed_type = new_id(), None
    if isinstance(document, Announced):
        private_key, public_key = envelopes.new_pair()
        whole = Head(announced=document, private_key=private_key).to_bytes()
        context = head_context(bid.id, document_id)
        head = envelopes.close(whole, recipients=recipients, context=context)
        place = sealed_context(BidDocument, "sealed_type", id=document_id)
        sealed_type = keeper.seal(document.type.value.encode(), context=place)
    else:
        document_id, head, public_key = (
            document.document_id,
            document.head,
            document.public_key,
        )
        await _check_closed(session, document, recipients)
    row = BidDocument(
        id=document_id,
        bid_id=bid.id,
        state=DocumentState.OPEN,
        client_sealed=isinstance(document, ClosedElsewhere),
        head=head,
        public_key=public_key,
        sealed_type=sealed_type,
        size_bytes=document.size_bytes,
        created_at=clock.now(),
        touched_at=clock.now(),
    )
    session.add(row)
    await session.flush()
    return row


async def _check_closed(
    session: ReadSession, document: ClosedElsewhere, recipients: tuple[bytes, ...]
) -> None:
    """Refuse a head that the opening could not open, a key nothing can be closed for, and an id
    that is taken.
    """
    _check_envelope(document.head, recipients)
    envelopes.check_public(document.public_key)
    if await papers.is_taken(session, document.document_id):
        raise DocumentOver(document_id=str(document.document_id))


async def put_part(
    database: Database,
    storage: Storage,
    actor: Actor,
    document_id: UUID,
    *,
    start: int,
    sha256: str,
    chunks: AsyncIterator[bytes],
    bytes_max: int,
    clock: Clock,
) -> BidDocument:
    """Take the next part, and encrypt it before it touches the storage.

    Shape    no digest of a content is kept, so a part that is sent again is not recognised: it is
             misplaced, and the refusal names the place at which to go on.
    Refuses  DocumentOver, DocumentPartMisplaced, DocumentPartTooLarge, DocumentPartEmpty,
             DocumentPartDigestDiffers, DocumentPartBrokenOff, DocumentNotItsKind, EnvelopeUnfit.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    async with database.reading() as reader:
        row, bid = await papers.own_document(reader, actor, document_id)
        await _check_changeable(reader, bid, clock)
        number = len(await papers.parts_of(reader, row.id))
    _check_place(row, start)
    content = await _gathered(chunks, min(bytes_max, row.size_bytes - start))
    if not content:
        raise DocumentPartEmpty()
    if sha256_hex(content) != sha256:
        raise DocumentPartDigestDiffers(announced=sha256, offset=start)
    sealed = await asyncio.to_thread(_closed, row, number, content)
    shelf = storage.within(SHELF)
    stored = await shelf.store_bytes(sealed)
    kept = False
    try:
        async with database.writing() as writer:
            row, bid = await papers.own_document(writer, actor, document_id, lock=True)
            await _check_changeable(writer, bid, clock)
            _check_place(row, start)
            _keep_part(writer, row, number, len(content), stored, clock)
            await writer.flush()
        kept = True
    finally:
        if not kept:
            await shelf.discard(stored.name)
    return row


def _keep_part(
    writer: WriteSession,
    row: BidDocument,
    number: int,
    size_bytes: int,
    stored: StoredFile,
    clock: Clock,
) -> None:
    row.offset_bytes += size_bytes
    row.touched_at = clock.now()
    writer.add(
        BidDocumentPart(
            document_id=row.id,
            number=number,
            size_bytes=size_bytes,
            stored_name=stored.name,
            sealed_sha256=stored.sha256,
            received_at=row.touched_at,
        )
    )


def _closed(row: BidDocument, number: int, content: bytes) -> bytes:
    """Encrypt a part, or see that it is encrypted for the key it has to be."""
    if row.client_sealed:
        _check_envelope(content, [row.public_key])
        return content
    if number == 0 and not is_any_kind(content):
        raise DocumentNotItsKind()
    context = part_context(row.bid_id, row.id, number)
    return envelopes.close(content, recipients=[row.public_key], context=context)


def _check_envelope(content: bytes, recipients: Sequence[bytes]) -> None:
    if not envelopes.is_envelope(content, recipients=recipients):
        raise EnvelopeUnfit(recipients=len(recipients))


async def _gathered(chunks: AsyncIterator[bytes], bytes_max: int) -> bytes:
    """Hold one part: it is encrypted whole."""
    content = bytearray()
    try:
        async with asyncio.timeout(PART_SECONDS_MAX):
            async for chunk in chunks:
                content += chunk
                if len(content) > bytes_max:
                    raise DocumentPartTooLarge(bytes_max=bytes_max)
    except TimeoutError as slow:
        raise DocumentPartBrokenOff(seconds_max=PART_SECONDS_MAX) from slow
    return bytes(content)


async def complete(
    session: WriteSession, actor: Actor, document_id: UUID, *, clock: Clock
) -> BidDocument:
    """Declare a document whole; asked twice, it is done once and answered twice.

    Refuses  DocumentIncomplete with the offset at which to go on.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    row, bid = await papers.own_document(session, actor, document_id, lock=True)
    if row.state is DocumentState.COMPLETE:
        return row
    await _check_changeable(session, bid, clock)
    _check_under_way(row)
    if row.offset_bytes != row.size_bytes:
        raise DocumentIncomplete(offset=row.offset_bytes, size=row.size_bytes)
    row.sealed_sha256 = papers.sealed_digest_of(row, await papers.parts_of(session, row.id))
    row.state = DocumentState.COMPLETE
    row.completed_at = row.touched_at = clock.now()
    await session.flush()
    return row


async def remove(
    database: Database, storage: Storage, actor: Actor, document_id: UUID, *, clock: Clock
) -> BidDocument:
    """Take a document out of what is sealed next.

    Shape    what no sealed offer names is deleted; what one names is kept until it is replaced.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    async with database.writing() as writer:
        row, bid = await papers.own_document(writer, actor, document_id, lock=True)
        await _check_changeable(writer, bid, clock)
        names = await _take_out(writer, row)
    for name in names:
        await storage.within(SHELF).discard(name)
    return row


async def forget(session: WriteSession, document_id: UUID, *, before: dt.datetime) -> list[str]:
    """Delete a document that no opening will ever need; name the files to be removed."""
    found = await papers.any_document(session, document_id)
    if found is None:
        return []
    row, bid = found
    stopped = row.state is DocumentState.OPEN and row.touched_at < before
    left_over = row.bound_number is None and bid.state not in LIVE_STATES
    if not (stopped or left_over or _is_superseded(row, bid)):
        return []
    return await _delete(session, row)


def _is_superseded(row: BidDocument, bid: Bid) -> bool:
    removed = row.state is DocumentState.REMOVED and row.bound_number is not None
    return removed and (row.bound_number or 0) < bid.content_number


async def _take_out(session: WriteSession, row: BidDocument) -> list[str]:
    row.state = DocumentState.REMOVED
    await session.flush()
    return [] if row.bound_number is not None else await _delete(session, row)


async def _delete(session: WriteSession, row: BidDocument) -> list[str]:
    parts = await papers.parts_of(session, row.id)
    for part in parts:
        await session.delete(part)
    await session.flush()
    await session.delete(row)
    await session.flush()
    return [part.stored_name for part in parts]


async def _check_changeable(session: ReadSession, bid: Bid, clock: Clock) -> None:
    """Refuse what comes too late, or to a bid that is over."""
    if bid.state not in LIVE_STATES:
        raise DocumentsFixed(bid_state=bid.state.value)
    call = await scenarios.call(session, bid.scenario_id)
    now = await clock.decisive(session)
    check_open(call.closes_at, now)
    if call.state is not ScenarioState.PUBLISHED:
        raise CallNotOpen(state=call.state.value)
    await suspensions.refuse_if_barred(session, call.id, Block.BIDDING, now=now)


def _check_place(row: BidDocument, start: int) -> None:
    _check_under_way(row)
    if start != row.offset_bytes or start >= row.size_bytes:
        raise DocumentPartMisplaced(offset=row.offset_bytes, received=start, size=row.size_bytes)


def _check_under_way(row: BidDocument) -> None:
    if row.state is not DocumentState.OPEN:
        raise DocumentOver(document_state=row.state.value)
