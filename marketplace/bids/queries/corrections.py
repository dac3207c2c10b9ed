"""Proposed price corrections: of one bid, of a call, and those whose time is over."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, or_, select

from marketplace.bids.errors.corrections import CorrectionUnknown
from marketplace.bids.rules.correction_lifecycle import CorrectionState
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.corrections import PriceCorrection
from marketplace.kit.database import ReadSession


async def correction_of(
    session: ReadSession, bid_id: UUID, *, lock: bool = False
) -> PriceCorrection:
    """Find the correction of a bid."""
    statement = select(PriceCorrection).where(PriceCorrection.bid_id == bid_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise CorrectionUnknown(bid_id=str(bid_id))
    return row


async def open_corrections(
    session: ReadSession, scenario_id: UUID
) -> Sequence[tuple[PriceCorrection, Bid]]:
    """List the corrections on a call that nobody has answered, with their bids."""
    found = await session.exec(
        select(PriceCorrection, Bid)
        .where(PriceCorrection.bid_id == Bid.id)
        .where(Bid.scenario_id == scenario_id)
        .where(PriceCorrection.state == CorrectionState.PROPOSED)
        .order_by(col(PriceCorrection.id))
    )
    return found.all()


async def calls_with_time_over(session: ReadSession, now: dt.datetime) -> Sequence[UUID]:
    """List the calls on which the time to answer a correction is over, or still has no end."""
    respond_by = col(PriceCorrection.respond_by)
    found = await session.exec(
        select(Bid.scenario_id)
        .where(PriceCorrection.bid_id == Bid.id)
        .where(PriceCorrection.state == CorrectionState.PROPOSED)
        .where(or_(respond_by <= now, respond_by.is_(None)))
        .distinct()
    )
    return found.all()
