"""The door to the bids: begin one, seal an offer, take it back, read what you may."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.bids.actions import offering
from marketplace.bids.queries import bids as queries
from marketplace.bids.routes.receipts import receipted
from marketplace.bids.schemas.bids import (
    BegunOut,
    BidItemOut,
    BidOut,
    ReceiptOut,
    SealedOut,
)
from marketplace.bids.schemas.offers import OfferIn
from marketplace.bids.schemas.sealing import BidIn
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import cursor_of, id_after
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer, expected_version, prefers_english
from marketplace.wire.sealed_answers import sealed_once
from marketplace.wire.sealed_doors import SEALED_DOOR
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class CallBidController(Controller):
    """The bids of one call."""

    path = "/v1/scenarios/{scenario_id:uuid}/bids"
    tags = ("bids",)
    opt = SEALED_DOOR

    @post(operation_id="bids_create")
    @sealed_once(required=False)
    async def create(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
        data: JSONBody[BidIn | None] = None,
    ) -> Response[BegunOut]:
        """Begin a bid; nobody but your own organisation can see it before the opening.

        The answer has the key that reads your own offer, shown this once, unless you send a public
        key of your own.
        """
        private, public = _reading_pair(data)
        row = await offering.create_bid(
            writer, actor, scenario_id, reading_public_key=public, clock=clock
        )
        found = await queries.detail(writer, actor, row, now=clock.now())
        out = BegunOut.begun(
            BidOut.of(found, english=prefers_english(request)), reading_key=private
        )
        no_store = {"Cache-Control": "no-store"}
        return answer(request, out, version=row.version, status=201, headers=no_store)

    @get(operation_id="bids_list")
    async def list_bids(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[BidItemOut]]:
        """List your own bids; after the opening the bureau, auditors and poster see all opened."""
        access.signed_in(actor)
        call = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        pairs = await queries.bids_seen_by(
            reader, actor, call, after=id_after(cursor), limit=limit + 1
        )
        shown = [BidItemOut.of(row, solver) for row, solver in pairs[:limit]]
        more = len(pairs) > limit
        next_cursor = cursor_of(str(shown[-1].id)) if more else None
        return answer(request, PageOut(items=shown, next_cursor=next_cursor))


class BidController(Controller):
    """One organisation's part in one call."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("bids",)
    opt = SEALED_DOOR

    @get(operation_id="bids_get")
    async def get_bid(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[BidOut]:
        """Show a bid: your own always, another's once it was opened and if you may."""
        access.signed_in(actor)
        scenario_id = await queries.scenario_of(reader, bid_id)
        call = await scenarios.scenario(reader, scenario_id)
        row = await queries.bid_seen_by(reader, actor, bid_id, call)
        return await _described(request, reader, row, clock)

    @post("/actions/submit", status_code=200, operation_id="bids_submit")
    @sealed_once()
    async def submit(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[OfferIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[SealedOut]:
        """Seal your offer; the answer has the receipt, with a salt that is shown this once.

        Needs an Idempotency-Key: repeated under the same key, the answer is the same.
        """
        return await _sealed(request, writer, bid_id, "submit", data, keeper, clock)

    @post("/actions/replace", status_code=200, operation_id="bids_replace")
    @sealed_once()
    async def replace(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        data: JSONBody[OfferIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[SealedOut]:
        """Seal another offer in place of the one that counts; the old one is never opened.

        Needs an Idempotency-Key: repeated under the same key, the answer is the same.
        """
        return await _sealed(request, writer, bid_id, "replace", data, keeper, clock)

    @post("/actions/withdraw", status_code=200, operation_id="bids_withdraw")
    @sealed_once(required=False)
    async def withdraw(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[BidOut]:
        """Take your bid back before the deadline."""
        access.signed_in(actor)
        version = expected_version(request)
        row = await offering.withdraw_bid(
            writer, actor, bid_id, expected_version=version, clock=clock
        )
        return await _described(request, writer, row, clock)

    @post("/actions/reconfirm", status_code=200, operation_id="bids_reconfirm")
    @sealed_once(required=False)
    async def reconfirm(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
        keeper: NamedDependency[Keeper],
    ) -> Response[BidOut]:
        """Say that your sealed offer stands under the amended call."""
        access.signed_in(actor)
        version = expected_version(request)
        row = await offering.reconfirm_bid(
            writer, actor, bid_id, expected_version=version, clock=clock
        )
        return await _described(request, writer, row, clock)

    @get("/receipt", operation_id="bids_receipt")
    async def get_receipt(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ReceiptOut]:
        """Show the receipt of your offer, without the salt: that is kept nowhere."""
        access.signed_in(actor)
        row = await queries.own_bid(reader, actor, bid_id)
        return answer(request, ReceiptOut.of(await queries.receipt(reader, row)))


def _reading_pair(data: BidIn | None) -> tuple[bytes | None, bytes]:
    """Take the bidder's own public key, or make a pair."""
    if data is not None and data.reading_public_key is not None:
        return None, envelopes.from_text(data.reading_public_key)
    return envelopes.new_pair()


async def _sealed(
    request: AnyRequest,
    writer: WriteSession,
    bid_id: UUID,
    verb: str,
    data: OfferIn,
    keeper: Keeper,
    clock: Clock,
) -> Response[SealedOut]:
    access.signed_in(request.user)
    row, receipt = await offering.submit_bid(
        writer,
        request.user,
        bid_id,
        verb=verb,
        offer=data.offer(),
        expected_version=expected_version(request),
        keeper=keeper,
        clock=clock,
    )
    return await receipted(request, writer, row, receipt, clock)


async def _described(
    request: AnyRequest, session: ReadSession, row: Bid, clock: Clock, *, status: int = 200
) -> Response[BidOut]:
    """Answer with a bid as its caller may see it."""
    found = await queries.detail(session, request.user, row, now=clock.now())
    out = BidOut.of(found, english=prefers_english(request))
    return answer(request, out, version=row.version, status=status)
