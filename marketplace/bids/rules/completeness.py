"""Everything that speaks against an offer, all at once, each with its place in the offer.

An offer is sealed for weeks and ranked together with all others.  One that the ranking could not
take would stop it for everybody, so whatever no formula can take is refused before it is sealed.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.bids.errors.bids import (
    DeclarationMissing,
    FigureMissing,
    FigureUnfit,
    QuoteMissing,
    QuoteNotPositive,
)
from marketplace.bids.errors.offers import (
    BondMissing,
    BondNotAsked,
    BondUnfit,
    DocumentMissing,
    StatementUnfit,
)
from marketplace.bids.rules import consortia, price_sheets
from marketplace.bids.rules.consortia import Party
from marketplace.bids.rules.demand import Demand, demand_of
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.problems import Problem
from marketplace.bids.rules.statements import SME, VERSIONS
from marketplace.kit.money import BPS_WHOLE
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.yardstick import plain_number

DECLARATIONS: Final = ("integrity", "interest", "related_party")
"""What every bidder signs: truthfulness, conflicts of interest, relation to the poster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidder:
    """What is known besides the offer about who makes it, and about their papers."""

    size_class: str
    parties: Mapping[str, Party] | None = None
    """Every member that the offer names, by organisation id; None: nobody has looked."""
    documents: frozenset[str] | None = None
    """The types of the documents that are complete; None: nobody has looked."""
    opens_on: dt.date | None = None
    """The day on which the bids will be opened, as far as it is known."""


def problems(
    offer: Offer, bidder: Bidder, *, content: Content, profile: RuleProfile
) -> tuple[Problem, ...]:
    """Say everything that speaks against an offer, in the order of its fields.

    A quote above the maximum is no problem here: it is taken in, sealed, and found non-responsive
    after the opening; refusing it would tell the bidder's price to whoever watches.
    """
    demand = demand_of(content)
    return (
        *_quote(offer, profile, priced=demand.quote),
        *consortia.deductions(offer, bidder.size_class, bidder.parties, profile),
        *_figures(offer, demand),
        *_declarations(offer),
        *_statements(offer, bidder),
        *price_sheets.problems(offer, demand, profile),
        *consortia.problems(offer, demand, bidder.parties),
        *_bond(offer, demand, content, profile, bidder.opens_on),
        *_documents(demand, bidder.documents, offer),
    )


def _quote(offer: Offer, profile: RuleProfile, *, priced: bool) -> Iterator[Problem]:
    if offer.quote_fen is None:
        if priced:
            yield Problem("/quote_fen", QuoteMissing())
    elif offer.quote_fen <= 0 and (priced or profile.flag("reject_zero_price")):
        yield Problem("/quote_fen", QuoteNotPositive(quote_fen=offer.quote_fen))


def _declarations(offer: Offer) -> Iterator[Problem]:
    needed = {*DECLARATIONS} | ({SME} if offer.deductions else set())
    missing = sorted(needed - offer.declared)
    if missing:
        yield Problem("/declarations", DeclarationMissing(missing=missing))


def _statements(offer: Offer, bidder: Bidder) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, one in enumerate(offer.statements):
        known = one.text_version in VERSIONS.get(one.code, ())
        # A statement that names a size says the same as the register on that day, or is false.
        false = one.size_class is not None and one.size_class != bidder.size_class
        if not known or one.code in seen or false:
            yield Problem(
                f"/statements/{at}",
                StatementUnfit(
                    statement=one.code,
                    text_version=one.text_version,
                    known_versions=list(VERSIONS.get(one.code, ())),
                    size_class=bidder.size_class if false else None,
                ),
            )
        seen.add(one.code)


def _figures(offer: Offer, demand: Demand) -> Iterator[Problem]:
    if set(demand.figures) != set(offer.figures):
        yield Problem(
            "/figures",
            FigureMissing(expected=sorted(demand.figures), received=sorted(offer.figures)),
        )
    for code, formula in demand.figures.items():
        if code in offer.figures and not _fits(offer.figures[code], formula):
            received = offer.figures[code][:64]
            yield Problem(
                f"/figures/{code}",
                FigureUnfit(criterion=code, formula=formula, received=received),
            )


def _fits(text: str, formula: str | None) -> bool:
    """A ratio needs figures that something can be divided by."""
    number = plain_number(text)
    lowest = formula == "ratio_to_best_low"
    ratio = lowest or formula == "ratio_to_best_high"
    return not (number is None or (ratio and number < 0) or (lowest and number == 0))


def _bond(
    offer: Offer,
    demand: Demand,
    content: Content,
    profile: RuleProfile,
    opens_on: dt.date | None,
) -> Iterator[Problem]:
    """A bond is given where it is asked for, in full, and never above the limit of the law."""
    bond, asked_fen = offer.bond, demand.bond_fen
    if bond is None:
        if asked_fen:
            yield Problem("/bond", BondMissing(amount_fen=asked_fen))
        return
    if not asked_fen:
        yield Problem("/bond", BondNotAsked())
        return
    limit = "bid_bond_max_bps"
    over = profile.has(limit) and (
        bond.amount_fen * BPS_WHOLE > content.budget.ceiling_fen * profile.integer(limit)
    )
    if bond.amount_fen < asked_fen or over:
        yield Problem(
            "/bond/amount_fen", BondUnfit(amount_fen=bond.amount_fen, asked_fen=asked_fen)
        )
    until = _day(bond.valid_until)
    if until is None or (opens_on is not None and until < opens_on):
        yield Problem(
            "/bond/valid_until",
            BondUnfit(valid_until=bond.valid_until[:32], needed_until=opens_on),
        )


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _documents(demand: Demand, documents: frozenset[str] | None, offer: Offer) -> Iterator[Problem]:
    if documents is None:
        return
    needed = set(demand.requirements.documents)
    if offer.consortium is not None:
        needed.add(offer.consortium.agreement)
    if offer.bond is not None:
        needed.add("bond_guarantee")
    missing = sorted(needed - documents)
    if missing:
        yield Problem("/documents", DocumentMissing(missing=missing))
