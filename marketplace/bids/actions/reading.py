"""Let a bidder read the own sealed offer, with the own key, until the deadline."""

from dataclasses import dataclass, field
from uuid import UUID

from marketplace.bids.actions.sealing import offer_context
from marketplace.bids.errors.sealing import ReadingKeyUnset, SealedUntilOpening
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import LIVE_STATES
from marketplace.bids.tables.bids import Bid, BidVersion
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnContent:
    """The own offer as its bidder may have it: closed, or opened with the own key."""

    version: BidVersion
    context: bytes
    opened: bytes | None = field(default=None, repr=False)


async def own_sealed(
    session: ReadSession, actor: Actor, bid_id: UUID, *, clock: Clock
) -> OwnContent:
    """Find the sealed offer that counts, until the deadline and again after the opening.

    In between nobody has it: whoever can show what was offered could be made to.
    Refuses  BidUnknown for everybody else, ReceiptUnknown, SealedUntilOpening.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    row = await queries.own_bid(session, actor, bid_id)
    version = await queries.receipt(session, row)
    await refuse_in_between(session, row, clock=clock)
    return OwnContent(version=version, context=offer_context(row.id))


async def read_own(
    session: ReadSession, actor: Actor, bid_id: UUID, *, reading_key: bytes, clock: Clock
) -> OwnContent:
    """Open the own offer with the own reading key; nothing of either is kept.

    Refuses  ReadingKeyUnset, CannotOpenEnvelope, and what `own_sealed` refuses.
    """
    found = await own_sealed(session, actor, bid_id, clock=clock)
    row = await queries.own_bid(session, actor, bid_id)
    if row.reading_public_key is None:
        raise ReadingKeyUnset()
    opened = envelopes.open_(found.version.sealed, private_key=reading_key, context=found.context)
    return OwnContent(version=found.version, context=found.context, opened=opened)


async def refuse_in_between(session: ReadSession, row: Bid, *, clock: Clock) -> None:
    """Refuse whoever would read an own bid between the deadline and the opening."""
    if row.state not in LIVE_STATES:
        return
    now = await clock.decisive(session)
    call = await scenarios.scenario(session, row.scenario_id)
    closes_at = scenarios.closing_at(call)
    if closes_at is not None and now >= closes_at:
        raise SealedUntilOpening(bid_deadline_at=closes_at)
