"""A pool that is too small for its claims is divided in proportion, to the last fen."""

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.money import allocate

claims_fen = st.lists(st.integers(0, 10**12), min_size=1, max_size=20).filter(any)


def test_three_claims_share_a_pool_of_a_million() -> None:
    """1,000,000.00 for 600,000.00, 450,000.00 and 333,333.33: the parts add up exactly."""
    parts = allocate(100_000_000, [60_000_000, 45_000_000, 33_333_333])

    assert parts == (43_373_494, 32_530_121, 24_096_385)
    assert sum(parts) == 100_000_000


@settings(deadline=None, max_examples=200)
@given(pool_fen=st.integers(0, 10**12), claims=claims_fen)
def test_the_pool_is_spent_exactly_and_everybody_is_within_a_fen(
    pool_fen: int, claims: list[int]
) -> None:
    """Each part is the exact share rounded down or up; the sum is the pool."""
    whole = sum(claims)

    parts = allocate(pool_fen, claims)

    assert sum(parts) == pool_fen
    for part, claim in zip(parts, claims, strict=True):
        assert pool_fen * claim // whole <= part <= -(-pool_fen * claim // whole)


@settings(deadline=None, max_examples=200)
@given(claims=claims_fen, spare=st.integers(0, 100))
def test_nobody_gets_more_than_claimed(claims: list[int], spare: int) -> None:
    """While the pool is no larger than the claims, no part is larger than its claim."""
    pool_fen = max(0, sum(claims) - spare)

    parts = allocate(pool_fen, claims)

    assert all(part <= claim for part, claim in zip(parts, claims, strict=True))
