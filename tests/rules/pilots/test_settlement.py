"""Settling claims of a phase: the worked example, every outcome, every limit."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.digests import canonical_json
from marketplace.pilots.errors import RuleUnknown, TermsMalformed
from marketplace.pilots.rules.settlement import (
    Before,
    Bound,
    ClaimFacts,
    Outcome,
    PhaseTerms,
    Settlement,
    commitments_for,
    document_of,
    recompute,
    settle_phase,
)

P1 = PhaseTerms(
    phase="P1",
    ceiling_fen=90_000_000,
    ok_bps={"gov": 5000, "poster": 2000, "solver": 3000},
    blameless_fail_bps={"gov": 4000, "poster": 1000, "solver": 5000},
)
"""Phase P1 of the emergency early-warning example: 900,000 yuan, 50/20/30 and 40/10/50."""


def settled(
    outcome: Outcome,
    verified_fen: int,
    *,
    after_notice_fen: int = 0,
    before: Before | None = None,
    advances: dict[str, int] | None = None,
    commitments: dict[str, int] | None = None,
) -> Settlement:
    """Settle one claim of P1 with full commitments."""
    full = {funder: commitments_for(P1)[funder] for funder in ("gov", "poster")}
    return settle_phase(
        P1,
        outcome,
        ClaimFacts(verified_fen=verified_fen, after_notice_fen=after_notice_fen),
        before=before or Before(),
        commitments=commitments or full,
        advances=advances,
    )


def in_order(settlement: Settlement) -> list[int]:
    """Shares of gov, poster, solver."""
    return [share.amount_fen for share in settlement.shares]


def test_a_passed_phase_is_shared_up_to_its_ceiling() -> None:
    """1,000,000.00 verified: 450,000.00, 180,000.00, and for the solver 370,000.00."""
    done = settled(Outcome.PASSED, 100_000_000)

    assert in_order(done) == [45_000_000, 18_000_000, 27_000_000]
    assert done.over_ceiling_fen == 10_000_000
    assert done.solver_bears_fen == 37_000_000
    assert done.bound_by is Bound.CEILING


def test_a_blameless_failure_is_shared_by_its_own_weights() -> None:
    """333,333.33 at 40/10/50: 133,333.33, 33,333.33, and the odd fen is the solver's."""
    done = settled(Outcome.FAILED_BLAMELESS, 33_333_333)

    assert in_order(done) == [13_333_333, 3_333_333, 16_666_667]
    assert done.bound_by is Bound.VERIFIED


def test_fault_leaves_the_public_share_at_nothing_and_advances_are_recoverable() -> None:
    """After a failure by fault the funders bear 0 and get back what they advanced."""
    done = settled(
        Outcome.FAILED_BY_FAULT, 33_333_333, advances={"gov": 5_000_000, "poster": 1_000_000}
    )

    assert in_order(done) == [0, 0, 33_333_333]
    assert [share.amount_fen for share in done.recoverable] == [5_000_000, 1_000_000]
    assert done.bound_by is Bound.FAULT
    assert done.payable_fen == 0


def test_an_advance_within_the_share_is_not_recoverable() -> None:
    """Only what was advanced beyond the share comes back."""
    done = settled(Outcome.FAILED_BLAMELESS, 33_333_333, advances={"gov": 13_333_334})

    assert [share.amount_fen for share in done.recoverable] == [1, 0]


def test_cost_after_a_stop_notice_is_the_solvers() -> None:
    """A stopped phase shares what was spent before the notice, by the contract's weights."""
    done = settled(Outcome.STOPPED, 50_000_000, after_notice_fen=10_000_000)

    assert in_order(done) == [20_000_000, 8_000_000, 12_000_000]
    assert done.solver_bears_fen == 22_000_000
    assert done.bound_by is Bound.STOP_NOTICE


def test_late_cost_exists_only_in_a_stopped_phase() -> None:
    """Claiming late cost for a phase that passed is a mistake and is refused."""
    with pytest.raises(TermsMalformed):
        settled(Outcome.PASSED, 50_000_000, after_notice_fen=1)


def test_a_short_commitment_is_borne_by_the_solver_and_named() -> None:
    """What a funder has not got left falls to the solver, and the claim says so."""
    done = settled(Outcome.PASSED, 10_000_000, commitments={"gov": 4_000_000, "poster": 18_000_000})

    assert in_order(done) == [4_000_000, 2_000_000, 4_000_000]
    assert done.bound_by is Bound.COMMITMENT


def test_every_limit_is_told_with_its_figure() -> None:
    """A settlement lists what it looked at, whether or not it bound."""
    done = settled(Outcome.PASSED, 100_000_000)

    assert [(limit.name, limit.amount_fen) for limit in done.limits] == [
        ("verified", 100_000_000),
        ("stop_notice", 100_000_000),
        ("ceiling", 90_000_000),
        ("commitment:gov", 45_000_000),
        ("commitment:poster", 18_000_000),
    ]


outcomes = st.sampled_from(
    [Outcome.PASSED, Outcome.FAILED_BLAMELESS, Outcome.FAILED_BY_FAULT, Outcome.STOPPED]
)
shares_bps = st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)).map(
    lambda pair: {
        "gov": min(pair),
        "poster": max(pair) - min(pair),
        "solver": 10_000 - max(pair),
    }
)
random_terms = st.builds(
    PhaseTerms,
    phase=st.just("P0"),
    ceiling_fen=st.integers(0, 200_000_000),
    ok_bps=shares_bps,
    blameless_fail_bps=shares_bps,
)


@settings(deadline=None, max_examples=100)
@given(
    terms=random_terms,
    outcome=outcomes,
    claims=st.lists(st.integers(0, 60_000_000), min_size=1, max_size=8),
)
def test_claims_of_a_phase_never_pass_ceiling_or_commitment(
    terms: PhaseTerms, outcome: Outcome, claims: list[int]
) -> None:
    """Shares add up, the solver has the rest, and full commitments are enough for every outcome."""
    committed = commitments_for(terms)
    left = {funder: committed[funder] for funder in ("gov", "poster")}
    before = Before()

    for verified_fen in claims:
        done = settle_phase(
            terms,
            outcome,
            ClaimFacts(verified_fen=verified_fen),
            before=before,
            commitments=left,
        )
        before = done.after()
        left = {funder: left[funder] - done.share_of(funder) for funder in left}

        assert done.payable_fen + done.solver_bears_fen == verified_fen
        assert done.bound_by is not Bound.COMMITMENT
        assert before.total_fen <= terms.ceiling_fen
        assert min(left.values()) >= 0


@settings(deadline=None, max_examples=100)
@given(
    terms=random_terms,
    outcome=outcomes,
    first_fen=st.integers(0, 60_000_000),
    second_fen=st.integers(0, 60_000_000),
    left=st.fixed_dictionaries({"gov": st.integers(0, 10**8), "poster": st.integers(0, 10**8)}),
)
def test_a_stored_claim_recomputes_to_the_same_bytes(
    terms: PhaseTerms, outcome: Outcome, first_fen: int, second_fen: int, left: dict[str, int]
) -> None:
    """Whatever has become of the policy since, the document of a claim gives itself again."""
    first = settle_phase(
        terms, outcome, ClaimFacts(verified_fen=first_fen), before=Before(), commitments=left
    )
    second = settle_phase(
        terms,
        outcome,
        ClaimFacts(verified_fen=second_fen),
        before=first.after(),
        commitments=left,
        advances={"gov": 7},
    )
    stored = canonical_json(document_of(second))

    again = canonical_json(document_of(recompute(json.loads(stored))))

    assert again == stored


def test_a_changed_figure_in_a_stored_claim_shows() -> None:
    """Moving one fen between two shares of a stored claim is found by recomputing it."""
    stored = document_of(settled(Outcome.PASSED, 100_000_000))
    stored["shares_fen"] = {"gov": 45_000_001, "poster": 17_999_999, "solver": 27_000_000}

    assert document_of(recompute(stored)) != stored


def test_an_unknown_rule_is_not_guessed() -> None:
    """A claim settled by another version of the rule is refused, not recomputed wrongly."""
    stored = document_of(settled(Outcome.PASSED, 1)) | {"rule": "cost-sharing/99"}

    with pytest.raises(RuleUnknown):
        recompute(stored)


@pytest.mark.parametrize(
    "shares",
    [
        {"gov": 5000, "poster": 2000, "solver": 2999},
        {"gov": 5000, "solver": 5000},
        {"gov": 11_000, "poster": -2000, "solver": 1000},
    ],
)
def test_refuses_shares_that_are_not_the_whole(shares: dict[str, int]) -> None:
    """Shares of a term name all three parties, are not negative, and add up to 10 000."""
    with pytest.raises(TermsMalformed):
        PhaseTerms(phase="P1", ceiling_fen=1, ok_bps=shares, blameless_fail_bps=P1.ok_bps)


def test_commitments_cover_the_ceiling_and_every_outcome() -> None:
    """P1 needs 450,000.00, 180,000.00 and 270,000.00 before it starts."""
    assert commitments_for(P1) == {"gov": 45_000_000, "poster": 18_000_000, "solver": 27_000_000}
