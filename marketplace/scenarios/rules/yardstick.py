"""Can points be computed by this call at all?  Asked before anybody bids, not when marks are in.

A yardstick is frozen with the call.  One that contradicts itself would be found out when the panel
has marked and nothing can be changed any more, so every contradiction is a finding here.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from marketplace.kit.errors import MarketplaceError
from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.rules import endpoint_terms, pairwise
from marketplace.scenarios.rules.content import Benchmark, Content, Criterion

MARKED: Final = ("subjective_expert", "objective_expert")
KINDS: Final = (*MARKED, "objective_auto", "objective_formula", "price_low_first")
FORMULAS: Final = ("ratio_to_best_low", "ratio_to_best_high", "linear_between")
METHODS: Final = ("comprehensive", "lowest_price", "topsis", "borda")
AGGREGATIONS: Final = ("mean", "trimmed_mean", "median", "calibrated")
TIE_BREAKS: Final = ("lower_evaluated_price", "earlier_receipt", "witnessed_draw")
HIGHER_POINTS_OF: Final = "higher_points_of:"
ROUNDING_PLACES: Final = range(2, 7)
TRIM_MAX: Final = 99
PUBLIC_SHARE_BPS_MAX: Final = 9_000
"""What decides needs rows of its own."""
LEADERBOARDS: Final = ("after_opening", "after_result")
SELECTIONS: Final = ("last", "best")
SLICES_MAX: Final = 5
NEVER_SLICES: Final = frozenset({"id", "label"})
"""A slice by the answer, or one for each row, would give the answers away."""

_PLAIN: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_METRIC: Final = re.compile(r"[a-z][a-z0-9_]{0,63}(:[0-9]+(\.[0-9]+)?)?", re.ASCII)
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,500}")


def plain_number(text: str) -> Decimal | None:
    """Read a plain decimal of at most 18 digits on either side of the point; None for others.

    >>> plain_number("0.80"), plain_number("1e3"), plain_number("１２")
    (Decimal('0.80'), None, None)
    """
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def flaws(content: Content) -> Iterator[str]:
    """Name every place where the yardstick lacks something or contradicts itself.

    Shape    JSON pointers into the content, criteria first.
    """
    for index, criterion in enumerate(content.criteria):
        for name in _flaws_of(criterion):
            yield f"/criteria/{index}/{name}"
    yield from _flaws_of_calls(content)
    prices = [one for one in content.criteria if one.kind == "price_low_first"]
    weighted = [one for one in content.criteria if one.weight_bps]
    lowest = content.scoring.method == "lowest_price"
    if content.scoring.method not in METHODS or (lowest and weighted != prices):
        yield "/scoring/method"
    if len(prices) > 1:
        yield "/criteria"
    yield from _flaws_of_scheme(content)
    if content.scoring.derivation is not None and not _is_derived(content):
        yield "/scoring/derivation"


def _flaws_of_calls(content: Content) -> Iterator[str]:
    """Name the criteria that judge calls which nobody makes, or that say so for no reason."""
    called = {
        one.code
        for one in content.criteria
        if one.benchmark is not None
        and one.benchmark.endpoint is not None
        # A bid that sent a file would have no value, and nobody could be ranked.
        and not one.benchmark.endpoint.files
    }
    for index, one in enumerate(content.criteria):
        judges = (one.metric or "").partition(":")[0] in endpoint_terms.CALL_METRICS
        asked = one.benchmark or Benchmark()
        fits = asked.calls_of in called and asked.endpoint is None
        if (asked.calls_of is not None) != judges or (judges and not fits):
            yield f"/criteria/{index}/benchmark"


def _is_derived(content: Content) -> bool:
    """Tell whether the weights are those that the comparisons beside them give."""
    weighed = {one.code: one.weight_bps for one in content.criteria if one.weight_bps}
    derivation = content.scoring.derivation
    if derivation is None or len(weighed) != sum(bool(one.weight_bps) for one in content.criteria):
        return derivation is None
    try:
        return pairwise.settle(list(weighed), derivation).weight_bps == weighed
    except MarketplaceError:
        return False


def _flaws_of_scheme(content: Content) -> Iterator[str]:
    scheme = content.scoring
    trimmed = scheme.aggregation == "trimmed_mean"
    if scheme.aggregation not in AGGREGATIONS:
        yield "/scoring/aggregation"
    if not (1 <= scheme.trim <= TRIM_MAX if trimmed else scheme.trim == 0):
        yield "/scoring/trim"
    rounding = scheme.rounding
    known = (rounding.mode, rounding.stage) == ("HALF_UP", "PER_CRITERION")
    if not known or rounding.scale not in ROUNDING_PLACES:
        yield "/scoring/rounding"
    by_points = {f"{HIGHER_POINTS_OF}{one.code}" for one in content.criteria if one.weight_bps}
    for place, rule in enumerate(scheme.tie_breaks):
        if rule not in {*TIE_BREAKS, *by_points} or rule in scheme.tie_breaks[:place]:
            yield f"/scoring/tie_breaks/{place}"


def _flaws_of(one: Criterion) -> Iterator[str]:
    """Name the fields a criterion needs and lacks, or carries and cannot use."""
    marked, automatic = one.kind in MARKED, one.kind == "objective_auto"
    formula = one.kind == "objective_formula"
    between = automatic or one.formula == "linear_between"
    gate = between and one.weight_bps == 0 and one.hard_floor
    if one.kind not in KINDS:
        yield "kind"
    if not _CODE.fullmatch(one.code):
        yield "code"
    if not _fits(_LINE, one.title.zh) or not _fits(_LINE, one.title.en or None):
        yield "title"
    if (one.metric is not None) != automatic or not _fits(_METRIC, one.metric):
        yield "metric"
    if (one.formula is not None) != formula or one.formula not in {None, *FORMULAS}:
        yield "formula"
    if (one.scale_max is not None) != marked or not _above_zero(one.scale_max):
        yield "scale_max"
    if not (0 if gate else 1) <= one.weight_bps <= BPS_WHOLE:
        yield "weight_bps"
    if one.hard_floor and not between:
        yield "hard_floor"
    if (one.rule is None) and one.kind.startswith("objective"):
        yield "rule"
    if one.benchmark is not None and not (automatic and _is_benchmark(one.benchmark)):
        yield "benchmark"
    yield from _flaws_of_line(one, between=between, gate=gate)


def _is_benchmark(asked: Benchmark) -> bool:
    """Tell whether every setting can be kept: feedback needs a split, a freeze needs an end."""
    fits = (
        0 <= asked.public_share_bps <= PUBLIC_SHARE_BPS_MAX
        and asked.daily_max >= 1
        and asked.total_max >= 1
        and (asked.evaluation_hours is None or asked.evaluation_hours >= 1)
        and asked.freeze_before_deadline_seconds >= 0
        and asked.leaderboard in LEADERBOARDS
        and asked.selection in SELECTIONS
        and len(set(asked.slices)) == len(asked.slices) <= SLICES_MAX
        and not NEVER_SLICES.intersection(asked.slices)
        and (asked.endpoint is None or endpoint_terms.fit(asked.endpoint))
    )
    split = asked.public_share_bps > 0 or not asked.feedback
    ends = asked.evaluation_hours is not None or not asked.freeze_before_deadline_seconds
    return fits and split and ends


def _flaws_of_line(one: Criterion, *, between: bool, gate: bool) -> Iterator[str]:
    """Name what is wrong with floor, target and the way a value improves."""
    floor, target = (
        None if text is None else plain_number(text) for text in (one.floor, one.target)
    )
    if (one.floor is not None) != between or (floor is None) != (one.floor is None):
        yield "floor"
    needless = gate and one.target is None
    if ((one.target is not None) != between and not needless) or (
        (target is None) != (one.target is None)
    ):
        yield "target"
    if floor is not None and target is not None:
        rising = one.direction == "higher"
        if floor == target or (floor < target) != rising:
            yield "target"
    lower = one.kind == "price_low_first" or one.formula == "ratio_to_best_low"
    higher = one.kind in MARKED or one.formula == "ratio_to_best_high"
    if one.direction not in {"higher", "lower"} or (one.direction == "higher" and lower):
        yield "direction"
    if one.direction == "lower" and higher:
        yield "direction"


def _fits(pattern: re.Pattern[str], text: str | None) -> bool:
    return text is None or pattern.fullmatch(text) is not None


def _above_zero(text: str | None) -> bool:
    if text is None:
        return True
    number = plain_number(text)
    return number is not None and number > 0
