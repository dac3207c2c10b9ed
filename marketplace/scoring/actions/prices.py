"""Ask for the reasons of very low prices, and act on what comes of it.

Lock order: scenario, bid, inquiry.  The clock of the database decides when it is too late; what it
decided is written down by whoever comes next, a signature, a vote, a ranking or the tick.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace import __version__
from marketplace.bids.actions import correcting, sifting
from marketplace.bids.actions.offering import tell
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import FORMER_RANKS, STILL_IN, BidState
from marketplace.bids.tables.bids import Bid
from marketplace.events.rules.catalogue.panel_votes import (
    PriceExplained,
    PriceExplanationAsked,
    PriceExplanationDecided,
)
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.actions.voting import ABNORMALLY_LOW
from marketplace.scoring.errors.rounds import EligibilityPending, NotEvaluating, NotOnPanel
from marketplace.scoring.errors.votes import (
    ExplanationLate,
    PriceExplainedAlready,
    PriceNotAsked,
)
from marketplace.scoring.queries import rounds, sheets
from marketplace.scoring.queries import votes as queries
from marketplace.scoring.rules import inquiries, scales
from marketplace.scoring.rules.criteria import Kind
from marketplace.scoring.rules.inquiries import HOURS, NOT_EXPLAINED
from marketplace.scoring.rules.price import LowQuote
from marketplace.scoring.tables.votes import PriceInquiry

UNRANKED = frozenset({BidState.ELIGIBLE, BidState.RESPONSIVE})
"""Bids that leave when their price is found wanting; out of a ranking leads only a new round."""
LISTED_MAX = 20
"""How many bids a refusal lists; it always counts them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A low price on which nobody has decided."""

    bid_id: str
    quote_fen: int
    lines_fen: dict[str, int]
    inquiry: PriceInquiry


async def settle(
    session: WriteSession, actor: Actor, call: Call, *, now: dt.datetime, decisive: bool = True
) -> list[Pending]:
    """Put out who did not explain in time, ask whoever is newly below a line, and list what waits.

    Who leaves moves the lines of the others, so this goes on until nothing changes.  The call must
    be locked and every bid checked for eligibility.  Nobody is put out as late unless `now` is the
    database's time, which is what `decisive` says.  While a bidder may still confirm a corrected
    price nobody is asked: the lines would be drawn through prices that do not count.
    """
    if decisive:
        await correcting.settle_overdue(session, call.id, now=now)
    if await correcting.waiting(session, call.id):
        return []
    while True:
        staying = await _staying(session, call)
        late = decisive and await _put_out_late(session, staying, now=now)
        over = await _put_out_over(session, call, staying, now=now)
        if not (late or over):
            break
    screened = inquiries.screen(
        _quotes(staying), maximum_price_fen=call.content.budget.max_price_fen, profile=call.profile
    )
    known = {str(one.bid_id) for one in await queries.inquiries(session, call.id)}
    ranked = {str(bid.id) for bid in staying if bid.state not in UNRANKED}
    by_id = {str(bid.id): bid for bid in staying}
    for low in screened.to_ask(known, ranked):
        await ask(
            session,
            actor,
            call,
            by_id[low.bid_id],
            low=low,
            figures=dict(screened.figures),
            now=now,
        )
    return [
        Pending(bid_id=str(one.bid_id), quote_fen=one.quote_fen, lines_fen=one.hits, inquiry=one)
        for one in await queries.inquiries(session, call.id)
        if one.accepted is None and str(one.bid_id) in by_id
    ]


async def ask(
    session: WriteSession,
    actor: Actor,
    call: Call,
    bid: Bid,
    *,
    low: LowQuote | None = None,
    figures: dict[str, object] | None = None,
    now: dt.datetime,
) -> PriceInquiry:
    """Ask a bidder to explain its price; without `low` it is the panel that doubts it."""
    assert bid.quote_fen is not None
    row = PriceInquiry(
        bid_id=bid.id,
        quote_fen=bid.quote_fen,
        hits={} if low is None else {rule.value: line for rule, line in low.hits.items()},
        figures=figures or {},
        asked_by=None if low is not None or actor.is_system else actor.person_id,
        asked_at=now,
        answer_until=now + dt.timedelta(hours=call.profile.integer(HOURS)),
    )
    session.add(row)
    await session.flush()
    said = PriceExplanationAsked(
        bid_id=bid.id,
        scenario_id=call.id,
        rules=tuple(sorted(row.hits)),
        answer_until=row.answer_until,
    )
    await tell(session, actor, bid, said, now=now)
    return row


async def screen_prices(
    session: WriteSession, actor: Actor, scenario_id: UUID, *, clock: Clock
) -> Sequence[PriceInquiry]:
    """Look for low prices now, as a judge or an officer of the call; asking twice changes nothing.

    Refuses  NotOnPanel for a judge of another call, EligibilityPending.
    """
    access.signed_in(actor)
    call = await scenarios.call(session, scenario_id, lock=True)
    await _check_may_screen(session, actor, call)
    if call.state is not ScenarioState.EVALUATING:
        raise NotEvaluating(state=call.state.value)
    check_all_checked([bid for bid, _ in await bids.opened_bids(session, scenario_id)])
    await settle(session, actor, call, now=await clock.decisive(session))
    return await queries.inquiries(session, scenario_id)


def check_all_checked(opened: Collection[Bid]) -> None:
    """Refuse to close anything while a bid waits for its eligibility check.

    A sheet signed before would lack marks that nobody could add any more, and no mean can be made
    of quotes that may not be valid.
    """
    pending = [str(bid.id) for bid in opened if bid.state is BidState.OPENED]
    if pending:
        raise EligibilityPending(bids_count=len(pending), bids=pending[:LISTED_MAX])


async def explain_price(
    session: WriteSession, actor: Actor, bid_id: UUID, *, explanation: str, clock: Clock
) -> PriceInquiry:
    """Explain the price of one's own bid in writing, once, before the time is over.

    Refuses  BidUnknown, PriceNotAsked, PriceExplainedAlready, ExplanationLate by the database's
             clock after the locks.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    unlocked = await bids.own_bid(session, actor, bid_id)
    await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    bid = await bids.own_bid(session, actor, bid_id, lock=True)
    row = await queries.inquiry(session, bid_id, lock=True)
    if row is None:
        raise PriceNotAsked(bid_id=str(bid_id))
    now = await clock.decisive(session)
    if row.explained_at is not None or row.accepted is not None:
        raise PriceExplainedAlready()
    if now >= row.answer_until:
        raise ExplanationLate(answer_until=row.answer_until, received_at=now)
    row.explanation, row.explained_at, row.explained_by = explanation, now, actor.person_id
    row.version += 1
    await session.flush()
    said = PriceExplained(bid_id=bid.id, scenario_id=bid.scenario_id)
    await tell(session, actor, bid, said, now=now)
    return row


async def judge_explanation(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    row: PriceInquiry,
    *,
    accepted: bool,
    reason: dict[str, str] = NOT_EXPLAINED,
    now: dt.datetime,
) -> None:
    """Write down what became of an inquiry; a price that is not explained is no bid (B10b)."""
    row.accepted, row.decided_at = accepted, now
    row.version += 1
    await session.flush()
    said = PriceExplanationDecided(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        accepted=accepted,
        in_time=row.explained_at is not None,
    )
    await tell(session, actor, bid, said, now=now)
    if not accepted and bid.state in UNRANKED:
        await sifting.exclude(session, actor, bid, code=ABNORMALLY_LOW, reason=reason, now=now)


async def _check_may_screen(session: WriteSession, actor: Actor, call: Call) -> None:
    here = actor.at(call.organizer_id)
    if here.may(Permission.BIDS_CHECK):
        return
    if not here.may(Permission.MARKS_RECORD):
        raise NotPermitted(permission=Permission.BIDS_CHECK.value)
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()


async def _staying(session: WriteSession, call: Call) -> list[Bid]:
    """List the bids whose quotes are valid: in the evaluation, and below no hard floor."""
    opened = [bid for bid, _ in await bids.opened_bids(session, call.id)]
    below = await _below_floor(session, call)
    return [
        bid for bid in opened if bid.state in STILL_IN | FORMER_RANKS and str(bid.id) not in below
    ]


async def _below_floor(session: WriteSession, call: Call) -> frozenset[str]:
    """Name the bids that miss a hard floor as far as they are measured: no mean may hold them."""
    sheet = await sheets.score_sheet(session, call, round_number=1, code_version=__version__)
    found = set()
    for bid in sheet.bids:
        for criterion in sheet.rubric.criteria:
            value = bid.value(criterion.code, Kind(criterion.kind))
            missed = value is not None and not scales.meets_floor(criterion, value)
            if criterion.hard_floor and missed:
                found.add(bid.id)
    return frozenset(found)


async def _put_out_late(
    session: WriteSession, staying: Collection[Bid], *, now: dt.datetime
) -> bool:
    changed = False
    for bid in staying:
        row = await queries.inquiry(session, bid.id)
        waits = row is not None and row.explained_at is None and row.accepted is None
        if row is not None and waits and now >= row.answer_until:
            await judge_explanation(session, access.SYSTEM, bid, row, accepted=False, now=now)
            changed = True
    return changed


async def _put_out_over(
    session: WriteSession, call: Call, staying: Collection[Bid], *, now: dt.datetime
) -> bool:
    """Put out what is over the maximum and was opened before the opening did this itself."""
    maximum_fen = call.content.budget.max_price_fen
    over = [
        bid
        for bid in staying
        if maximum_fen is not None and (bid.quote_fen or 0) > maximum_fen and bid.state in UNRANKED
    ]
    for bid in over:
        await sifting.exclude(
            session,
            access.SYSTEM,
            bid,
            code=sifting.OVER_MAXIMUM,
            reason=sifting.OVER_MAXIMUM_REASON,
            now=now,
        )
    return bool(over)


def _quotes(staying: Collection[Bid]) -> dict[str, int]:
    # Where no price is asked, an offer for nothing is no low price.
    return {str(bid.id): bid.quote_fen for bid in staying if bid.quote_fen}
