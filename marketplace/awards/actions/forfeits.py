"""A winner who does not sign: it declares so or lets the time run out, and a person judges why.

Locks are taken in this order: call, bid, award.
"""

from uuid import UUID

from marketplace.awards import queries
from marketplace.awards.actions.awarding import (
    check_reason,
    locked,
    move_award,
    person_of,
    tell,
)
from marketplace.awards.errors import DeclinedAlready, NotAwarded, SigningRunning
from marketplace.awards.rules.lifecycle import AWARD
from marketplace.awards.tables import Award, AwardForfeit
from marketplace.bids.actions import forfeiting
from marketplace.bids.queries import bids
from marketplace.events.rules.catalogue.pilots import AwardDeclined, AwardForfeited
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.queries import rounds as scoring


async def decline_award(
    session: WriteSession, actor: Actor, bid_id: UUID, *, reason: str, clock: Clock
) -> Award:
    """Say as the winner that the contract will not be signed, and why (B16).

    The award stays until the cause is judged: a declaration alone frees no slot.

    Refuses  BidUnknown for anybody else's bid, NotAwarded, DeclinedAlready, ReasonMissing.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    bid = await bids.own_bid(session, actor, bid_id)
    check_reason(reason)
    await scenarios.scenario(session, bid.scenario_id, lock=True)
    row = await queries.live_award_of(session, bid_id)
    if row is None or "forfeit" not in AWARD.verbs_from(row.state):
        raise NotAwarded(bid_id=str(bid_id))
    if await queries.forfeit_of(session, row.id) is not None:
        raise DeclinedAlready()
    now = await clock.decisive(session)
    session.add(
        AwardForfeit(
            award_id=row.id,
            declared_by=actor.person_id,
            declared_at=now,
            declared_reason=reason,
        )
    )
    await session.flush()
    said = AwardDeclined(award_id=row.id, scenario_id=row.scenario_id, reason=reason)
    return await tell(session, actor, row, said, now=now)


async def forfeit_award(
    session: WriteSession,
    actor: Actor,
    award_id: UUID,
    *,
    justified: bool,
    reason: str,
    clock: Clock,
) -> Award:
    """Take the slot back from a winner who does not sign (B16); the next in rank may follow.

    A justified cause releases the winner without sanction; any other is proposed for its credit
    record.  It decides about the award as much as giving it does, so it needs the same hands.

    Refuses  SigningRunning while the winner has not declined and may still sign, by the database's
             clock; SameHands, ReasonMissing.
    """
    access.require(actor, Permission.AWARDS_DECIDE)
    check_reason(reason)
    call, row = await locked(session, award_id)
    access.require(actor.at(call.organizer_id), Permission.AWARDS_DECIDE)
    duties.require(actor, Duty.DECIDER, await scoring.hands_on(session, call))
    AWARD.check(row.state, "forfeit")
    now = await clock.decisive(session)
    found = await queries.forfeit_of(session, award_id)
    if found is None:
        until = await queries.sign_until(session, call, row)
        if until is None or now < until:
            raise SigningRunning(sign_until=until)
        found = AwardForfeit(award_id=award_id, sign_until=until)
        session.add(found)
    found.justified, found.decided_by, found.decided_at = justified, person_of(actor), now
    await move_award(session, row, "forfeit")
    row.live_slot, row.ended_at, row.ended_reason = None, now, reason
    bid = await bids.opened_bid(session, row.bid_id, lock=True)
    await forfeiting.forfeit(session, actor, bid, justified=justified, now=now)
    said = AwardForfeited(
        award_id=row.id, scenario_id=row.scenario_id, reason=reason, justified=justified
    )
    return await tell(session, actor, row, said, now=now)
