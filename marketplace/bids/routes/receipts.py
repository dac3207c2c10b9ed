"""The answer to whoever sealed an offer, in whichever way: the bid, and the receipt for it."""

from typing import Final

from litestar import Request, Response
from litestar.datastructures import State

from marketplace.bids.actions import traces
from marketplace.bids.actions.receipts import Receipt
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import documents as papers
from marketplace.bids.schemas.bids import BidOut, SaltedReceiptOut, SealedOut
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.wire.answers import address_of, answer, prefers_english

NO_STORE: Final = {"Cache-Control": "no-store"}


async def receipted(
    request: Request[Actor, None, State],
    writer: WriteSession,
    row: Bid,
    receipt: Receipt,
    clock: Clock,
) -> Response[SealedOut]:
    """Note where the offer came from, and answer with what is told this once."""
    await traces.note(writer, request.user, row, address=address_of(request))
    found = await queries.detail(writer, request.user, row, now=clock.now())
    out = SealedOut(
        bid=BidOut.of(found, english=prefers_english(request)),
        receipt=SaltedReceiptOut.of(receipt),
        documents=await papers.manifest(writer, row),
    )
    return answer(request, out, version=row.version, headers=NO_STORE)
