"""100,000 bids, 10 criteria, 7 judges: from marks to places, against two libraries.

Ours are the exact columns that large rounds are computed with; theirs are floating-point numbers.
All begin with the same marks in half points, average seven judges, weigh, add and rank.  The third
row is the whole ranking of a sheet of 2,000 bids, with and without columns.
"""

import random
import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from pymcdm.helpers import rankdata
from pymcdm.methods import WSM
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel

from benchmarks.harness import SEED, Bench, Row
from marketplace.scoring.rules.columns import Column
from marketplace.scoring.rules.criteria import Criterion, Kind
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.ranking import rank
from marketplace.scoring.rules.rubric import Method, Rubric
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid

NAMES = (
    "ranking_against_pymcdm",
    "ranking_against_skcriteria",
    "ranking_sheet_in_columns",
)
BIDS, CRITERIA, JUDGES = 100_000, 10, 7
SHEET_BIDS = 2_000


def criterion(number: int) -> Criterion:
    """One of ten that every judge marks."""
    return Criterion(
        code=f"c{number}",
        title_zh="方案",
        title_en="Plan",
        kind=Kind.SUBJECTIVE_EXPERT,
        weight_bps=10_000 // CRITERIA,
        scale_max=Decimal(100),
    )


def a_sheet() -> ScoreSheet:
    """Marks of every judge for every bid, in half points."""
    chance = random.Random(SEED)
    bids = tuple(
        SheetBid(id=f"B{at:06}", bidder=f"示例企业{at}", received_at="2026-05-01T09:00:00Z")
        for at in range(SHEET_BIDS)
    )
    criteria = tuple(criterion(number) for number in range(CRITERIA))
    judges = tuple(Judge(label=f"J{at}") for at in range(JUDGES))
    return ScoreSheet(
        scenario_number="ILL-2026-B1-001",
        round_number=1,
        profile_code="illustrative",
        profile_version=1,
        code_version="0",
        rubric=Rubric(method=Method.COMPREHENSIVE, criteria=criteria),
        bids=bids,
        judges=judges,
        marks=tuple(
            Mark(
                judge=judge.label,
                bid_id=bid.id,
                criterion=one.code,
                value=Decimal(chance.randrange(201)) / 2,
            )
            for bid in bids
            for one in criteria
            for judge in judges
        ),
    )


async def rows(bench: Bench) -> list[Row]:
    """Against pymcdm, against scikit-criteria, and against our own way of fractions."""
    chance = np.random.default_rng(SEED)
    units = chance.integers(0, 2001, (CRITERIA, JUDGES, BIDS)) // 10 * 5
    frames = [pl.DataFrame({str(j): units[c, j] for j in range(JUDGES)}) for c in range(CRITERIA)]
    marks = units.transpose(2, 0, 1) / 10
    shares = np.full(CRITERIA, 1 / CRITERIA)
    types = np.ones(CRITERIA)

    async def ours() -> Any:
        points = []
        for number, frame in enumerate(frames):
            column = Column.of(criterion(number), kept=JUDGES, places=1, scale=2)
            assert column is not None
            total = pl.sum_horizontal(pl.all())
            points.append(frame.lazy().select(column.points.rounded(total).alias(f"c{number}")))
        found = pl.concat(pl.collect_all(points), how="horizontal")
        return found.select(pl.sum_horizontal(pl.all()).rank("min", descending=True))

    def as_it_is(column: Any, cost: bool = False) -> Any:
        return column

    async def by_pymcdm() -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = WSM(normalization_function=as_it_is)(marks.mean(axis=2), shares, types)
        return rankdata(found, reverse=True)

    async def by_skcriteria() -> Any:
        matrix = mkdm(marks.mean(axis=2), [max] * CRITERIA, weights=shares)
        return WeightedSumModel().evaluate(matrix).rank_

    sheet = a_sheet()

    async def in_columns() -> Any:
        return rank(sheet)

    async def in_fractions() -> Any:
        return rank(sheet, columns_from=SHEET_BIDS + 1)

    return [
        await bench.compare("ranking_against_pymcdm", ours, by_pymcdm, goal=1.0),
        await bench.compare("ranking_against_skcriteria", ours, by_skcriteria, goal=1.0),
        await bench.compare(
            "ranking_sheet_in_columns", in_columns, in_fractions, goal=1.0, rounds=5
        ),
    ]
