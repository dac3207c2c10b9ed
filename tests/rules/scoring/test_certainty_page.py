"""The page on certainty and the code tell the same story: its numbers are recomputed here."""

from fractions import Fraction
from hashlib import sha256
from pathlib import Path

from marketplace.scenarios.rules import pairwise
from marketplace.scoring.rules import methods, ranking
from marketplace.scoring.rules.certainty import intervals, judges, margins, statement
from marketplace.scoring.rules.certainty.order import Field
from marketplace.scoring.rules.rubric import Method
from marketplace.scoring.rules.sampling import CONCENTRATION, RESAMPLES, Sampling
from tests.rules.scoring.boards import full_sheet

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "algorithms" / "certainty.md").read_text("utf-8")


def test_the_margins_of_the_full_board_are_on_the_page() -> None:
    """Relative changes and the weights they lead to, as the document states them."""
    sheet = full_sheet()
    bids = ranking.staying_in(sheet)
    given = ranking.given_to(sheet, bids)
    field = Field.of(ranking.assess(sheet.rubric, bids, given=given, seed=None))
    told = margins.to_document(field, Sampling(seed="s"), {"A": 3, "B": 2, "C": 1})
    criteria = told["criteria"]
    assert isinstance(criteria, list)

    for one in criteria:
        assert one["relative_change"] in PAGE
        assert one["becomes_percent"] in PAGE
    assert [one["criterion"] for one in criteria] == ["plan", "benchmark"]


def test_topsis_by_hand_is_on_the_page() -> None:
    """Three bids, two criteria, every norm a whole number."""
    columns = {"plan": [3, 0, 4], "price": [0, 4, 3]}
    weights = {"plan": 5_000, "price": 5_000}
    found = methods.scores(Method.TOPSIS, columns, weights, prices_fen=[None] * 3)

    for score in found:
        assert f"{methods.shown(Method.TOPSIS, score, scale=2):f}" in PAGE


def test_what_is_fixed_is_on_the_page() -> None:
    """Random indices, limits, factors, numbers of draws and the head of the first block."""
    indices = ", ".join(f"{one:f}" for one in pairwise.RANDOM_INDEX)
    digest = sha256(b"closing index 3021.55/judges:0").hexdigest()
    words = [
        indices,
        f"Above {pairwise.RATIO_MAX}",
        f"{RESAMPLES:,} resamples",
        f"concentration {CONCENTRATION}",
        f"Above {statement.BIDS_MAX} bids",
        f"at least\n{intervals.RESAMPLES_MIN}",
        digest[:8],
        *(f"{float(one):g}" for one in (judges.MEDIAN_FACTOR, judges.MEAN_FACTOR)),
        f"591 / 714 = {float(Fraction(591, 714)):.3f}",
        *(f"`{method}`" for method in Method),
    ]

    assert [word for word in words if word not in PAGE] == []
