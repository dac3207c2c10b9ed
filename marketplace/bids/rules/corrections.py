"""Corrections of a price that contradicts itself, made in the order of the rules.

Four rules, each of which makes one pair of figures agree; which come first decides the price, so
the order is data of the rule profile (`price_corrections`) and not of this module.

1. `opening_sheet`  the total of the itemised sheet differs from the opening sheet: that one holds.
2. `words`          the price in words differs from the price in figures: the words hold.
3. `decimal_point`  a unit price is off by a power of ten, which shows as only one such shift makes
                    the lines add up to the opening sheet: that holds, the unit price is mended.
4. `line_sum`       the lines, unit price times quantity, add up to another total: they hold.

Whatever is corrected binds the bidder only once they have confirmed it.

Source   政府采购货物和服务招标投标管理办法 (财政部令第87号) 第59条.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.bids.errors.offers import AmountUnreadable
from marketplace.bids.rules.amounts import read_amount, write_amount
from marketplace.bids.rules.offer import Line, Offer, PriceSheet
from marketplace.kit.money import FEN_MAX

ORDER: Final = ("opening_sheet", "words", "decimal_point", "line_sum")
"""The order in which the rules are written; a rule profile states the one that holds."""
SHIFTS: Final = (-4, -3, -2, -1, 1, 2, 3, 4)
"""By how many places a decimal point may be out; two are a percentage taken for a figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One figure that was changed, by which rule, and where in the offer it stands."""

    rule: str
    pointer: str
    before: int | str
    after: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An offer that no longer contradicts itself, and every step that led there, in order."""

    offer: Offer
    corrections: tuple[Correction, ...]


def line_amount_fen(line: Line) -> int:
    """Multiply unit price and quantity.

    Units    whole fen, each line rounded half up.

    >>> from marketplace.bids.rules.offer import Item
    >>> item = Item(zh="标注")
    >>> line_amount_fen(
    ...     Line(item=item, unit="时", quantity="2.5", unit_price_fen=3333, line_total_fen=0)
    ... )
    8333
    """
    exact = Fraction(Decimal(line.quantity)) * line.unit_price_fen
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def correct(offer: Offer, *, order: Sequence[str] = ORDER) -> Corrected:
    """Apply the rules in their order, each to what the ones before it have left.

    Shape    without a price sheet, or without a contradiction, the offer itself and no steps; what
             comes out needs no further correction.
    Refuses  AmountUnreadable where the price in words is no amount.
    """
    if offer.price_sheet is None or offer.quote_fen is None:
        return Corrected(offer=offer, corrections=())
    steps: list[Correction] = []
    for rule in order:
        assert offer.price_sheet is not None
        offer, found = _RULES[rule](offer, offer.price_sheet)
        steps += found
    return Corrected(offer=offer, corrections=tuple(steps))


def _opening_sheet(offer: Offer, sheet: PriceSheet) -> tuple[Offer, list[Correction]]:
    quote_fen = offer.quote_fen
    assert quote_fen is not None
    if sheet.total_fen == quote_fen:
        return offer, []
    step = Correction(
        rule="opening_sheet",
        pointer="/price_sheet/total_fen",
        before=sheet.total_fen,
        after=quote_fen,
    )
    return _with_sheet(offer, total_fen=quote_fen), [step]


def _words(offer: Offer, sheet: PriceSheet) -> tuple[Offer, list[Correction]]:
    words_fen, quote_fen = read_amount(sheet.total_words), offer.quote_fen
    assert quote_fen is not None
    if words_fen == quote_fen:
        return offer, []
    step = Correction(rule="words", pointer="/quote_fen", before=quote_fen, after=words_fen)
    changed = dataclasses.replace(offer, quote_fen=words_fen)
    if sheet.total_fen == quote_fen:
        # The itemised total agreed with the figures, or was made to: it goes where they go.
        changed = _with_sheet(changed, total_fen=words_fen)
    return changed, [step]


def _decimal_point(offer: Offer, sheet: PriceSheet) -> tuple[Offer, list[Correction]]:
    total_fen = offer.quote_fen
    if not sheet.lines or _sum_fen(sheet.lines) == total_fen:
        return offer, []
    mended = [lines for lines in _shifted(sheet.lines) if _sum_fen(lines) == total_fen]
    if len(mended) != 1:
        # No shift explains the total, or more than one does: then none of them is obvious.
        return offer, []
    steps = []
    for at, (old, new) in enumerate(zip(sheet.lines, mended[0], strict=True)):
        if old != new:
            steps += _line_steps("decimal_point", at, old, new)
    return _with_sheet(offer, lines=mended[0]), steps


def _shifted(lines: tuple[Line, ...]) -> Iterator[tuple[Line, ...]]:
    """Mend one unit price at a time, by each shift that leaves whole fen."""
    for at, line in enumerate(lines):
        for places in SHIFTS:
            exact = Fraction(line.unit_price_fen) * Fraction(10) ** places
            if exact.denominator == 1 and 0 < exact <= FEN_MAX:
                moved = dataclasses.replace(line, unit_price_fen=exact.numerator)
                whole = dataclasses.replace(moved, line_total_fen=line_amount_fen(moved))
                yield (*lines[:at], whole, *lines[at + 1 :])


def _line_sum(offer: Offer, sheet: PriceSheet) -> tuple[Offer, list[Correction]]:
    quote_fen = offer.quote_fen
    assert quote_fen is not None
    if not sheet.lines:
        return offer, []
    steps: list[Correction] = []
    lines = []
    for at, old in enumerate(sheet.lines):
        new = dataclasses.replace(old, line_total_fen=line_amount_fen(old))
        steps += _line_steps("line_sum", at, old, new)
        lines.append(new)
    sum_fen = _sum_fen(sheet.lines)
    changed = dataclasses.replace(offer, quote_fen=sum_fen)
    for pointer, before in (("/quote_fen", quote_fen), ("/price_sheet/total_fen", sheet.total_fen)):
        if before != sum_fen:
            step = Correction(rule="line_sum", pointer=pointer, before=before, after=sum_fen)
            steps.append(step)
    if read_amount(sheet.total_words) != sum_fen:
        words = write_amount(sum_fen)
        step = Correction(
            rule="line_sum",
            pointer="/price_sheet/total_words",
            before=sheet.total_words,
            after=words,
        )
        steps.append(step)
        changed = _with_sheet(changed, total_words=words)
    return _with_sheet(changed, lines=tuple(lines), total_fen=sum_fen), steps


def _line_steps(rule: str, at: int, old: Line, new: Line) -> list[Correction]:
    return [
        Correction(
            rule=rule,
            pointer=f"/price_sheet/lines/{at}/{name}",
            before=getattr(old, name),
            after=getattr(new, name),
        )
        for name in ("unit_price_fen", "line_total_fen")
        if getattr(old, name) != getattr(new, name)
    ]


def _sum_fen(lines: Sequence[Line]) -> int:
    return sum(map(line_amount_fen, lines))


def _with_sheet(offer: Offer, **changes: object) -> Offer:
    assert offer.price_sheet is not None
    sheet = dataclasses.replace(offer.price_sheet, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(offer, price_sheet=sheet)


def words_of(sheet: PriceSheet) -> int | None:
    """Read the price in words, or say that it cannot be read."""
    try:
        return read_amount(sheet.total_words)
    except AmountUnreadable:
        return None


_RULES: Final[dict[str, Callable[[Offer, PriceSheet], tuple[Offer, list[Correction]]]]] = {
    "opening_sheet": _opening_sheet,
    "words": _words,
    "decimal_point": _decimal_point,
    "line_sum": _line_sum,
}
