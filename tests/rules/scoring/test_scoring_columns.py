"""Figures computed in columns are those of fractions, byte by byte, or are not computed there."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketplace.kit.digests import canonical_json
from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.rules import columns
from marketplace.scoring.rules.columns import INT64_MAX, Column, Quotient
from marketplace.scoring.rules.criteria import Criterion, Kind
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.points import Finding
from marketplace.scoring.rules.ranking import assess, given_to, rank
from marketplace.scoring.rules.rubric import Aggregation, Rounding, Rubric
from marketplace.scoring.rules.sheet import ScoreSheet
from tests.rules.scoring.boards import bid, boards, plan, rubric, sheet

NEVER: Final = 10**9
HUGE: Final = "999999999999999999.999999999999999999"


def said(board: ScoreSheet, *, columns_from: int) -> bytes:
    """All a ranking says, or how it was refused."""
    try:
        ranking = rank(board, columns_from=columns_from)
    except MarketplaceError as refusal:
        return f"{refusal.code} {refusal.facts}".encode()
    return canonical_json([ranking.to_document(), ranking.explanations_document()])


def found(board: ScoreSheet, *, columns_from: int) -> Mapping[str, Mapping[str, Finding]] | str:
    """Every figure of points, and how many marks stand behind it, or how it was refused."""
    try:
        return assess(
            board.rubric,
            board.bids,
            given=given_to(board, board.bids),
            seed=board.draw_seed,
            columns_from=columns_from,
        ).findings
    except MarketplaceError as refusal:
        return refusal.code


@st.composite
def marked_sheets(draw: st.DrawFn) -> ScoreSheet:
    """One criterion of any scale and weight, any aggregation, marks with any number of places."""
    places = draw(st.integers(0, 18))
    scale_max = draw(
        st.decimals("0.01", "1000000", places=draw(st.integers(0, 6))).filter(lambda one: one > 0)
    )
    kind = draw(st.sampled_from([Kind.SUBJECTIVE_EXPERT, Kind.OBJECTIVE_EXPERT]))
    aggregation = draw(st.sampled_from(list(Aggregation)))
    rule = Rubric(
        method=rubric(plan(10_000)).method,
        criteria=(
            _marked("a", weight_bps := draw(st.integers(1, 9_999)), scale_max, kind),
            _marked("b", 10_000 - weight_bps, Decimal(100), Kind.SUBJECTIVE_EXPERT),
        ),
        rounding=Rounding(scale=draw(st.integers(2, 6))),
        aggregation=aggregation,
        trim=draw(st.integers(1, 2)) if aggregation == Aggregation.TRIMMED_MEAN else 0,
    )
    judges = [f"J{at}" for at in range(draw(st.integers(1, 7)))]
    bids = [f"B-{at}" for at in range(draw(st.integers(1, 4)))]
    marks = []
    for bid_id in bids:
        once = draw(st.decimals(0, scale_max, places=places).filter(lambda one: one <= scale_max))
        for judge in judges:
            own = (
                once
                if kind == Kind.OBJECTIVE_EXPERT
                else draw(
                    st.decimals(0, scale_max, places=places).filter(lambda one: one <= scale_max)
                )
            )
            marks.append(Mark(judge=judge, bid_id=bid_id, criterion="a", value=own))
            half = Decimal(draw(st.integers(0, 200))) / 2
            marks.append(Mark(judge=judge, bid_id=bid_id, criterion="b", value=half))
    return sheet(
        *(bid(name, None, accuracy=None) for name in bids),
        yardstick=rule,
        judges=tuple(Judge(label=label) for label in judges),
        marks=tuple(marks),
    )


def _marked(code: str, weight_bps: int, scale_max: Decimal, kind: Kind) -> Criterion:
    return Criterion(
        code=code,
        title_zh="方案",
        title_en="Plan",
        kind=kind,
        weight_bps=weight_bps,
        scale_max=scale_max,
    )


@given(marked_sheets())
@settings(deadline=None, max_examples=150)
def test_marks_of_any_form_give_the_same_bytes_in_columns(board: ScoreSheet) -> None:
    """Points, raw figures, places, words and refusals, whatever the aggregation and the scale."""
    assert said(board, columns_from=1) == said(board, columns_from=NEVER)
    assert found(board, columns_from=1) == found(board, columns_from=NEVER)


@given(boards())
@settings(deadline=None, max_examples=80)
def test_boards_of_every_kind_give_the_same_bytes_in_columns(board: ScoreSheet) -> None:
    """Beside prices, benchmarks, exclusions and tie-breaks, under any Decimal context."""
    expected = said(board, columns_from=NEVER)

    with localcontext() as context:
        context.prec = 3
        assert said(board, columns_from=1) == expected


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.integers(0, 2**62))
@example(1, 2, 2**61)
@settings(deadline=None, max_examples=300)
def test_a_quotient_is_built_only_if_its_largest_step_fits(
    times: int, over: int, largest: int
) -> None:
    """Its largest product and its divisor lie within 64 bits, and the result is half up."""
    ratio = Fraction(times, over)
    built = Quotient.of(ratio, largest=largest)

    step = 2 * largest * ratio.numerator + ratio.denominator
    assert (built is not None) == (max(step, 2 * ratio.denominator) <= INT64_MAX)
    if built is not None:
        sums = pl.DataFrame({"t": [0, largest // 2, largest]}, schema={"t": pl.Int64})
        rounded = sums.select(built.rounded(pl.col("t")))["t"].to_list()
        assert rounded == [
            (2 * total * times + over) // (2 * over) for total in (0, largest // 2, largest)
        ]


@pytest.mark.parametrize(
    ("scale_max", "places", "ready"),
    [("100", 1, True), ("100", 9, True), ("100", 18, False), (HUGE, 18, False)],
)
def test_marks_too_fine_for_64_bits_are_left_to_fractions(
    scale_max: str, places: int, ready: bool
) -> None:
    """The bounds of the scale decide, not the marks that happen to be there."""
    found = Column.of(plan(10_000, scale_max=scale_max), kept=7, places=places, scale=2)

    assert (found is not None) == ready


def test_columns_are_used_from_a_number_of_bids_on() -> None:
    """Below it nothing is ready; from it on every marked figure is."""
    rule = rubric(plan(10_000))
    ids = [f"B-{at}" for at in range(columns.BIDS_MIN)]
    marks = {(one, "plan"): (Decimal(at % 101),) for at, one in enumerate(ids)}

    assert columns.ready_findings(rule, ids[1:], marks) == {}
    ready = columns.ready_findings(rule, ids, marks)
    assert {place: one.points for place, one in ready.items()} == {
        (one, "plan"): Decimal(f"{at % 101}.00") for at, one in enumerate(ids)
    }
