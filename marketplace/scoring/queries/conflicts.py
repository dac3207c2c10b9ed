"""What the scoring room can answer about conflicts: who may not judge whom, as of a day."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from marketplace.bids.queries import bids
from marketplace.identity.queries import experts
from marketplace.kit.database import ReadSession
from marketplace.relations import queries as relations
from marketplace.relations.errors import ChainTooLong
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.rules.conflicts import Conflict, Pair, Party, conflicts, pairs_to_check

CHAIN_TOO_LONG = "chain_too_long"
"""Nobody can say that these are not related, so for a judge they are."""


def parties_of_call(call: Call, *, interested: Iterable[UUID] = ()) -> list[Party]:
    """Name who is on the side of a call: whoever works for them does not judge as an expert."""
    parts = {
        **dict.fromkeys(interested, "interested"),
        call.organizer_id: "organizer",
        call.end_user_id: "end_user",
        call.poster_id: "poster",
    }
    return [Party(organization_id=one, part=part) for one, part in parts.items()]


async def bidding_parties(session: ReadSession, scenario_id: UUID) -> list[Party]:
    """Name who bids by the opened bids: nobody may know of any other."""
    parties = []
    for bid, _ in await bids.opened_bids(session, scenario_id):
        parties.append(Party(organization_id=bid.solver_id, part="bidder", bid_id=bid.id))
        parties += [
            Party(organization_id=member, part="consortium_member", bid_id=bid.id)
            for member in _consortium_members(bid.offer or {})
        ]
    return parties


def _consortium_members(offer: dict[str, Any]) -> list[UUID]:
    consortium = offer.get("consortium") or {}
    return [UUID(one["organization_id"]) for one in consortium.get("members", ())]


async def found(
    session: ReadSession, people: Collection[UUID], parties: Collection[Party], *, on: dt.date
) -> tuple[Conflict, ...]:
    """Find every ground on which people may not judge parties on a day."""
    held = await experts.ties_of(session, people)
    ties = [tie for person in sorted(held) for tie in held[person]]
    pairs = pairs_to_check(ties, parties, on)
    related = await _related(session, pairs, on=on)
    return conflicts(ties, parties, related=related, on=on)


async def _related(
    session: ReadSession, pairs: Collection[Pair], *, on: dt.date
) -> dict[Pair, str]:
    """Ask how organisations are related, once for each pair that can be at all."""
    if not pairs:
        return {}
    known = await relations.tied_organizations(session, {one for pair in pairs for one in pair})
    related = {}
    for one, other in sorted(pairs):
        if one not in known or other not in known:
            continue
        try:
            relation = await relations.relation(session, one, other, on=on)
        except ChainTooLong:
            related[one, other] = CHAIN_TOO_LONG
            continue
        if relation is not None:
            related[one, other] = relation.ground.value
    return related
