"""Vote as a judge on whether a bid answers the call, and on its price."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import FORMER_RANKS, STILL_IN, BidState
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions import prices, voting
from marketplace.scoring.actions.marking import (
    check_conflicts,
    check_undeclared,
    evaluating_call,
)
from marketplace.scoring.errors.rounds import (
    DecidedAlready,
    NotEvaluating,
    NotOnPanel,
)
from marketplace.scoring.errors.votes import (
    PriceAskedAlready,
    PriceExplainedAlready,
    PriceNotAsked,
    PriceUnexplained,
)
from marketplace.scoring.queries import rounds
from marketplace.scoring.queries import votes as queries
from marketplace.scoring.rules.voting import Matter
from marketplace.scoring.tables.rounds import PanelSeat
from marketplace.scoring.tables.votes import PanelVote


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a judge says on a matter: yes or no, under a code, with a reason."""

    agrees: bool
    reason_code: str
    reason: dict[str, str]


async def vote_on_responsiveness(
    session: WriteSession, actor: Actor, bid_id: UUID, *, word: Word, clock: Clock
) -> PanelVote:
    """Vote on whether a bid answers the call (B10); a majority of the seats decides.

    Refuses  NotOnPanel, SameHands, RecusalPending, JudgeConflicted for a judge who is tied to a
             bidder of this call, NotEvaluating for a bid that is out, VotedAlready, DecidedAlready
             once there is a majority.
    """
    call, seat, bid = await _ballot(session, actor, bid_id, now=clock.now())
    if await queries.responsiveness(session, bid_id) is not None:
        raise DecidedAlready(bid_id=str(bid_id))
    now = await clock.decisive(session)
    vote = await _cast(session, seat, bid, Matter.RESPONSIVENESS, word, now=now)
    found = await voting.decide(session, actor, bid, vote, now=now)
    if found is not None and not found.responsive:
        await _settle(session, actor, call, now=now)
    return vote


async def vote_on_explanation(
    session: WriteSession, actor: Actor, bid_id: UUID, *, word: Word, clock: Clock
) -> PanelVote:
    """Vote on whether the explanation of a low price is accepted; a price that is not is no bid.

    Refuses  as above, PriceNotAsked, PriceUnexplained, PriceExplainedAlready once it is decided.
    """
    call, seat, bid = await _ballot(session, actor, bid_id, now=clock.now())
    row = await queries.inquiry(session, bid_id, lock=True)
    if row is None:
        raise PriceNotAsked(bid_id=str(bid_id))
    if row.accepted is not None:
        raise PriceExplainedAlready()
    if row.explained_at is None:
        raise PriceUnexplained()
    now = await clock.decisive(session)
    vote = await _cast(session, seat, bid, Matter.PRICE_EXPLANATION, word, now=now)
    counted = await queries.counted(session, call.id, bid_id, Matter.PRICE_EXPLANATION)
    if counted.outcome is None:
        return vote
    await voting.tell_decided(session, actor, bid, Matter.PRICE_EXPLANATION, counted, now=now)
    await prices.judge_explanation(
        session, actor, bid, row, accepted=counted.outcome, reason=word.reason, now=now
    )
    if not counted.outcome:
        await _settle(session, actor, call, now=now)
    return vote


async def doubt_price(
    session: WriteSession, actor: Actor, bid_id: UUID, *, word: Word, clock: Clock
) -> PanelVote:
    """Vote on whether a price needs an explanation although it is below no line.

    Refuses  as above, PriceAskedAlready; NotEvaluating for a bid that is ranked or asks no price.
    """
    call, seat, bid = await _ballot(session, actor, bid_id, now=clock.now())
    if await queries.inquiry(session, bid_id) is not None:
        raise PriceAskedAlready()
    if bid.state not in prices.UNRANKED or not bid.quote_fen:
        raise NotEvaluating(state=call.state.value, bid_state=bid.state.value)
    now = await clock.decisive(session)
    vote = await _cast(session, seat, bid, Matter.PRICE_DOUBT, word, now=now)
    counted = await queries.counted(session, call.id, bid_id, Matter.PRICE_DOUBT)
    if counted.outcome:
        await voting.tell_decided(session, actor, bid, Matter.PRICE_DOUBT, counted, now=now)
        await prices.ask(session, actor, call, bid, now=now)
    return vote


async def _ballot(
    session: WriteSession, actor: Actor, bid_id: UUID, *, now: dt.datetime
) -> tuple[Call, PanelSeat, Bid]:
    """Lock call and bid for a judge of this panel who may speak on this bid."""
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, await bids.scenario_of(session, bid_id))
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    scenario = await scenarios.scenario(session, call.id)
    duties.require(actor, Duty.JUDGE, await rounds.hands_on(session, scenario))
    bid = await bids.opened_bid(session, bid_id, lock=True)
    if bid.state not in STILL_IN | FORMER_RANKS:
        raise NotEvaluating(state=call.state.value, bid_state=bid.state.value)
    await check_undeclared(session, seat)
    await check_conflicts(session, call, seat, now=now)
    return call, seat, bid


async def _cast(
    session: WriteSession,
    seat: PanelSeat,
    bid: Bid,
    matter: Matter,
    word: Word,
    *,
    now: dt.datetime,
) -> PanelVote:
    return await voting.cast(
        session,
        seat,
        bid,
        matter,
        agrees=word.agrees,
        reason_code=word.reason_code,
        reason=word.reason,
        now=now,
    )


async def _settle(session: WriteSession, actor: Actor, call: Call, *, now: dt.datetime) -> None:
    """Look at the prices again: whoever left has moved the lines of the others."""
    opened = [bid for bid, _ in await bids.opened_bids(session, call.id)]
    if any(bid.state is BidState.OPENED for bid in opened):
        return
    await prices.settle(session, actor, call, now=now)
