"""Choosing a winner: in rank order, within the budget, by somebody who did not score."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.awards.errors import (
    NotACandidate,
    NothingRanked,
    QuoteAboveBudget,
    RankOrderBroken,
    SlotsTaken,
)
from marketplace.awards.rules.choice import Candidate, Standing, choose
from marketplace.awards.rules.lifecycle import AWARD, LIVE, AwardState
from marketplace.identity.errors.access import SameHands
from marketplace.identity.rules import duties
from marketplace.identity.rules.duties import Duty
from marketplace.kit.errors import MarketplaceError

APPROVER = UUID(int=900)
JUDGE = UUID(int=901)
WINNER, RUNNER_UP, THIRD = (UUID(int=at) for at in (1, 2, 3))
BUDGET_FEN = 180_000_000


def candidate(bid_id: UUID, rank: int, quote_fen: int = 150_000_000) -> Candidate:
    """One ranked bid."""
    return Candidate(
        bid_id=bid_id,
        solver_organization_id=UUID(int=bid_id.int + 100),
        rank=rank,
        quote_fen=quote_fen,
    )


def standing(
    *,
    candidates: tuple[Candidate, ...] = (
        candidate(WINNER, 1),
        candidate(RUNNER_UP, 2),
        candidate(THIRD, 3),
    ),
    awarded: frozenset[UUID] = frozenset(),
    out: frozenset[UUID] = frozenset(),
    slots: int = 1,
) -> Standing:
    """Three ranked bids, one slot, unless asked otherwise."""
    return Standing(
        candidates=candidates,
        awarded=awarded,
        out=out,
        slots=slots,
        budget_fen=BUDGET_FEN,
        done=dict.fromkeys(duties.must_know(Duty.DECIDER), frozenset())
        | {Duty.JUDGE: frozenset({JUDGE})},
    )


def test_the_first_in_rank_is_awarded() -> None:
    """The best bid gets the slot."""
    assert choose(standing(), WINNER, decided_by=APPROVER).rank == 1


@pytest.mark.parametrize(("bid_id", "before"), [(RUNNER_UP, [1]), (THIRD, [1, 2])])
def test_refuses_to_pass_over_a_willing_candidate(bid_id: UUID, before: list[int]) -> None:
    """Nobody is awarded while a better rank is willing; the refusal names the ranks."""
    with pytest.raises(RankOrderBroken) as refused:
        choose(standing(), bid_id, decided_by=APPROVER)

    assert refused.value.facts["willing_before"] == before


def test_after_a_forfeit_the_next_in_rank_follows_and_nobody_else() -> None:
    """When the winner is out, rank 2 may be awarded and rank 3 may not."""
    winner_out = standing(out=frozenset({WINNER}))

    assert choose(winner_out, RUNNER_UP, decided_by=APPROVER).bid_id == RUNNER_UP
    with pytest.raises(RankOrderBroken):
        choose(winner_out, THIRD, decided_by=APPROVER)


def test_a_forfeited_bid_is_not_awarded_again() -> None:
    """Whoever fell out is no candidate any more."""
    with pytest.raises(NotACandidate):
        choose(standing(out=frozenset({WINNER})), WINNER, decided_by=APPROVER)


def test_no_more_awards_than_slots() -> None:
    """A call with one slot and one award takes no second; with two slots it does."""
    with pytest.raises(SlotsTaken):
        choose(standing(awarded=frozenset({WINNER})), RUNNER_UP, decided_by=APPROVER)

    two_slots = standing(awarded=frozenset({WINNER}), slots=2)
    assert choose(two_slots, RUNNER_UP, decided_by=APPROVER).rank == 2


def test_equal_ranks_are_parallel() -> None:
    """Of two bids on the same rank either may be awarded."""
    tied = standing(candidates=(candidate(WINNER, 1), candidate(RUNNER_UP, 1)))

    assert choose(tied, WINNER, decided_by=APPROVER).bid_id == WINNER
    assert choose(tied, RUNNER_UP, decided_by=APPROVER).bid_id == RUNNER_UP


def test_a_judge_does_not_decide() -> None:
    """Whoever sat on the panel is refused, before anything else is looked at."""
    with pytest.raises(SameHands):
        choose(standing(candidates=()), WINNER, decided_by=JUDGE)


def test_nothing_is_awarded_before_a_ranking() -> None:
    """Without a closed round there is nobody to choose."""
    with pytest.raises(NothingRanked):
        choose(standing(candidates=()), WINNER, decided_by=APPROVER)


def test_a_stranger_is_no_candidate() -> None:
    """A bid that is not in the latest round cannot be awarded."""
    with pytest.raises(NotACandidate):
        choose(standing(), UUID(int=77), decided_by=APPROVER)


def test_a_quote_above_the_budget_is_refused() -> None:
    """One fen above the budget of the call is too much."""
    dear = standing(candidates=(candidate(WINNER, 1, BUDGET_FEN + 1),))

    with pytest.raises(QuoteAboveBudget):
        choose(dear, WINNER, decided_by=APPROVER)


@settings(deadline=None, max_examples=200)
@given(
    ranks=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    out=st.sets(st.integers(0, 7)),
    wanted=st.integers(0, 7),
)
def test_whoever_is_chosen_has_nobody_willing_ahead(
    ranks: list[int], out: set[int], wanted: int
) -> None:
    """For any ranking and any set of forfeits, a choice leaves no better willing bid behind."""
    bids = tuple(candidate(UUID(int=at), rank) for at, rank in enumerate(ranks))
    gone = frozenset(UUID(int=at) for at in out)

    try:
        chosen = choose(standing(candidates=bids, out=gone), UUID(int=wanted), decided_by=APPROVER)
    except MarketplaceError:
        return

    willing = [bid for bid in bids if bid.bid_id not in gone]
    assert chosen.rank == min(bid.rank for bid in willing)


def test_a_forfeited_award_frees_its_slot() -> None:
    """Forfeit leads out of every state in which nothing is signed, and out of the live ones."""
    for state in (AwardState.DECIDED, AwardState.IN_PUBLICITY, AwardState.AWARDED):
        assert AWARD.check(state, "forfeit").target not in LIVE
    assert "forfeit" not in AWARD.verbs_from(AwardState.CONTRACTED)
