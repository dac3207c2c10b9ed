"""What the system finds by itself as soon as the bids of a call are open."""

import datetime as dt

from marketplace.bids.actions import correcting, sifting
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario


async def look_into(session: WriteSession, row: Scenario, *, now: dt.datetime) -> None:
    """Propose corrections of prices that contradict themselves, then sift what is opened.

    In this order: whether a price is above the maximum is asked of the price that will count.  The
    bids must be open and the call locked; nothing here can stop the opening.
    """
    call = await scenarios.call(session, row.id)
    for bid, _ in await queries.opened_bids(session, call.id):
        if bid.state is BidState.OPENED and bid.offer is not None and bid.quote_fen is not None:
            await correcting.propose(session, call, bid, now=now)
    await sifting.sift(session, row, now=now)
