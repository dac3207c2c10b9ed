"""What the bids room says.  Nothing here is public before the opening."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class BidMoved(Event):
    """A bid changed its state; heard only by its own solver."""

    TYPE = "bid.moved"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.SEALED

    bid_id: UUID
    scenario_id: UUID
    verb: str
    state: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BidSubmitted(Event):
    """A sealed bid arrived in time; the receipt's digest is all that is told, and only to its
    solver.
    """

    TYPE = "bid.submitted"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.SEALED

    bid_id: UUID
    scenario_id: UUID
    content_version: int
    sealed_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BidsOpened(Event):
    """All timely bids of a call were opened in one act, in front of the named witnesses."""

    TYPE = "bids.opened"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PARTICIPANTS

    scenario_id: UUID
    opened: int
    record_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentUnsound(Event):
    """A document of an opened bid is not what was sealed; heard by its bidder and the bureau."""

    TYPE = "bid.document_unsound"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    scenario_id: UUID
    document: str
    finding: str
