"""Open documents: all heads of a bid with its offer, and the content piece by piece afterwards.

The opening touches no storage.  It opens the head of every document that the sealed offer names and
keeps the key of its parts under the master key; that is quick for any size, and lies in the one
transaction of the opening.  The content is compared afterwards (`checking`), and is decrypted
whenever it is read.  Nothing that is wrong with one document stops the opening of anything else.
"""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from marketplace.bids.actions.documents import SHELF, head_context, part_context
from marketplace.bids.actions.offering import tell
from marketplace.bids.actions.reading import refuse_in_between
from marketplace.bids.errors.documents import DocumentIncomplete, DocumentUnsound
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import (
    UNSOUND,
    Bound,
    DocumentState,
    Finding,
    Head,
    HeadUnreadable,
    is_kind,
    manifest_from,
)
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.documents import BidDocument, BidDocumentPart, OpenedDocument
from marketplace.events.rules.catalogue import bids as catalogue
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.envelopes import CannotOpenEnvelope, KeyUnfit
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import FileMissing, Storage
from marketplace.kit.tables import sealed_context

NAMED_MAX = 64


async def open_all(
    session: WriteSession,
    bid: Bid,
    manifest: Any,
    *,
    private_key: bytes,
    keeper: Keeper,
    now: dt.datetime,
) -> list[dict[str, Any]]:
    """Open every document that an opened offer names, and write its lines of the record.

    Shape    `manifest` is `documents` of the sealed plaintext, whoever wrote it; `private_key` that
             of the lockbox.  One line for each document named, with what was found of it.
    """
    bound = manifest_from(manifest)
    if bound is None:
        return [{"document": None, "finding": Finding.UNREADABLE.value}]
    kept = {str(one.id): one for one in await papers.documents_of(session, bid.id)}
    parts = await papers.parts_of_bid(session, bid.id)
    lines = []
    for one in bound:
        row = kept.get(one.document)
        finding, head = _opened(one, row, parts, private_key)
        opened = OpenedDocument(
            bid_id=bid.id,
            scenario_id=bid.scenario_id,
            named=one.document[:NAMED_MAX],
            document_id=None if row is None else row.id,
            finding=finding,
            opened_at=now,
            due_at=now,
        )
        if head is not None:
            place = sealed_context(OpenedDocument, "sealed_key", id=opened.id)
            opened.announced = head.announced.to_document()
            opened.sealed_key = keeper.seal(head.private_key, context=place)
        session.add(opened)
        lines.append(_line(one, opened))
        if finding in UNSOUND:
            await tell_unsound(session, bid, opened.named, finding, now=now)
    await session.flush()
    return lines


async def tell_unsound(
    session: WriteSession, bid: Bid, named: str, finding: Finding, *, now: dt.datetime
) -> None:
    """Tell the bidder and the bureau that an opened document is not what was sealed."""
    said = catalogue.DocumentUnsound(
        bid_id=bid.id, scenario_id=bid.scenario_id, document=named, finding=finding.value
    )
    await tell(session, access.SYSTEM, bid, said, now=now)


def _opened(
    bound: Bound,
    row: BidDocument | None,
    parts: dict[UUID, tuple[BidDocumentPart, ...]],
    private_key: bytes,
) -> tuple[Finding, Head | None]:
    """Compare what is kept with what was sealed, and open the head."""
    if row is None:
        return Finding.MISSING, None
    if papers.sealed_digest_of(row, parts.get(row.id, ())) != bound.sealed_sha256:
        return Finding.ALTERED, None
    try:
        return Finding.PENDING, head_of(row, private_key)
    except CannotOpenEnvelope:
        return Finding.UNREADABLE, None


def head_of(row: BidDocument, private_key: bytes) -> Head:
    """Open the head of a document.

    Refuses  CannotOpenEnvelope for another key, and for a head that does not hold what it must.
    """
    context = head_context(row.bid_id, row.id)
    plaintext = envelopes.open_(row.head, private_key=private_key, context=context)
    try:
        head = Head.from_document(msgspec.json.decode(plaintext))
        if envelopes.public_of(head.private_key) != row.public_key:
            raise CannotOpenEnvelope()
    except (HeadUnreadable, KeyUnfit, msgspec.DecodeError) as unfit:
        raise CannotOpenEnvelope() from unfit
    return head


def _line(bound: Bound, opened: OpenedDocument) -> dict[str, Any]:
    """Write a line of the record: digests and a finding, no name; bidders read it as well."""
    return {
        "document": opened.named,
        "sealed_sha256": bound.sealed_sha256,
        "sha256": None if opened.announced is None else opened.announced["sha256"],
        "finding": opened.finding.value,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A document that may be read now: where its parts lie, and what opens them."""

    row: BidDocument
    parts: tuple[BidDocumentPart, ...]
    head: Head


async def own_with_key(
    session: ReadSession, actor: Actor, document_id: UUID, *, reading_key: bytes, clock: Clock
) -> Readable:
    """Open an own document with the bid's reading key; the key is used and not kept.

    Refuses  DocumentIncomplete, CannotOpenEnvelope, SealedUntilOpening between the deadline and the
             opening: whoever can show what was offered could be made to.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    row, bid = await papers.own_document(session, actor, document_id)
    await refuse_in_between(session, bid, clock=clock)
    if row.state is DocumentState.OPEN:
        raise DocumentIncomplete(offset=row.offset_bytes, size=row.size_bytes)
    parts = tuple(await papers.parts_of(session, row.id))
    return Readable(row=row, parts=parts, head=head_of(row, reading_key))


async def opened_to(
    session: ReadSession, actor: Actor, document_id: UUID, *, keeper: Keeper
) -> Readable:
    """Take the kept key of an opened document, for whoever may read the opened bid.

    Refuses  DocumentUnsound for one that was found not to be what was sealed.
    """
    access.signed_in(actor)
    opened, row = await papers.opened_seen_by(session, actor, document_id)
    if opened.finding in UNSOUND:
        raise DocumentUnsound(finding=opened.finding.value)
    return await readable(session, opened, row, keeper=keeper)


async def readable(
    session: ReadSession, opened: OpenedDocument, row: BidDocument, *, keeper: Keeper
) -> Readable:
    """Take the kept key of an opened document; rights are asked for by whoever calls this."""
    assert opened.announced is not None
    assert opened.sealed_key is not None
    place = sealed_context(OpenedDocument, "sealed_key", id=opened.id)
    key = keeper.unseal(opened.sealed_key, context=place)
    head = Head.from_document({"announced": opened.announced, "key": key.hex()})
    return Readable(row=row, parts=tuple(await papers.parts_of(session, row.id)), head=head)


async def content_of(storage: Storage, document: Readable) -> AsyncGenerator[bytes, None]:
    """Decrypt a document part by part.

    Refuses  CannotOpenEnvelope as soon as a part is not the one that was closed, or is not there.
    """
    shelf = storage.within(SHELF)
    for part in document.parts:
        yield await _part(shelf, document, part)


async def _part(shelf: Storage, document: Readable, part: BidDocumentPart) -> bytes:
    try:
        sealed = await shelf.read(part.stored_name)
    except FileMissing as missing:
        raise CannotOpenEnvelope() from missing
    context = part_context(document.row.bid_id, document.row.id, part.number)
    key = document.head.private_key
    return await asyncio.to_thread(envelopes.open_, sealed, private_key=key, context=context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at the whole content has shown."""

    finding: Finding
    sha256: str | None


async def look(storage: Storage, document: Readable) -> Looked:
    """Read a whole document and compare it with what it announced."""
    announced, hasher, size = document.head.announced, hashlib.sha256(), 0
    fits = True
    try:
        async for piece in content_of(storage, document):
            if size == 0:
                fits = is_kind(announced.kind, piece)
            size += len(piece)
            hasher.update(piece)
    except CannotOpenEnvelope:
        return Looked(finding=Finding.UNREADABLE, sha256=None)
    found = hasher.hexdigest()
    if (size, found) != (announced.size_bytes, announced.sha256):
        return Looked(finding=Finding.DIFFERENT, sha256=found)
    return Looked(finding=Finding.SOUND if fits else Finding.NOT_ITS_KIND, sha256=found)
