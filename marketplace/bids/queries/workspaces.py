"""What a bidder sees of their own bid before it is opened: what is missing, and what is wrong."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.bids.queries import bids, participation, parties
from marketplace.bids.rules.completeness import problems
from marketplace.bids.rules.invitation_lifecycle import InvitationState
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.problems import Problem
from marketplace.bids.rules.workspace import Known, Point, checklist
from marketplace.bids.tables.bids import Bid
from marketplace.identity.queries import standing as register
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One's own bid with its list."""

    bid: Bid
    closes_at: dt.datetime | None
    points: tuple[Point, ...]


async def workspace(
    session: ReadSession, actor: Actor, bid_id: UUID, *, keeper: Keeper, now: dt.datetime
) -> Workspace:
    """Say what one's own bid still needs; any other bid does not exist."""
    row = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, row.scenario_id)
    sent = [
        one.row.state
        for one in await participation.invitations(session, actor, call.id, keeper=keeper)
        if one.terms.lead_id == row.solver_id
    ]
    known = Known(
        state=row.state,
        content_number=row.content_number,
        standing=await register.refusal(session, row.solver_id, on=day_of(now)),
        documents=None,
        invited=sent.count(InvitationState.INVITED),
        agreed=sent.count(InvitationState.ACCEPTED),
    )
    return Workspace(bid=row, closes_at=call.closes_at, points=checklist(known, call.content))


async def check(
    session: ReadSession,
    actor: Actor,
    bid_id: UUID,
    offer: Offer,
    *,
    keeper: Keeper,
    now: dt.datetime,
) -> Sequence[Problem]:
    """Say everything that speaks against an offer for one's own bid; nothing of it is kept."""
    row = await bids.own_bid(session, actor, bid_id)
    call = await scenarios.call(session, row.scenario_id)
    bidder = await parties.bidder(
        session, call, row.solver_id, offer, keeper=keeper, on=day_of(now)
    )
    return problems(offer, bidder, content=call.content, profile=call.profile)
