"""Write down on its bid that a winner did not take the award; only the awards room calls this."""

import datetime as dt

from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.tables.bids import Bid
from marketplace.events.rules.catalogue.bid_moves import BidCreditNoted
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import WriteSession


async def forfeit(
    session: WriteSession, actor: Actor, bid: Bid, *, justified: bool, now: dt.datetime
) -> Bid:
    """Make the move (B16), and propose a note for the credit record unless the cause is justified.

    The bid must be locked.
    """
    cause = "justified_cause" if justified else "award_forfeited"
    await make_move(session, actor, bid, "forfeit", reason=cause, now=now)
    if not justified:
        said = BidCreditNoted(
            bid_id=bid.id,
            scenario_id=bid.scenario_id,
            organization_id=bid.solver_id,
            cause=cause,
        )
        await tell(session, actor, bid, said, now=now)
    return bid
