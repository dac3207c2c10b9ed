"""What is said of inference endpoints; before the opening to their solver alone."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAsked(Event):
    """The calls of a submission are over: its endpoint answered, or it did not."""

    TYPE = "submission.endpoint_asked"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    submission_id: UUID
    criterion: str
    rows: int
    """Inputs that were sent."""
    rows_failed: int
    """Of these, without a prediction."""
    evidence_sha256: str
    """Digest of the file of all answers as they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAskedInFeedback(Event):
    """The calls of a submission that was made before the bid deadline are over."""

    TYPE = "submission.endpoint_asked_in_feedback"
    SUBJECT = "bid_id"
    # Before the opening nobody but its solver may know that there is a bid.
    VISIBILITY = Visibility.SEALED

    bid_id: UUID
    submission_id: UUID
    criterion: str
    rows: int
    rows_failed: int
    evidence_sha256: str
