"""What is known of an opened bid, its bidder and its documents, as far as it is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One document of a bid: its digest, and what it tells of its making."""

    document: str
    type: str
    sha256: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BidFacts:
    """Everything about one opened bid and its bidder that is compared with the others."""

    bid: str
    names: tuple[str, ...] = ()
    """Of the bidder, as another's file might name it."""
    phone: str | None = None
    email: str | None = None
    contact: str | None = None
    people: frozenset[str] = frozenset()
    """Who began or sealed the bid."""
    members: frozenset[str] = frozenset()
    """Who belongs to the bidder."""
    address: str | None = None
    """Fingerprint of the line from which the offer was sealed."""
    bank_account: str | None = None
    """Fingerprint."""
    files: tuple[FileFacts, ...] = ()
    bond: tuple[str, str] | None = None
    """Issuer and number."""
    quote_fen: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    """Unit prices by item."""
    text: str = ""


def document_of(bids: Sequence[BidFacts]) -> list[dict[str, Any]]:
    """Write the facts as JSON values in their one form, so that they can be hashed."""
    return [_document(one) for one in sorted(bids, key=lambda one: one.bid)]


def _document(one: BidFacts) -> dict[str, Any]:
    return {
        "bid": one.bid,
        "names": list(one.names),
        "contact": [one.phone, one.email, one.contact],
        "people": sorted(one.people),
        "members": sorted(one.members),
        "fingerprints": [one.address, one.bank_account],
        "files": [
            [file.document, file.type, file.sha256, dict(file.properties)] for file in one.files
        ],
        "bond": None if one.bond is None else list(one.bond),
        "quote_fen": one.quote_fen,
        "lines": dict(one.lines),
        "text": one.text,
    }
