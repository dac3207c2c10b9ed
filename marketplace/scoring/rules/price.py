"""Prices as they are evaluated: deductions, and quotes so low that they must be explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from marketplace.kit.money import BPS_WHOLE
from marketplace.scoring.errors.rounds import DeductionUnfit, QuoteNotPositive


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A named policy that lowers a price for evaluation only; the contract keeps the quote."""

    policy: str
    bps: int


def deduction_bps(deductions: Sequence[Deduction]) -> int:
    """Add up the deductions of one bid.

    Units    basis points of the quote; policies add up, they are not applied one after another.
    Refuses  DeductionUnfit for a policy named twice, a rate of zero or less, or a whole of 10000.

    >>> deduction_bps([Deduction(policy="small", bps=1000), Deduction(policy="domestic", bps=2000)])
    3000
    """
    total_bps = sum(deduction.bps for deduction in deductions)
    policies = [deduction.policy for deduction in deductions]
    if (
        len(set(policies)) != len(policies)
        or any(deduction.bps <= 0 for deduction in deductions)
        or total_bps >= BPS_WHOLE
    ):
        raise DeductionUnfit(policies=sorted(policies), total_bps=total_bps)
    return total_bps


def evaluated_price_fen(quote_fen: int, deductions: Sequence[Deduction] = ()) -> int:
    """Take the deductions off a quote, for comparison only.

    Units    whole fen, rounded half up: a price is money, and money has no smaller unit.
    Refuses  QuoteNotPositive for a quote, or a price after deductions, of zero or less: nothing is
             bought for it, and the lowest price divided by it has no value.

    >>> evaluated_price_fen(105_000_000, [Deduction(policy="small_firm", bps=1000)])
    94500000
    """
    kept_bps = BPS_WHOLE - deduction_bps(deductions)
    price_fen = (2 * quote_fen * kept_bps + BPS_WHOLE) // (2 * BPS_WHOLE)
    if quote_fen <= 0 or price_fen <= 0:
        raise QuoteNotPositive(quote_fen=quote_fen, evaluated_price_fen=price_fen)
    return price_fen


class LowQuoteRule(StrEnum):
    """Why a quote is so low that its bidder must explain it."""

    MEAN = "below_share_of_mean"
    """Below a share of the mean of all responsive quotes."""
    SECOND_LOWEST = "below_share_of_second_lowest"
    """Below a share of the second lowest responsive quote."""
    MAXIMUM = "below_share_of_maximum"
    """Below a share of the maximum price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowQuoteShares:
    """The shares of the three rules, in basis points; None leaves a rule out.

    The defaults are those of a pilot that we know only from memory, so they ship as unverified: the
    rule profile of a call states its own.
    """

    mean_bps: int | None = 5_000
    second_lowest_bps: int | None = 5_000
    maximum_bps: int | None = 4_500
    unverified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LowQuote:
    """One quote that must be explained, with each rule it hits and the line of that rule in fen."""

    bid_id: str
    quote_fen: int
    hits: Mapping[LowQuoteRule, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LowQuoteReport:
    """The lines of one opening and the quotes below them."""

    lines_fen: Mapping[LowQuoteRule, int]
    """A quote less than the line is hit; a line between two fen is lifted to the next."""
    over_maximum: tuple[str, ...]
    """Bids above the maximum price: invalid, and in no mean and no order."""
    low_quotes: tuple[LowQuote, ...]


def abnormally_low(
    quotes_fen: Mapping[str, int],
    *,
    maximum_price_fen: int | None,
    shares: LowQuoteShares = LowQuoteShares(),
) -> LowQuoteReport:
    """Find the quotes that are so low that their bidders must explain them in writing.

    Shape    quotes by bid, of bids that passed eligibility; quotes above the maximum price leave
             the set first, because an invalid quote would lift the mean and hit honest bids.
    Units    whole fen; compared exactly, the mean is never rounded.
    Refuses  QuoteNotPositive for a quote of zero or less.
    Source   oracle 2 of docs/algorithms/scoring.md.
    """
    for bid_id in sorted(quotes_fen):
        if quotes_fen[bid_id] <= 0:
            raise QuoteNotPositive(bid=bid_id, quote_fen=quotes_fen[bid_id])
    over = {
        bid_id
        for bid_id, quote_fen in quotes_fen.items()
        if maximum_price_fen is not None and quote_fen > maximum_price_fen
    }
    responsive = {bid_id: fen for bid_id, fen in quotes_fen.items() if bid_id not in over}
    lines_fen = _lines_fen(sorted(responsive.values()), maximum_price_fen, shares)
    low_quotes = []
    for bid_id in sorted(responsive):
        quote_fen = responsive[bid_id]
        hits = {rule: line for rule, line in lines_fen.items() if quote_fen < line}
        if hits:
            low_quotes.append(LowQuote(bid_id=bid_id, quote_fen=quote_fen, hits=hits))
    return LowQuoteReport(
        lines_fen=lines_fen, over_maximum=tuple(sorted(over)), low_quotes=tuple(low_quotes)
    )


def _lines_fen(
    quotes_fen: Sequence[int], maximum_price_fen: int | None, shares: LowQuoteShares
) -> dict[LowQuoteRule, int]:
    lines: dict[LowQuoteRule, int] = {}
    if shares.mean_bps is not None and quotes_fen:
        mean = Fraction(sum(quotes_fen), len(quotes_fen))
        lines[LowQuoteRule.MEAN] = _line_fen(mean, shares.mean_bps)
    if shares.second_lowest_bps is not None and len(quotes_fen) > 1:
        second = Fraction(quotes_fen[1])
        lines[LowQuoteRule.SECOND_LOWEST] = _line_fen(second, shares.second_lowest_bps)
    if shares.maximum_bps is not None and maximum_price_fen is not None:
        maximum = Fraction(maximum_price_fen)
        lines[LowQuoteRule.MAXIMUM] = _line_fen(maximum, shares.maximum_bps)
    return lines


def _line_fen(price: Fraction, share_bps: int) -> int:
    # A whole quote is less than the line exactly if it is less than the line lifted to a fen.
    return -(-price * share_bps // BPS_WHOLE)
