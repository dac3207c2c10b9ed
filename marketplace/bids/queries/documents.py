"""What the bids room can answer of documents.  Before the opening: only to their own bidder."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, func, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.errors.documents import DocumentStillSealed, DocumentUnknown
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.documents import (
    Bound,
    DocumentState,
    Finding,
    manifest_of,
    sealed_digest,
)
from marketplace.bids.rules.lifecycle import LIVE_STATES
from marketplace.bids.tables.bids import Bid, Opening
from marketplace.bids.tables.documents import (
    BidDocument,
    BidDocumentPart,
    BidTrace,
    OpenedDocument,
)
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.kit.digests import sha256_hex
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.scenarios.queries import calls as scenarios

BYTES_END = 10**18
"""A place that no column of bytes holds is in no file, and would break the statement."""


async def documents_of(session: ReadSession, bid_id: UUID) -> Sequence[BidDocument]:
    """List the documents of a bid, those on their way and those taken out included."""
    found = await session.exec(
        select(BidDocument).where(BidDocument.bid_id == bid_id).order_by(col(BidDocument.id))
    )
    return found.all()


async def manifest(session: ReadSession, bid: Bid) -> list[dict[str, str]]:
    """Name the documents of the content that counts, as they are sealed with it."""
    rows = [
        one
        for one in await documents_of(session, bid.id)
        if one.bound_number == bid.content_number and one.bound_number
    ]
    return manifest_of(
        [Bound(document=str(one.id), sealed_sha256=one.sealed_sha256 or "") for one in rows]
    )


async def types_of(session: ReadSession, bid_id: UUID, *, keeper: Keeper) -> frozenset[str] | None:
    """Name what the complete documents of a bid are for; None: some of them only their bidder's own
    key tells.
    """
    types = set()
    for row in await documents_of(session, bid_id):
        if row.state is not DocumentState.COMPLETE:
            continue
        if row.sealed_type is None:
            return None
        place = sealed_context(BidDocument, "sealed_type", id=row.id)
        types.add(keeper.unseal(row.sealed_type, context=place).decode())
    return frozenset(types)


async def own_document(
    session: ReadSession, actor: Actor, document_id: UUID, *, lock: bool = False
) -> tuple[BidDocument, Bid]:
    """Find a document of the actor's own organisation, with its bid; any other does not exist.

    Shape    `lock` locks the bid first, then the document.
    """
    found = await session.exec(select(BidDocument.bid_id).where(BidDocument.id == document_id))
    bid_id = found.first()
    if bid_id is None:
        raise DocumentUnknown(document_id=str(document_id))
    try:
        bid = await queries.own_bid(session, actor, bid_id, lock=lock)
    except BidUnknown as unknown:
        raise DocumentUnknown(document_id=str(document_id)) from unknown
    statement = select(BidDocument).where(BidDocument.id == document_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise DocumentUnknown(document_id=str(document_id))
    return row, bid


async def is_taken(session: ReadSession, document_id: UUID) -> bool:
    """Tell whether any document has this id."""
    found = await session.exec(select(BidDocument.id).where(BidDocument.id == document_id))
    return found.first() is not None


async def parts_of(session: ReadSession, document_id: UUID) -> Sequence[BidDocumentPart]:
    """List the parts of a document that have arrived, in order."""
    found = await session.exec(
        select(BidDocumentPart)
        .where(BidDocumentPart.document_id == document_id)
        .order_by(col(BidDocumentPart.number))
    )
    return found.all()


async def parts_of_bid(
    session: ReadSession, bid_id: UUID
) -> dict[UUID, tuple[BidDocumentPart, ...]]:
    """List the parts of every document of a bid, in order."""
    found = await session.exec(
        select(BidDocumentPart)
        .where(BidDocumentPart.document_id == BidDocument.id)
        .where(BidDocument.bid_id == bid_id)
        .order_by(col(BidDocumentPart.document_id), col(BidDocumentPart.number))
    )
    parts: dict[UUID, tuple[BidDocumentPart, ...]] = {}
    for one in found.all():
        parts[one.document_id] = (*parts.get(one.document_id, ()), one)
    return parts


def sealed_digest_of(row: BidDocument, parts: Sequence[BidDocumentPart]) -> str:
    """Compute the digest of everything that is kept of a document."""
    return sealed_digest(
        head_sha256=sha256_hex(row.head),
        public_key=row.public_key,
        parts=[one.sealed_sha256 for one in parts],
    )


async def opened_of_bid(session: ReadSession, bid_id: UUID) -> Sequence[OpenedDocument]:
    """List the opened documents of a bid in the order in which the offer names them."""
    found = await session.exec(
        select(OpenedDocument)
        .where(OpenedDocument.bid_id == bid_id)
        .order_by(col(OpenedDocument.id))
    )
    return found.all()


async def opened_document(session: ReadSession, document_id: UUID) -> OpenedDocument | None:
    """Find what an opening made of a document; None: it was not opened."""
    found = await session.exec(
        select(OpenedDocument).where(OpenedDocument.document_id == document_id)
    )
    return found.first()


async def opened_seen_by(
    session: ReadSession, actor: Actor, document_id: UUID
) -> tuple[OpenedDocument, BidDocument]:
    """Find an opened document that the actor may read: whoever may read the opened bid."""
    row = await session.get(BidDocument, document_id)
    if row is None:
        raise DocumentUnknown(document_id=str(document_id))
    call = await scenarios.scenario(session, await queries.scenario_of(session, row.bid_id))
    try:
        await queries.bid_seen_by(session, actor, row.bid_id, call)
    except BidUnknown as unknown:
        raise DocumentUnknown(document_id=str(document_id)) from unknown
    opened = await opened_document(session, document_id)
    if opened is None:
        # Only its own bidder, who knows of it, is told that it is there.
        await own_document(session, actor, document_id)
        raise DocumentStillSealed(document_id=str(document_id))
    return opened, row


async def due_checks(session: ReadSession, *, now: dt.datetime) -> Sequence[UUID]:
    """List the opened documents whose content is to be looked at."""
    found = await session.exec(
        select(OpenedDocument.id)
        .where(OpenedDocument.finding == Finding.PENDING)
        .where(col(OpenedDocument.due_at) <= now)
        .order_by(col(OpenedDocument.id))
    )
    return found.all()


async def opened_row(session: ReadSession, opened_id: UUID) -> OpenedDocument | None:
    """Find an opened document, locked."""
    found = await session.exec(
        select(OpenedDocument)
        .where(OpenedDocument.id == opened_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.first()


async def document_of(session: ReadSession, opened: OpenedDocument) -> BidDocument:
    """Find what was opened; nothing that a sealed offer names is ever deleted."""
    found = await session.exec(select(BidDocument).where(BidDocument.id == opened.document_id))
    return found.one()


async def opened_on_call(session: ReadSession, scenario_id: UUID) -> Sequence[OpenedDocument]:
    """List every opened document of a call."""
    found = await session.exec(
        select(OpenedDocument)
        .where(OpenedDocument.scenario_id == scenario_id)
        .order_by(col(OpenedDocument.id))
    )
    return found.all()


async def calls_opened_and_checked(session: ReadSession) -> Sequence[UUID]:
    """List the calls that are open and whose documents have all been looked at."""
    pending = (
        select(OpenedDocument.id)
        .where(OpenedDocument.scenario_id == Opening.scenario_id)
        .where(OpenedDocument.finding == Finding.PENDING)
    )
    found = await session.exec(
        select(Opening.scenario_id)
        .where(col(Opening.opened_at).is_not(None))
        .where(~pending.exists())
        .order_by(col(Opening.id))
    )
    return found.all()


async def traces_on_call(session: ReadSession, scenario_id: UUID) -> Sequence[BidTrace]:
    """List where the sealed offers of a call came from."""
    found = await session.exec(
        select(BidTrace)
        .where(BidTrace.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
        .order_by(col(BidTrace.id))
    )
    return found.all()


async def traces_due(session: ReadSession, *, now: dt.datetime) -> Sequence[BidTrace]:
    """List the opened traces whose time is over."""
    found = await session.exec(select(BidTrace).where(col(BidTrace.kept_until) <= now))
    return found.all()


async def stale_documents(session: ReadSession, before: dt.datetime) -> Sequence[UUID]:
    """List documents that no opening will ever need: nothing came to them any more, their bid is
    over without them, or the offer that had them was replaced by one that has not.
    """
    stopped = await session.exec(
        select(BidDocument.id)
        .where(BidDocument.state == DocumentState.OPEN)
        .where(col(BidDocument.touched_at) < before)
    )
    left_over = await session.exec(
        select(BidDocument.id)
        .where(BidDocument.bid_id == Bid.id)
        .where(col(Bid.state).not_in(LIVE_STATES))
        .where(col(BidDocument.bound_number).is_(None))
    )
    superseded = await session.exec(
        select(BidDocument.id)
        .where(BidDocument.bid_id == Bid.id)
        .where(BidDocument.state == DocumentState.REMOVED)
        .where(col(BidDocument.bound_number) < col(Bid.content_number))
    )
    return [*stopped.all(), *left_over.all(), *superseded.all()]


async def any_document(session: ReadSession, document_id: UUID) -> tuple[BidDocument, Bid] | None:
    """Find a document with its bid, both locked, whoever's it is; for the sweep."""
    unlocked = await session.get(BidDocument, document_id)
    if unlocked is None:
        return None
    bid = await session.exec(
        select(Bid)
        .where(Bid.id == unlocked.bid_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = await session.exec(
        select(BidDocument)
        .where(BidDocument.id == document_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = row.first()
    return None if found is None else (found, bid.one())


async def known_names(session: ReadSession, names: Sequence[str]) -> frozenset[str]:
    """Tell which of these stored files a part refers to."""
    found = await session.exec(
        select(BidDocumentPart.stored_name).where(col(BidDocumentPart.stored_name).in_(names))
    )
    return frozenset(found.all())


async def room_taken(session: ReadSession, bid_id: UUID) -> tuple[int, int]:
    """Count the documents of a bid that the next sealing may take in, and their bytes."""
    found = await session.exec(
        select(func.count(), func.coalesce(func.sum(BidDocument.size_bytes), 0))
        .where(col(BidDocument.bid_id) == bid_id)
        .where(col(BidDocument.state) != DocumentState.REMOVED)
    )
    count, size = found.one()
    return count, int(size)
