"""What is said of submissions and boards; before the opening to the solver alone."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackGiven(Event):
    """A file sent before the bid deadline was measured on the public split."""

    TYPE = "submission.feedback_given"
    SUBJECT = "bid_id"
    # Before the opening nobody but its solver may know that there is a bid.
    VISIBILITY = Visibility.SEALED

    bid_id: UUID
    submission_id: UUID
    criterion: str
    metric: str
    public_value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackEnded(Event):
    """A file sent before the bid deadline ended without a value; its attempt was given back."""

    TYPE = "submission.feedback_ended"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.SEALED

    bid_id: UUID
    submission_id: UUID
    criterion: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionEnded(Event):
    """A submission was refused, cancelled, lost or disqualified: it has no value that counts."""

    TYPE = "submission.ended"
    SUBJECT = "bid_id"
    VISIBILITY = Visibility.OWNER

    bid_id: UUID
    submission_id: UUID
    criterion: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardChanged(Event):
    """A leaderboard that its participants may see has changed."""

    TYPE = "leaderboard.changed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.PARTICIPANTS

    scenario_id: UUID
    criterion: str
    phase: str
    number: int
    """The version of the board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaderboardChangedInConfidence(Event):
    """A leaderboard has changed that only those who watch the call may see."""

    TYPE = "leaderboard.changed_in_confidence"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    criterion: str
    phase: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RescoringCommitted(Event):
    """Every stored submission of a criterion now counts by a newer hidden set."""

    TYPE = "rescoring.committed"
    SUBJECT = "scenario_id"
    VISIBILITY = Visibility.INTERNAL

    scenario_id: UUID
    rescoring_id: UUID
    criterion: str
    reason: str
    measured: int
    moved: int
    preview_sha256: str
