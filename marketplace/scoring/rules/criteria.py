"""One thing that is judged: where its value comes from, and what it weighs."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.documents import CODE_PATTERN, Fields, text_at

METRIC_PATTERN: Final = re.compile(r"[a-z][a-z0-9_]{0,63}(:[0-9]+(\.[0-9]+)?)?", re.ASCII)
CRITERION_FIELDS: Final = (
    *("code", "title_zh", "title_en", "kind", "weight_bps", "scale_max", "metric"),
    *("floor", "target", "hard_floor", "direction", "formula"),
)


class Kind(StrEnum):
    """Where the value of a criterion comes from, and by which scale it becomes points."""

    SUBJECTIVE_EXPERT = "subjective_expert"
    """One mark per seated judge."""
    OBJECTIVE_EXPERT = "objective_expert"
    """Decided once from a published indicator table; every judge sees the same mark."""
    OBJECTIVE_AUTO = "objective_auto"
    """A benchmark metric between a published floor and a published target."""
    OBJECTIVE_FORMULA = "objective_formula"
    """A figure declared in the bid, put through a named formula."""
    PRICE_LOW_FIRST = "price_low_first"
    """The lowest evaluated price divided by one's own."""


MARKED: Final = frozenset({Kind.SUBJECTIVE_EXPERT, Kind.OBJECTIVE_EXPERT})
VALUED: Final = frozenset({Kind.OBJECTIVE_AUTO, Kind.OBJECTIVE_FORMULA})


class Formula(StrEnum):
    """The closed set of formulas for declared figures."""

    RATIO_TO_BEST_LOW = "ratio_to_best_low"
    """Best / own, where the lowest figure is the best."""
    RATIO_TO_BEST_HIGH = "ratio_to_best_high"
    """Own / best, where the highest figure is the best."""
    LINEAR_BETWEEN = "linear_between"
    """Nothing at the floor, everything at the target, a straight line between."""


class Direction(StrEnum):
    """Which way a value improves."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that is judged, with its weight and the scale that turns a value into points."""

    code: str
    title_zh: str
    title_en: str
    kind: Kind
    weight_bps: int
    """Of 10000; 2000 are 20.00 points.  Zero only for a gate, a hard floor that gives no points."""
    scale_max: Decimal | None = None
    """The highest mark, for criteria that are marked."""
    metric: str | None = None
    """The name of the metric and its parameter, such as `recall_at_false_alarm_rate:0.05`."""
    floor: Decimal | None = None
    """The value that gives no points."""
    target: Decimal | None = None
    """The value that gives all points."""
    hard_floor: bool = False
    """Whether a value beyond the floor makes the bid non-responsive."""
    direction: Direction = Direction.HIGHER
    formula: Formula | None = None

    @property
    def weight(self) -> Fraction:
        """The points of a full score, of 100."""
        return Fraction(self.weight_bps, 100)

    @property
    def has_floor(self) -> bool:
        """Whether its values lie between a floor and a target."""
        return self.kind == Kind.OBJECTIVE_AUTO or self.formula == Formula.LINEAR_BETWEEN

    def to_document(self) -> dict[str, object]:
        """Write a criterion as JSON values; decimals as plain texts."""

        def optional(value: Decimal | None) -> str | None:
            return None if value is None else numbers.plain(value)

        return {
            "code": self.code,
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "kind": str(self.kind),
            "weight_bps": self.weight_bps,
            "scale_max": optional(self.scale_max),
            "metric": self.metric,
            "floor": optional(self.floor),
            "target": optional(self.target),
            "hard_floor": self.hard_floor,
            "direction": str(self.direction),
            "formula": None if self.formula is None else str(self.formula),
        }

    @classmethod
    def from_document(cls, value: object, *, pointer: str) -> "Criterion":
        """Read a criterion from JSON values of any origin; `check` judges its content."""
        fields = Fields(value, pointer=pointer, known=CRITERION_FIELDS)
        formula = fields.optional("formula", lambda key: fields.choice(key, set(Formula)))
        return cls(
            code=fields.code("code"),
            title_zh=fields.text("title_zh"),
            title_en=fields.text("title_en"),
            kind=Kind(fields.choice("kind", set(Kind))),
            weight_bps=fields.whole("weight_bps", minimum=0, maximum=BPS_WHOLE),
            scale_max=fields.optional("scale_max", fields.decimal),
            metric=fields.optional("metric", fields.text),
            floor=fields.optional("floor", fields.decimal),
            target=fields.optional("target", fields.decimal),
            hard_floor=fields.truth("hard_floor"),
            direction=Direction(fields.choice("direction", set(Direction))),
            formula=None if formula is None else Formula(formula),
        )


def check(criterion: Criterion) -> None:
    """Refuse a criterion that lacks what its kind needs, or carries what its kind does not use."""
    code = criterion.code
    if not CODE_PATTERN.fullmatch(code) or criterion.kind not in set(Kind):
        raise errors.CriterionUnfit(criterion=code, field="code", expected="a code and a kind")
    text_at(f"/criteria/{code}/title_zh", criterion.title_zh)
    text_at(f"/criteria/{code}/title_en", criterion.title_en)
    marked = criterion.kind in MARKED
    formula = criterion.kind == Kind.OBJECTIVE_FORMULA
    if formula and criterion.formula not in set(Formula):
        raise errors.FormulaUnknown(
            criterion=code, formula=criterion.formula, known=sorted(Formula)
        )
    _expect(criterion, "formula", formula, present=criterion.formula is not None)
    _expect(criterion, "scale_max", marked, present=criterion.scale_max is not None)
    automatic = criterion.kind == Kind.OBJECTIVE_AUTO
    _expect(criterion, "metric", automatic, present=criterion.metric is not None)
    if criterion.metric is not None and not METRIC_PATTERN.fullmatch(criterion.metric):
        raise errors.CriterionUnfit(criterion=code, field="metric", expected="name or name:number")
    if criterion.scale_max is not None:
        numbers.plain(criterion.scale_max)
        if criterion.scale_max <= 0:
            raise errors.CriterionUnfit(criterion=code, field="scale_max", expected="above 0")
    _check_floor(criterion)
    _check_direction(criterion)
    if not (0 if criterion.hard_floor else 1) <= criterion.weight_bps <= BPS_WHOLE:
        raise errors.CriterionUnfit(
            criterion=code, field="weight_bps", expected="1..10000, or 0 for a hard floor"
        )


def _check_floor(criterion: Criterion) -> None:
    wanted = criterion.has_floor
    _expect(criterion, "floor", wanted, present=criterion.floor is not None)
    is_gate = wanted and criterion.weight_bps == 0
    if not (is_gate and criterion.target is None):
        _expect(criterion, "target", wanted, present=criterion.target is not None)
    if criterion.hard_floor and not wanted:
        raise errors.CriterionUnfit(
            criterion=criterion.code, field="hard_floor", expected="only where there is a floor"
        )
    for bound in (criterion.floor, criterion.target):
        if bound is not None:
            numbers.plain(bound)
    if criterion.floor is None or criterion.target is None:
        return
    facts = {
        "criterion": criterion.code,
        "floor": numbers.plain(criterion.floor),
        "target": numbers.plain(criterion.target),
    }
    if criterion.floor == criterion.target:
        raise errors.FloorEqualsTarget(**facts)
    if (criterion.floor < criterion.target) != (criterion.direction == Direction.HIGHER):
        raise errors.FloorBeyondTarget(**facts, direction=str(criterion.direction))


def _check_direction(criterion: Criterion) -> None:
    lower = criterion.kind == Kind.PRICE_LOW_FIRST or criterion.formula == Formula.RATIO_TO_BEST_LOW
    higher = criterion.kind in MARKED or criterion.formula == Formula.RATIO_TO_BEST_HIGH
    fits = {Direction.LOWER: not higher, Direction.HIGHER: not lower}
    if not fits.get(criterion.direction, False):
        raise errors.CriterionUnfit(
            criterion=criterion.code, field="direction", expected="lower" if lower else "higher"
        )


def _expect(criterion: Criterion, field: str, wanted: bool, *, present: bool) -> None:
    if wanted != present:
        raise errors.CriterionUnfit(
            criterion=criterion.code, field=field, expected="a value" if wanted else "nothing"
        )
