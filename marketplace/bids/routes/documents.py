"""The door for the documents of a bid: in parts, resumable, encrypted on arrival.

What a request announces is kept nowhere readable, not to recognise a repeat either.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote
from uuid import UUID

from litestar import Controller, Request, Response, get, head, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from marketplace.bids.actions import documents, opened_documents
from marketplace.bids.actions.documents import Room
from marketplace.bids.actions.opened_documents import Readable
from marketplace.bids.errors.documents import (
    DocumentPartBrokenOff,
    DocumentPartDigestMissing,
    DocumentPartTooLarge,
)
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import MEDIA_TYPES
from marketplace.bids.schemas.documents import (
    BidDocumentIn,
    BidDocumentOut,
    BidDocumentsOut,
    CheckedDocumentOut,
    OpenedDocumentOut,
    OpenedDocumentsOut,
    ReadingKeyIn,
)
from marketplace.bids.tables.documents import BidDocument
from marketplace.datasets.rules.digests import digest_header
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.digests import sha256_in
from marketplace.kit.secrets import Keeper
from marketplace.kit.storage import Storage
from marketplace.scenarios.queries import calls as scenarios
from marketplace.settings import Settings
from marketplace.wire.answers import answer
from marketplace.wire.parts import FileAnswer, PartUpload, chunks_of, place
from marketplace.wire.sealed_answers import sealed_once
from marketplace.wire.sealed_doors import SEALED_DOOR, seal_under

AnyRequest = Request[Actor, None, State]
NO_STORE = {"Cache-Control": "no-store"}


class BidDocumentsController(Controller):
    """The documents of one bid."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @post("/documents", operation_id="bid_documents_create")
    @sealed_once(required=False)
    async def create(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[BidDocumentIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[BidDocumentOut]:
        """Begin a document of your bid; then send its parts.

        What you announce is encrypted at once for the opening and for your own reading key.
        """
        room = Room(
            document_bytes_max=settings.bid_document_bytes_max,
            documents_max=settings.bid_documents_max,
            bytes_max=settings.bid_documents_bytes_max,
        )
        access.signed_in(actor)
        row = await documents.begin(
            writer, actor, bid_id, document=data.document(), room=room, keeper=keeper, clock=clock
        )
        headers = {"Location": f"/v1/bid-documents/{row.id}"} | NO_STORE
        out = BidDocumentOut.of(row, (), part_bytes_max=settings.bid_document_part_bytes_max)
        return answer(request, out, status=201, headers=headers)

    @get("/documents", operation_id="bid_documents_list")
    async def list_documents(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        settings: NamedDependency[Settings],
    ) -> Response[BidDocumentsOut]:
        """List the documents of your own bid as they are kept: encrypted."""
        access.signed_in(actor)
        bid = await queries.own_bid(reader, actor, bid_id)
        rows = await papers.documents_of(reader, bid.id)
        parts = await papers.parts_of_bid(reader, bid.id)
        most = settings.bid_document_part_bytes_max
        items = [BidDocumentOut.of(one, parts.get(one.id, ()), part_bytes_max=most) for one in rows]
        return answer(request, BidDocumentsOut(items=items))

    @get("/opened-documents", operation_id="opened_documents_list")
    async def list_opened(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[OpenedDocumentsOut]:
        """List the documents of an opened offer with what was found of each.

        For its bidder, the bureau, auditors and the poster.
        """
        access.signed_in(actor)
        call = await scenarios.scenario(reader, await queries.scenario_of(reader, bid_id))
        bid = await queries.bid_seen_by(reader, actor, bid_id, call)
        rows = await papers.opened_of_bid(reader, bid.id)
        return answer(
            request, OpenedDocumentsOut(items=[OpenedDocumentOut.of(one) for one in rows])
        )


class BidDocumentController(Controller):
    """One document of a bid."""

    path = "/v1/bid-documents/{document_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @get(operation_id="bid_documents_get")
    async def get_document(
        self,
        request: AnyRequest,
        document_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        settings: NamedDependency[Settings],
    ) -> Response[BidDocumentOut]:
        """Show how far a document of your own bid has come."""
        access.signed_in(actor)
        row, _ = await papers.own_document(reader, actor, document_id)
        return await _described(request, reader, row, settings)

    @head(operation_id="bid_documents_head")
    async def head_document(
        self,
        document_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[None]:
        """Tell in a header where the next part begins."""
        access.signed_in(actor)
        row, _ = await papers.own_document(reader, actor, document_id)
        return Response(None, headers=place(row.offset_bytes, row.size_bytes) | NO_STORE)

    # The limit of JSON bodies is not for parts; `put_part` holds them to the one in the settings.
    @put(
        "/parts/{offset:int}",
        operation_id="bid_documents_put_part",
        operation_class=PartUpload,
        request_max_body_size=None,
    )
    async def put_part(
        self,
        request: AnyRequest,
        document_id: FromPath[UUID],
        offset: FromPath[int],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[BidDocumentOut]:
        """Send the next part; it is encrypted before it is written anywhere.

        After an interruption ask with HEAD where to go on: no digest of your content is kept, so a
        part that is sent twice cannot be recognised.
        """
        access.signed_in(actor)
        bytes_max = settings.bid_document_part_bytes_max
        announced = request.content_length
        if announced is not None and announced > bytes_max:
            raise DocumentPartTooLarge(bytes_max=bytes_max, bytes=announced)
        sha256 = sha256_in(request.headers.get("content-digest"))
        if sha256 is None:
            raise DocumentPartDigestMissing()
        async with aclosing(chunks_of(request, broken_off=DocumentPartBrokenOff)) as chunks:
            row = await documents.put_part(
                database,
                storage,
                actor,
                document_id,
                start=offset,
                sha256=sha256,
                chunks=chunks,
                bytes_max=bytes_max,
                clock=clock,
            )
        async with database.reading() as reader:
            return await _described(request, reader, row, settings)

    @post("/actions/complete", status_code=200, operation_id="bid_documents_complete")
    async def complete(
        self,
        request: AnyRequest,
        document_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[BidDocumentOut]:
        """Declare a document whole: the next sealing of your offer takes it in."""
        access.signed_in(actor)
        row = await documents.complete(writer, actor, document_id, clock=clock)
        seal_under(request, row.bid_id)
        return await _described(request, writer, row, settings)

    @post("/actions/remove", status_code=200, operation_id="bid_documents_remove")
    async def remove(
        self,
        request: AnyRequest,
        document_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        settings: NamedDependency[Settings],
        clock: NamedDependency[Clock],
    ) -> Response[BidDocumentOut]:
        """Take a document back; one that your sealed offer names stays until you replace it."""
        access.signed_in(actor)
        row = await documents.remove(database, storage, actor, document_id, clock=clock)
        async with database.reading() as reader:
            return await _described(request, reader, row, settings)

    @post("/actions/check", status_code=200, operation_id="bid_documents_check")
    async def check(
        self,
        request: AnyRequest,
        document_id: FromPath[UUID],
        data: JSONBody[ReadingKeyIn],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        clock: NamedDependency[Clock],
    ) -> Response[CheckedDocumentOut]:
        """Have your whole document compared with what you announced, as the opening will."""
        access.signed_in(actor)
        async with database.reading() as reader:
            found = await opened_documents.own_with_key(
                reader, actor, document_id, reading_key=data.key(), clock=clock
            )
        looked = await opened_documents.look(storage, found)
        out = CheckedDocumentOut.of(looked, found)
        return answer(request, out, headers=NO_STORE)

    @post(
        "/actions/read",
        status_code=200,
        operation_id="bid_documents_read",
        operation_class=FileAnswer,
    )
    async def read(
        self,
        document_id: FromPath[UUID],
        data: JSONBody[ReadingKeyIn],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        clock: NamedDependency[Clock],
    ) -> Stream:
        """Read your own document with your reading key; both are used now and kept nowhere."""
        access.signed_in(actor)
        async with database.reading() as reader:
            found = await opened_documents.own_with_key(
                reader, actor, document_id, reading_key=data.key(), clock=clock
            )
        return await _streamed(storage, found)

    @get("/content", operation_id="opened_documents_read", operation_class=FileAnswer)
    async def read_opened(
        self,
        document_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        storage: NamedDependency[Storage],
        keeper: NamedDependency[Keeper],
    ) -> Stream:
        """Read an opened document, as its bidder, the bureau, an auditor or the poster."""
        access.signed_in(actor)
        async with database.reading() as reader:
            found = await opened_documents.opened_to(reader, actor, document_id, keeper=keeper)
        return await _streamed(storage, found)


async def _described(
    request: AnyRequest, session: ReadSession, row: BidDocument, settings: Settings
) -> Response[BidDocumentOut]:
    parts = tuple(await papers.parts_of(session, row.id))
    out = BidDocumentOut.of(row, parts, part_bytes_max=settings.bid_document_part_bytes_max)
    return answer(request, out, headers=place(row.offset_bytes, row.size_bytes))


async def _streamed(storage: Storage, found: Readable) -> Stream:
    """Give a document out; its first part is opened before the answer begins, so that a wrong key
    is a refusal and not a broken answer.
    """
    announced = found.head.announced
    pieces = opened_documents.content_of(storage, found)
    first = await anext(pieces, b"")

    async def all_of_it() -> AsyncGenerator[bytes, None]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    headers = {
        "Content-Length": str(announced.size_bytes),
        "Repr-Digest": digest_header(announced.sha256),
        # A file of strangers is saved and never shown: whatever it pretends to be, it does not run.
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(announced.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Stream(all_of_it(), headers=headers, media_type=MEDIA_TYPES[announced.kind])
