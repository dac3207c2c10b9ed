"""Random rounds of every method: exact, the same in any order, the same in any process.

`JIEBANG_SOAK_ROUNDS` says how many; the suite plays a few hundred.
"""

import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from marketplace.kit.digests import canonical_json
from marketplace.scoring.rules import ranking
from marketplace.scoring.rules.certainty.statement import Statement, state
from marketplace.scoring.rules.criteria import Kind
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.row_groups import Statistic, deal
from marketplace.scoring.rules.rubric import Aggregation, Method
from marketplace.scoring.rules.sampling import Sampling
from marketplace.scoring.rules.sheet import ScoreSheet
from tests.rules.scoring.boards import bid
from tests.rules.scoring.test_scoring_ranking_properties import random_board

ROOT = Path(__file__).parents[3]
ROUNDS = int(os.environ.get("JIEBANG_SOAK_ROUNDS", "300"))
TOLD_ELSEWHERE = max(10, ROUNDS // 30)
ROWS = 20
RELATIVE = (Method.TOPSIS, Method.BORDA)


def random_round(seed: int) -> ScoreSheet:
    """A board of a random method and aggregation, with rows where its benchmark is whole rows."""
    chance = random.Random(f"round {seed}")
    board = random_board(seed)
    if not ranking.staying_in(board):
        board = replace(board, bids=(*board.bids, bid("Z", 900_000, exclusion=None)))
        marks = tuple(
            replace(mark, bid_id="Z") for mark in board.marks if mark.bid_id == board.bids[0].id
        )
        board = replace(board, marks=(*board.marks, *marks))
    rubric = replace(
        board.rubric,
        method=chance.choice([Method.COMPREHENSIVE, *RELATIVE]),
        aggregation=chance.choice([Aggregation.MEAN, Aggregation.MEDIAN, Aggregation.CALIBRATED]),
    )
    outcomes = {}
    if chance.random() < 0.3:
        right = {one.id: chance.choice([14, 16, 17, 20]) for one in board.bids}
        board = replace(
            board,
            bids=tuple(
                replace(one, metric_values={"benchmark": Decimal(right[one.id]) / ROWS})
                for one in board.bids
            ),
        )
        rows = {
            bid_id: chance.sample([1] * count + [0] * (ROWS - count), ROWS)
            for bid_id, count in right.items()
        }
        outcomes = {"benchmark": deal(Statistic.MEAN, rows, places=0)}
    sampling = Sampling(seed=f"seed {seed}", resamples=40, weight_draws=40)
    return replace(board, rubric=rubric, outcomes=outcomes, certainty=sampling)


def told(sheet: ScoreSheet) -> bytes:
    """Everything a round says, figures and words and certainty, as bytes."""
    found = rank(sheet)
    return told_of(found, state(sheet, found))


def told_of(found: Ranking, stated: Statement) -> bytes:
    """The same, of a ranking and a statement that are there already."""
    return canonical_json(
        [
            found.to_document(),
            found.explanations_document(),
            stated.sensitivity,
            stated.panel,
        ]
    )


def turned(sheet: ScoreSheet, seed: int) -> ScoreSheet:
    """The same round, gathered in another order: bids, judges, marks and criteria."""
    chance = random.Random(seed)
    criteria = list(sheet.rubric.criteria)
    chance.shuffle(criteria)
    return replace(
        sheet,
        rubric=replace(sheet.rubric, criteria=tuple(criteria)),
        bids=tuple(chance.sample(sheet.bids, len(sheet.bids))),
        judges=tuple(chance.sample(sheet.judges, len(sheet.judges))),
        marks=tuple(chance.sample(sheet.marks, len(sheet.marks))),
    )


def order_of(sheet: ScoreSheet) -> list[tuple[int, str, Decimal]]:
    """Rank, bid and score."""
    return [(one.rank, one.bid_id, one.score) for one in rank(sheet).standings]


def shares_of(stated: Statement) -> dict[str, int]:
    """How many resamples each bid is counted in."""
    intervals = stated.sensitivity["rank_intervals"]
    assert isinstance(intervals, dict)
    return {one["bid_id"]: sum(one["resamples_at_rank"].values()) for one in intervals["bids"]}


@pytest.mark.parametrize("part", range(6))
def test_hundreds_of_rounds_keep_every_promise(part: int) -> None:
    """Order free, whole, read again from its own document, and nobody is lost in a resample."""
    relative = calibrated = with_rows = shared = 0
    for seed in range(part, ROUNDS, 6):
        sheet = random_round(seed)
        found = rank(sheet)
        stated = state(sheet, found)
        other = turned(sheet, seed)

        again = ScoreSheet.from_document(sheet.to_document())
        expected = told_of(found, stated)
        assert told(again) == expected, seed
        assert order_of(other) == order_of(sheet), seed
        assert told(replace(other, rubric=sheet.rubric)) == expected, seed
        scores = [one.score for one in found.standings]
        assert scores == sorted(scores, reverse=True), seed
        for one in found.standings:
            better = sum(other.rank < one.rank for other in found.standings)
            assert one.rank == better + 1, seed
        intervals = stated.sensitivity["rank_intervals"]
        assert isinstance(intervals, dict)
        assert set(shares_of(stated).values()) <= {intervals["resamples"]}, seed
        for line in intervals["bids"]:
            low, high = line["interval_90"]
            assert 1 <= low <= high <= len(found.standings), seed
        relative += sheet.rubric.method in RELATIVE
        calibrated += sheet.rubric.aggregation == Aggregation.CALIBRATED
        with_rows += bool(sheet.outcomes)
        shared += len({one.rank for one in found.standings}) < len(found.standings)

    # The rounds must contain what they are meant to test.
    assert min(relative, calibrated, with_rows, shared) >= ROUNDS // 60


def test_a_loser_whose_going_changes_the_first_place_is_always_reported() -> None:
    """On every round each bid is really left out, and the report compared with what happens."""
    reported = 0
    for seed in range(0, ROUNDS, 3):
        sheet = random_round(seed)
        bids = ranking.staying_in(sheet)
        if len(bids) < 2:
            continue
        found = rank(sheet)
        before = {one.bid_id: one.rank for one in found.standings}
        without = state(sheet, found).sensitivity["without_bid"]
        assert isinstance(without, list)
        for line in without:
            left = tuple(one for one in bids if one.id != line["bid_id"])
            kept = {one.id for one in left}
            marks = tuple(mark for mark in sheet.marks if mark.bid_id in kept)
            after = rank(replace(sheet, bids=left, marks=marks, outcomes={}))
            firsts = sorted(one.bid_id for one in after.standings if one.rank == 1)
            best = min(before[one] for one in kept)
            expected = sorted(one for one in kept if before[one] == best)
            assert line["first"] == firsts, seed
            assert line["first_changes"] is (firsts != expected), seed
            reported += line["first_changes"] and before[line["bid_id"]] > 1
    assert reported >= ROUNDS // 100


def pythons() -> list[str]:
    """This interpreter, and whichever others are here, without any of our packages."""
    names = [f"python3.{minor}" for minor in (11, 12, 13, 14)]
    others = os.environ.get("JIEBANG_OTHER_PYTHONS", "").split(os.pathsep)
    found = [path for name in names if (path := shutil.which(name))]
    return [sys.executable, *dict.fromkeys([*found, *filter(None, others)])]


WORKER = """
import json, sys
from hashlib import sha256
from marketplace.kit.digests import canonical_json
from marketplace.scoring.rules.certainty.statement import state
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.sheet import ScoreSheet
for line in sys.stdin:
    sheet = ScoreSheet.from_document(json.loads(line))
    found = rank(sheet)
    stated = state(sheet, found)
    documents = [found.to_document(), found.explanations_document()]
    print(sha256(canonical_json([*documents, stated.sensitivity, stated.panel])).hexdigest())
"""


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_other_processes_and_other_pythons_say_the_same_byte_for_byte(hash_seed: str) -> None:
    """Another order of hashing, another version of Python: one digest for each round."""
    sheets = [random_round(seed) for seed in range(TOLD_ELSEWHERE)]
    lines = b"\n".join(canonical_json(sheet.to_document()) for sheet in sheets)
    expected = [sha256(told(sheet)).hexdigest() for sheet in sheets]

    answered = []
    for python in pythons():
        done = subprocess.run(
            [python, "-c", WORKER],
            input=lines,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
            timeout=600,
            check=False,
        )
        # A name on the path may be a stand-in that starts no Python.
        if done.returncode == 0:
            answered.append(python)
            assert done.stdout.decode().split() == expected, python
    assert sys.executable in answered


def test_marked_criteria_are_part_of_the_rounds() -> None:
    """The boards hold marks, a benchmark and a price, so that all of these are tried."""
    kinds = {one.kind for one in random_round(0).rubric.criteria}

    assert kinds == {Kind.SUBJECTIVE_EXPERT, Kind.OBJECTIVE_AUTO, Kind.PRICE_LOW_FIRST}
