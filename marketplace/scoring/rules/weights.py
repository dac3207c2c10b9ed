"""Where the weights of a rubric come from, as a sheet tells it: anybody can derive them again."""

from collections.abc import Mapping
from typing import Final

from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.rules import pairwise
from marketplace.scenarios.rules.pairwise import Comparison, Derivation
from marketplace.scoring.errors.certainty import WeightsNotDerived
from marketplace.scoring.rules.documents import Fields

__all__ = ["Derivation", "check_derivation", "derivation_document", "derivation_from"]

COMPARISONS_MAX: Final = pairwise.CRITERIA_MAX * (pairwise.CRITERIA_MAX - 1) // 2


def derivation_document(derivation: Derivation) -> dict[str, object]:
    """Write the comparisons as JSON values, in the order of the pairs they compare."""
    return {
        "comparisons": [
            {"a": one.a, "b": one.b, "times": one.times} for one in derivation.comparisons
        ],
        "override_reason": derivation.override_reason,
    }


def derivation_from(value: object, *, pointer: str) -> Derivation | None:
    """Read the comparisons from JSON values of any origin; null for weights that were typed in."""
    if value is None:
        return None
    fields = Fields(value, pointer=pointer, known=("comparisons", "override_reason"))
    comparisons = []
    for at, item in fields.items("comparisons", maximum=COMPARISONS_MAX):
        one = Fields(item, pointer=at, known=("a", "b", "times"))
        comparisons.append(
            Comparison(a=one.code("a"), b=one.code("b"), times=one.text("times", length_max=3))
        )
    return Derivation(
        comparisons=tuple(comparisons),
        override_reason=fields.optional("override_reason", fields.text),
    )


def check_derivation(derivation: Derivation, weights_bps: Mapping[str, int]) -> None:
    """Refuse a rubric whose weights are not those that its comparisons give.

    Shape    weights by criterion in rubric order; gates, which weigh nothing, are not compared.
    """
    weighed = {code: bps for code, bps in weights_bps.items() if bps}
    try:
        derived = pairwise.settle(list(weighed), derivation).weight_bps
    except MarketplaceError as refusal:
        raise WeightsNotDerived(because=refusal.code, **refusal.facts) from refusal
    if derived != weighed:
        raise WeightsNotDerived(derived_bps=derived, stated_bps=weighed)
