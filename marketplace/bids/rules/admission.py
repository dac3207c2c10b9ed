"""What makes an offer admissible: the call, the offer and the time come in, a refusal comes out.

An offer is sealed for weeks and ranked together with all others.  One that the ranking could not
take would stop it for everybody, so whatever no formula can take is refused before it is sealed.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.bids.errors.bids import (
    CallClosed,
    DeclarationMissing,
    DeductionNotAllowed,
    FigureMissing,
    FigureUnfit,
    OfferNoLongerFits,
    QuoteMissing,
    QuoteNotPositive,
)
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.yardstick import plain_number

DECLARATIONS: Final = ("integrity", "interest", "related_party")
"""What every bidder signs: truthfulness, conflicts of interest, relation to the poster."""
SME_DECLARATION: Final = "sme"
SMALL_FIRM: Final = "small_firm"
SMALL_SIZES: Final = frozenset({"small", "micro"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A price deduction that a bidder claims: for evaluation only."""

    policy: str
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a bidder offers; everything in here is sealed until the opening."""

    quote_fen: int | None = None
    deductions: tuple[Deduction, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    """Declared figures of `objective_formula` criteria, decimals as text."""
    declarations: frozenset[str] = frozenset()
    summary: str = ""

    def to_document(self) -> dict[str, Any]:
        """Write the offer as JSON values in its one form."""
        return {
            "quote_fen": self.quote_fen,
            "deductions": [{"policy": one.policy, "bps": one.bps} for one in self.deductions],
            "figures": dict(self.figures),
            "declarations": sorted(self.declarations),
            "summary": self.summary,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Offer":
        """Read an offer that `to_document` wrote."""
        return cls(
            quote_fen=document["quote_fen"],
            deductions=tuple(Deduction(**one) for one in document["deductions"]),
            figures=document["figures"],
            declarations=frozenset(document["declarations"]),
            summary=document["summary"],
        )


def check_open(closes_at: dt.datetime | None, now: dt.datetime) -> None:
    """Refuse whatever comes at or after the deadline, whatever any stored state says.

    Shape    None: no deadline runs out while a suspension without an end holds the clock.
    """
    if closes_at is not None and now >= closes_at:
        raise CallClosed(bid_deadline_at=closes_at, received_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an offer must contain to be compared with the others on a call."""

    quote: bool
    figures: Mapping[str, str | None]
    """The formula of each figure that is declared, by criterion."""


def demand_of(content: Content) -> Demand:
    """Read from a call what its offers must contain."""
    scheme = content.scoring
    priced = scheme.method == "lowest_price" or "lower_evaluated_price" in scheme.tie_breaks
    return Demand(
        quote=priced or any(one.kind == "price_low_first" for one in content.criteria),
        figures={
            one.code: one.formula for one in content.criteria if one.kind == "objective_formula"
        },
    )


def check_still_fits(sealed_under: Content, amended: Content) -> None:
    """Refuse to confirm an offer that lacks what the amended call asks for; nobody can look inside.

    Refuses  OfferNoLongerFits where a quote is newly asked for, or other figures are.
    """
    old, new = demand_of(sealed_under), demand_of(amended)
    if (new.quote and not old.quote) or old.figures != new.figures:
        raise OfferNoLongerFits(quote=new.quote, figures=sorted(new.figures))


def admit(offer: Offer, *, content: Content, profile: RuleProfile, size_class: str) -> None:
    """Refuse an offer that could not be compared with the others.

    Refuses  QuoteMissing, QuoteNotPositive, DeclarationMissing, FigureMissing, FigureUnfit,
             DeductionNotAllowed.
             A quote above the maximum is taken in, sealed, and found non-responsive after the
             opening: refusing it here would tell the bidder's price to whoever watches.
    """
    demand = demand_of(content)
    _check_quote(offer, profile, priced=demand.quote)
    needed = {*DECLARATIONS} | ({SME_DECLARATION} if offer.deductions else set())
    missing = sorted(needed - offer.declarations)
    if missing:
        raise DeclarationMissing(missing=missing)
    if set(demand.figures) != set(offer.figures):
        raise FigureMissing(expected=sorted(demand.figures), received=sorted(offer.figures))
    for code, formula in demand.figures.items():
        _check_figure(code, offer.figures[code], formula)
    for deduction in offer.deductions:
        _check_deduction(deduction, profile, size_class)
    policies = [one.policy for one in offer.deductions]
    if len(policies) != len(set(policies)):
        # Policies add up: the same one twice would be a larger deduction than the rules have.
        raise DeductionNotAllowed(policies=sorted(policies))


def _check_quote(offer: Offer, profile: RuleProfile, *, priced: bool) -> None:
    if offer.quote_fen is None:
        if priced:
            raise QuoteMissing()
        return
    if offer.quote_fen <= 0 and (priced or profile.flag("reject_zero_price")):
        raise QuoteNotPositive(quote_fen=offer.quote_fen)


def _check_figure(code: str, text: str, formula: str | None) -> None:
    """A ratio needs figures that something can be divided by."""
    number = plain_number(text)
    lowest = formula == "ratio_to_best_low"
    ratio = lowest or formula == "ratio_to_best_high"
    if number is None or (ratio and number < 0) or (lowest and number == 0):
        raise FigureUnfit(criterion=code, formula=formula, received=text[:64])


def _check_deduction(deduction: Deduction, profile: RuleProfile, size_class: str) -> None:
    """The size of the firm at declaration decides, and the rate lies in the range of the rules."""
    name = "deduction_small_range_bps"
    facts = {"policy": deduction.policy, "bps": deduction.bps, "size_class": size_class}
    if deduction.policy != SMALL_FIRM or size_class not in SMALL_SIZES or not profile.has(name):
        raise DeductionNotAllowed(**facts)
    lowest, highest = profile.bps_range(name)
    if not lowest <= deduction.bps <= highest:
        raise DeductionNotAllowed(**facts, allowed_bps=[lowest, highest])
