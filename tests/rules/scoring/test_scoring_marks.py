"""Marks: range, place, completeness, objective criteria, and how several become one."""

import statistics
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import marks as panel
from marketplace.scoring.rules.criteria import Kind
from marketplace.scoring.rules.marks import Judge, Mark, aggregate
from marketplace.scoring.rules.rubric import Aggregation
from tests.rules.scoring.boards import marks_of, plan, price, rubric

RUBRIC = rubric(plan(8_000), price())
OBJECTIVE = rubric(replace(plan(8_000), kind=Kind.OBJECTIVE_EXPERT), price())
FIRST, SECOND = Judge(label="J1"), Judge(label="J2")
grades = st.lists(st.decimals(min_value=0, max_value=100, places=2), min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("given_marks", "aggregation", "trim", "expected"),
    [
        (["80", "90", "85"], Aggregation.MEAN, 0, Fraction(85)),
        (["80", "90"], Aggregation.MEDIAN, 0, Fraction(85)),
        (["10", "90", "80"], Aggregation.MEDIAN, 0, Fraction(80)),
        (["0", "80", "81", "82", "100"], Aggregation.TRIMMED_MEAN, 1, Fraction(81)),
        (["70", "70", "71"], Aggregation.MEAN, 0, Fraction(211, 3)),
    ],
)
def test_makes_several_marks_one(
    given_marks: list[str], aggregation: Aggregation, trim: int, expected: Fraction
) -> None:
    """Mean, trimmed mean and median, as fractions without rounding."""
    values = [Decimal(mark) for mark in given_marks]

    assert aggregate(values, aggregation=aggregation, trim=trim).value == expected


@pytest.mark.parametrize(("count", "trim"), [(2, 1), (4, 2), (1, 1), (0, 0)])
def test_refuses_to_trim_everything_away(count: int, trim: int) -> None:
    """Two judges cannot lose the highest and the lowest mark."""
    with pytest.raises(errors.TooFewJudgesToTrim):
        aggregate([Decimal(50)] * count, aggregation=Aggregation.TRIMMED_MEAN, trim=trim)


@given(grades)
@settings(deadline=None, max_examples=150)
def test_mean_and_median_agree_with_the_standard_library(values: list[Decimal]) -> None:
    """Against `statistics` on fractions."""
    exact = [Fraction(value) for value in values]

    assert aggregate(values, aggregation=Aggregation.MEAN).value == statistics.mean(exact)
    assert aggregate(values, aggregation=Aggregation.MEDIAN).value == statistics.median(exact)


@given(grades.flatmap(lambda values: st.tuples(st.just(values), st.permutations(values))))
@settings(deadline=None, max_examples=100)
def test_the_order_of_judges_does_not_matter(
    orders: tuple[list[Decimal], list[Decimal]],
) -> None:
    """A panel that signs in another order gives the same figure."""
    values, shuffled = orders

    for aggregation in (Aggregation.MEAN, Aggregation.MEDIAN):
        one = aggregate(values, aggregation=aggregation)
        assert one == aggregate(shuffled, aggregation=aggregation)


MISPLACED: list[tuple[tuple[Mark, ...], type[MarketplaceError], dict[str, object]]] = [
    (marks_of("J9", A="80"), errors.MarkMisplaced, {"judge": "J9"}),
    (marks_of("J1", Z="80"), errors.MarkMisplaced, {"bid": "Z"}),
    (
        (Mark(judge="J1", bid_id="A", criterion="price", value=Decimal(5)),),
        errors.MarkMisplaced,
        {"criterion": "price"},
    ),
    (marks_of("J1", A="80") * 2, errors.MarkRepeated, {"judge": "J1", "bid": "A"}),
    (marks_of("J1", A="100.01"), errors.MarkOutOfRange, {"mark": "100.01", "scale_max": "100"}),
    (marks_of("J1", A="-1"), errors.MarkOutOfRange, {"mark": "-1"}),
    (marks_of("J1", A="NaN"), errors.ValueOutOfRange, {"value": "NaN"}),
    (marks_of("J1", A="Infinity"), errors.ValueOutOfRange, {"value": "Infinity"}),
]


@pytest.mark.parametrize(("marks", "refusal", "facts"), MISPLACED)
def test_refuses_marks_that_belong_nowhere(
    marks: tuple[Mark, ...], refusal: type[MarketplaceError], facts: dict[str, object]
) -> None:
    """Unknown judges, bids and criteria, second marks, and marks beyond the scale."""
    with pytest.raises(refusal) as caught:
        panel.check(RUBRIC, judges=[FIRST, SECOND], bid_ids={"A", "B"}, marks=marks)

    assert facts.items() <= caught.value.facts.items()


def test_refuses_a_judge_who_sits_twice() -> None:
    """One seat, one pseudonym."""
    with pytest.raises(errors.JudgeRepeated):
        panel.check(RUBRIC, judges=[FIRST, FIRST], bid_ids={"A"}, marks=[])


def test_lists_every_mark_that_is_missing() -> None:
    """J2 has not marked B, J1 has marked nothing: three places, by bid and judge."""
    with pytest.raises(errors.MarksMissing) as caught:
        panel.counted(
            RUBRIC, judges=[FIRST, SECOND], bid_ids={"A", "B"}, marks=marks_of("J2", A="80")
        )

    assert caught.value.facts["count"] == 3
    assert caught.value.facts["missing"] == [
        {"judge": "J1", "bid": "A", "criterion": "plan"},
        {"judge": "J1", "bid": "B", "criterion": "plan"},
        {"judge": "J2", "bid": "B", "criterion": "plan"},
    ]


def test_counts_all_missing_marks_and_lists_the_first_twenty() -> None:
    """A panel that has not begun does not fill the screen."""
    with pytest.raises(errors.MarksMissing) as caught:
        panel.counted(
            RUBRIC, judges=[FIRST, SECOND], bid_ids={f"B{at}" for at in range(40)}, marks=[]
        )

    listed = caught.value.facts["missing"]
    assert caught.value.facts["count"] == 80
    assert isinstance(listed, list)
    assert len(listed) == 20


def test_story_f02_a_recused_judge_counts_for_nothing() -> None:
    """The replacement marks everything; of the recused judge no mark is left in any figure."""
    recused = Judge(label="J1", recused=True)
    marks = [*marks_of("J1", A="0", B="100"), *marks_of("J2", A="80", B="70")]

    counted = panel.counted(RUBRIC, judges=[recused, SECOND], bid_ids={"A", "B"}, marks=marks)

    assert counted == {("A", "plan"): (Decimal(80),), ("B", "plan"): (Decimal(70),)}


def test_a_panel_of_recused_judges_has_marked_nothing() -> None:
    """Without a seated judge every subjective criterion is open."""
    recused = Judge(label="J1", recused=True)

    with pytest.raises(errors.MarksMissing):
        panel.counted(RUBRIC, judges=[recused], bid_ids={"A"}, marks=marks_of("J1", A="80"))


def test_bids_that_are_out_need_no_marks_and_keep_none() -> None:
    """Only bids that stayed in are looked at."""
    marks = [*marks_of("J1", A="80", B="55")]

    counted = panel.counted(RUBRIC, judges=[FIRST], bid_ids={"A"}, marks=marks)

    assert set(counted) == {("A", "plan")}


def test_an_objective_criterion_is_decided_once() -> None:
    """One mark is enough, equal marks are the same decision."""
    once = panel.counted(
        OBJECTIVE, judges=[FIRST, SECOND], bid_ids={"A"}, marks=marks_of("J1", A="80")
    )
    twice = panel.counted(
        OBJECTIVE,
        judges=[FIRST, SECOND],
        bid_ids={"A"},
        marks=[*marks_of("J1", A="80"), *marks_of("J2", A="80.00")],
    )

    assert once["A", "plan"][0] == twice["A", "plan"][0] == 80


def test_refuses_judges_who_differ_on_an_objective_criterion() -> None:
    """Different marks for the same fact mean that somebody erred: both are shown."""
    marks = [*marks_of("J1", A="80"), *marks_of("J2", A="85")]

    with pytest.raises(errors.ObjectiveMarksDiffer) as caught:
        panel.counted(OBJECTIVE, judges=[FIRST, SECOND], bid_ids={"A"}, marks=marks)

    assert caught.value.facts["marks"] == {"J1": "80", "J2": "85"}


def test_refuses_an_objective_criterion_that_nobody_decided() -> None:
    """An indicator table that was not filled in is missing, not zero."""
    with pytest.raises(errors.MarksMissing) as caught:
        panel.counted(OBJECTIVE, judges=[FIRST], bid_ids={"A"}, marks=[])

    assert caught.value.facts["missing"] == [
        {"judge": panel.ANY_JUDGE, "bid": "A", "criterion": "plan"}
    ]
