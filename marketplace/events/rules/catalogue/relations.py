"""What the relations room says: to the bureau and auditors only, for ties name third parties."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipEdgeRecorded(Event):
    """A tie between two parties was recorded."""

    TYPE = "ownership_edge.recorded"
    SUBJECT = "ownership_edge_id"
    VISIBILITY = Visibility.INTERNAL

    ownership_edge_id: UUID
    holder_party_id: UUID
    target_party_id: UUID
    kind: str
    share_bps: int | None
    valid_from: str
    """A day in Beijing, such as 2026-03-02."""
    valid_to: str | None
    """The first day on which it no longer holds; null: it was not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipEdgeEnded(Event):
    """A tie between two parties was ended."""

    TYPE = "ownership_edge.ended"
    SUBJECT = "ownership_edge_id"
    VISIBILITY = Visibility.INTERNAL

    ownership_edge_id: UUID
    valid_to: str
    """The first day on which it no longer holds."""
