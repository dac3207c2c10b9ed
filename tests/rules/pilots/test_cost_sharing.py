"""Splitting claims: nothing is lost, nobody drifts, nobody pays more than they can."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.pilots.errors import CommitmentExhausted, TermsMalformed
from marketplace.pilots.rules.cost_sharing import FunderWeight, Split, split

claims_fen = st.one_of(
    st.integers(0, 3), st.integers(0, 500_000), st.sampled_from([1_000_000, 10**13])
)
weights_of_terms = st.lists(st.integers(0, 1000), min_size=2, max_size=14).filter(any)


def terms(*weights: int) -> tuple[FunderWeight, ...]:
    """One party per weight, named by its place, first come first in priority."""
    return tuple(
        FunderWeight(funder=f"party-{at}", weight_bps=weight, priority=at)
        for at, weight in enumerate(weights)
    )


def amounts(divided: Split) -> list[int]:
    """The shares, in the order of the term."""
    return [share.amount_fen for share in divided.shares]


class Running:
    """A term with its running totals, as the pilots room keeps them."""

    def __init__(self, weights: tuple[FunderWeight, ...]) -> None:
        self.weights = weights
        self.whole = sum(party.weight_bps for party in weights)
        self.cumulative = {party.funder: 0 for party in weights}
        self.total_fen = 0

    def claim(
        self,
        claim_fen: int,
        *,
        caps: dict[str, int] | None = None,
        fallback: tuple[str, ...] = (),
    ) -> Split:
        """Split one claim and carry the totals on."""
        divided = split(
            claim_fen,
            self.weights,
            cumulative=self.cumulative,
            total_before_fen=self.total_fen,
            caps=caps,
            fallback=fallback,
        )
        self.total_fen += claim_fen
        for share in divided.shares:
            self.cumulative[share.funder] += share.amount_fen
        return divided

    def void(self, claim_fen: int, divided: Split) -> None:
        """Take an earlier claim out of the totals."""
        self.total_fen -= claim_fen
        for share in divided.shares:
            self.cumulative[share.funder] -= share.amount_fen

    def deviations(self) -> list[int]:
        """How far each party is from its exact share, in units of one fen / `whole`."""
        return [
            abs(self.cumulative[party.funder] * self.whole - self.total_fen * party.weight_bps)
            for party in self.weights
        ]


@settings(deadline=None, max_examples=60)
@given(weights=weights_of_terms, claims=st.lists(claims_fen, min_size=1, max_size=60))
def test_no_party_ever_drifts_by_a_whole_fen(weights: list[int], claims: list[int]) -> None:
    """After every claim of any sequence, each running total is within one fen of its share."""
    running = Running(terms(*weights))

    for claim_fen in claims:
        divided = running.claim(claim_fen)

        assert sum(amounts(divided)) == claim_fen
        assert min(amounts(divided)) >= 0
        assert max(running.deviations()) < running.whole


@settings(deadline=None, max_examples=60)
@given(weights=weights_of_terms, claims=st.lists(claims_fen, min_size=1, max_size=30))
def test_running_totals_stay_inside_the_quota(weights: list[int], claims: list[int]) -> None:
    """A running total is the exact share rounded down or up, and nothing else."""
    running = Running(terms(*weights))

    for claim_fen in claims:
        running.claim(claim_fen)

    for party in running.weights:
        exact = running.total_fen * party.weight_bps
        lower = exact // running.whole
        upper = -(-exact // running.whole)
        assert lower <= running.cumulative[party.funder] <= upper


@settings(deadline=None, max_examples=60)
@given(
    weights=weights_of_terms,
    steps=st.lists(st.tuples(claims_fen, st.integers(0, 9)), min_size=2, max_size=40),
)
def test_voided_claims_leave_sums_exact_and_shares_whole(
    weights: list[int], steps: list[tuple[int, int]]
) -> None:
    """Voiding earlier claims never breaks a later split, and no share is ever negative."""
    running = Running(terms(*weights))
    standing: list[tuple[int, Split]] = []

    for claim_fen, dice in steps:
        divided = running.claim(claim_fen)
        standing.append((claim_fen, divided))
        if dice == 0:
            running.void(*standing.pop(len(standing) // 2))

        assert sum(amounts(divided)) == claim_fen
        assert min(amounts(divided)) >= 0
        assert sum(running.cumulative.values()) == running.total_fen


@pytest.mark.parametrize(
    ("weights", "claim_fen", "many"),
    [((1, 1, 1), 100, 1000), ((333, 333, 334), 100, 1000), ((1,) * 7, 100, 1000)],
)
def test_ten_thousand_yuan_in_small_claims_end_within_a_fen(
    weights: tuple[int, ...], claim_fen: int, many: int
) -> None:
    """Where a per-claim rule is yuan off after a thousand claims, this one is not off by a fen."""
    running = Running(terms(*weights))

    for _ in range(many):
        running.claim(claim_fen)

    assert max(running.deviations()) < running.whole


@pytest.mark.parametrize(
    ("weights", "claims"),
    [
        ((6, 2, 10, 9), (2, 1)),
        ((12, 10, 9, 11), (1, 3, 1)),
        ((12, 12, 2, 2, 12, 12), (1,) * 13),
    ],
    ids=["first in line", "largest weight", "largest remainder"],
)
def test_sequences_that_defeat_simpler_rules_do_not_drift(
    weights: tuple[int, ...], claims: tuple[int, ...]
) -> None:
    """Handing out left-over fen by another rule leaves somebody a whole fen behind here."""
    running = Running(terms(*weights))

    for claim_fen in claims:
        running.claim(claim_fen)

        assert max(running.deviations()) < running.whole


@settings(deadline=None, max_examples=60)
@given(claims=st.lists(claims_fen, min_size=1, max_size=30), other=st.integers(1, 9999))
def test_a_funder_without_weight_pays_nothing(claims: list[int], other: int) -> None:
    """A party with 0 basis points stays at 0 whatever is claimed."""
    running = Running(terms(other, 0, 10_000 - other))

    for claim_fen in claims:
        running.claim(claim_fen)

    assert running.cumulative["party-1"] == 0


@settings(deadline=None, max_examples=100)
@given(
    weights=st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(1, 100)),
    caps=st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)),
    claims=st.lists(st.integers(0, 5_000), min_size=1, max_size=15),
)
def test_nobody_pays_beyond_a_cap_and_the_fallback_pays_the_rest(
    weights: tuple[int, int, int], caps: tuple[int, int], claims: list[int]
) -> None:
    """Capped parties stop at their cap, sums stay exact, the last party takes what is left."""
    left = {"party-0": caps[0], "party-1": caps[1]}
    running = Running(terms(*weights))

    for claim_fen in claims:
        divided = running.claim(claim_fen, caps=left, fallback=("party-2",))
        for funder in left:
            left[funder] -= divided.of(funder)

        assert sum(amounts(divided)) == claim_fen
        assert min(*amounts(divided), *left.values()) >= 0


def test_a_capped_part_goes_down_the_fallback_order() -> None:
    """The first of the order takes what it can under its own cap, the next takes the rest."""
    divided = split(
        1000,
        terms(5000, 2000, 3000),
        cumulative={},
        total_before_fen=0,
        caps={"party-0": 100, "party-1": 350},
        fallback=["party-1", "party-2"],
    )

    assert amounts(divided) == [100, 350, 550]
    assert divided.capped == ("party-0",)


def test_a_cap_that_is_just_enough_is_not_called_a_cap() -> None:
    """A party whose cap equals its share was not held back by it."""
    divided = split(
        1000, terms(5000, 5000), cumulative={}, total_before_fen=0, caps={"party-0": 500}
    )

    assert amounts(divided) == [500, 500]
    assert divided.capped == ()


def test_a_cap_without_fallback_is_refused_with_what_is_missing() -> None:
    """Where nobody may step in, the claim is refused and says by how much."""
    with pytest.raises(CommitmentExhausted) as refused:
        split(1000, terms(5000, 5000), cumulative={}, total_before_fen=0, caps={"party-0": 499})

    assert refused.value.facts["missing_fen"] == 1


def test_an_exact_share_is_never_rounded_up() -> None:
    """15 fen at 80/8/12 % are 12, 1 and 2: the first share is exact and gets no left-over fen."""
    divided = split(15, terms(8000, 800, 1200), cumulative={}, total_before_fen=0)

    assert amounts(divided) == [12, 1, 2]


def test_equal_parties_take_turns_by_priority() -> None:
    """Of two equal parties the one with the lower priority goes first, then the other."""
    parties = (
        FunderWeight(funder="later", weight_bps=5000, priority=2),
        FunderWeight(funder="sooner", weight_bps=5000, priority=1),
    )

    first = split(1, parties, cumulative={}, total_before_fen=0)
    second = split(1, parties, cumulative={"sooner": 1}, total_before_fen=1)

    assert (first.of("sooner"), second.of("later")) == (1, 1)


def test_large_arrears_are_settled_at_once() -> None:
    """A party that paid a hundred million yuan too much is repaired by the next claim, quickly."""
    behind = 10**10

    divided = split(
        1000,
        terms(5000, 3000, 2000),
        cumulative={"party-0": 0, "party-1": 0, "party-2": behind},
        total_before_fen=behind,
    )

    assert sum(amounts(divided)) == 1000
    assert divided.of("party-2") == 0
    assert divided.of("party-0") == 1000  # it is furthest below its exact share


@pytest.mark.parametrize(
    ("claim_fen", "weights", "cumulative", "total_before_fen"),
    [
        (-1, terms(1, 1), {}, 0),
        (1, terms(0, 0), {}, 0),
        (1, (*terms(1), *terms(1)), {}, 0),
        (1, terms(1, 1), {"stranger": 1}, 1),
        (1, terms(1, 1), {"party-0": 2}, 1),
        (1, terms(1, 1), {"party-0": -1}, 0),
    ],
)
def test_refuses_terms_and_totals_that_cannot_be(
    claim_fen: int,
    weights: tuple[FunderWeight, ...],
    cumulative: dict[str, int],
    total_before_fen: int,
) -> None:
    """Negative amounts, no weight, a party twice, a stranger, more borne than claimed: refused."""
    with pytest.raises(TermsMalformed):
        split(claim_fen, weights, cumulative=cumulative, total_before_fen=total_before_fen)
