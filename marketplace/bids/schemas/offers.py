"""The shapes of an offer on the wire: what is sent, and what is shown once it was opened."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import Field, StringConstraints

from marketplace.bids.rules.consortia import AGREEMENT
from marketplace.bids.rules.offer import (
    LIABILITY,
    Bond,
    BondKind,
    Consortium,
    Deduction,
    Item,
    Line,
    Member,
    Offer,
    PriceSheet,
    Statement,
    Subcontract,
)
from marketplace.kit.money import CURRENCY
from marketplace.wire.shapes import (
    BilingualIn,
    BilingualOut,
    Bps,
    Code,
    DecimalText,
    In,
    Out,
    ShortText,
    Truth,
    WholeFen,
    WholeNumber,
)

FIGURES_MAX = 50
DEDUCTIONS_MAX = 5
DECLARATIONS_MAX = 20
LINES_MAX = 500
MEMBERS_MAX = 20
SUBCONTRACTS_MAX = 20
NAMED_MAX = 50

Summary = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]
UnitText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
WordsText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


def _plain(value: Decimal) -> str:
    return format(value, "f")


class DeductionIn(In):
    """A price deduction that is claimed, for evaluation only."""

    policy: Code
    bps: Bps


class LineIn(In):
    """One line of a price sheet."""

    item: BilingualIn
    unit: UnitText
    quantity: DecimalText
    unit_price_fen: WholeFen
    line_total_fen: WholeFen


class PriceSheetIn(In):
    """The price in detail; `total_words` is the price of the opening sheet in words (大写)."""

    lines: list[LineIn] = Field(default_factory=list, max_length=LINES_MAX)
    total_fen: WholeFen
    total_words: WordsText

    def value(self) -> PriceSheet:
        """Turn the request into the value of the rules."""
        return PriceSheet(
            total_fen=self.total_fen,
            total_words=self.total_words,
            lines=tuple(
                Line(
                    item=Item(zh=one.item.zh, en=one.item.en),
                    unit=one.unit,
                    quantity=_plain(one.quantity),
                    unit_price_fen=one.unit_price_fen,
                    line_total_fen=one.line_total_fen,
                )
                for one in self.lines
            ),
        )


class MemberIn(In):
    """One member of a consortium besides its lead, with its share and what it does."""

    organization_id: UUID
    share_bps: Bps
    part: ShortText


class ConsortiumIn(In):
    """Several who bid as one; the lead is whoever makes the bid."""

    lead_share_bps: Bps
    members: list[MemberIn] = Field(min_length=1, max_length=MEMBERS_MAX)
    agreement: Code = AGREEMENT
    """The type of the document in which all have agreed."""
    liability: Code = LIABILITY

    def value(self) -> Consortium:
        """Turn the request into the value of the rules."""
        return Consortium(
            lead_share_bps=self.lead_share_bps,
            members=tuple(
                Member(
                    organization_id=str(one.organization_id),
                    share_bps=one.share_bps,
                    part=one.part,
                )
                for one in self.members
            ),
            agreement=self.agreement,
            liability=self.liability,
        )


class SubcontractIn(In):
    """A part of the work that somebody else will do."""

    subject: ShortText
    share_bps: Bps
    small_or_micro: Truth = False
    to: ShortText | None = None
    """Who it is, if that is known."""


class BondIn(In):
    """The paper behind a bid; cash is not taken."""

    kind: BondKind
    issuer: ShortText
    number: ShortText
    amount_fen: WholeFen
    valid_until: dt.date


class StatementIn(In):
    """A declaration in the words of one published version, see `GET /v1/declaration-templates`."""

    code: Code
    text_version: Annotated[WholeNumber, Field(ge=1, le=1_000)]
    named: list[ShortText] = Field(default_factory=list, max_length=NAMED_MAX)
    """Whom a statement about interests or relations discloses."""
    size_class: Code | None = None


class OfferIn(In):
    """What is offered; everything in here is sealed until the opening."""

    quote_fen: WholeFen | None = None
    deductions: list[DeductionIn] = Field(default_factory=list, max_length=DEDUCTIONS_MAX)
    figures: dict[Code, DecimalText] = Field(default_factory=dict, max_length=FIGURES_MAX)
    """The declared figure of every criterion that is scored by formula."""
    declarations: list[Code] = Field(default_factory=list, max_length=DECLARATIONS_MAX)
    """`integrity`, `interest` and `related_party`; with a deduction also `sme`."""
    summary: Summary = ""
    statements: list[StatementIn] = Field(default_factory=list, max_length=DECLARATIONS_MAX)
    """The same declarations with the version that was signed and what was filled in."""
    price_sheet: PriceSheetIn | None = None
    consortium: ConsortiumIn | None = None
    subcontracts: list[SubcontractIn] = Field(default_factory=list, max_length=SUBCONTRACTS_MAX)
    bond: BondIn | None = None

    def offer(self) -> Offer:
        """Turn the request into the value the action takes."""
        return Offer(
            quote_fen=self.quote_fen,
            deductions=tuple(Deduction(policy=one.policy, bps=one.bps) for one in self.deductions),
            figures={code: _plain(value) for code, value in self.figures.items()},
            declarations=frozenset(self.declarations),
            summary=self.summary,
            statements=tuple(
                Statement(
                    code=one.code,
                    text_version=one.text_version,
                    named=tuple(one.named),
                    size_class=one.size_class,
                )
                for one in self.statements
            ),
            price_sheet=None if self.price_sheet is None else self.price_sheet.value(),
            consortium=None if self.consortium is None else self.consortium.value(),
            subcontracts=tuple(Subcontract(**one.model_dump()) for one in self.subcontracts),
            bond=None if self.bond is None else _bond(self.bond),
        )


def _bond(given: BondIn) -> Bond:
    return Bond(
        kind=given.kind,
        issuer=given.issuer,
        number=given.number,
        amount_fen=given.amount_fen,
        valid_until=given.valid_until.isoformat(),
    )


class DeductionOut(Out, frozen=True, kw_only=True):
    """A price deduction that was claimed."""

    policy: str
    bps: int


class LineOut(Out, frozen=True, kw_only=True):
    """One line of a price sheet."""

    item: BilingualOut
    unit: str
    quantity: str
    unit_price_fen: int
    line_total_fen: int


class PriceSheetOut(Out, frozen=True, kw_only=True):
    """The price in detail."""

    total_fen: int
    total_words: str
    lines: list[LineOut] = msgspec.field(default_factory=list)


class MemberOut(Out, frozen=True, kw_only=True):
    """One member of a consortium besides its lead."""

    organization_id: UUID
    share_bps: int
    part: str


class ConsortiumOut(Out, frozen=True, kw_only=True):
    """Several who bid as one."""

    lead_share_bps: int
    members: list[MemberOut]
    agreement: str
    liability: str


class SubcontractOut(Out, frozen=True, kw_only=True):
    """A part of the work that somebody else will do."""

    subject: str
    share_bps: int
    small_or_micro: bool
    to: str | None = None


class BondOut(Out, frozen=True, kw_only=True):
    """The paper behind a bid."""

    kind: str
    issuer: str
    number: str
    amount_fen: int
    valid_until: dt.date


class StatementOut(Out, frozen=True, kw_only=True):
    """A declaration in the words of one published version."""

    code: str
    text_version: int
    named: list[str] = msgspec.field(default_factory=list)
    size_class: str | None = None


class OfferOut(Out, frozen=True, kw_only=True, omit_defaults=True):
    """An opened offer; a part that was not offered does not stand in it."""

    quote_fen: int | None
    currency: str
    deductions: list[DeductionOut]
    figures: dict[str, str]
    declarations: list[str]
    summary: str
    statements: list[StatementOut] = msgspec.field(default_factory=list)
    price_sheet: PriceSheetOut | None = None
    consortium: ConsortiumOut | None = None
    subcontracts: list[SubcontractOut] = msgspec.field(default_factory=list)
    bond: BondOut | None = None

    @classmethod
    def of(cls, document: dict[str, Any]) -> "OfferOut":
        """Read the offer that was sealed."""
        return msgspec.convert(document | {"currency": CURRENCY}, cls)
