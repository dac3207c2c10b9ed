"""The shapes of the bids room on the wire."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from marketplace.bids.actions.eligibility import Finding
from marketplace.bids.actions.receipts import Receipt
from marketplace.bids.queries.bids import Detail
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.bids.schemas.offers import OfferOut
from marketplace.bids.schemas.sealing import SignatureOut, signature_of
from marketplace.bids.tables.bids import Bid, BidVersion, EligibilityCheck
from marketplace.identity.tables.organizations import Organization
from marketplace.kit import envelopes
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.rules.choices import Choice
from marketplace.wire.shapes import (
    ActionsOut,
    BilingualOut,
    BlockedOut,
    Code,
    In,
    LongBilingualIn,
    Out,
)

QUALIFICATIONS_MAX = 50


def _truth(value: Any) -> Any:
    # Pydantic would take 1, "yes" and "off"; whoever judges a bid can write true or false.
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


class CheckedIn(In):
    """The answer to one qualification; a failed one needs a reason."""

    code: Code
    passed: Annotated[bool, BeforeValidator(_truth)]
    reason: LongBilingualIn | None = None


class EligibilityIn(In):
    """The answer to every qualification of the call."""

    items: list[CheckedIn] = Field(max_length=QUALIFICATIONS_MAX)

    def findings(self) -> list[Finding]:
        """Turn the request into the values the action takes."""
        return [
            Finding(
                code=one.code,
                passed=one.passed,
                reason=None if one.reason is None else one.reason.document(),
            )
            for one in self.items
        ]


class SolverOut(Out, frozen=True, kw_only=True):
    """Who bids."""

    id: UUID
    name: BilingualOut

    @classmethod
    def of(cls, row: Organization) -> "SolverOut":
        """Read one bidder."""
        return cls(id=row.id, name=BilingualOut(zh=row.name_zh, en=row.name_en))


class ExclusionOut(Out, frozen=True, kw_only=True):
    """Why a bid is out."""

    code: str
    reason: BilingualOut | None


class CheckedOut(Out, frozen=True, kw_only=True):
    """The answer to one qualification."""

    code: str
    passed: bool
    reason: BilingualOut | None


class EligibilityOut(Out, frozen=True, kw_only=True):
    """The answer to every qualification, and when it was given."""

    checked_at: dt.datetime
    items: list[CheckedOut]

    @classmethod
    def of(cls, row: EligibilityCheck) -> "EligibilityOut":
        """Read one check."""
        return cls(
            checked_at=row.checked_at,
            items=[
                CheckedOut(code=one["code"], passed=one["passed"], reason=_bilingual(one["reason"]))
                for one in row.items
            ],
        )


class BidItemOut(Out, frozen=True, kw_only=True):
    """A bid in a list."""

    id: UUID
    version: int
    solver: SolverOut
    state: BidState
    submitted_at: dt.datetime | None
    quote_fen: int | None
    """Null until the opening, for everybody."""

    @classmethod
    def of(cls, row: Bid, solver: Organization) -> "BidItemOut":
        """Read one row."""
        return cls(
            id=row.id,
            version=row.version,
            solver=SolverOut.of(solver),
            state=row.state,
            submitted_at=row.submitted_at,
            quote_fen=row.quote_fen,
        )


class BidOut(Out, frozen=True, kw_only=True):
    """One organisation's part in one call, and what the caller may do with it."""

    id: UUID
    version: int
    scenario_id: UUID
    solver: SolverOut
    state: BidState
    content_number: int
    """Which sealed version counts; 0 while nothing is sealed."""
    reading_public_key: str | None
    """To which every sealed content is closed beside the key of the call."""
    created_at: dt.datetime
    submitted_at: dt.datetime | None
    offer: OfferOut | None
    """Null until the opening, for the bidder as well: the seal has one moment and no other."""
    eligibility: EligibilityOut | None
    exclusion: ExclusionOut | None
    actions: ActionsOut

    @classmethod
    def of(cls, found: Detail, *, english: bool) -> "BidOut":
        """Read one bid as its caller may see it."""
        row, check = found.row, found.eligibility
        return cls(
            id=row.id,
            version=row.version,
            scenario_id=row.scenario_id,
            solver=SolverOut.of(found.solver),
            state=row.state,
            content_number=row.content_number,
            reading_public_key=(
                None
                if row.reading_public_key is None
                else envelopes.to_text(row.reading_public_key)
            ),
            created_at=row.created_at,
            submitted_at=row.submitted_at,
            offer=None if row.offer is None else OfferOut.of(row.offer),
            eligibility=None if check is None else EligibilityOut.of(check),
            exclusion=_exclusion(row),
            actions=_actions(found.choices, english=english),
        )


class BegunOut(BidOut, frozen=True, kw_only=True):
    """A bid that was just begun."""

    reading_key: str | None
    """The private key that reads your own offer until the deadline: shown this once and kept
    nowhere.  Null where you gave a public key of your own."""

    @classmethod
    def begun(cls, bid: BidOut, *, reading_key: bytes | None) -> "BegunOut":
        """Read a new bid, with its key."""
        text = None if reading_key is None else envelopes.to_text(reading_key)
        return cls(**{name: getattr(bid, name) for name in bid.__struct_fields__}, reading_key=text)


class ReceiptOut(Out, frozen=True, kw_only=True):
    """What proves that an offer was sealed, and when."""

    bid_id: UUID
    content_number: int
    scenario_content_version: int
    """The content of the call the offer answers."""
    received_at: dt.datetime
    """Server time of acceptance."""
    sealed_sha256: str
    content_sha256: str
    """Digest of the canonical JSON of `{"offer": ..., "salt": ...}`."""
    sealed_by: SealedBy
    signed: SignatureOut | None
    """Null under receipts that are older than signatures."""

    @classmethod
    def of(cls, row: BidVersion) -> "ReceiptOut":
        """Read one sealed version."""
        return cls(
            bid_id=row.bid_id,
            content_number=row.number,
            scenario_content_version=row.scenario_content_version,
            received_at=row.received_at,
            sealed_sha256=row.sealed_sha256,
            content_sha256=row.content_sha256,
            sealed_by=row.sealed_by,
            signed=signature_of(row),
        )


class SaltedReceiptOut(Out, frozen=True, kw_only=True):
    """A receipt with the salt in it: shown once, to whoever sealed the offer."""

    bid_id: UUID
    scenario_number: str
    content_number: int
    received_at: dt.datetime
    sealed_sha256: str
    content_sha256: str
    salt: str | None
    """With it and your offer you can compute `content_sha256`; without it nobody can guess.
    Null where your own client drew it."""
    signed: SignatureOut

    @classmethod
    def of(cls, receipt: Receipt) -> "SaltedReceiptOut":
        """Read a new receipt."""
        return cls(
            bid_id=receipt.bid_id,
            scenario_number=receipt.scenario_number,
            content_number=receipt.content_number,
            received_at=receipt.received_at,
            sealed_sha256=receipt.sealed_sha256,
            content_sha256=receipt.content_sha256,
            salt=receipt.salt,
            signed=SignatureOut.of(receipt.signed),
        )


class SealedOut(Out, frozen=True, kw_only=True):
    """A bid that was just sealed, and its receipt."""

    bid: BidOut
    receipt: SaltedReceiptOut
    documents: list[dict[str, str]]
    """What is sealed with the offer as `documents`, unless it is empty: with offer and salt it
    makes `content_sha256`.  Of an offer that you sealed: what yours should have named."""


def _bilingual(text: dict[str, str] | None) -> BilingualOut | None:
    return None if text is None else BilingualOut(zh=text["zh"], en=text.get("en"))


def _exclusion(row: Bid) -> ExclusionOut | None:
    if row.exclusion is None:
        return None
    return ExclusionOut(code=row.exclusion, reason=_bilingual(row.exclusion_reason))


def _actions(choices: tuple[Choice, ...], *, english: bool) -> ActionsOut:
    """Write what a caller may do, and why not the rest, in the caller's language."""

    def title(refusal: MarketplaceError) -> str:
        return refusal.title_en if english else refusal.title_zh

    return ActionsOut(
        allowed=[one.action for one in choices if one.refusal is None],
        blocked=[
            BlockedOut(action=one.action, code=one.refusal.code, title=title(one.refusal))
            for one in choices
            if one.refusal is not None
        ],
    )
