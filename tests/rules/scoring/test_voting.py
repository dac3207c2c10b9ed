"""A panel decides by more than half of its seats; and low prices by the lines of valid quotes."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.profiles.rules.profile import Track
from marketplace.scoring.rules import inquiries, price
from marketplace.scoring.rules.recommending import recommended
from marketplace.scoring.rules.voting import tally
from tests.given.profiles import a_profile

SEATS = [f"J{number}" for number in range(1, 8)]
YUAN = 100
ORACLE = {"A": 980_000, "B": 1_020_000, "C": 960_000, "D": 400_000}
"""Oracle 2: B is above the maximum of one million."""


@given(
    st.integers(1, 7),
    st.dictionaries(st.sampled_from(SEATS), st.booleans(), max_size=7),
)
def test_only_a_majority_of_the_seats_decides(seated: int, cast: dict[str, bool]) -> None:
    """Whatever is cast by whomever: yes and no never win together, and the silent are no yes."""
    seats = SEATS[:seated]
    counted = tally(seats, cast.items())
    ayes = sum(cast.get(seat) is True for seat in seats)
    noes = sum(cast.get(seat) is False for seat in seats)

    assert (counted.agreed, counted.opposed, counted.seated) == (ayes, noes, seated)
    assert counted.outcome is (True if ayes > seated / 2 else False if noes > seated / 2 else None)


@given(st.lists(st.booleans(), min_size=5, max_size=5), st.integers(0, 4))
def test_a_recused_judge_has_no_vote(cast: list[bool], leaving: int) -> None:
    """The outcome after a recusal is that of a panel in which the judge never sat."""
    votes = list(zip(SEATS, cast, strict=False))
    staying = [seat for place, seat in enumerate(SEATS[:5]) if place != leaving]

    assert tally(staying, votes) == tally(staying, [one for one in votes if one[0] in staying])


def test_oracle_two_counts_only_what_is_valid() -> None:
    """1,020,000 leaves before the mean: 400,000 is below two lines and not below the third."""
    found = inquiries.screen(
        {bid: yuan * YUAN for bid, yuan in ORACLE.items()},
        maximum_price_fen=1_000_000 * YUAN,
        profile=a_profile(Track.PROCUREMENT_TENDER),
    )

    (low,) = found.report.low_quotes
    assert (low.bid_id, dict(low.hits)) == (
        "D",
        {
            price.LowQuoteRule.SECOND_LOWEST: 480_000 * YUAN,
            price.LowQuoteRule.MAXIMUM: 450_000 * YUAN,
        },
    )
    assert found.figures["mean_fen"] == str(Fraction(780_000 * YUAN))
    assert found.figures["quotes_count"] == 3
    assert found.figures["lines_fen"]["below_share_of_mean"] == 390_000 * YUAN
    assert found.figures["profile"] == "procurement_tender@1"


@pytest.mark.parametrize(
    ("known", "ranked", "asked"), [((), (), ["D"]), (("D",), (), []), ((), ("D",), [])]
)
def test_nobody_is_asked_twice_or_after_they_were_ranked(
    known: tuple[str, ...], ranked: tuple[str, ...], asked: list[str]
) -> None:
    """A ranked bid has passed this in its own round, and counts in the mean."""
    found = inquiries.screen(
        {bid: yuan * YUAN for bid, yuan in ORACLE.items()},
        maximum_price_fen=1_000_000 * YUAN,
        profile=a_profile(Track.PROCUREMENT_TENDER),
    )

    assert [low.bid_id for low in found.to_ask(known, ranked)] == asked


@pytest.mark.parametrize("track", list(Track))
def test_every_track_says_how_long_an_explanation_may_take(track: Track) -> None:
    """The panel itself may doubt a price on any track; the figure awaits confirmation."""
    found = a_profile(track).parameter(inquiries.HOURS)

    assert (found.value, found.unverified) == (24, True)
    assert "87号" in found.source


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8), st.integers(1, 4))
def test_candidates_are_the_best_and_none_is_parted_from_an_equal(
    steps: list[int], limit: int
) -> None:
    """As many as fit: who is left out ranks strictly below whoever is in."""
    ranks = sorted(steps)
    chosen = recommended(ranks, limit)

    assert chosen <= limit or chosen == len(ranks) <= limit
    assert chosen == len(ranks) or chosen == 0 or ranks[chosen - 1] < ranks[chosen]
    if chosen == 0:
        assert ranks.count(ranks[0]) > limit
