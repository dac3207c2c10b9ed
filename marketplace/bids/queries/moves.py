"""What the bids room can answer about opened bids: exclusions, revocations, hearings, versions."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.errors.moves import HearingUnknown
from marketplace.bids.queries import bids
from marketplace.bids.rules import exclusions
from marketplace.bids.rules.hearings import OPEN
from marketplace.bids.tables.bids import Bid, BidVersion
from marketplace.bids.tables.moves import HardExclusion, Hearing, Revocation
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.database import ReadSession
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.tables import Scenario

P_READ = Permission.BIDS_READ_OPENED


async def hard_exclusions(session: ReadSession, bid_id: UUID) -> Sequence[HardExclusion]:
    """List what the law has against a bid, in the order in which it was found."""
    found = await session.exec(
        select(HardExclusion)
        .where(HardExclusion.bid_id == bid_id)
        .order_by(col(HardExclusion.found_at), col(HardExclusion.id))
    )
    return found.all()


async def revocation(session: ReadSession, bid_id: UUID) -> Revocation | None:
    """Find the revocation of a bid."""
    return (await session.exec(select(Revocation).where(Revocation.bid_id == bid_id))).first()


def may_read_hearings(actor: Actor, call: Scenario) -> bool:
    """Tell whether the actor reads accusations: the bureau and who watches, never the poster."""
    here = actor.at(call.organizer_id)
    bureau = here.has(Role.BUREAU_OFFICER, Role.AUDITOR) or here.is_system
    return here.may(Permission.BIDS_INVALIDATE) or (bureau and here.may(P_READ))


async def hearings_seen_by(
    session: ReadSession, actor: Actor, bid_id: UUID, call: Scenario
) -> Sequence[Hearing]:
    """List the hearings of a bid, oldest first: for its bidder, the bureau and who watches it.

    Refuses  BidUnknown to everybody else.
    """
    if may_read_hearings(actor, call):
        await bids.opened_bid(session, bid_id)
    else:
        await bids.own_bid(session, actor, bid_id)
    found = await session.exec(
        select(Hearing).where(Hearing.bid_id == bid_id).order_by(col(Hearing.id))
    )
    return found.all()


async def open_hearing(session: ReadSession, bid_id: UUID) -> Hearing | None:
    """Find the hearing of a bid that nobody has decided yet."""
    found = await session.exec(
        select(Hearing).where(Hearing.bid_id == bid_id).where(col(Hearing.state).in_(OPEN))
    )
    return found.first()


async def bid_of_hearing(session: ReadSession, hearing_id: UUID) -> UUID:
    """Name the bid of a hearing; for actions that must lock the call before it."""
    found = (await session.exec(select(Hearing.bid_id).where(Hearing.id == hearing_id))).first()
    if found is None:
        raise HearingUnknown(hearing_id=str(hearing_id))
    return found


async def hearing_locked(session: ReadSession, hearing_id: UUID) -> Hearing:
    """Find one hearing, locked until this transaction is over."""
    found = await session.exec(
        select(Hearing)
        .where(Hearing.id == hearing_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.first()
    if row is None:
        raise HearingUnknown(hearing_id=str(hearing_id))
    return row


async def versions(session: ReadSession, bid: Bid) -> Sequence[BidVersion]:
    """List every sealed version of a bid, oldest first; all but the last are superseded (B03)."""
    found = await session.exec(
        select(BidVersion).where(BidVersion.bid_id == bid.id).order_by(col(BidVersion.number))
    )
    return found.all()


async def is_designer(session: ReadSession, content: Content, organization_id: UUID) -> bool:
    """Tell whether a call names an organisation as a designer of its need (B01)."""
    bidder = await identity.organization(session, organization_id)
    names = [bidder.name_zh, bidder.name_en, bidder.uscc]
    return exclusions.is_designer(names, content.need_designers)
