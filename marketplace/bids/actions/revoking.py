"""Take an opened bid back: allowed until the bid is selected, and not without consequences."""

from uuid import UUID

from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.errors.moves import RevocationReasonMissing
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import LIFECYCLE
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.moves import Revocation
from marketplace.events.rules.catalogue.bid_moves import BidCreditNoted, BidRevoked
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.errors import Stale
from marketplace.scenarios.queries import calls as scenarios

REVOKED = "revoked_after_deadline"


async def revoke_bid(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    reason: str,
    expected_version: int,
    clock: Clock,
) -> Bid:
    """Revoke a bid after the deadline (B08); a ranking stands, and this bid is passed over in it.

    The bond, where the call asked for one, may be kept, and the credit record gets a note: whoever
    decides on either finds the event and the row.  The call is locked first, so that this and the
    selection of the bid cannot pass each other.

    Refuses  RevocationReasonMissing; MoveNotAllowed before the opening, where a bid is withdrawn,
             and from `selected` on, where an award is declined.
    """
    access.require(actor, Permission.BIDS_SUBMIT)
    unlocked = await queries.own_bid(session, actor, bid_id)
    call = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    now = await clock.decisive(session)
    row = await queries.own_bid(session, actor, bid_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    LIFECYCLE.check(row.state, "revoke")
    if not reason.strip():
        raise RevocationReasonMissing()
    bonds = (await scenarios.content(session, call)).bonds
    before = row.state.value
    kept = Revocation(
        bid_id=row.id,
        state_before=before,
        reason=reason,
        bond_may_be_kept=bonds.bid_fen > 0,
        revoked_by=actor.person_id,
        revoked_at=now,
    )
    session.add(kept)
    await make_move(session, actor, row, "revoke", reason=REVOKED, now=now)
    said = BidRevoked(
        bid_id=row.id,
        scenario_id=row.scenario_id,
        state_before=before,
        reason=reason,
        bond_may_be_kept=kept.bond_may_be_kept,
    )
    await tell(session, actor, row, said, now=now)
    note = BidCreditNoted(
        bid_id=row.id, scenario_id=row.scenario_id, organization_id=row.solver_id, cause=REVOKED
    )
    await tell(session, actor, row, note, now=now)
    return row
