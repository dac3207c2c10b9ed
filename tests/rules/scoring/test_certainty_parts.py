"""The parts of a statement of certainty: draws, margins, intervals, leave-one-out."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from itertools import product

import numpy as np
import pytest
from scipy import stats

from marketplace.scoring.rules import calibration, ranking
from marketplace.scoring.rules.certainty import intervals, margins, omissions
from marketplace.scoring.rules.certainty.chance import WORD, Chance
from marketplace.scoring.rules.marks import Judge
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.rubric import Aggregation, Method
from marketplace.scoring.rules.sampling import Sampling
from tests.rules.scoring.boards import (
    bid,
    full_sheet,
    marks_of,
    plan,
    price,
    rubric,
    sheet,
)
from tests.rules.scoring.fields import SEED, field_of, judged
from tests.rules.scoring.test_scoring_ranking_properties import random_board


class TestChance:
    """Draws that anybody can repeat."""

    def test_the_first_draw_is_the_head_of_a_digest(self) -> None:
        """`printf '%s' '<seed>/judges:0' | sha256sum`, first sixteen digits."""
        digest = sha256(f"{SEED}/judges:0".encode()).hexdigest()
        chance = Chance(SEED, "judges")

        assert [chance.word() for _ in range(4)] == [
            int(digest[at : at + 16], 16) for at in range(0, 64, 16)
        ]

    def test_streams_do_not_move_each_other(self) -> None:
        """Another stream draws other numbers; the same one the same."""
        ours, same, other = (Chance(SEED, name).picks(1000, 50) for name in ("a", "a", "b"))

        assert ours == same != other

    def test_all_results_are_equally_likely(self) -> None:
        """Chi-square over 21,000 throws of a die with seven faces."""
        counts = Counter(Chance(SEED, "die").picks(7, 21_000))

        assert stats.chisquare([counts[face] for face in range(7)]).pvalue > 0.001

    def test_drawn_weights_have_the_mean_and_spread_of_a_dirichlet(self) -> None:
        """4,000 draws around 50, 30, 20: mean and standard deviation of each within sampling."""
        chance = Chance(SEED, "weights")
        weights = {"a": 5_000, "b": 3_000, "c": 2_000}
        drawn = [margins.drawn_weights(chance, weights, 100) for _ in range(4_000)]

        assert all(sum(one.values()) == WORD for one in drawn)
        for code, bps in weights.items():
            values = np.array([one[code] / WORD for one in drawn])
            share = bps / 10_000
            spread = (share * (1 - share) / 101) ** 0.5
            assert abs(values.mean() - share) < 4 * spread / 4_000**0.5
            assert abs(values.std() / spread - 1) < 0.05


class TestMargins:
    """How far one weight may move."""

    @pytest.mark.parametrize("method", [Method.COMPREHENSIVE, Method.BORDA, Method.TOPSIS])
    def test_just_short_of_the_margin_the_first_stays_and_just_past_it_changes(
        self, method: Method
    ) -> None:
        """On random boards each margin is tried on both sides, with the weight really moved."""
        tried = 0
        for seed in range(60):
            board = random_board(seed)
            if len(ranking.staying_in(board)) < 2:
                continue
            board = replace(board, rubric=replace(board.rubric, method=method))
            found = rank(board)
            field = field_of(board)
            firsts = [one.bid_id for one in found.standings if one.rank == 1]
            exact = {one.bid_id: one.score for one in found.standings}
            if len(firsts) > 1 or list(exact.values()).count(max(exact.values())) > 1:
                continue
            for margin in margins.margins(field, firsts[0]):
                if not abs(margin.change) > Fraction(1, 10**5):
                    continue
                for factor, stays in ((Fraction(999, 1000), True), (Fraction(1001, 1000), False)):
                    moved = {
                        code: Fraction(weight)
                        * (1 + factor * margin.change if code == margin.criterion else 1)
                        for code, weight in field.weights.items()
                    }
                    if min(moved.values()) < 0:
                        continue
                    common = 10**40
                    whole = {code: int(weight * common) for code, weight in moved.items()}
                    leading = margins._Leaders(field)(whole)
                    assert (leading == firsts) is stays, (seed, margin)
                    tried += 1
        assert tried > 60

    def test_the_example_of_the_page(self) -> None:
        """C leads A by 12.54 points, of which the benchmark alone gives 18.00."""
        found = {one.criterion: one for one in margins.margins(field_of(full_sheet()), "C")}

        assert found["benchmark"].change == Fraction(-1254, 1800)
        assert (found["plan"].rival, found["plan"].change) == ("A", Fraction(1254, 780))
        assert "price" not in found

    def test_ranked_by_price_alone_no_weight_decides(self) -> None:
        """Neither margins nor drawn weights are stated."""
        board = sheet(
            bid("A", 900_000, accuracy=None),
            bid("B", 950_000, accuracy=None),
            yardstick=rubric(price(10_000), method=Method.LOWEST_PRICE),
        )
        told = margins.to_document(field_of(board), Sampling(seed=SEED), {"A": 1, "B": 2})

        assert (told["criteria"], told["drawn"]) == ([], None)


class TestIntervals:
    """Resampled judges and rows."""

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"aggregation": Aggregation.MEDIAN},
            {"aggregation": Aggregation.TRIMMED_MEAN, "trim": 1},
            {"aggregation": Aggregation.CALIBRATED},
        ],
        ids=str,
    )
    def test_points_of_drawn_judges_are_those_of_a_round_of_these_judges(
        self, options: dict[str, object]
    ) -> None:
        """The quick way of computing gives what the ranking computes for every panel of three."""
        marks = {
            "J1": {"A": "80.5", "B": "71", "C": "66"},
            "J2": {"A": "90", "B": "92.25", "C": "15"},
            "J3": {"A": "61", "B": "70", "C": "99"},
        }
        board = judged(marks, **options)
        field = field_of(board)
        panel = intervals._panel(field)
        given = field.assessed.given
        if options.get("aggregation") == Aggregation.CALIBRATED:
            given = calibration.calibrated_if_asked(board.rubric, given)

        for drawn in product(range(3), repeat=3):
            labels = [panel.judges[at] for at in sorted(drawn)]
            column = panel.columns(tuple(sorted(drawn)))["plan"]
            for at, bid_id in enumerate(field.ids):
                again = {
                    (bid_id, "plan"): {
                        f"{place}": given[bid_id, "plan"][label]
                        for place, label in enumerate(labels)
                    }
                }
                plain = replace(board.rubric, aggregation=Aggregation.MEAN)
                yardstick = (
                    plain if options.get("aggregation") == Aggregation.CALIBRATED else board.rubric
                )
                bids = [one for one in field.assessed.bids if one.id == bid_id]
                expected = ranking.assess(yardstick, bids, given=again, seed=None)
                points = expected.findings[bid_id]["plan"].points
                assert column[at] == int(points * 100), (drawn, bid_id)

    def test_a_panel_of_one_mind_moves_nobody_and_a_split_one_does(self) -> None:
        """Three judges who agree: every interval is one rank.  Split two to one: both are seen."""
        agreed = judged({label: {"A": "80", "B": "60"} for label in ("J1", "J2", "J3")})
        split = judged(
            {
                "J1": {"A": "80", "B": "60"},
                "J2": {"A": "80", "B": "60"},
                "J3": {"A": "10", "B": "90"},
            }
        )
        sure = intervals.resampled(field_of(agreed), Sampling(seed=SEED), {})
        unsure = intervals.resampled(field_of(split), Sampling(seed=SEED), {})

        assert [(one.lowest, one.highest) for one in sure.intervals] == [(1, 1), (2, 2)]
        assert [(one.lowest, one.highest) for one in unsure.intervals] == [(1, 2), (1, 2)]
        # A is first exactly if J3 is not drawn at all: (2/3)^3 = 8/27 = 29.6 %.
        first = unsure.intervals[0].counts[1]
        assert abs(first / 1_000 - 8 / 27) < 4 * (8 / 27 * 19 / 27 / 1_000) ** 0.5

    def test_says_when_there_is_nothing_to_resample(self) -> None:
        """One judge is no panel, and without rows a benchmark is one figure."""
        found = intervals.resampled(
            field_of(judged({"J1": {"A": "80", "B": "60"}})), Sampling(seed=SEED), {}
        )

        assert (found.resamples, found.intervals) == (0, ())


class TestOmissions:
    """Leave one out."""

    def test_an_irrelevant_loser_that_turns_the_order_is_reported(self) -> None:
        """D is far behind, but its price is the base of all others: without it A loses to B."""
        board = sheet(
            bid("A", 1_000_000, accuracy=None),
            bid("B", 800_000, accuracy=None),
            bid("D", 400_000, accuracy=None),
            yardstick=rubric(plan(7_000), price(3_000)),
            judges=(Judge(label="J1"),),
            marks=marks_of("J1", A="90", B="84", D="10"),
        )
        ranks = {one.bid_id: one.rank for one in rank(board).standings}
        assert ranks == {"A": 1, "B": 2, "D": 3}

        found = {one["bid_id"]: one for one in omissions.of_bids(field_of(board), ranks) or []}

        assert found["D"]["first"] == ["B"]
        assert found["D"]["first_changes"] is True
        assert found["D"]["reversed"] == [["A", "B"]]
        assert found["B"]["first_changes"] is False

    @pytest.mark.parametrize("method", [Method.COMPREHENSIVE, Method.TOPSIS, Method.BORDA])
    @pytest.mark.parametrize("aggregation", [Aggregation.MEAN, Aggregation.CALIBRATED])
    def test_leaving_out_is_ranking_a_sheet_that_never_had_it(
        self, method: Method, aggregation: Aggregation
    ) -> None:
        """Bids and judges of random boards: the same places as the round itself would give."""
        compared = 0
        for seed in range(25):
            board = random_board(seed)
            board = replace(
                board, rubric=replace(board.rubric, method=method, aggregation=aggregation)
            )
            bids = ranking.staying_in(board)
            if len(bids) < 2:
                continue
            field = field_of(board)
            for one in bids:
                without = replace(
                    board,
                    bids=tuple(other for other in bids if other.id != one.id),
                    marks=tuple(mark for mark in board.marks if mark.bid_id != one.id),
                )
                without = replace(
                    without,
                    marks=tuple(
                        mark for mark in without.marks if mark.bid_id in {b.id for b in bids}
                    ),
                )
                expected = {place.bid_id: place.rank for place in rank(without).standings}
                assert field.without_bid(one.id) == expected
                compared += 1
            if len(board.judges) > 1:
                label = board.judges[0].label
                without = replace(
                    board,
                    judges=board.judges[1:],
                    marks=tuple(mark for mark in board.marks if mark.judge != label),
                )
                expected = {place.bid_id: place.rank for place in rank(without).standings}
                assert field.without_judge(label) == expected
        assert compared > 60

    def test_a_trimmed_mean_that_loses_a_judge_says_so(self) -> None:
        """Of three judges one is left out, and trimming takes the other two."""
        marks = {label: {"A": "80", "B": "60"} for label in ("J1", "J2", "J3")}
        board = judged(marks, aggregation=Aggregation.TRIMMED_MEAN, trim=1)

        found = omissions.of_judges(field_of(board), {"A": 1, "B": 2})

        assert {one["refused"] for one in found} == {"scoring.too_few_judges_to_trim"}
