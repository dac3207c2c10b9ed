"""Points on every criterion for the bids that stayed in, and what they are measured against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.errors.rounds import ValueMissing
from marketplace.scoring.rules import numbers, scales
from marketplace.scoring.rules.criteria import MARKED, Criterion, Kind
from marketplace.scoring.rules.marks import Aggregate, aggregate
from marketplace.scoring.rules.rubric import Rubric
from marketplace.scoring.rules.sheet import SheetBid

RAW_PLACES: Final = 6
"""Places of an aggregated mark as it is shown; points are computed from the exact fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What relative scales measure against, taken only from the bids that stayed in."""

    price_fen: int | None
    """The lowest evaluated price; None where nothing asks for prices."""
    best: Mapping[str, Decimal]
    """The best declared figure of each ratio formula, by criterion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one bid got on one criterion, and from which value."""

    points: Decimal
    raw: Decimal
    """The aggregated mark, the metric value, the declared figure, or the evaluated price in fen."""
    marks: int = 0
    """How many marks stand behind an aggregated one."""


def bases(rubric: Rubric, bids: Sequence[SheetBid], prices_fen: Mapping[str, int | None]) -> Bases:
    """Find what the points of these bids are measured against.

    Shape    `bids` are those that stayed in; evaluated prices by bid.
    """
    best: dict[str, Decimal] = {}
    for criterion in rubric.criteria:
        if criterion.kind == Kind.OBJECTIVE_FORMULA:
            figures = {bid.id: value_of(bid, criterion) for bid in bids}
            figure = scales.best_figure(criterion, figures)
            if figure is not None:
                best[criterion.code] = figure
    prices = [price for bid in bids if (price := prices_fen[bid.id]) is not None]
    return Bases(price_fen=min(prices, default=None) if rubric.needs_quotes else None, best=best)


def value_of(bid: SheetBid, criterion: Criterion) -> Decimal:
    """The value of one criterion that is computed from values; ValueMissing where there is none."""
    value = bid.value(criterion.code, criterion.kind)
    if value is None:
        raise ValueMissing(bid=bid.id, criteria=[criterion.code])
    return value


def missed_floors(rubric: Rubric, bid: SheetBid) -> tuple[str, ...]:
    """The criteria whose hard floor this bid does not reach."""
    return tuple(
        criterion.code
        for criterion in rubric.criteria
        if criterion.hard_floor and not scales.meets_floor(criterion, value_of(bid, criterion))
    )


def findings(
    rubric: Rubric,
    bid: SheetBid,
    *,
    price_fen: int | None,
    marks: Mapping[tuple[str, str], Sequence[Decimal]],
    against: Bases,
    ready: Mapping[tuple[str, str], Finding],
) -> dict[str, Finding]:
    """Compute the points of one bid on every criterion, each rounded once, in rubric order.

    Shape    `ready` are findings by bid and criterion that `columns` has computed already.
    """
    found: dict[str, Finding] = {}
    for criterion in rubric.criteria:
        if (one_ready := ready.get((bid.id, criterion.code))) is not None:
            found[criterion.code] = one_ready
            continue
        count = 0
        if criterion.kind in MARKED:
            one = _one_mark(rubric, criterion, marks[bid.id, criterion.code])
            share, count = scales.share_of_scale(criterion, one.value), one.marks
            raw = numbers.half_up(one.value, RAW_PLACES)
        elif criterion.kind == Kind.PRICE_LOW_FIRST:
            share, raw = _price_share(bid, price_fen, against)
        elif criterion.kind == Kind.OBJECTIVE_FORMULA:
            raw = value_of(bid, criterion)
            share = scales.share_by_formula(criterion, raw, against.best.get(criterion.code))
        else:
            raw = value_of(bid, criterion)
            share = scales.share_of_line(criterion, raw)
        points = rubric.rounding.points(share * criterion.weight)
        found[criterion.code] = Finding(points=points, raw=raw, marks=count)
    return found


def _one_mark(rubric: Rubric, criterion: Criterion, given: Sequence[Decimal]) -> Aggregate:
    if criterion.kind == Kind.OBJECTIVE_EXPERT:
        # Decided once: there is nothing to average, and nothing that trimming may take away.
        return Aggregate(value=Fraction(given[0]), marks=1)
    return aggregate(given, aggregation=rubric.aggregation, trim=rubric.trim)


def _price_share(bid: SheetBid, price_fen: int | None, against: Bases) -> tuple[Fraction, Decimal]:
    if price_fen is None or against.price_fen is None:
        raise ValueMissing(bid=bid.id, field="quote_fen")
    return scales.share_of_price(price_fen, base_fen=against.price_fen), Decimal(price_fen)
