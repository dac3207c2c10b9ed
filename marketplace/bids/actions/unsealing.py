"""Open one bid of a call whose lockbox two people have unlocked, and write its line of the record.

Two kinds of fault are kept apart.  What is stored is not what was receipted: somebody changed the
database, and nothing is opened.  The bidder's own client sealed something that is no offer, or one
that would not have been admitted: that bid is out, with the reason, and all others are opened.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec

from marketplace.bids.actions import opened_documents, receipts
from marketplace.bids.actions.offering import make_move
from marketplace.bids.actions.sealing import Unlocked, offer_context
from marketplace.bids.errors.sealing import OfferDigestDiffers, OfferUnreadable, SealBroken
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import parties
from marketplace.bids.rules.admission import admit
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.sealed_offer import SealedBy, offer_sealed
from marketplace.bids.tables.bids import Bid, BidVersion
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules import access
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import sha256_hex
from marketplace.kit.envelopes import CannotOpenEnvelope
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.secrets import Keeper
from marketplace.relations.actions import rechecks
from marketplace.scenarios.queries.calls import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was in the envelope of a bid: an offer, or why it is out."""

    offer: Offer | None
    papers: Any = None
    """The manifest of its documents, as the bidder or the platform wrote it."""
    exclusion: MarketplaceError | None = None


async def open_bid(
    session: WriteSession,
    bid: Bid,
    call: Call,
    unlocked: Unlocked,
    *,
    keeper: Keeper,
    now: dt.datetime,
) -> dict[str, Any]:
    """Decrypt one bid, check it against its receipt, and write its line of the record.

    Refuses  SealBroken with the bid where the stored bytes are not those of the receipt.
    """
    version = await queries.bid_version(session, bid.id, bid.content_number)
    await receipts.check(session, version, call.number)
    if sha256_hex(version.sealed) != version.sealed_sha256:
        raise SealBroken(bid_id=str(bid.id))
    found = await _found(session, bid, version, call, unlocked, keeper=keeper)
    if found.offer is not None:
        bid.offer, bid.quote_fen = found.offer.to_document(), found.offer.quote_fen
    excluded = None
    if found.exclusion is not None:
        excluded = found.exclusion.code.rpartition(".")[2]
        bid.exclusion = excluded
        bid.exclusion_reason = {"zh": found.exclusion.title_zh, "en": found.exclusion.title_en}
    verb = "open" if excluded is None else "exclude_unopened"
    await make_move(session, access.SYSTEM, bid, verb, reason=excluded, now=now)
    await rechecks.unseal(session, "bid", bid.id)
    papers = await opened_documents.open_all(
        session, bid, found.papers, private_key=unlocked.private_key, keeper=keeper, now=now
    )
    bidder = await identity.organization(session, bid.solver_id)
    return {
        "bid": str(bid.id),
        "bidder": {"name": bidder.name_zh, "uscc": bidder.uscc},
        "quote_fen": bid.quote_fen,
        "content_number": version.number,
        "received_at": version.received_at.astimezone(dt.UTC).isoformat(),
        "sealed_by": version.sealed_by.value,
        "sealed_sha256": version.sealed_sha256,
        "content_sha256": version.content_sha256,
        "excluded": excluded,
        "documents": papers,
    }


async def _found(
    session: ReadSession,
    bid: Bid,
    version: BidVersion,
    call: Call,
    unlocked: Unlocked,
    *,
    keeper: Keeper,
) -> Found:
    """Look into the envelope; a fault of the bidder's is found, one of ours is raised."""
    ours = version.sealed_by is SealedBy.PLATFORM
    try:
        offer, papers = _read(bid, version, unlocked)
    except (OfferUnreadable, OfferDigestDiffers) as fault:
        if ours:
            raise SealBroken(bid_id=str(bid.id)) from fault
        return Found(offer=None, exclusion=fault)
    if ours:
        # Admitted on arrival; what an amendment asks for since then was confirmed.
        return Found(offer=offer, papers=papers)
    on = day_of(version.received_at)
    bidder = await parties.bidder(session, call, bid.solver_id, offer, keeper=keeper, on=on)
    try:
        admit(offer, bidder=bidder, content=call.content, profile=call.profile)
    except MarketplaceError as refusal:
        return Found(offer=offer, papers=papers, exclusion=refusal)
    return Found(offer=offer, papers=papers)


def _read(bid: Bid, version: BidVersion, unlocked: Unlocked) -> tuple[Offer, Any]:
    try:
        plaintext = unlocked.open(version.sealed, context=offer_context(bid.id))
    except CannotOpenEnvelope as closed:
        raise OfferUnreadable() from closed
    if sha256_hex(plaintext) != version.content_sha256:
        raise OfferDigestDiffers()
    try:
        document = msgspec.json.decode(plaintext)
    except (msgspec.MsgspecError, ValueError, RecursionError) as unreadable:
        raise OfferUnreadable() from unreadable
    return offer_sealed(document), document.get("documents")
