"""Take offers in: create, submit, replace, withdraw, reconfirm.

Every action here first locks the call, then asks the database's clock, then decides: closing and
bidding cannot pass each other, and a bid that began to upload in time but arrived late is late.
"""

import datetime as dt
import os
from dataclasses import dataclass
from uuid import UUID

from marketplace.bids.actions import binding, participating, receipts, sealing
from marketplace.bids.actions.receipts import Receipt
from marketplace.bids.errors.bids import AlreadyBid, CallNotOpen, OwnCall
from marketplace.bids.errors.moves import NeedDesigner
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import moves, parties
from marketplace.bids.rules.admission import admit, check_open, check_still_fits
from marketplace.bids.rules.lifecycle import LIFECYCLE, BidState
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.bids.tables.bids import Bid, BidVersion
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.bids import BidMoved, BidSubmitted
from marketplace.events.rules.envelope import Event
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import envelopes
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.errors import Stale
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.relations.actions import rechecks
from marketplace.relations.rules.rechecks import Occasion, Stage
from marketplace.scenarios.actions import amending
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import Block
from marketplace.scenarios.tables import Scenario

SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An offer under seal, as it is to be kept."""

    sealed: bytes
    content_sha256: str
    sealed_by: SealedBy
    salt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A bid and its call, both locked, with the move that sealing makes."""

    row: Bid
    call: Call
    target: BidState
    recipients: tuple[bytes, ...]
    """Whom the offer is to be closed to."""
    papers: list[dict[str, str]]
    """The manifest of the documents that are sealed with it."""
    now: dt.datetime


async def create_bid(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reading_public_key: bytes | None = None,
    clock: Clock,
) -> Bid:
    """Begin a bid (B01).

    Shape    with a `reading_public_key` the bidder can read the own offer until the deadline.
    Refuses  KeyUnfit, CallClosed, CallNotOpen, OwnCall for whoever poses the problem or signed the
             need, NeedDesigner for whoever the call says designed it, OrganizationNotVerified,
             NotInGoodStanding, AlreadyBid.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    if reading_public_key is not None:
        envelopes.check_public(reading_public_key)
    call, now = await open_call(session, scenario_id, clock)
    if actor.organization_id in {call.poster_id, call.end_user_id}:
        raise OwnCall()
    if await moves.is_designer(session, call.content, actor.organization_id):
        raise NeedDesigner()
    bid_id = new_id()
    await _recheck(session, actor, bid_id, call, now=now)
    if await queries.live_bid(session, scenario_id, actor.organization_id) is not None:
        raise AlreadyBid(scenario_id=str(scenario_id))
    row = Bid(
        id=bid_id,
        scenario_id=scenario_id,
        solver_id=actor.organization_id,
        author_id=actor.person_id,
        state=BidState(LIFECYCLE.initial().target),
        reading_public_key=reading_public_key,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def submit_bid(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    verb: str,
    offer: Offer,
    expected_version: int,
    keeper: Keeper,
    clock: Clock,
) -> tuple[Bid, Receipt]:
    """Seal an offer: the first one with `submit` (B02), a better one with `replace` (B03).

    Shape    the receipt's salt is in the answer and inside the seal, nowhere else.
    Refuses  CallClosed by the database's clock after the lock; OrganizationNotVerified and
             NotInGoodStanding for a bidder who may not take part today; NoLockbox; what `admit`
             refuses; TakesPartAlready and MemberTakesPartAlready, alone or together.
    """
    begun = await begin_sealing(
        session, actor, bid_id, verb=verb, expected_version=expected_version, clock=clock
    )
    call = begun.call
    bidder = await parties.bidder(
        session, call, begun.row.solver_id, offer, keeper=keeper, on=day_of(begun.now)
    )
    admit(offer, bidder=bidder, content=call.content, profile=call.profile)
    await participating.take_part(session, begun.row, offer, keeper=keeper, now=begun.now)
    salt = os.urandom(SALT_BYTES).hex()
    whole = {"salt": salt, "offer": offer.to_document()}
    plaintext = canonical_json(whole | ({"documents": begun.papers} if begun.papers else {}))
    context = sealing.offer_context(begun.row.id)
    closed = Closed(
        sealed=sealing.close_for(begun.recipients, plaintext, context=context),
        content_sha256=sha256_hex(plaintext),
        sealed_by=SealedBy.PLATFORM,
        salt=salt,
    )
    return await finish_sealing(session, actor, begun, closed, keeper=keeper)


async def begin_sealing(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    verb: str,
    expected_version: int,
    clock: Clock,
) -> Begun:
    """Lock the call and the own bid, and check everything that does not depend on the offer."""
    access.require(actor, Permission.BIDS_SUBMIT)
    row, call, now = await _own_open_bid(session, actor, bid_id, expected_version, clock)
    move = LIFECYCLE.check(row.state, verb)
    await _recheck(session, actor, row.id, call, now=now)
    return Begun(
        row=row,
        call=call,
        target=BidState(move.target),
        recipients=await sealing.recipients_of(session, row, call.lockbox_id),
        papers=await binding.bind(session, row, number=row.content_number + 1),
        now=now,
    )


async def finish_sealing(
    session: WriteSession, actor: Actor, begun: Begun, closed: Closed, *, keeper: Keeper
) -> tuple[Bid, Receipt]:
    """Keep what was sealed as the content that counts, and sign the receipt."""
    row, call = begun.row, begun.call
    row.content_number += 1
    version = BidVersion(
        bid_id=row.id,
        number=row.content_number,
        scenario_content_version=call.content_version,
        sealed=closed.sealed,
        sealed_sha256=sha256_hex(closed.sealed),
        content_sha256=closed.content_sha256,
        received_at=begun.now,
        sealed_by=closed.sealed_by,
    )
    receipt = await receipts.sign(session, version, call.number, salt=closed.salt, keeper=keeper)
    session.add(version)
    row.state = begun.target
    row.submitted_at = begun.now
    row.version += 1
    await session.flush()
    said = BidSubmitted(
        bid_id=row.id,
        scenario_id=call.id,
        content_version=call.content_version,
        sealed_sha256=version.sealed_sha256,
    )
    await tell(session, actor, row, said, now=begun.now)
    return row, receipt


async def withdraw_bid(
    session: WriteSession, actor: Actor, bid_id: UUID, *, expected_version: int, clock: Clock
) -> Bid:
    """Take a bid back before the deadline (B04)."""
    access.require(actor, Permission.BIDS_SUBMIT)
    row, _, now = await _own_open_bid(session, actor, bid_id, expected_version, clock)
    return await make_move(session, actor, row, "withdraw", now=now)


async def reconfirm_bid(
    session: WriteSession, actor: Actor, bid_id: UUID, *, expected_version: int, clock: Clock
) -> Bid:
    """Say that the sealed offer stands under the amended call (B06).

    Refuses  OfferNoLongerFits where the amended call asks for something new: replace it then (B03);
             OrganizationNotVerified and NotInGoodStanding, as when an offer is sealed.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    row, call, now = await _own_open_bid(session, actor, bid_id, expected_version, clock)
    LIFECYCLE.check(row.state, "reconfirm")
    await _recheck(session, actor, row.id, call, now=now)
    check_still_fits(await queries.sealed_under(session, row), call.content)
    return await make_move(session, actor, row, "reconfirm", now=now)


async def confirm_amendment(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    expected_version: int,
    clock: Clock,
) -> Scenario:
    """Make a proposed amendment part of the call, and have every bidder confirm a material one
    (SC08b, B05).
    """
    row, material = await amending.confirm(
        session, actor, scenario_id, expected_version=expected_version, clock=clock
    )
    if material:
        await ask_reconfirmation(session, row.id, now=await clock.decisive(session))
    return row


async def ask_reconfirmation(session: WriteSession, scenario_id: UUID, *, now: dt.datetime) -> None:
    """Ask every bidder to confirm under a materially amended call (B05); the call must be locked.

    Says nothing to the caller: how many bids there are is nobody's business before the opening.
    """
    for row in await queries.timely_bids(session, scenario_id):
        if row.state is BidState.SUBMITTED:
            await make_move(session, access.SYSTEM, row, "ask_reconfirmation", now=now)


async def make_move(
    session: WriteSession,
    actor: Actor,
    row: Bid,
    verb: str,
    *,
    reason: str | None = None,
    now: dt.datetime,
) -> Bid:
    """Make one move of the table and tell the bidder."""
    move = LIFECYCLE.check(row.state, verb)
    row.state = BidState(move.target)
    row.version += 1
    await session.flush()
    if verb in participating.ENDS:
        await participating.leave(session, row.id)
    said = BidMoved(
        bid_id=row.id,
        scenario_id=row.scenario_id,
        verb=verb,
        state=row.state.value,
        reason=reason,
    )
    await tell(session, actor, row, said, now=now)
    return row


async def tell(
    session: WriteSession, actor: Actor, row: Bid, said: Event, *, now: dt.datetime
) -> None:
    """Record an event of a bid, to be heard by its own solver and by nobody else."""
    await events.record(
        session,
        said,
        by=actor.kind,
        now=now,
        organization_id=row.solver_id,
        scenario_id=row.scenario_id,
    )


async def open_call(
    session: WriteSession, scenario_id: UUID, clock: Clock
) -> tuple[Call, dt.datetime]:
    """Lock the call, then ask the clock, then refuse what is late."""
    call = await scenarios.call(session, scenario_id, lock=True)
    now = await clock.decisive(session)
    check_open(call.closes_at, now)
    if call.state is not ScenarioState.PUBLISHED:
        raise CallNotOpen(state=call.state.value)
    await suspensions.refuse_if_barred(session, call.id, Block.BIDDING, now=now)
    return call, now


async def _recheck(
    session: WriteSession, actor: Actor, bid_id: UUID, call: Call, *, now: dt.datetime
) -> None:
    """Check the bidder again; that it is related to the poster is kept, sealed, and stops nothing
    yet.
    """
    occasion = Occasion(
        stage=Stage.BID, subject_type="bid", subject_id=bid_id, counterpart_id=call.poster_id
    )
    await rechecks.recheck(session, actor, actor.organization_id, occasion=occasion, now=now)


async def _own_open_bid(
    session: WriteSession, actor: Actor, bid_id: UUID, expected_version: int, clock: Clock
) -> tuple[Bid, Call, dt.datetime]:
    unlocked = await queries.own_bid(session, actor, bid_id)
    call, now = await open_call(session, unlocked.scenario_id, clock)
    row = await queries.own_bid(session, actor, bid_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    return row, call, now
