"""What the scoring room can answer about what a panel decides together."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules.voting import Matter, Tally, tally
from marketplace.scoring.tables.rounds import PanelSeat, ResponsivenessDecision
from marketplace.scoring.tables.votes import PanelVote, PriceInquiry


async def votes(
    session: ReadSession, bid_id: UUID, matter: Matter
) -> Sequence[tuple[PanelVote, PanelSeat]]:
    """List the votes on one matter of one bid with their seats, in the order they were cast."""
    found = await session.exec(
        select(PanelVote, PanelSeat)
        .where(PanelVote.bid_id == bid_id)
        .where(PanelVote.matter == matter)
        .where(PanelVote.seat_id == PanelSeat.id)
        .order_by(col(PanelVote.cast_at), col(PanelVote.id))
    )
    return found.all()


async def counted(session: ReadSession, scenario_id: UUID, bid_id: UUID, matter: Matter) -> Tally:
    """Count the seats of a call on one matter of one bid; a recused judge has no vote."""
    seated = [one.label for one in await rounds.seats(session, scenario_id) if not one.recused_at]
    cast = await votes(session, bid_id, matter)
    return tally(seated, [(seat.label, vote.agrees) for vote, seat in cast])


async def vote_of(
    session: ReadSession, seat_id: UUID, bid_id: UUID, matter: Matter
) -> PanelVote | None:
    """Find how a seat voted."""
    found = await session.exec(
        select(PanelVote)
        .where(PanelVote.seat_id == seat_id)
        .where(PanelVote.bid_id == bid_id)
        .where(PanelVote.matter == matter)
    )
    return found.first()


async def responsiveness(session: ReadSession, bid_id: UUID) -> ResponsivenessDecision | None:
    """Find the panel's word on one bid."""
    found = await session.exec(
        select(ResponsivenessDecision).where(ResponsivenessDecision.bid_id == bid_id)
    )
    return found.first()


async def decisions(
    session: ReadSession, scenario_id: UUID
) -> Sequence[tuple[ResponsivenessDecision, Bid]]:
    """List what the panel of a call decided on its bids."""
    found = await session.exec(
        select(ResponsivenessDecision, Bid)
        .where(ResponsivenessDecision.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
        .order_by(col(ResponsivenessDecision.id))
    )
    return found.all()


async def inquiry(session: ReadSession, bid_id: UUID, *, lock: bool = False) -> PriceInquiry | None:
    """Find the inquiry into the price of a bid."""
    statement = select(PriceInquiry).where(PriceInquiry.bid_id == bid_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).first()


async def inquiries(session: ReadSession, scenario_id: UUID) -> Sequence[PriceInquiry]:
    """List the inquiries into the prices of a call, oldest first."""
    found = await session.exec(
        select(PriceInquiry)
        .where(PriceInquiry.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
        .order_by(col(PriceInquiry.id))
    )
    return found.all()


async def overdue(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """Name the calls in which the time to explain a price ran out without a word."""
    found = await session.exec(
        select(Bid.scenario_id)
        .where(PriceInquiry.bid_id == Bid.id)
        .where(Scenario.id == Bid.scenario_id)
        .where(Scenario.state == ScenarioState.EVALUATING)
        .where(col(PriceInquiry.accepted).is_(None))
        .where(col(PriceInquiry.explained_at).is_(None))
        .where(col(PriceInquiry.answer_until) <= now)
        .distinct()
    )
    return found.all()


async def may_read_votes(session: ReadSession, actor: Actor, call: Scenario) -> PanelSeat | None:
    """Find the actor's own seat; None for those who organise or watch.

    Refuses  NotOnPanel to everybody else: until the result an evaluation is nobody's business.
    """
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    if seat is not None and seat.recused_at is None:
        return seat
    # Whoever may not read the panel is told that there is none.
    await rounds.seats_seen_by(session, actor, call)
    return None


async def inquiry_seen_by(session: ReadSession, actor: Actor, bid_id: UUID) -> PriceInquiry | None:
    """Find the inquiry into a price: for its bidder, the panel, and whoever reads opened bids.

    Refuses  BidUnknown to everybody else.
    """
    call = await scenarios.scenario(session, await bids.scenario_of(session, bid_id))
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    if seat is not None and seat.recused_at is None:
        await bids.opened_bid(session, bid_id)
    else:
        await bids.bid_seen_by(session, actor, bid_id, call)
    return await inquiry(session, bid_id)
