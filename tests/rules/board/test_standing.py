"""Points of the board come from published facts, and explain themselves to the last hundredth."""

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.board.rules import standing
from marketplace.board.rules.standing import ACCESS_BPS, Facts

FACTS = st.builds(
    Facts,
    data_access=st.lists(st.sampled_from([*ACCESS_BPS, "unheard_of"]), max_size=4).map(tuple),
    targets=st.integers(0, 50),
    borne_by_others_bps=st.integers(0, 10_000),
)


@settings(deadline=None)
@given(FACTS)
def test_points_are_the_sum_of_their_reasons(facts: Facts) -> None:
    """What the lines say adds up to the points, and no line gives more than it can."""
    lines = standing.lines(facts)

    assert standing.points_bps(facts) == sum(line.points_bps for line in lines)
    assert all(0 <= line.points_bps <= line.of_bps for line in lines)
    assert sum(line.of_bps for line in lines) == 10_000


def test_a_call_worked_by_hand() -> None:
    """Sandbox data 30.00, two targets 15.00, 65.55 % borne by others 19.66."""
    facts = Facts(data_access=("hidden_test", "sandbox_only"), targets=2, borne_by_others_bps=6_555)

    assert [line.points_bps for line in standing.lines(facts)] == [3_000, 1_500, 1_966]


def test_nothing_is_worth_nothing() -> None:
    """A call without data, targets and shared cost has no points and three reasons."""
    facts = Facts(data_access=(), targets=0, borne_by_others_bps=0)

    assert standing.points_bps(facts) == 0
    assert [line.points_bps for line in standing.lines(facts)] == [0, 0, 0]


@settings(deadline=None)
@given(FACTS, st.permutations(list(ACCESS_BPS)))
def test_the_order_of_datasets_changes_nothing(facts: Facts, order: list[str]) -> None:
    """The easiest way to the data counts, wherever it stands."""
    turned = tuple(
        sorted(facts.data_access, key=lambda way: order.index(way) if way in order else 9)
    )
    other = Facts(
        data_access=turned,
        targets=facts.targets,
        borne_by_others_bps=facts.borne_by_others_bps,
    )

    assert standing.points_bps(other) == standing.points_bps(facts)
