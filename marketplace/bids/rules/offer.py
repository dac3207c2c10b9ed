"""What a bidder offers: one frozen value, written and read in one form.

The form is that of the request which brings it, and of the plaintext that is sealed: whatever is
not offered does not stand in it, so a bidder who knows their own offer can write it again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

import msgspec

from marketplace.bids.errors.sealing import OfferUnreadable
from marketplace.kit.money import BPS_WHOLE, FEN_MAX

LIABILITY: Final = "joint_and_several"
"""How the members of a consortium are liable (政府采购法 第24条); nothing else is taken."""

BondKind = Literal["bank_guarantee", "insurance_policy", "guarantee_company"]
"""A bond is a paper that somebody else is good for; cash is not among them."""


# Bounds for whoever seals on their own machine, and is met for the first time at the opening.
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
_Short = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00]*$")]
_Fen = Annotated[int, msgspec.Meta(ge=0, le=FEN_MAX)]
_Bps = Annotated[int, msgspec.Meta(ge=0, le=BPS_WHOLE)]
_FEW: Final = msgspec.Meta(max_length=50)
LINES_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A price deduction that a bidder claims: for evaluation only."""

    policy: str
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a line of a price sheet is for."""

    zh: _Text
    en: _Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a price sheet.  `quantity` is an exact decimal, written as text."""

    item: Item
    unit: _Short
    quantity: _Short
    unit_price_fen: _Fen
    line_total_fen: _Fen


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSheet:
    """The price in detail.

    The opening sheet, which is read out, states the price in figures (`quote_fen` of the offer)
    and in words (`total_words`); the itemised sheet states its own total (`total_fen`) and lines.
    """

    total_fen: _Fen
    total_words: _Short
    lines: Annotated[tuple[Line, ...], msgspec.Meta(max_length=LINES_MAX)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of a consortium besides its lead, by organisation id, and what is its part."""

    organization_id: _Short
    share_bps: _Bps
    part: _Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Consortium:
    """Several who bid as one; the lead is whoever makes the bid."""

    lead_share_bps: _Bps
    members: Annotated[tuple[Member, ...], _FEW]
    agreement: _Short
    """The type of the document in which all have agreed."""
    liability: _Short = LIABILITY

    @property
    def whole(self) -> bool:
        """Tell whether every party has a share and the shares make a whole."""
        shares = (self.lead_share_bps, *(one.share_bps for one in self.members))
        return sum(shares) == BPS_WHOLE and min(shares) > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcontract:
    """A part of the work that somebody else will do; `to` names them, if that is known."""

    subject: _Text
    share_bps: _Bps
    small_or_micro: bool = False
    to: _Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """The paper behind a bid: who guarantees, for how much, until which day (as 2026-12-31)."""

    kind: BondKind
    issuer: _Text
    number: _Text
    amount_fen: _Fen
    valid_until: _Short


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A declaration in the words of one published version.

    `named` are the parties that a statement about interests or relations discloses; `size_class`
    is what a statement on the size of the firm says.
    """

    code: _Short
    text_version: int
    named: Annotated[tuple[_Text, ...], _FEW] = ()
    size_class: _Short | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a bidder offers; everything in here is sealed until the opening."""

    quote_fen: int | None = None
    deductions: tuple[Deduction, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    """Declared figures of `objective_formula` criteria, decimals as text."""
    declarations: frozenset[str] = frozenset()
    summary: str = ""
    statements: Annotated[tuple[Statement, ...], _FEW] = ()
    price_sheet: PriceSheet | None = None
    consortium: Consortium | None = None
    subcontracts: Annotated[tuple[Subcontract, ...], _FEW] = ()
    bond: Bond | None = None

    @property
    def declared(self) -> frozenset[str]:
        """Name every declaration that is made, by name alone or as a statement."""
        return self.declarations | {one.code for one in self.statements}

    @property
    def members(self) -> tuple[Member, ...]:
        """List the members besides the bidder; nobody where it bids alone."""
        return () if self.consortium is None else self.consortium.members

    def to_document(self) -> dict[str, Any]:
        """Write the offer as JSON values in its one form."""
        always: dict[str, Any] = {
            "quote_fen": self.quote_fen,
            "deductions": [{"policy": one.policy, "bps": one.bps} for one in self.deductions],
            "figures": dict(self.figures),
            "declarations": sorted(self.declarations),
            "summary": self.summary,
        }
        # Offers from before a part existed, and offers without it, have the same digest for ever.
        return always | {name: _plain(value) for name in LATER if (value := getattr(self, name))}

    @classmethod
    def from_document(cls, document: object) -> "Offer":
        """Read an offer that `to_document` or somebody else wrote.

        Refuses  OfferUnreadable with the path of the first field that is missing, unknown or of
                 the wrong type.
        """
        try:
            read = msgspec.convert(document, cls, strict=True)
        except (msgspec.ValidationError, TypeError) as unreadable:
            raise OfferUnreadable(at=str(unreadable)) from unreadable
        # A reader that drops what it does not know would change what was offered.
        if not isinstance(document, dict) or _unknown(document, read.to_document()):
            raise OfferUnreadable(at="unknown or repeated fields")
        return read


LATER: Final = ("statements", "price_sheet", "consortium", "subcontracts", "bond")
"""Parts that an offer may have since it can be more than a price."""


def _plain(value: object) -> Any:
    """Write a part, leaving out whatever is not stated in it."""
    return _stated(msgspec.to_builtins(value))


def _stated(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _stated(one) for name, one in value.items() if one is not None}
    return [_stated(one) for one in value] if isinstance(value, list | tuple) else value


def _unknown(given: Any, known: Any) -> bool:
    """Tell whether a document says something that its reading does not."""
    if isinstance(given, dict):
        stated = {name: one for name, one in given.items() if one not in (None, [], {})}
        return not isinstance(known, dict) or any(
            name not in known or _unknown(one, known[name]) for name, one in stated.items()
        )
    if isinstance(given, list):
        both = isinstance(known, list) and len(known) == len(given)
        return not both or any(_unknown(*pair) for pair in zip(given, known, strict=True))
    return False
