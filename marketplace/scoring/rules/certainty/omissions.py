"""Leave-one-out: what the ranking would be without one judge, one criterion or one bid.

A ranking in which the winner changes because a loser goes is not wrong, but whoever decides must
know it: a price that is only a base for others, a calibration that rests on one bid.
"""

from collections.abc import Callable, Iterable
from itertools import combinations, pairwise
from typing import Final

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.rules.certainty.order import Field, Ranks, first_of
from marketplace.scoring.rules.rubric import Aggregation, Method

REVERSALS_LISTED_MAX: Final = 10
CALIBRATED_BIDS_MAX: Final = 100
"""Where every bid moves every mark, leaving each out costs the square of their number."""


def of_judges(field: Field, ranks: Ranks) -> list[dict[str, object]]:
    """Leave out each seated judge who marked."""
    subjective = {
        judge
        for (_, code), found in field.assessed.given.items()
        if (one := field.assessed.rubric.criterion(code)) is not None
        and one.kind == "subjective_expert"
        for judge in found
    }
    return _each(sorted(subjective), field.without_judge, ranks, "judge")


def of_criteria(field: Field, ranks: Ranks) -> list[dict[str, object]]:
    """Leave out each criterion that weighs something, if another is left."""
    codes = list(field.weights)
    if len(codes) < 2 or field.assessed.rubric.method == Method.LOWEST_PRICE:
        return []
    return _each(codes, field.without_criterion, ranks, "criterion")


def of_bids(field: Field, ranks: Ranks) -> list[dict[str, object]] | None:
    """Leave out each bid, if another is left; None where that would cost too much."""
    calibrated = field.assessed.rubric.aggregation == Aggregation.CALIBRATED
    if calibrated and len(field.ids) > CALIBRATED_BIDS_MAX:
        return None
    if len(field.ids) < 2:
        return []
    order = sorted(field.ids, key=lambda bid_id: (ranks[bid_id], bid_id))
    return _each(order, field.without_bid, ranks, "bid_id")


def _each(
    names: Iterable[str], without: Callable[[str], Ranks], ranks: Ranks, key: str
) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for name in names:
        try:
            after = without(name)
        except MarketplaceError as refusal:
            # Such as a trimmed mean of three judges, of whom two are left.
            found.append({key: name, "refused": refusal.code})
            continue
        found.append({key: name, **_compared(ranks, after)})
    return found


def _compared(before: Ranks, after: Ranks) -> dict[str, object]:
    """Say who is first now, and which pairs have changed sides.

    Shape    a bid that was left out counts neither among those that were first nor in a pair.
    """
    # Whoever stood first of those that are left; the next one where the winner is left out.
    best = min(before[bid_id] for bid_id in after)
    expected = tuple(sorted(bid_id for bid_id in after if before[bid_id] == best))
    order = sorted(after, key=lambda bid_id: (before[bid_id], bid_id))
    # Almost always nothing moves, and that is seen in one pass instead of over all pairs.
    moved = any(after[a] > after[b] for a, b in pairwise(order))
    reversed_pairs = [
        [a, b]
        for a, b in (combinations(order, 2) if moved else ())
        if before[a] < before[b] and after[a] > after[b]
    ]
    first = first_of(after)
    return {
        "first": list(first),
        "first_changes": first != expected,
        "reversals": len(reversed_pairs),
        "reversed": reversed_pairs[:REVERSALS_LISTED_MAX],
    }
