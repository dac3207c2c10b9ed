"""Offers that bidders sealed themselves are compared at the opening, and only then."""

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import bids as given
from tests.given import offers
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call


async def a_joint_call(database: Database, clock: FixedClock) -> tuple[Called, Someone]:
    """A call on which two may bid together, and somebody who may be asked."""
    call = await a_published_call(database, clock, content=offers.a_content_for_consortia())
    return call, await someone(database, Role.SOLVER)


async def opened(
    database: Database, clock: FixedClock, call: Called, *begun: given.Begun
) -> list[tuple[BidState, str | None]]:
    """State and exclusion of each bid after the opening."""
    await given.the_deadline_passed(database, clock, call)
    await given.the_opening(database, clock, call)
    async with database.reading() as session:
        rows = [await bids.opened_bid(session, one.id) for one in begun]
    return [(row.state, row.exclusion) for row in rows]


async def test_a_member_of_two_consortia_puts_both_out_and_nobody_else(
    database: Database, clock: FixedClock
) -> None:
    """Both had its agreement; neither could be looked into; a third bid goes on."""
    call, member = await a_joint_call(database, clock)
    begun = []
    for _ in range(2):
        bid = await given.a_draft_bid(database, clock, call)
        await offers.agreed(database, clock, call, lead=bid.solver, member=member)
        offer = offers.a_joint_offer(member.organization_id)
        begun.append(await offers.sealed_at_home(database, clock, call, bid, offer))
    begun.append(await given.a_sealed_bid(database, clock, call))

    assert await opened(database, clock, call, *begun) == [
        (BidState.NON_RESPONSIVE, "double_participation"),
        (BidState.NON_RESPONSIVE, "double_participation"),
        (BidState.OPENED, None),
    ]


async def test_naming_somebody_who_never_agreed_puts_out_only_whoever_does(
    database: Database, clock: FixedClock
) -> None:
    """Otherwise one could throw out a rival by writing its name into an offer of one's own."""
    call, rival = await a_joint_call(database, clock)
    honest = await given.a_sealed_bid(database, clock, call, solver=rival)
    trick = await given.a_draft_bid(database, clock, call)
    offer = offers.a_joint_offer(rival.organization_id)
    await offers.sealed_at_home(database, clock, call, trick, offer)

    assert await opened(database, clock, call, honest, trick) == [
        (BidState.OPENED, None),
        (BidState.NON_RESPONSIVE, "member_not_agreed"),
    ]
