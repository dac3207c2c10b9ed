"""The shapes of the bids room on the wire: the opening and its record."""

import datetime as dt
from uuid import UUID

from marketplace.bids.rules.sealed_offer import SealedBy
from marketplace.bids.schemas.documents import RecordedDocumentOut
from marketplace.bids.tables.bids import Opening
from marketplace.custody.rules.sides import How, Side
from marketplace.wire.shapes import Out


class OpeningOut(Out, frozen=True, kw_only=True):
    """The act of opening: requested by an officer, completed by a supervisor."""

    id: UUID
    scenario_id: UUID
    officer_id: UUID
    officer_how: How | None
    """By what right the officer's side was released."""
    requested_at: dt.datetime
    witness_id: UUID | None
    opened_at: dt.datetime | None
    record_sha256: str | None
    """Digest of the record that `GET …/opening` serves."""

    @classmethod
    def of(cls, row: Opening) -> "OpeningOut":
        """Read one opening."""
        return cls(
            id=row.id,
            scenario_id=row.scenario_id,
            officer_id=row.officer_id,
            officer_how=row.officer_how,
            requested_at=row.requested_at,
            witness_id=row.witness_id,
            opened_at=row.opened_at,
            record_sha256=row.record_sha256,
        )


class OpenedBidderOut(Out, frozen=True, kw_only=True):
    """A bidder as the record names them."""

    name: str
    uscc: str


class OpenedBidOut(Out, frozen=True, kw_only=True):
    """One line of the record."""

    bid: UUID
    bidder: OpenedBidderOut
    quote_fen: int | None
    content_number: int
    received_at: dt.datetime
    sealed_by: SealedBy
    sealed_sha256: str
    content_sha256: str
    excluded: str | None
    """Why the bid is out although it was opened, as a code; null while it is in."""
    documents: list[RecordedDocumentOut]


class ReleasedOut(Out, frozen=True, kw_only=True):
    """Who released which share, and by what right."""

    part: Side
    person: UUID
    side: Side
    """`recovery` where the recovery share stood in for the side's own."""
    how: How
    reason: str | None


class OpeningRecordOut(Out, frozen=True, kw_only=True):
    """The record of an opening; served as the bytes that were hashed."""

    kind: str
    scenario: str
    bid_deadline_at: dt.datetime
    opened_at: dt.datetime
    officer: UUID
    witness: UUID
    sealing_key: str
    released: list[ReleasedOut]
    bids: list[OpenedBidOut]
