"""The choice itself: a slot goes to the best-ranked bid that is still willing, and to no other."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.awards.errors import (
    NotACandidate,
    NothingRanked,
    QuoteAboveBudget,
    RankOrderBroken,
    SlotsTaken,
)
from marketplace.identity.rules import duties
from marketplace.identity.rules.duties import Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One ranked bid; equal ranks are allowed and are parallel."""

    bid_id: UUID
    solver_organization_id: UUID
    rank: int
    quote_fen: int | None
    """None where the call asks for no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known when an award is to be decided."""

    candidates: Sequence[Candidate]
    awarded: Collection[UUID]
    """Bids that hold a slot."""
    out: Collection[UUID]
    """Bids that cannot be awarded any more: forfeited, void, revoked or invalidated."""
    slots: int
    budget_fen: int
    done: Mapping[Duty, Collection[UUID]]
    """Who did what to the call up to its ranking."""


def choose(standing: Standing, bid_id: UUID, *, decided_by: UUID) -> Candidate:
    """Find the candidate to award, or refuse.

    Refuses  SameHands; NothingRanked; SlotsTaken; NotACandidate, also for a bid that has
             been awarded before; RankOrderBroken with the bids that come first;
             QuoteAboveBudget.
    """
    duties.check(decided_by, Duty.DECIDER, standing.done)
    if not standing.candidates:
        raise NothingRanked()
    if len(standing.awarded) >= standing.slots:
        raise SlotsTaken(slots=standing.slots)
    gone = {*standing.awarded, *standing.out}
    willing = [candidate for candidate in standing.candidates if candidate.bid_id not in gone]
    chosen = next((candidate for candidate in willing if candidate.bid_id == bid_id), None)
    if chosen is None:
        raise NotACandidate(bid_id=str(bid_id))
    better = [candidate for candidate in willing if candidate.rank < chosen.rank]
    if better:
        raise RankOrderBroken(
            rank=chosen.rank, willing_before=sorted(candidate.rank for candidate in better)
        )
    if chosen.quote_fen is not None and chosen.quote_fen > standing.budget_fen:
        raise QuoteAboveBudget(quote_fen=chosen.quote_fen, budget_fen=standing.budget_fen)
    return chosen
