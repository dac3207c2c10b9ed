"""Which yardsticks may be published, and that a published one can be read again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import rubric as rubrics
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula, Kind
from marketplace.scoring.rules.rubric import Aggregation, Method, Rounding, Rubric
from tests.rules.scoring.boards import benchmark, plan, price, rubric

COST = Criterion(
    code="cost",
    title_zh="单公里成本",
    title_en="Cost per kilometre",
    kind=Kind.OBJECTIVE_FORMULA,
    weight_bps=4_000,
    direction=Direction.LOWER,
    formula=Formula.RATIO_TO_BEST_LOW,
)
GATE = replace(benchmark(), code="gate", weight_bps=0, target=None)


@pytest.mark.parametrize(
    "sound",
    [
        rubric(),
        rubric(plan(6_000), COST),
        rubric(plan(10_000), GATE),
        rubric(price(10_000), GATE, method=Method.LOWEST_PRICE),
        rubric(plan(8_000), price(), aggregation=Aggregation.TRIMMED_MEAN, trim=1),
        rubric(tie_breaks=("lower_evaluated_price", "higher_points_of:plan", "earlier_receipt")),
        rubric(
            plan(6_000),
            replace(COST, direction=Direction.HIGHER, formula=Formula.RATIO_TO_BEST_HIGH),
        ),
        rubric(
            plan(6_000),
            replace(COST, formula=Formula.LINEAR_BETWEEN, floor=Decimal(90), target=Decimal(10)),
        ),
    ],
)
def test_accepts_sound_rubrics_and_reads_them_again(sound: Rubric) -> None:
    """What may be published survives its own document unchanged."""
    rubrics.check(sound)

    assert Rubric.from_document(sound.to_document()) == sound


UNSOUND: list[tuple[Rubric, type[MarketplaceError], dict[str, object]]] = [
    (rubric(plan(), price()), errors.WeightsDoNotAddUp, {"total_bps": 6_000}),
    (rubric(plan(8_500), price()), errors.WeightsDoNotAddUp, {"total_bps": 10_500}),
    (replace(rubric(), criteria=()), errors.WeightsDoNotAddUp, {"total_bps": 0}),
    (rubric(plan(6_000), plan()), errors.CriterionRepeated, {"criteria": ["plan"]}),
    (
        rubric(price(5_000), replace(price(5_000), code="price_two")),
        errors.TooManyPriceCriteria,
        {"criteria": ["price", "price_two"]},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), target=Decimal("0.7"))),
        errors.FloorEqualsTarget,
        {"criterion": "benchmark", "floor": "0.7", "target": "0.7"},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), direction=Direction.LOWER)),
        errors.FloorBeyondTarget,
        {"criterion": "benchmark", "direction": "lower"},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), metric=None)),
        errors.CriterionUnfit,
        {"field": "metric"},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), metric="F1!")),
        errors.CriterionUnfit,
        {"field": "metric"},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), floor=None)),
        errors.CriterionUnfit,
        {"field": "floor"},
    ),
    (
        rubric(plan(6_000), replace(benchmark(), target=None)),
        errors.CriterionUnfit,
        {"field": "target"},
    ),
    (rubric(replace(plan(10_000), scale_max=None)), errors.CriterionUnfit, {"field": "scale_max"}),
    (
        rubric(replace(plan(10_000), scale_max=Decimal(0))),
        errors.CriterionUnfit,
        {"field": "scale_max"},
    ),
    (
        rubric(replace(plan(10_000), scale_max=Decimal("NaN"))),
        errors.ValueOutOfRange,
        {"value": "NaN"},
    ),
    (
        rubric(replace(plan(10_000), hard_floor=True)),
        errors.CriterionUnfit,
        {"field": "hard_floor"},
    ),
    (rubric(replace(plan(10_000), code="Plan A")), errors.CriterionUnfit, {"field": "code"}),
    (
        rubric(plan(10_000), replace(plan(), code="p", weight_bps=0)),
        errors.CriterionUnfit,
        {"field": "weight_bps"},
    ),
    (
        rubric(replace(price(10_000), direction=Direction.HIGHER)),
        errors.CriterionUnfit,
        {"field": "direction"},
    ),
    (
        rubric(replace(plan(10_000), direction=Direction.LOWER)),
        errors.CriterionUnfit,
        {"field": "direction"},
    ),
    (rubric(replace(plan(10_000), title_en="")), errors.DocumentUnreadable, {"found": "''"}),
    (
        rubric(plan(6_000), replace(COST, formula=None)),
        errors.FormulaUnknown,
        {"criterion": "cost"},
    ),
    (
        rubric(replace(plan(10_000), formula=Formula.LINEAR_BETWEEN)),
        errors.CriterionUnfit,
        {"field": "formula"},
    ),
    (replace(rubric(), rounding=Rounding(scale=1)), errors.RoundingUnfit, {"scale": 1}),
    (
        replace(rubric(), rounding=Rounding(mode="HALF_EVEN")),
        errors.RoundingUnfit,
        {"mode": "HALF_EVEN"},
    ),
    (replace(rubric(), rounding=Rounding(stage="TOTAL")), errors.RoundingUnfit, {"stage": "TOTAL"}),
    (rubric(trim=1), errors.AggregationUnfit, {"trim": 1}),
    (rubric(aggregation=Aggregation.TRIMMED_MEAN), errors.AggregationUnfit, {"trim": 0}),
    (rubric(method=Method.LOWEST_PRICE), errors.MethodUnfit, {"method": "lowest_price"}),
    (
        rubric(plan(10_000), method=Method.LOWEST_PRICE),
        errors.MethodUnfit,
        {"method": "lowest_price"},
    ),
    (rubric(tie_breaks=("coin",)), errors.TieBreakUnknown, {"tie_break": "coin"}),
    (rubric(tie_breaks=("higher_points_of:team",)), errors.TieBreakUnknown, {}),
    (rubric(tie_breaks=("earlier_receipt",) * 2), errors.TieBreakUnknown, {}),
]


@pytest.mark.parametrize(("unsound", "refusal", "facts"), UNSOUND)
def test_refuses_unsound_rubrics_and_says_why(
    unsound: Rubric, refusal: type[MarketplaceError], facts: dict[str, object]
) -> None:
    """Each defect has a refusal of its own that names the place and the figure."""
    with pytest.raises(refusal) as caught:
        rubrics.check(unsound)

    assert facts.items() <= caught.value.facts.items()


def test_story_f01_wrong_weights_are_found_before_publication() -> None:
    """Weights that sum to 95 are refused with both figures."""
    with pytest.raises(errors.WeightsDoNotAddUp) as caught:
        rubrics.check(rubric(plan(7_500), price(2_000)))

    assert caught.value.facts == {"total_bps": 9_500, "wanted_bps": 10_000}


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("method",), "coin", "/method"),
        (("trim",), True, "/trim"),
        (("trim",), 1.0, "/trim"),
        (("rounding", "scale"), 9, "/rounding/scale"),
        (("rounding", "mode"), None, "/rounding/mode"),
        (("criteria",), {}, "/criteria"),
        (("criteria", 0), [], "/criteria/0"),
        (("criteria", 0, "weight_bps"), "4000", "/criteria/0/weight_bps"),
        (("criteria", 0, "scale_max"), 100, "/criteria/0/scale_max"),
        (("criteria", 0, "scale_max"), "1e2", "/criteria/0/scale_max"),
        (("criteria", 0, "code"), "A/B", "/criteria/0/code"),
        (("criteria", 0, "title_zh"), "\ud800", "/criteria/0/title_zh"),
        (("criteria", 1, "hard_floor"), 1, "/criteria/1/hard_floor"),
        (("criteria", 1, "surprise/~"), 1, "/criteria/1/surprise~1~0"),
        (("tie_breaks",), ["x", 3], "/tie_breaks/1"),
    ],
)
def test_points_to_what_cannot_be_read(
    path: tuple[str | int, ...], value: object, pointer: str
) -> None:
    """A document of unknown origin is refused with the JSON pointer of the first bad place."""
    document: object = rubric().to_document()
    place: object = document
    for key in path[:-1]:
        place = place[key]  # type: ignore[index]
    place[path[-1]] = value  # type: ignore[index]

    with pytest.raises(errors.DocumentUnreadable) as caught:
        Rubric.from_document(document)

    assert caught.value.facts["pointer"] == pointer
