"""What is known about those who bid, as the rules of completeness need it."""

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from itertools import combinations
from uuid import UUID

from marketplace.bids.queries import moves, participation
from marketplace.bids.rules.completeness import Bidder
from marketplace.bids.rules.consortia import SMALL_SHARE, Party
from marketplace.bids.rules.offer import Offer
from marketplace.identity.queries import profile as sizes
from marketplace.identity.queries import standing as register
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.kit.secrets import Keeper
from marketplace.relations import queries as relations
from marketplace.relations.errors import ChainTooLong
from marketplace.scenarios.queries.calls import Call


async def bidder(
    session: ReadSession,
    call: Call,
    solver_id: UUID,
    offer: Offer,
    *,
    keeper: Keeper,
    on: dt.date,
    documents: frozenset[str] | None = None,
) -> Bidder:
    """Gather who makes an offer, and whom it names, as of one day.

    What was declared for that day counts, not what an organisation is when it is paid.
    """
    return Bidder(
        size_class=await sizes.size_on(session, solver_id, on),
        parties=await _parties(session, call, solver_id, offer, keeper=keeper, on=on),
        documents=documents,
        opens_on=day_of(call.bid_deadline_at),
    )


async def why_no_member(
    session: ReadSession, call: Call, organization_id: UUID, *, on: dt.date
) -> str | None:
    """Say as a code why an organisation cannot be a member on a call; None: it can."""
    if organization_id in {call.poster_id, call.end_user_id}:
        return "poster"
    if await moves.is_designer(session, call.content, organization_id):
        return "designer"
    refused = await register.refusal(session, organization_id, on=on)
    return None if refused is None else refused.code.rpartition(".")[2]


async def _parties(
    session: ReadSession,
    call: Call,
    solver_id: UUID,
    offer: Offer,
    *,
    keeper: Keeper,
    on: dt.date,
) -> Mapping[str, Party]:
    if not offer.members:
        return {}
    agreed = await participation.accepted_shares(session, call.id, solver_id, keeper=keeper)
    known: dict[str, UUID] = {}
    for member in offer.members:
        with suppress(ValueError):
            known[member.organization_id] = UUID(member.organization_id)
    tied = await _tied(session, offer, {solver_id, *agreed}, on)
    parties = {}
    for member in offer.members:
        found = known.get(member.organization_id)
        # Only who has agreed is looked up: an offer is no way to ask the register about others.
        if found is None or found not in agreed:
            parties[member.organization_id] = Party(size_class="none", agreed_bps=None)
            continue
        own = "lead" if found == solver_id else None
        parties[member.organization_id] = Party(
            size_class=await sizes.size_on(session, found, on),
            agreed_bps=agreed[found],
            unfit=own or await why_no_member(session, call, found, on=on),
            tied=found in tied,
        )
    return parties


async def _tied(
    session: ReadSession, offer: Offer, everybody: set[UUID], on: dt.date
) -> frozenset[UUID]:
    """Name the parties that are related to another one; asked only where a benefit hangs on it."""
    if all(one.policy != SMALL_SHARE for one in offer.deductions):
        return frozenset()
    tied: set[UUID] = set()
    for pair in combinations(sorted(everybody), 2):
        # Records in disorder prove nothing, so they take no benefit away.
        with suppress(ChainTooLong):
            if await relations.relation(session, *pair, on=on) is not None:
                tied |= set(pair)
    return frozenset(tied)
