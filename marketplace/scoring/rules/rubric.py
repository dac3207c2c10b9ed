"""The published yardstick: criteria, weights, rounding, aggregation of judges, tie-breaks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

from marketplace.kit.money import BPS_WHOLE
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import criteria, numbers
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula, Kind
from marketplace.scoring.rules.documents import Fields, text_at
from marketplace.scoring.rules.weights import (
    Derivation,
    check_derivation,
    derivation_document,
    derivation_from,
)

__all__ = [
    "Aggregation",
    "Criterion",
    "Direction",
    "Formula",
    "Kind",
    "Method",
    "Rounding",
    "Rubric",
    "check",
]

CRITERIA_MAX: Final = 50
JUDGES_MAX: Final = 99
SCALE_MIN: Final = 2
"""Weights have two places as points; with fewer, rounding could lift points above their weight."""
SCALE_MAX: Final = 6
HIGHER_POINTS_OF: Final = "higher_points_of:"
PLAIN_TIE_BREAKS: Final = ("lower_evaluated_price", "earlier_receipt", "witnessed_draw")
RUBRIC_FIELDS: Final = ("method", "criteria", "rounding", "aggregation", "trim", "tie_breaks")
"""Of a sheet of the first version; later ones also say where the weights come from."""


class Method(StrEnum):
    """How points become an order."""

    COMPREHENSIVE = "comprehensive"
    """Weighted sum of points, highest first."""
    LOWEST_PRICE = "lowest_price"
    """Lowest evaluated price first, among bids that pass every floor."""
    TOPSIS = "topsis"
    """Nearest to the best and farthest from the worst that was offered."""
    BORDA = "borda"
    """The weighted number of bids that are beaten, criterion by criterion."""


RELATIVE: Final = frozenset({Method.TOPSIS, Method.BORDA})
"""Methods whose score of a bid depends on every other bid."""


class Aggregation(StrEnum):
    """How the marks of several judges become one."""

    MEAN = "mean"
    TRIMMED_MEAN = "trimmed_mean"
    MEDIAN = "median"
    CALIBRATED = "calibrated"
    """The mean after each judge's marks are freed of severity and spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Where and how points are rounded: published with the call, repeatable by hand."""

    scale: int = 2
    mode: str = "HALF_UP"
    stage: str = "PER_CRITERION"

    def points(self, value: Fraction) -> Decimal:
        """Round the exact points of one criterion, once."""
        return numbers.half_up(value, self.scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """A complete yardstick; `check` says whether it is one."""

    method: Method
    criteria: tuple[Criterion, ...]
    rounding: Rounding = Rounding()
    aggregation: Aggregation = Aggregation.MEAN
    trim: int = 0
    """How many of the highest and how many of the lowest marks a trimmed mean leaves out."""
    tie_breaks: tuple[str, ...] = ()
    weights: Derivation | None = None
    """The comparisons that the weights were derived from; None where they were typed in."""

    def criterion(self, code: str) -> Criterion | None:
        """The criterion of this code, if there is one."""
        return next((criterion for criterion in self.criteria if criterion.code == code), None)

    @property
    def needs_quotes(self) -> bool:
        """Whether any figure of the ranking rests on a price."""
        return (
            self.method == Method.LOWEST_PRICE
            or "lower_evaluated_price" in self.tie_breaks
            or any(criterion.kind == Kind.PRICE_LOW_FIRST for criterion in self.criteria)
        )

    def to_document(self) -> dict[str, object]:
        """Write a rubric as JSON values; decimals as plain texts."""
        return {
            "method": str(self.method),
            "criteria": [criterion.to_document() for criterion in self.criteria],
            "rounding": {
                "scale": self.rounding.scale,
                "mode": self.rounding.mode,
                "stage": self.rounding.stage,
            },
            "aggregation": str(self.aggregation),
            "trim": self.trim,
            "tie_breaks": list(self.tie_breaks),
        }

    def weights_document(self) -> dict[str, object] | None:
        """Write where the weights come from; sheets of the first version do not tell it."""
        return None if self.weights is None else derivation_document(self.weights)

    @classmethod
    def from_document(
        cls, value: object, *, pointer: str = "", tells_weights: bool = False
    ) -> "Rubric":
        """Read a rubric from JSON values of any origin, and check it.

        Shape    with `tells_weights` the document also says where the weights come from.

        Refuses  DocumentUnreadable with a JSON pointer for the form, the refusals of `check` for
                 the content.
        """
        known = (*RUBRIC_FIELDS, "weights") if tells_weights else RUBRIC_FIELDS
        fields = Fields(value, pointer=pointer, known=known)
        rounding = Fields(
            fields.raw("rounding"), pointer=fields.at("rounding"), known=("scale", "mode", "stage")
        )
        rubric = cls(
            method=Method(fields.choice("method", set(Method))),
            criteria=tuple(
                Criterion.from_document(item, pointer=at)
                for at, item in fields.items("criteria", maximum=CRITERIA_MAX)
            ),
            rounding=Rounding(
                scale=rounding.whole("scale", minimum=SCALE_MIN, maximum=SCALE_MAX),
                mode=rounding.choice("mode", {"HALF_UP"}),
                stage=rounding.choice("stage", {"PER_CRITERION"}),
            ),
            aggregation=Aggregation(fields.choice("aggregation", set(Aggregation))),
            trim=fields.whole("trim", minimum=0, maximum=JUDGES_MAX),
            tie_breaks=_tie_breaks_from(fields),
            weights=derivation_from(fields.raw("weights"), pointer=fields.at("weights"))
            if tells_weights
            else None,
        )
        check(rubric)
        return rubric


def check(rubric: Rubric) -> None:
    """Refuse a rubric by which no ranking could be computed or explained.

    Refuses  by the first of: rounding, aggregation, criteria one by one, repeated codes, price
             criteria, sum of the weights, fit of the method, tie-breaks, derivation of the weights.
    """
    rounding = rubric.rounding
    if (rounding.mode, rounding.stage) != ("HALF_UP", "PER_CRITERION") or not (
        SCALE_MIN <= rounding.scale <= SCALE_MAX
    ):
        raise errors.RoundingUnfit(scale=rounding.scale, mode=rounding.mode, stage=rounding.stage)
    _check_aggregation(rubric)
    for criterion in rubric.criteria:
        criteria.check(criterion)
    _check_together(rubric)
    _check_tie_breaks(rubric)
    if rubric.weights is not None:
        check_derivation(rubric.weights, {one.code: one.weight_bps for one in rubric.criteria})


def _check_aggregation(rubric: Rubric) -> None:
    trimmed = rubric.aggregation == Aggregation.TRIMMED_MEAN
    fits = 1 <= rubric.trim <= JUDGES_MAX if trimmed else rubric.trim == 0
    if rubric.aggregation not in set(Aggregation) or not fits:
        raise errors.AggregationUnfit(aggregation=str(rubric.aggregation), trim=rubric.trim)


def _check_together(rubric: Rubric) -> None:
    codes = Counter(criterion.code for criterion in rubric.criteria)
    repeated = sorted(code for code, times in codes.items() if times > 1)
    if repeated:
        raise errors.CriterionRepeated(criteria=repeated)
    priced = [item.code for item in rubric.criteria if item.kind == Kind.PRICE_LOW_FIRST]
    if len(priced) > 1:
        raise errors.TooManyPriceCriteria(criteria=sorted(priced))
    total_bps = sum(criterion.weight_bps for criterion in rubric.criteria)
    if total_bps != BPS_WHOLE:
        raise errors.WeightsDoNotAddUp(total_bps=total_bps, wanted_bps=BPS_WHOLE)
    weighted = [criterion.code for criterion in rubric.criteria if criterion.weight_bps]
    if rubric.method not in set(Method) or len(rubric.criteria) > CRITERIA_MAX:
        raise errors.MethodUnfit(method=str(rubric.method), criteria=len(rubric.criteria))
    if rubric.method == Method.LOWEST_PRICE and weighted != priced:
        # Points of other criteria would be computed, shown, and decide nothing.
        raise errors.MethodUnfit(method=str(rubric.method), expected="price alone has a weight")


def _check_tie_breaks(rubric: Rubric) -> None:
    codes = {criterion.code for criterion in rubric.criteria if criterion.weight_bps}
    for place, rule in enumerate(rubric.tie_breaks):
        known = rule in PLAIN_TIE_BREAKS or (
            rule.startswith(HIGHER_POINTS_OF) and rule.removeprefix(HIGHER_POINTS_OF) in codes
        )
        if not known or rule in rubric.tie_breaks[:place]:
            raise errors.TieBreakUnknown(
                tie_break=rule, known=[*PLAIN_TIE_BREAKS, f"{HIGHER_POINTS_OF}<code>"]
            )


def _tie_breaks_from(fields: Fields) -> tuple[str, ...]:
    items = fields.items("tie_breaks", maximum=CRITERIA_MAX + len(PLAIN_TIE_BREAKS))
    return tuple(text_at(at, item) for at, item in items)


_PUBLISHED_FIELDS: Final = (
    *("code", "kind", "weight_bps", "scale_max", "metric", "floor", "target"),
    *("hard_floor", "direction", "formula"),
)


def published_rubric(content: Mapping[str, Any]) -> Rubric:
    """Read the yardstick out of the content of a call."""
    scheme = content["scoring"]
    # Calls of earlier versions do not carry the field.
    derivation = scheme.get("derivation")
    return Rubric.from_document(
        {
            "method": scheme["method"],
            "criteria": [_published(one) for one in content["criteria"]],
            "rounding": scheme["rounding"],
            "aggregation": scheme["aggregation"],
            "trim": scheme["trim"],
            "tie_breaks": list(scheme["tie_breaks"]),
            "weights": derivation
            and {**derivation, "comparisons": list(derivation["comparisons"])},
        },
        tells_weights=True,
    )


def _published(document: Mapping[str, Any]) -> dict[str, Any]:
    """Write a criterion of a call as the rubric reads it."""
    title = document["title"]
    names = {"title_zh": title["zh"], "title_en": title["en"] or title["zh"]}
    return names | {name: document[name] for name in _PUBLISHED_FIELDS}
