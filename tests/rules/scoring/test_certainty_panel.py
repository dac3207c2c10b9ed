"""What a statement of certainty says of judges, and of results row by row."""

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from marketplace.scoring.errors.certainty import OutcomesUnfit
from marketplace.scoring.rules import outcomes, row_groups
from marketplace.scoring.rules.certainty import benchmarks, intervals, judges
from marketplace.scoring.rules.dealing import dealt
from marketplace.scoring.rules.metrics.definitions import Aggregate
from marketplace.scoring.rules.metrics.samples import Scaled
from marketplace.scoring.rules.outcomes import added_up
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.row_groups import Statistic, deal
from marketplace.scoring.rules.sampling import Sampling
from tests.rules.scoring.boards import (
    benchmark,
    bid,
    plan,
    rubric,
    sheet,
)
from tests.rules.scoring.fields import SEED, field_of, judged


class TestJudges:
    """The panel itself."""

    def test_siegels_three_executives(self) -> None:
        """S. Siegel, Nonparametric Statistics (1956), table 9.6: W = .16 for six applicants."""
        ranks = ([1, 6, 3, 2, 5, 4], [1, 5, 6, 4, 2, 3], [6, 3, 2, 5, 4, 1])
        found = judges.concordance([[Fraction(-one) for one in row] for row in ranks])

        assert found == Fraction(17, 105)
        assert f"{float(found):.2f}" == "0.16"

    def test_siegels_example_with_ties(self) -> None:
        """The same book: ten subjects, ties in all three rankings, S = 591, W = .828."""
        ranks = (
            ["1", "4.5", "2", "4.5", "3", "7.5", "6", "9", "7.5", "10"],
            ["2.5", "1", "2.5", "4.5", "4.5", "8", "9", "6.5", "10", "6.5"],
            ["2", "1", "4.5", "4.5", "4.5", "4.5", "8", "8", "8", "10"],
        )
        found = judges.concordance([[Fraction(Decimal(f"-{one}")) for one in row] for row in ranks])

        assert found == Fraction(591, 714)
        assert f"{float(found):.3f}" == "0.828"

    @pytest.mark.parametrize("seed", range(30))
    def test_concordance_agrees_with_friedmans_statistic(self, seed: int) -> None:
        """W is Friedman's chi-square over m (n - 1), ties corrected, as scipy computes it."""
        chance = random.Random(seed)
        rows = [[chance.randint(0, 6) for _ in range(7)] for _ in range(chance.randint(3, 6))]
        found = judges.concordance([[Fraction(one) for one in row] for row in rows])

        statistic = stats.friedmanchisquare(*np.array(rows).T).statistic
        assert found is not None
        assert float(found) == pytest.approx(statistic / (len(rows) * 6))

    def test_nothing_is_said_of_one_judge_one_bid_or_none_who_tells_apart(self) -> None:
        """No number is invented where there is none."""
        same = [[Fraction(5)] * 3] * 2

        assert judges.concordance([]) is None
        assert judges.concordance([[Fraction(1), Fraction(2)]]) is None
        assert judges.concordance([[Fraction(1)], [Fraction(2)]]) is None
        assert judges.concordance(same) is None

    def test_a_wild_mark_is_found_also_where_the_others_are_of_one_mind(self) -> None:
        """Four give 80, one gives 20: the median distance is nought, the mean one is not."""
        marks = {f"J{at}": {"A": Decimal(80), "B": Decimal(70)} for at in range(4)}
        wild = marks | {"J4": {"A": Decimal(20), "B": Decimal(70)}}
        calm = marks | {"J4": {"A": Decimal(80), "B": Decimal(70)}}

        ((judge, bid_id, middle, distance),) = judges.far_off(wild)

        assert (judge, bid_id, middle) == ("J4", "A", Fraction(80))
        # Ten distances, one of 60: the mean is 6, times 1.253314.
        assert distance == Fraction(-60) / (6 * judges.MEAN_FACTOR)
        assert judges.far_off(calm) == []

    def test_severity_is_against_the_panel_and_spread_is_ones_own(self) -> None:
        """J1 gives 70 and 90, J2 gives 50 and 50: 15 points apart from the mean of 65."""
        board = judged({"J1": {"A": "70", "B": "90"}, "J2": {"A": "50", "B": "50"}})

        told = judges.to_document(field_of(board), {"B": 1, "A": 2})

        assert told["judges"] == [
            {"judge": "J1", "mean": "80.0000", "severity": "-15.0000", "spread": "10.0000"},
            {"judge": "J2", "mean": "50.0000", "severity": "15.0000", "spread": "0.0000"},
        ]


class TestRows:
    """Results row by row."""

    def test_groups_keep_every_row_and_the_value(self) -> None:
        """2,500 rows in a thousand groups of two or three: sizes, sums and accuracy."""
        chance = random.Random(3)
        right = {name: [int(chance.random() < 0.9) for _ in range(2_500)] for name in "AB"}

        found = deal(Statistic.MEAN, right, places=0)

        assert (len(found.sizes), found.rows, {*found.sizes}) == (1_000, 2_500, {2, 3})
        for name, rows in right.items():
            assert sum(found.sums[name]) == sum(rows)
        document = {"benchmark": found.to_document()}
        assert row_groups.outcomes_from(document, "") == {"benchmark": found}

    def test_what_was_measured_row_by_row_gives_the_value_it_was_measured_at(self) -> None:
        """Squared errors of two files, one with a place more."""
        measured = {
            name: added_up("rmse", Aggregate.ROOT_MEAN, scaled, dealt(2))
            for name, scaled in (("A", Scaled([4, 14], 0)), ("B", Scaled([5, 15], 1)))
        }
        found = row_groups.joined(
            {name: outcomes.read(one.written()) for name, one in measured.items()}
        )

        values: dict[str, Decimal | None] = {"A": Decimal(3), "B": Decimal(1)}
        row_groups.check_outcomes(benchmark(), found, code="benchmark", values=values)
        assert found.rows == 2
        other = added_up("mae", Aggregate.MEAN, Scaled([1, 1], 0), dealt(2))
        with pytest.raises(OutcomesUnfit):
            row_groups.joined(measured | {"C": other})

    def test_rows_that_do_not_give_the_stated_value_are_refused(self) -> None:
        """A sheet whose rows say 0.75 and whose value says 0.80 could as well be a forged one."""
        found = deal(Statistic.MEAN, {"A": [1, 1, 1, 0]}, places=0)
        values = {"A": Decimal("0.75")}

        row_groups.check_outcomes(benchmark(), found, code="benchmark", values=values)
        with pytest.raises(OutcomesUnfit):
            row_groups.check_outcomes(
                benchmark(), found, code="benchmark", values={"A": Decimal("0.8")}
            )
        with pytest.raises(OutcomesUnfit):
            row_groups.check_outcomes(plan(), found, code="plan", values=values)
        with pytest.raises(OutcomesUnfit):
            deal(Statistic.MEAN, {"A": [1], "B": [1, 0]}, places=0)

    def test_neighbours_that_differ_by_chance_are_not_distinguishable(self) -> None:
        """Of 400 rows A has one more right than B, and both a hundred more than C."""
        rows = range(400)
        right = {
            "A": [int(at < 301) for at in rows],
            "B": [int(at >= 100) for at in rows],
            "C": [int(at < 200) for at in rows],
        }
        outcomes = deal(Statistic.MEAN, right, places=0)

        resamples, pairs = benchmarks.neighbours(
            benchmark(), outcomes, ["A", "B", "C"], Sampling(seed=SEED, resamples=400)
        )

        assert resamples == 400
        assert [(one.better, one.worse, one.distinguishable) for one in pairs] == [
            ("A", "B", False),
            ("B", "C", True),
        ]
        assert pairs[0].difference == Decimal("0.0025")

    def test_resampled_rows_move_the_places_of_bids_that_are_close(self) -> None:
        """Two benchmarks of nearly the same bids: both are seen in either place."""
        rows = range(100)
        right = {"A": [int(at < 81) for at in rows], "B": [int(at >= 20) for at in rows]}
        outcomes = {"benchmark": deal(Statistic.MEAN, right, places=0)}
        board = replace(
            sheet(
                bid("A", None, accuracy="0.81"),
                bid("B", None, accuracy="0.8"),
                yardstick=rubric(benchmark(10_000, hard_floor=False)),
            ),
            outcomes=outcomes,
        )
        rank(board)

        found = intervals.resampled(field_of(board), Sampling(seed=SEED), outcomes)

        assert found.benchmarks == ("benchmark",)
        assert all(one.counts[1] > 200 and one.counts[2] > 200 for one in found.intervals)
