"""Declare a bid invalid after its bidder was heard (B18), whatever it has won.

Locks are taken in this order: call, bid, award.
"""

import datetime as dt
from uuid import UUID

from marketplace.awards import queries
from marketplace.awards.actions.awarding import move_award, tell
from marketplace.awards.rules.lifecycle import AWARD
from marketplace.bids.actions import hearing as hearings
from marketplace.bids.errors.moves import HearingMissing
from marketplace.bids.queries import moves
from marketplace.bids.rules.lifecycle import LIFECYCLE
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.moves import Hearing
from marketplace.events.rules.catalogue.pilots import AwardVoided
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.queries import rounds as scoring


async def invalidate_bid(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    decision: dict[str, str],
    clock: Clock,
) -> Hearing:
    """Uphold what a bid is accused of: it is invalid, and an award that it holds is void (B18).

    The ranking stays as it is, with this bid passed over; ranks change only in a new round.  A
    contract that was signed is ended where it runs, in its pilot.

    Refuses  HearingMissing, HearingRunning while the bidder may still answer and has not, SameHands
             for whoever judged, seated or checked.
    """
    call, bid, row, now = await _accused(session, actor, bid_id, clock)
    LIFECYCLE.check(bid.state, "invalidate")
    duties.require(actor, Duty.DECIDER, await scoring.hands_on(session, call))
    await hearings.decide_hearing(
        session, actor, bid, row, verb="uphold", decision=decision, now=now
    )
    await hearings.invalidate(session, actor, bid, row, now=now)
    award = await queries.live_award_of(session, bid_id)
    if award is not None and "void" in AWARD.verbs_from(award.state):
        await move_award(session, award, "void")
        award.live_slot, award.ended_at, award.ended_reason = None, now, row.ground.value
        said = AwardVoided(
            award_id=award.id, scenario_id=award.scenario_id, ground=row.ground.value
        )
        await tell(session, actor, award, said, now=now)
    return row


async def drop_accusation(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    decision: dict[str, str],
    clock: Clock,
) -> Hearing:
    """Drop what a bid is accused of; it stays where it is."""
    _, bid, row, now = await _accused(session, actor, bid_id, clock)
    return await hearings.decide_hearing(
        session, actor, bid, row, verb="drop", decision=decision, now=now
    )


async def _accused(
    session: WriteSession, actor: Actor, bid_id: UUID, clock: Clock
) -> tuple[Scenario, Bid, Hearing, dt.datetime]:
    access.require(actor, Permission.BIDS_INVALIDATE)
    call, bid, now = await hearings.accused(session, actor, bid_id, clock)
    unlocked = await moves.open_hearing(session, bid_id)
    if unlocked is None:
        raise HearingMissing(bid_id=str(bid_id))
    return call, bid, await moves.hearing_locked(session, unlocked.id), now
