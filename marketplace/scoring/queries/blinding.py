"""What a judge may know about whose bid they mark: nothing until all signed, if the call says so.

The seed is the ids of the seats that were filled first and the record of the draw: no judge and no
bidder is ever told either, and neither changes when a judge is replaced.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.kit.digests import digest_of
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.queries import panels, rounds
from marketplace.scoring.rules import blind
from marketplace.scoring.rules.blind import Alias
from marketplace.scoring.rules.marks import GivenMark

Aliases = Mapping[UUID, Alias] | None
"""What judges call each bid, by bid; None where they may know whose it is."""


async def aliases(session: ReadSession, call: Call) -> Aliases:
    """Find what the judges of a call call its bids; None where marking is not blind, or is over."""
    if not call.content.scoring.blind:
        return None
    seated = await rounds.seats(session, call.id)
    present = [seat for seat in seated if seat.recused_at is None]
    if present and all(seat.signed_at is not None for seat in present):
        return None
    drawn = [one.record_sha256 for one in await panels.draws(session, call.id)]
    first = [str(seat.id) for seat in seated if "-" not in seat.label]
    seed = digest_of({"seats": first, "draw": next((one for one in drawn if one), None)})
    opened = await bids.opened_bids(session, call.id)
    return blind.aliases([bid.id for bid, _ in opened], seed=seed)


async def meant_by(session: ReadSession, actor: Actor, bid_id: UUID) -> tuple[UUID, Aliases]:
    """Find the bid that a judge means by an id, and what else they may not know by name.

    Refuses  BidUnknown for the bid's own id while the judge may know its pseudonym only.
    """
    for scenario_id in await panels.calls_judged(session, actor.person_id):
        known = await aliases(session, await scenarios.call(session, scenario_id))
        if known is None:
            continue
        if bid_id in known:
            raise BidUnknown(bid_id=str(bid_id))
        for alias in known.values():
            if alias.alias_id == bid_id:
                return alias.bid_id, known
    return bid_id, None


async def of_judge(session: ReadSession, actor: Actor, scenario_id: UUID) -> Aliases:
    """Find what a judge calls the bids of a call; None for whoever does not judge it."""
    if scenario_id not in await panels.calls_judged(session, actor.person_id):
        return None
    return await aliases(session, await scenarios.call(session, scenario_id))


@contextmanager
def refusals_masked(known: Aliases) -> Iterator[None]:
    """Let no refusal tell a judge a bid's own id."""
    try:
        yield
    except MarketplaceError as refused:
        if known is not None:
            names = {str(one.bid_id): str(one.alias_id) for one in known.values()}
            refused.facts = {key: _renamed(fact, names) for key, fact in refused.facts.items()}
        raise


def _renamed(fact: object, names: Mapping[str, str]) -> object:
    if isinstance(fact, dict):
        return {key: _renamed(value, names) for key, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [_renamed(value, names) for value in fact]
    return names.get(fact, fact) if isinstance(fact, str) else fact


def masked(known: Aliases, bid_id: UUID) -> UUID:
    """Name a bid as its judges do."""
    return bid_id if known is None else known[bid_id].alias_id


def unmasked(known: Aliases, mark: GivenMark) -> GivenMark:
    """Read a mark that names a bid as its judges do; an id that is nobody's stays as it is.

    Shape    while marking is blind the bid's own id names no bid: whoever knows it was told by its
             bidder.
    """
    if known is None:
        return mark
    for alias in known.values():
        if alias.alias_id == mark.bid_id:
            return replace(mark, bid_id=alias.bid_id)
    return replace(mark, bid_id=UUID(int=0))
