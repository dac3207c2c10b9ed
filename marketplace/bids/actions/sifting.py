"""Find what is wrong with opened bids without anybody's opinion, and put them out.

What is over the maximum price leaves at the opening itself, before any mean is made of the quotes.
What the law has against a bidder is found at the opening and again when its eligibility is checked:
a tie that was recorded in between counts as of the day of the opening.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import moves
from marketplace.bids.rules import exclusions
from marketplace.bids.rules.exclusions import Participant
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.moves import HardExclusion
from marketplace.events.rules.catalogue.bid_moves import BidExcluded
from marketplace.identity.queries import standing
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.relations import queries as relations
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario

OVER_MAXIMUM = "over_maximum_price"
OVER_MAXIMUM_REASON = {"zh": "报价高于最高限价", "en": "The quote is above the maximum price"}


async def sift(session: WriteSession, call: Scenario, *, now: dt.datetime) -> None:
    """Look through the bids of a call that was opened just now; the call must be locked."""
    maximum_fen = (await scenarios.content(session, call)).budget.max_price_fen
    for bid, _ in await queries.opened_bids(session, call.id):
        if bid.state is BidState.NON_RESPONSIVE:
            # What its own client sealed was no offer: that bidder hears why, as everybody does.
            await _tell_excluded(session, access.SYSTEM, bid, now=now)
            continue
        over = maximum_fen is not None and (bid.quote_fen or 0) > maximum_fen
        if over:
            await exclude(
                session,
                access.SYSTEM,
                bid,
                code=OVER_MAXIMUM,
                reason=OVER_MAXIMUM_REASON,
                verb="reject_at_opening",
                now=now,
            )
    await _find_all(session, call, now=now)


async def find_hard(
    session: WriteSession, call: Scenario, bid_id: UUID, *, now: dt.datetime
) -> Sequence[HardExclusion]:
    """Find anew what the law has against the bids of a call, and list what it has against one."""
    await _find_all(session, call, now=now)
    return await moves.hard_exclusions(session, bid_id)


async def exclude(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    *,
    code: str,
    reason: dict[str, str],
    verb: str = "find_non_responsive",
    now: dt.datetime,
) -> Bid:
    """Find a bid non-responsive (B10): it leaves every mean and the price base, and hears why."""
    bid.exclusion, bid.exclusion_reason = code, reason
    await make_move(session, actor, bid, verb, reason=code, now=now)
    await _tell_excluded(session, actor, bid, now=now)
    return bid


async def _tell_excluded(
    session: WriteSession, actor: Actor, bid: Bid, *, now: dt.datetime
) -> None:
    assert bid.exclusion is not None and bid.exclusion_reason is not None
    said = BidExcluded(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        code=bid.exclusion,
        reason=bid.exclusion_reason,
    )
    await tell(session, actor, bid, said, now=now)


async def readmit(session: WriteSession, bid: Bid, verb: str, *, now: dt.datetime) -> Bid:
    """Take a bid in again whose reason to be out has gone (B10e, B10f)."""
    bid.exclusion = bid.exclusion_reason = None
    return await make_move(session, access.SYSTEM, bid, verb, now=now)


async def _find_all(session: WriteSession, call: Scenario, *, now: dt.datetime) -> None:
    """Write down every hard exclusion that is not known yet; one that was found stays."""
    opening = await queries.opening(session, call.id)
    opened_at = now if opening is None or opening.opened_at is None else opening.opened_at
    on = day_of(opened_at)
    opened = await queries.opened_bids(session, call.id)
    organizations = [bidder.id for _, bidder in opened]
    heads = await relations.unit_heads(session, organizations, on=on)
    participants = [
        await _participant(session, bid, bidder, heads.get(bidder.id, frozenset()), on)
        for bid, bidder in opened
    ]
    found = exclusions.find(
        participants,
        designers=(await scenarios.content(session, call)).need_designers,
        controlled=await relations.control_chains(session, organizations, on=on),
    )
    for one in found:
        known = {row.ground for row in await moves.hard_exclusions(session, one.bid_id)}
        if one.ground not in known:
            session.add(
                HardExclusion(
                    bid_id=one.bid_id, ground=one.ground, facts=dict(one.facts), found_at=now
                )
            )
            await session.flush()


async def _participant(
    session: WriteSession,
    bid: Bid,
    bidder: Organization,
    heads: frozenset[UUID],
    on: dt.date,
) -> Participant:
    against = await standing.findings(session, bidder.id, on=on)
    return Participant(
        bid_id=bid.id,
        organizations=frozenset({bidder.id}),
        names=[bidder.name_zh, bidder.name_en, bidder.uscc],
        unit_heads=heads,
        bad_standing=tuple(one.code.value for one in against if one.blocking),
    )
