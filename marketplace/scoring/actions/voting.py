"""Take votes, count them, and undo what no majority carries any more.

A vote is cast with the call locked, and so is a recusal: whichever comes second counts the seats as
the first left them.
"""

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from marketplace.bids.actions import sifting
from marketplace.bids.actions.offering import tell
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import FORMER_RANKS, STILL_IN, BidState
from marketplace.bids.tables.bids import Bid
from marketplace.events.rules.catalogue.panel_votes import PanelDecided, PanelDecisionFell
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.actions import boards
from marketplace.scoring.errors.votes import VotedAlready
from marketplace.scoring.queries import votes as queries
from marketplace.scoring.rules.voting import CONSENT, SIGNED_WITHOUT_OBJECTION, Matter, Tally
from marketplace.scoring.tables.rounds import PanelSeat, ResponsivenessDecision
from marketplace.scoring.tables.votes import PanelVote, PriceInquiry

ABNORMALLY_LOW = "abnormally_low"


async def cast(
    session: WriteSession,
    seat: PanelSeat,
    bid: Bid,
    matter: Matter,
    *,
    agrees: bool,
    reason_code: str,
    reason: dict[str, str],
    now: dt.datetime,
) -> PanelVote:
    """Write down one vote; call and bid must be locked.

    Refuses  VotedAlready.
    """
    if await queries.vote_of(session, seat.id, bid.id, matter) is not None:
        raise VotedAlready(bid_id=str(bid.id), matter=matter.value)
    row = PanelVote(
        seat_id=seat.id,
        bid_id=bid.id,
        matter=matter,
        agrees=agrees,
        reason_code=reason_code,
        reason=reason,
        cast_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def consent(
    session: WriteSession, actor: Actor, seat: PanelSeat, opened: Iterable[Bid], *, now: dt.datetime
) -> None:
    """Count a signature as agreement on every bid against which the judge has not voted."""
    for bid in opened:
        if bid.state not in STILL_IN | FORMER_RANKS:
            continue
        if await queries.vote_of(session, seat.id, bid.id, Matter.RESPONSIVENESS) is None:
            vote = await cast(
                session,
                seat,
                bid,
                Matter.RESPONSIVENESS,
                agrees=True,
                reason_code=SIGNED_WITHOUT_OBJECTION,
                reason=CONSENT,
                now=now,
            )
            await decide(session, actor, bid, vote, now=now)


async def decide(
    session: WriteSession, actor: Actor, bid: Bid, vote: PanelVote, *, now: dt.datetime
) -> ResponsivenessDecision | None:
    """Write down that a majority has found a bid responsive or not, with the vote that made it.

    A bid that is found non-responsive is out at once, unless it is ranked: out of a ranking leads
    only a new round.
    """
    counted = await queries.counted(session, bid.scenario_id, bid.id, Matter.RESPONSIVENESS)
    known = await queries.responsiveness(session, bid.id)
    if counted.outcome is None or known is not None:
        return known
    row = ResponsivenessDecision(
        bid_id=bid.id,
        responsive=counted.outcome,
        reason_code=vote.reason_code,
        reason=vote.reason,
        decided_by=actor.person_id,
        decided_at=now,
    )
    session.add(row)
    await session.flush()
    await tell_decided(session, actor, bid, Matter.RESPONSIVENESS, counted, now=now)
    if not row.responsive and bid.state in {BidState.ELIGIBLE, BidState.RESPONSIVE}:
        await sifting.exclude(session, actor, bid, code=row.reason_code, reason=row.reason, now=now)
    return row


async def recount(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, now: dt.datetime
) -> None:
    """Undo every decision that a majority no longer carries now that a judge is recused.

    The votes stay as they are; a bid that such a majority put out is in again (B10f) until those
    who are seated have decided anew.
    """
    for row, bid in await queries.decisions(session, scenario_id):
        counted = await queries.counted(session, scenario_id, bid.id, Matter.RESPONSIVENESS)
        if counted.outcome is row.responsive:
            continue
        fell_by = None if row.responsive else row.reason_code
        await session.delete(row)
        await _reopen(session, actor, bid, Matter.RESPONSIVENESS, fell_by, now=now)
    for inquiry in await queries.inquiries(session, scenario_id):
        await _recount_price(session, actor, inquiry, scenario_id, now=now)


async def _recount_price(
    session: WriteSession,
    actor: Actor,
    inquiry: PriceInquiry,
    scenario_id: UUID,
    *,
    now: dt.datetime,
) -> None:
    if inquiry.accepted is None or inquiry.explained_at is None:
        # Nobody has decided, or the clock has: no judge's vote is in it.
        return
    bid = await bids.opened_bid(session, inquiry.bid_id, lock=True)
    counted = await queries.counted(session, scenario_id, bid.id, Matter.PRICE_EXPLANATION)
    if counted.outcome is inquiry.accepted:
        return
    fell_by = None if inquiry.accepted else ABNORMALLY_LOW
    inquiry.accepted = inquiry.decided_at = None
    inquiry.version += 1
    await _reopen(session, actor, bid, Matter.PRICE_EXPLANATION, fell_by, now=now)


async def _reopen(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    matter: Matter,
    fell_by: str | None,
    *,
    now: dt.datetime,
) -> None:
    await session.flush()
    said = PanelDecisionFell(bid_id=bid.id, scenario_id=bid.scenario_id, matter=matter.value)
    await tell(session, actor, bid, said, now=now)
    out = bid.state is BidState.NON_RESPONSIVE and bid.exclusion == fell_by
    if fell_by is not None and out:
        await sifting.readmit(session, bid, "reopen", now=now)
        call = await scenarios.call(session, bid.scenario_id)
        await boards.take_back(session, call, bid, now=now)


async def tell_decided(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    matter: Matter,
    counted: Tally,
    *,
    now: dt.datetime,
) -> None:
    """Tell the bureau what a panel decided, and by how many seats."""
    said = PanelDecided(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        matter=matter.value,
        agreed=bool(counted.outcome),
        votes_for=counted.agreed,
        votes_against=counted.opposed,
        seated=counted.seated,
    )
    await tell(session, actor, bid, said, now=now)
