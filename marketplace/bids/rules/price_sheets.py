"""What a price sheet must be, and what would be corrected in it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from marketplace.bids.errors.offers import (
    AmountUnreadable,
    PriceSheetContradicts,
    PriceSheetMissing,
    PriceSheetUnfit,
)
from marketplace.bids.rules import corrections
from marketplace.bids.rules.corrections import ORDER, Corrected, line_amount_fen
from marketplace.bids.rules.demand import Demand
from marketplace.bids.rules.offer import Line, Offer, PriceSheet
from marketplace.bids.rules.problems import Problem
from marketplace.kit.money import FEN_MAX
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.yardstick import plain_number

QUANTITY_MAX: Final = Decimal(10) ** 9
PLACES_MAX: Final = 6


def order_of(profile: RuleProfile) -> tuple[str, ...]:
    """Read in which order a track corrects; one that says nothing takes the order of the law."""
    name = "price_corrections"
    return profile.allowed(name) if profile.has(name) else ORDER


def correct(offer: Offer, profile: RuleProfile) -> Corrected:
    """Correct an offer as its track does."""
    return corrections.correct(offer, order=order_of(profile))


def problems(offer: Offer, demand: Demand, profile: RuleProfile) -> Iterator[Problem]:
    """Say what speaks against a price sheet.

    A contradiction does not block: it would be corrected after the opening, by rules that hold for
    everybody, and a seal that opens only for the consistent would be another rule.
    """
    sheet = offer.price_sheet
    if sheet is None or (demand.requirements.price_sheet and not sheet.lines):
        if demand.requirements.price_sheet:
            yield Problem("/price_sheet", PriceSheetMissing())
        return
    found = tuple(_unfit(offer, sheet))
    yield from found
    if found:
        return
    corrected = correct(offer, profile)
    if corrected.corrections:
        steps = [
            {"rule": one.rule, "pointer": one.pointer, "before": one.before, "after": one.after}
            for one in corrected.corrections
        ]
        yield Problem(
            "/price_sheet",
            PriceSheetContradicts(corrections=steps, corrected_fen=corrected.offer.quote_fen),
            blocks=False,
        )


def _unfit(offer: Offer, sheet: PriceSheet) -> Iterator[Problem]:
    if offer.quote_fen is None:
        yield Problem("/quote_fen", PriceSheetUnfit(missing="quote_fen"))
    words_fen = corrections.words_of(sheet)
    if words_fen is None:
        yield Problem("/price_sheet/total_words", AmountUnreadable(received=sheet.total_words[:64]))
    elif words_fen == 0:
        yield Problem("/price_sheet/total_words", PriceSheetUnfit(total_fen=0))
    bad = [at for at, line in enumerate(sheet.lines) if not _line_fits(line)]
    for at in bad:
        yield Problem(
            f"/price_sheet/lines/{at}", PriceSheetUnfit(quantity=sheet.lines[at].quantity[:40])
        )
    sum_fen = 0 if bad else sum(map(line_amount_fen, sheet.lines))
    if sheet.lines and not bad and not 0 < sum_fen <= FEN_MAX:
        # Corrected to this, the price would be one that nothing can be divided by.
        yield Problem("/price_sheet/lines", PriceSheetUnfit(total_fen=sum_fen))


def _line_fits(line: Line) -> bool:
    """An exact quantity above zero with few places, and a unit price that is an amount."""
    quantity = plain_number(line.quantity)
    if quantity is None or not 0 < quantity <= QUANTITY_MAX:
        return False
    exponent = quantity.as_tuple().exponent
    exact = isinstance(exponent, int) and exponent >= -PLACES_MAX
    return exact and 0 <= line.unit_price_fen <= FEN_MAX and 0 <= line.line_total_fen <= FEN_MAX
