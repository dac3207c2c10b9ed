"""The shapes of pairwise comparisons, and of the weights that follow from them."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from marketplace.scenarios.rules.pairwise import (
    CRITERIA_MAX,
    RATIO_MAX,
    Comparison,
    Derivation,
    Weights,
)
from marketplace.wire.shapes import Code, In, Out

COMPARISONS_MAX = CRITERIA_MAX * (CRITERIA_MAX - 1) // 2
Times = Literal[
    "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "1/2", "1/3", "1/4", "1/5", "1/6", "1/7", "1/8", "1/9",
]  # fmt: skip
OneLine = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]


class ComparisonIn(In):
    """How many times as important `a` is as `b`."""

    a: Code
    b: Code
    times: Times


class DerivationIn(In):
    """The comparisons that weights are derived from, every two criteria once."""

    comparisons: Annotated[list[ComparisonIn], Field(max_length=COMPARISONS_MAX)]
    override_reason: OneLine | None = None
    """Why the comparisons stand although their consistency ratio is above 0.10."""

    def value(self) -> Derivation:
        """Turn the request into the value the rules take."""
        return Derivation(
            comparisons=tuple(
                Comparison(a=one.a, b=one.b, times=one.times) for one in self.comparisons
            ),
            override_reason=self.override_reason,
        )


class WeightsIn(DerivationIn):
    """Criteria and their comparisons; computed and forgotten."""

    criteria: Annotated[list[Code], Field(min_length=1, max_length=CRITERIA_MAX)]
    """In the order of the rubric, which decides between equal remainders."""


class WeightOut(Out, frozen=True, kw_only=True):
    """The weight of one criterion."""

    code: str
    weight_bps: int
    share: str
    """Its part of the principal eigenvector, to six places."""


class WeightsOut(Out, frozen=True, kw_only=True):
    """Weights derived from comparisons, and how well the comparisons fit together."""

    weights: list[WeightOut]
    eigenvalue: str
    consistency_index: str
    consistency_ratio: str
    consistency_ratio_max: str
    consistent: bool

    @classmethod
    def of(cls, found: Weights) -> "WeightsOut":
        """Read what the comparisons gave."""
        return cls(
            weights=[
                WeightOut(code=code, weight_bps=bps, share=f"{found.shares[code]:f}")
                for code, bps in found.weight_bps.items()
            ],
            eigenvalue=f"{found.eigenvalue:f}",
            consistency_index=f"{found.consistency_index:f}",
            consistency_ratio=f"{found.consistency_ratio:f}",
            consistency_ratio_max=f"{RATIO_MAX:f}",
            consistent=found.consistency_ratio <= RATIO_MAX,
        )
