"""Correct prices that contradict themselves: propose, confirm or refuse, expire.

Lock order: call, then bid, then correction.
"""

import dataclasses
import datetime as dt
from contextlib import suppress
from typing import Final
from uuid import UUID

from marketplace.bids.actions.offering import tell
from marketplace.bids.actions.sifting import PRICE_UNREADABLE, exclude
from marketplace.bids.errors.corrections import CorrectionsPending, CorrectionTimeOver
from marketplace.bids.errors.offers import AmountUnreadable
from marketplace.bids.queries import bids
from marketplace.bids.queries import corrections as queries
from marketplace.bids.rules import price_sheets
from marketplace.bids.rules.correction_lifecycle import CORRECTION, CorrectionState
from marketplace.bids.rules.corrections import Corrected
from marketplace.bids.rules.lifecycle import LIFECYCLE
from marketplace.bids.rules.offer import Offer
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.corrections import PriceCorrection
from marketplace.events.rules.catalogue.offers import (
    PriceCorrectionProposed,
    PriceCorrectionSettled,
)
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.errors import Stale
from marketplace.profiles import queries as profiles
from marketplace.profiles.errors import CalendarYearNotLoaded
from marketplace.profiles.rules.deadlines import deadline
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call

UNREADABLE_REASON: Final = {
    "zh": "报价大写金额无法认定",
    "en": "The price in words cannot be read",
}
REFUSED: Final = "correction_refused"
EXPIRED: Final = "correction_expired"
REASONS: Final = {
    REFUSED: {
        "zh": "投标人不确认报价修正",
        "en": "The bidder does not confirm the corrected price",
    },
    EXPIRED: {
        "zh": "投标人未在规定时间内确认报价修正",
        "en": "The bidder did not confirm the corrected price in time",
    },
}
PERIOD: Final = "price_correction_reply"
LEAVE: Final = "leave_unconfirmed"


async def propose(session: WriteSession, call: Call, bid: Bid, *, now: dt.datetime) -> None:
    """Propose what the rules make of an opened price, if it contradicts itself (PC01).

    A price that cannot be read is no price: the bid is out, and stops nobody else's opening.
    """
    offer = Offer.from_document(bid.offer)
    try:
        found = price_sheets.correct(offer, call.profile)
    except AmountUnreadable:
        await exclude(
            session,
            access.SYSTEM,
            bid,
            code=PRICE_UNREADABLE,
            reason=UNREADABLE_REASON,
            verb="reject_at_opening",
            now=now,
        )
        return
    if not found.corrections:
        return
    row = await _proposed(session, call, bid, found, now=now)
    said = PriceCorrectionProposed(
        bid_id=bid.id,
        scenario_id=call.id,
        quote_fen=row.quote_fen,
        corrected_fen=row.corrected_fen,
        respond_by=row.respond_by,
    )
    await tell(session, access.SYSTEM, bid, said, now=now)


async def _proposed(
    session: WriteSession, call: Call, bid: Bid, found: Corrected, *, now: dt.datetime
) -> PriceCorrection:
    assert bid.offer is not None
    assert bid.quote_fen is not None
    assert found.offer.quote_fen is not None
    row = PriceCorrection(
        bid_id=bid.id,
        state=CorrectionState(CORRECTION.initial().target),
        original=bid.offer,
        corrected=found.offer.to_document(),
        steps=[dataclasses.asdict(one) for one in found.corrections],
        quote_fen=bid.quote_fen,
        corrected_fen=found.offer.quote_fen,
        proposed_at=now,
    )
    await _set_time(session, call, row)
    session.add(row)
    await session.flush()
    return row


async def _set_time(session: WriteSession, call: Call, row: PriceCorrection) -> None:
    """Set until when the bidder may answer; without a calendar for it the time has no end yet."""
    # An opening is one act on a day that was announced: it does not wait for next year's calendar.
    with suppress(CalendarYearNotLoaded):
        calendar = await profiles.work_calendar(session)
        due = deadline(row.proposed_at, call.profile.period(PERIOD), calendar)
        row.respond_by, row.respond_basis = due.at, due.to_document()


async def answer_correction(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    verb: str,
    expected_version: int,
    clock: Clock,
) -> PriceCorrection:
    """Confirm a corrected price, which is evaluated from now on, or refuse it (PC02, PC03a).

    Refuses  CorrectionUnknown for anybody but the bidder; CorrectionTimeOver by the database's
             clock; CannotMove for one that is settled.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    unlocked = await bids.own_bid(session, actor, bid_id)
    await queries.correction_of(session, bid_id)
    await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    now = await clock.decisive(session)
    bid = await bids.own_bid(session, actor, bid_id, lock=True)
    row = await queries.correction_of(session, bid_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    move = CORRECTION.check(row.state, verb)
    if row.respond_by is not None and now >= row.respond_by:
        raise CorrectionTimeOver(respond_by=row.respond_by, received_at=now)
    row.answered_by = actor.person_id
    await _settle(session, actor, bid, row, CorrectionState(move.target), now=now)
    return row


async def waiting(session: ReadSession, scenario_id: UUID) -> list[UUID]:
    """Name the bids for whose answer everybody waits.

    One that was taken back, or is out for something else, keeps nobody waiting.
    """
    found = await queries.open_corrections(session, scenario_id)
    return [bid.id for _, bid in found if LEAVE in LIFECYCLE.verbs_from(bid.state)]


async def settle_overdue(session: WriteSession, scenario_id: UUID, *, now: dt.datetime) -> int:
    """Put out every bid whose time to answer is over (PC03b), and count them; the call must be
    locked.
    """
    expired = 0
    for row, bid in await queries.open_corrections(session, scenario_id):
        if row.respond_by is None:
            await _set_time(session, await scenarios.call(session, scenario_id), row)
        if row.respond_by is None or now < row.respond_by:
            continue
        CORRECTION.check(row.state, "expire")
        await _settle(session, access.SYSTEM, bid, row, CorrectionState.EXPIRED, now=now)
        expired += 1
    return expired


async def refuse_if_pending(session: WriteSession, scenario_id: UUID, *, clock: Clock) -> None:
    """Stop whatever needs final prices while a bidder may still answer; the call must be locked.

    Refuses  CorrectionsPending.
    """
    now = await clock.decisive(session)
    await settle_overdue(session, scenario_id, now=now)
    found = await waiting(session, scenario_id)
    if found:
        raise CorrectionsPending(bids=[str(one) for one in found])


async def _settle(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    row: PriceCorrection,
    state: CorrectionState,
    *,
    now: dt.datetime,
) -> None:
    row.state, row.settled_at = state, now
    row.version += 1
    if state is CorrectionState.CONFIRMED:
        bid.offer, bid.quote_fen = row.corrected, row.corrected_fen
        bid.version += 1
        await session.flush()
    elif LEAVE in LIFECYCLE.verbs_from(bid.state):
        code = REFUSED if state is CorrectionState.REFUSED else EXPIRED
        await exclude(
            session, access.SYSTEM, bid, code=code, reason=REASONS[code], verb=LEAVE, now=now
        )
    assert bid.quote_fen is not None
    said = PriceCorrectionSettled(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        state=state.value,
        quote_fen=bid.quote_fen,
    )
    await tell(session, actor, bid, said, now=now)
