"""Scales: from a raw value to a share of the weight."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scoring.errors.rounds import FormulaValueUnfit, MarkOutOfRange
from marketplace.scoring.rules import scales
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula, Kind
from tests.rules.scoring.boards import benchmark, plan

values = st.decimals(min_value=-1_000, max_value=1_000, places=6)


def declared(formula: Formula) -> Criterion:
    """A criterion over declared figures."""
    return replace(
        plan(),
        code="cost",
        kind=Kind.OBJECTIVE_FORMULA,
        scale_max=None,
        formula=formula,
        direction=Direction.LOWER if formula == Formula.RATIO_TO_BEST_LOW else Direction.HIGHER,
    )


@pytest.mark.parametrize(
    ("value", "share"),
    [("0.65", "0"), ("0.70", "0"), ("0.75", "1/4"), ("0.88", "9/10"), ("0.90", "1"), ("1", "1")],
)
def test_a_metric_between_floor_and_target(value: str, share: str) -> None:
    """Floor 0.70, target 0.90: 0.88 gives nine tenths, exactly, and both ends are clamped."""
    assert scales.share_of_line(benchmark(), Decimal(value)) == Fraction(share)


@pytest.mark.parametrize(("value", "share"), [("2", "0"), ("1.5", "1/4"), ("0", "1"), ("9", "0")])
def test_a_metric_where_lower_is_better(value: str, share: str) -> None:
    """Two false alarms a day give nothing, none gives everything."""
    alarms = replace(benchmark(), floor=Decimal(2), target=Decimal(0), direction=Direction.LOWER)

    assert scales.share_of_line(alarms, Decimal(value)) == Fraction(share)


@pytest.mark.parametrize(
    ("direction", "value", "meets"),
    [
        (Direction.HIGHER, "0.70", True),
        (Direction.HIGHER, "0.699999999999", False),
        (Direction.LOWER, "0.70", True),
        (Direction.LOWER, "0.700000000001", False),
    ],
)
def test_the_floor_itself_is_enough(direction: Direction, value: str, meets: bool) -> None:
    """A hard floor excludes what lies beyond it, not what stands on it."""
    criterion = replace(benchmark(), direction=direction)

    assert scales.meets_floor(criterion, Decimal(value)) is meets


def test_a_gate_gives_no_points() -> None:
    """A hard floor without a target only lets through."""
    assert scales.share_of_line(replace(benchmark(), target=None), Decimal(1)) == 0


def test_the_lowest_declared_figure_is_best() -> None:
    """Best / own: 8 against a best of 6 gives three quarters."""
    criterion = declared(Formula.RATIO_TO_BEST_LOW)
    best = scales.best_figure(criterion, {"A": Decimal(8), "B": Decimal(6)})

    assert best == 6
    assert scales.share_by_formula(criterion, Decimal(8), best) == Fraction(3, 4)


def test_the_highest_declared_figure_is_best() -> None:
    """Own / best: 6 against a best of 8 gives three quarters."""
    criterion = declared(Formula.RATIO_TO_BEST_HIGH)
    best = scales.best_figure(criterion, {"A": Decimal(8), "B": Decimal(6)})

    assert scales.share_by_formula(criterion, Decimal(6), best) == Fraction(3, 4)


def test_nobody_gets_points_where_the_highest_figure_is_zero() -> None:
    """Zero of zero is no achievement, and no division."""
    criterion = declared(Formula.RATIO_TO_BEST_HIGH)
    best = scales.best_figure(criterion, {"A": Decimal(0)})

    assert scales.share_by_formula(criterion, Decimal(0), best) == 0


@pytest.mark.parametrize(
    ("formula", "figure"),
    [
        (Formula.RATIO_TO_BEST_LOW, "0"),
        (Formula.RATIO_TO_BEST_LOW, "-1"),
        (Formula.RATIO_TO_BEST_HIGH, "-0.01"),
    ],
)
def test_refuses_figures_that_a_ratio_cannot_take(formula: Formula, figure: str) -> None:
    """A figure of zero would win or divide by zero; the refusal names the bid."""
    with pytest.raises(FormulaValueUnfit) as caught:
        scales.best_figure(declared(formula), {"A": Decimal(5), "B": Decimal(figure)})

    assert caught.value.facts["bid"] == "B"


@pytest.mark.parametrize("mark", [Fraction(-1, 10), Fraction(101)])
def test_refuses_marks_beyond_the_scale(mark: Fraction) -> None:
    """A mark outside 0..100 never becomes points."""
    with pytest.raises(MarkOutOfRange):
        scales.share_of_scale(plan(), mark)


@given(values, values, values)
@settings(deadline=None, max_examples=200)
def test_a_share_lies_between_nothing_and_everything(
    value: Decimal, floor: Decimal, target: Decimal
) -> None:
    """Whatever the value, and whichever way it improves."""
    if floor == target:
        target += 1

    assert 0 <= scales.share_between(value, floor=floor, target=target) <= 1


@given(values, values)
@settings(deadline=None, max_examples=200)
def test_a_better_value_never_gives_less(one: Decimal, other: Decimal) -> None:
    """The line rises with the value where higher is better, and falls where lower is."""
    worse, better = sorted((one, other))
    rising = {"floor": Decimal(-500), "target": Decimal(500)}
    falling = {"floor": Decimal(500), "target": Decimal(-500)}

    assert scales.share_between(worse, **rising) <= scales.share_between(better, **rising)
    assert scales.share_between(worse, **falling) >= scales.share_between(better, **falling)
