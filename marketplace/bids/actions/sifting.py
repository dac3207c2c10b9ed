"""Find what is wrong with opened bids without anybody's opinion, and put them out.

What is over the maximum price leaves at the opening itself, before any mean is made of the quotes.
What the law has against a bidder is found at the opening and again when its eligibility is checked:
a tie that was recorded in between counts as of the day of the opening.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import corrections, moves
from marketplace.bids.rules import exclusions
from marketplace.bids.rules.exclusions import WORDS, HardGround, Participant
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.participation import parties_of
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.moves import HardExclusion
from marketplace.events.rules.catalogue.bid_moves import BidExcluded
from marketplace.identity.queries import organizations as identity
from marketplace.identity.queries import standing
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.relations import queries as relations
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario

PRICE_UNREADABLE = "price_unreadable"
"""Found before the sifting, and told when it was."""
OVER_MAXIMUM = "over_maximum_price"
OVER_MAXIMUM_REASON = {"zh": "报价高于最高限价", "en": "The quote is above the maximum price"}


async def sift(session: WriteSession, call: Scenario, *, now: dt.datetime) -> None:
    """Look through the bids of a call that was opened just now; the call must be locked."""
    maximum_fen = (await scenarios.content(session, call)).budget.max_price_fen
    waiting = {bid.id for _, bid in await corrections.open_corrections(session, call.id)}
    opened = await queries.opened_bids(session, call.id)
    # First, while only what was not admitted is out: who takes part in it is asked of all others.
    await _find_all(session, call, now=now)
    for bid, _ in opened:
        if bid.state is BidState.NON_RESPONSIVE and bid.exclusion != PRICE_UNREADABLE:
            # What its own client sealed was no offer: that bidder hears why, as everybody does.
            await _tell_excluded(session, access.SYSTEM, bid, now=now)
            continue
        if bid.state is not BidState.OPENED or bid.id in waiting:
            # A price that waits to be confirmed is compared with the maximum once it counts.
            continue
        over = maximum_fen is not None and (bid.quote_fen or 0) > maximum_fen
        if over:
            await exclude(
                session,
                access.SYSTEM,
                bid,
                code=OVER_MAXIMUM,
                reason=OVER_MAXIMUM_REASON,
                verb="reject_at_opening",
                now=now,
            )
    for bid, _ in opened:
        if bid.state is BidState.OPENED and await _takes_part_twice(session, bid):
            await exclude(
                session,
                access.SYSTEM,
                bid,
                code=HardGround.DOUBLE_PARTICIPATION.value,
                reason=WORDS[HardGround.DOUBLE_PARTICIPATION],
                verb="reject_at_opening",
                now=now,
            )


async def _takes_part_twice(session: WriteSession, bid: Bid) -> bool:
    """Tell whether an organisation of a bid is in another one: that needs nobody's opinion."""
    grounds = {one.ground for one in await moves.hard_exclusions(session, bid.id)}
    return HardGround.DOUBLE_PARTICIPATION in grounds


async def find_hard(
    session: WriteSession, call: Scenario, bid_id: UUID, *, now: dt.datetime
) -> Sequence[HardExclusion]:
    """Find anew what the law has against the bids of a call, and list what it has against one."""
    await _find_all(session, call, now=now)
    return await moves.hard_exclusions(session, bid_id)


async def exclude(
    session: WriteSession,
    actor: Actor,
    bid: Bid,
    *,
    code: str,
    reason: dict[str, str],
    verb: str = "find_non_responsive",
    now: dt.datetime,
) -> Bid:
    """Find a bid non-responsive (B10): it leaves every mean and the price base, and hears why."""
    bid.exclusion, bid.exclusion_reason = code, reason
    await make_move(session, actor, bid, verb, reason=code, now=now)
    await _tell_excluded(session, actor, bid, now=now)
    return bid


async def _tell_excluded(
    session: WriteSession, actor: Actor, bid: Bid, *, now: dt.datetime
) -> None:
    assert bid.exclusion is not None and bid.exclusion_reason is not None
    said = BidExcluded(
        bid_id=bid.id,
        scenario_id=bid.scenario_id,
        code=bid.exclusion,
        reason=bid.exclusion_reason,
    )
    await tell(session, actor, bid, said, now=now)


async def readmit(session: WriteSession, bid: Bid, verb: str, *, now: dt.datetime) -> Bid:
    """Take a bid in again whose reason to be out has gone (B10e, B10f)."""
    bid.exclusion = bid.exclusion_reason = None
    return await make_move(session, access.SYSTEM, bid, verb, now=now)


async def _find_all(session: WriteSession, call: Scenario, *, now: dt.datetime) -> None:
    """Write down every hard exclusion that is not known yet; one that was found stays."""
    opening = await queries.opening(session, call.id)
    opened_at = now if opening is None or opening.opened_at is None else opening.opened_at
    on = day_of(opened_at)
    opened = await queries.opened_bids(session, call.id)
    parties = {bid.id: _organizations(bid) for bid, _ in opened}
    organizations = sorted(set().union(*parties.values()))
    heads = await relations.unit_heads(session, organizations, on=on)
    participants = [
        await _participant(session, bid, parties[bid.id], heads, on) for bid, _ in opened
    ]
    found = exclusions.find(
        participants,
        designers=(await scenarios.content(session, call)).need_designers,
        controlled=await relations.control_chains(session, organizations, on=on),
    )
    for one in found:
        known = {row.ground for row in await moves.hard_exclusions(session, one.bid_id)}
        if one.ground not in known:
            session.add(
                HardExclusion(
                    bid_id=one.bid_id, ground=one.ground, facts=dict(one.facts), found_at=now
                )
            )
            await session.flush()


def _organizations(bid: Bid) -> frozenset[UUID]:
    """Name everybody who takes part in an opened bid: its bidder and who agreed to be a member.

    An offer that was not admitted names nobody but its bidder: writing a rival into an offer of
    one's own must not put out the bid that the rival really made.
    """
    offer = Offer() if bid.offer is None or bid.exclusion else Offer.from_document(bid.offer)
    return frozenset(UUID(one) for one in parties_of(str(bid.solver_id), offer))


async def _participant(
    session: WriteSession,
    bid: Bid,
    organizations: frozenset[UUID],
    heads: Mapping[UUID, frozenset[UUID]],
    on: dt.date,
) -> Participant:
    names: list[str] = []
    against: set[str] = set()
    for one in sorted(organizations):
        row = await identity.organization(session, one)
        names += [row.name_zh, row.name_en, row.uscc]
        found = await standing.findings(session, one, on=on)
        against |= {finding.code.value for finding in found if finding.blocking}
    return Participant(
        bid_id=bid.id,
        organizations=organizations,
        names=names,
        unit_heads=frozenset().union(*(heads.get(one, frozenset()) for one in organizations)),
        bad_standing=tuple(sorted(against)),
    )
