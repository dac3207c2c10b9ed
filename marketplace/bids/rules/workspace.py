"""What a bid still needs before it can be sealed, as far as anybody but its bidder can tell.

What stands in an offer is known to its bidder only.  So of those parts the list says what is asked
for, and they are checked by sending the offer to be looked at, not kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from marketplace.bids.rules.completeness import DECLARATIONS
from marketplace.bids.rules.demand import demand_of
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.statements import SME
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.rules.content import Content


class Met(StrEnum):
    """Whether something that is asked for is there."""

    YES = "yes"
    NO = "no"
    IN_THE_OFFER = "in_the_offer"
    """Belongs into the offer, which nobody keeps readable: check it to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing on the list; `detail` says how much of it, or which."""

    code: str
    met: Met
    pointer: str | None = None
    """Where it stands in an offer; None for what is no part of one."""
    detail: Mapping[str, object]
    refusal: MarketplaceError | None = None
    """Why it is not met, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the platform knows of a bid without looking into its offer."""

    state: BidState
    content_number: int
    standing: MarketplaceError | None
    """Why the bidder may not take part today, if so."""
    documents: frozenset[str] | None
    """The types of the documents that are complete; None: they are not kept by the platform."""
    invited: int
    """Members that were asked and have not answered."""
    agreed: int
    """Members that have agreed."""


def checklist(known: Known, content: Content) -> tuple[Point, ...]:
    """List what the call asks for, in the order in which a bidder would do it."""
    return (
        Point(
            code="standing",
            met=Met.YES if known.standing is None else Met.NO,
            detail={},
            refusal=known.standing,
        ),
        *_offer(content),
        *_documents(known, content),
        *_consortium(known, content),
        Point(
            code="sealed",
            met=Met.YES if known.content_number else Met.NO,
            detail={"content_number": known.content_number},
        ),
        Point(
            code="reconfirmed",
            met=Met.NO if known.state is BidState.NEEDS_RECONFIRM else Met.YES,
            detail={},
        ),
    )


def _offer(content: Content) -> Iterator[Point]:
    demand = demand_of(content)
    if demand.quote:
        yield _inside("quote", "/quote_fen", max_price_fen=content.budget.max_price_fen)
    if demand.requirements.price_sheet:
        yield _inside("price_sheet", "/price_sheet/lines", lines_min=1)
    if demand.figures:
        yield _inside("figures", "/figures", figures=sorted(demand.figures))
    yield _inside("declarations", "/declarations", codes=[*DECLARATIONS], with_a_deduction=[SME])
    if demand.bond_fen:
        yield _inside("bond", "/bond", amount_fen=demand.bond_fen)


def _documents(known: Known, content: Content) -> Iterator[Point]:
    for code in content.offer_requirements.documents:
        there = known.documents is not None and code in known.documents
        yield Point(
            code="document", met=Met.YES if there else Met.NO, detail={"document_type": code}
        )


def _consortium(known: Known, content: Content) -> Iterator[Point]:
    """Nobody has to bid together; but whoever has asked somebody waits for the answer."""
    if content.offer_requirements.consortium_members_max and (known.invited or known.agreed):
        yield Point(
            code="consortium",
            met=Met.NO if known.invited else Met.YES,
            pointer="/consortium",
            detail={"agreed": known.agreed, "unanswered": known.invited},
        )


def _inside(code: str, pointer: str, **detail: object) -> Point:
    return Point(code=code, met=Met.IN_THE_OFFER, pointer=pointer, detail=detail)
