"""Hear a bidder before its bid may be declared invalid (B18).

Lock order: scenario, bid, hearing.  The decision itself is taken in the awards room, which knows
whether the bid holds an award.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.errors.moves import HearingOpenAlready, HearingUnknown, TermTooShort
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import moves
from marketplace.bids.rules import hearings
from marketplace.bids.rules.hearings import HEARING, Ground, HearingState
from marketplace.bids.rules.lifecycle import LIFECYCLE
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.moves import Hearing
from marketplace.events.rules.catalogue.bid_moves import (
    BidCreditNoted,
    BidHearingAnswered,
    BidHearingDecided,
    BidHearingOffered,
)
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario

INVALIDATED = "invalidated"
TERM_DAYS_MIN = 1
TERM_DAYS_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One document on which an accusation rests."""

    title: str
    sha256: str


async def offer_hearing(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    ground: Ground,
    accusation: dict[str, str],
    evidence: Sequence[Evidence],
    term_days: int,
    clock: Clock,
) -> Hearing:
    """Tell a bidder what its bid is accused of, and until when it may answer.

    Refuses  EvidenceMissing, TermTooShort, HearingOpenAlready; MoveNotAllowed for a bid that could
             not be invalidated.
    """
    access.require(actor, Permission.BIDS_INVALIDATE)
    _, bid, now = await accused(session, actor, bid_id, clock)
    hearings.check_evidence(len(evidence), accusation.get("zh", ""))
    if not TERM_DAYS_MIN <= term_days <= TERM_DAYS_MAX:
        raise TermTooShort(days=term_days, minimum=TERM_DAYS_MIN, maximum=TERM_DAYS_MAX)
    LIFECYCLE.check(bid.state, "invalidate")
    if await moves.open_hearing(session, bid_id) is not None:
        raise HearingOpenAlready(bid_id=str(bid_id))
    row = Hearing(
        bid_id=bid_id,
        state=HearingState(HEARING.initial().target),
        ground=ground,
        accusation=accusation,
        evidence=[{"title": one.title, "sha256": one.sha256} for one in evidence],
        offered_by=actor.person_id,
        offered_at=now,
        answer_until=now + dt.timedelta(days=term_days),
    )
    session.add(row)
    await session.flush()
    said = BidHearingOffered(
        bid_id=bid_id,
        scenario_id=bid.scenario_id,
        hearing_id=row.id,
        ground=ground.value,
        answer_until=row.answer_until,
    )
    await tell(session, actor, bid, said, now=now)
    return row


async def answer_hearing(
    session: WriteSession, actor: Actor, hearing_id: UUID, *, answer: str, clock: Clock
) -> Hearing:
    """Answer an accusation as the bidder, once, before the time is over by the database's clock.

    Refuses  HearingUnknown for anybody else's, HearingOver.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    bid_id = await moves.bid_of_hearing(session, hearing_id)
    try:
        unlocked = await queries.own_bid(session, actor, bid_id)
    except BidUnknown as hidden:
        raise HearingUnknown(hearing_id=str(hearing_id)) from hidden
    await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    bid = await queries.own_bid(session, actor, bid_id, lock=True)
    row = await moves.hearing_locked(session, hearing_id)
    now = await clock.decisive(session)
    target = HearingState(HEARING.check(row.state, "answer").target)
    hearings.check_answerable(row.answer_until, now)
    row.state, row.answer = target, answer
    row.answered_by, row.answered_at = actor.person_id, now
    row.version += 1
    await session.flush()
    said = BidHearingAnswered(bid_id=bid.id, scenario_id=bid.scenario_id, hearing_id=row.id)
    await tell(session, actor, bid, said, now=now)
    return row


async def decide_hearing(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    row: Hearing,
    *,
    verb: str,
    decision: dict[str, str],
    now: dt.datetime,
) -> Hearing:
    """Uphold or drop an accusation; call, bid and hearing must be locked.

    Refuses  HearingRunning while the bidder may still answer and has not.
    """
    target = HearingState(HEARING.check(row.state, verb).target)
    hearings.check_heard(row.state, row.answer_until, now)
    row.state, row.decision = target, decision
    row.decided_by, row.decided_at = actor.person_id, now
    row.version += 1
    await session.flush()
    said = BidHearingDecided(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        hearing_id=row.id,
        ground=row.ground.value,
        upheld=target is HearingState.UPHELD,
    )
    await tell(session, actor, bid, said, now=now)
    return row


async def accused(
    session: WriteSession, actor: Actor, bid_id: UUID, clock: Clock
) -> tuple[Scenario, Bid, dt.datetime]:
    """Lock a call and one of its opened bids for whoever may invalidate it, and ask the clock."""
    if actor.is_system:
        raise NotPermitted(permission=Permission.BIDS_INVALIDATE.value)
    unlocked = await queries.opened_bid(session, bid_id)
    call = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    access.require(actor.at(call.organizer_id), Permission.BIDS_INVALIDATE)
    bid = await queries.opened_bid(session, bid_id, lock=True)
    return call, bid, await clock.decisive(session)


async def invalidate(
    session: WriteSession, actor: Actor, bid: Bid, row: Hearing, *, now: dt.datetime
) -> Bid:
    """Make the move of an upheld hearing (B18), and propose a note for the credit record."""
    bid.exclusion, bid.exclusion_reason = INVALIDATED, row.decision
    await make_move(session, actor, bid, "invalidate", reason=row.ground.value, now=now)
    said = BidCreditNoted(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        organization_id=bid.solver_id,
        cause="bid_invalidated",
    )
    await tell(session, actor, bid, said, now=now)
    return bid
