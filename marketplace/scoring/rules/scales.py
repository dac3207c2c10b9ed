"""From a raw value to exact points; rounding comes after, once, by the rubric.

Every scale gives a share between 0 and 1 of the weight, as a fraction of whole numbers.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from marketplace.scoring.errors.rounds import FormulaValueUnfit, MarkOutOfRange
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Criterion, Direction, Formula


def share_between(value: Decimal, *, floor: Decimal, target: Decimal) -> Fraction:
    """Place a value on the line from the floor (0) to the target (1), clamped at both ends.

    Where lower is better the floor lies above the target, and the same quotient holds.

    >>> share_between(Decimal("0.85"), floor=Decimal("0.70"), target=Decimal("0.90"))
    Fraction(3, 4)
    >>> share_between(Decimal(30), floor=Decimal(100), target=Decimal(20))
    Fraction(7, 8)
    """
    share = Fraction(numbers.EXACT.subtract(value, floor)) / Fraction(
        numbers.EXACT.subtract(target, floor)
    )
    return min(max(share, Fraction(0)), Fraction(1))


def meets_floor(criterion: Criterion, value: Decimal) -> bool:
    """Tell whether a value reaches the floor of its criterion; the floor itself does."""
    if criterion.floor is None:
        return True
    if criterion.direction == Direction.HIGHER:
        return value >= criterion.floor
    return value <= criterion.floor


def share_of_scale(criterion: Criterion, mark: Fraction) -> Fraction:
    """Divide an aggregated mark by the scale of its criterion.

    Refuses  MarkOutOfRange where the criterion has no scale or the mark lies outside it.
    """
    scale_max = Fraction(criterion.scale_max or 0)
    if not 0 <= mark <= scale_max or not scale_max:
        raise MarkOutOfRange(criterion=criterion.code, mark=str(mark), scale_max=str(scale_max))
    return mark / scale_max


def best_figure(criterion: Criterion, figures: Mapping[str, Decimal]) -> Decimal | None:
    """Find the best declared figure of one criterion, against which a ratio measures all others.

    Shape    figures by bid, of bids that stayed in; None where the formula needs no best figure.
    Refuses  FormulaValueUnfit for a figure that a ratio cannot take: zero or less where the lowest
             is best, less than zero where the highest is best.
    """
    if criterion.formula == Formula.LINEAR_BETWEEN or not figures:
        return None
    lowest = criterion.formula == Formula.RATIO_TO_BEST_LOW
    for bid_id in sorted(figures):
        figure = figures[bid_id]
        if figure < 0 or (lowest and figure == 0):
            raise FormulaValueUnfit(
                criterion=criterion.code, bid=bid_id, value=numbers.plain(figure)
            )
    return min(figures.values()) if lowest else max(figures.values())


def share_by_formula(criterion: Criterion, figure: Decimal, best: Decimal | None) -> Fraction:
    """Put one declared figure through the named formula of its criterion.

    ratio_to_best_low   best / own, the lowest figure is best
    ratio_to_best_high  own / best, the highest figure is best; if the best is 0, nobody gets points
    linear_between      (own - floor) / (target - floor), clamped
    """
    if criterion.formula == Formula.LINEAR_BETWEEN:
        return share_of_line(criterion, figure)
    if criterion.formula == Formula.RATIO_TO_BEST_LOW:
        return Fraction(best or 0) / Fraction(figure)
    return Fraction(figure) / Fraction(best) if best else Fraction(0)


def share_of_line(criterion: Criterion, value: Decimal) -> Fraction:
    """Place a value between the floor and the target of its criterion; a gate gives no share."""
    if criterion.floor is None or criterion.target is None:
        return Fraction(0)
    return share_between(value, floor=criterion.floor, target=criterion.target)


def share_of_price(evaluated_price_fen: int, *, base_fen: int) -> Fraction:
    """Divide the lowest evaluated price by one's own.

    >>> share_of_price(1_000_000_00, base_fen=883_200_00) * 20
    Fraction(2208, 125)
    """
    return Fraction(base_fen, evaluated_price_fen)


def price_base_fen(evaluated_prices_fen: Iterable[int]) -> int | None:
    """Find the lowest evaluated price among bids that stayed in; None where there are none."""
    return min(evaluated_prices_fen, default=None)
