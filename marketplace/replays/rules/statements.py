"""What the replay room says in the event log."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequested(Event):
    """The owner of an endpoint asked to hear a range of the log again."""

    TYPE = "webhook.replay_requested"
    SUBJECT = "webhook_replay_id"
    # How much there was to hear may include what is sealed: its owner alone may know of it.
    VISIBILITY = Visibility.SEALED

    webhook_replay_id: UUID
    webhook_endpoint_id: UUID
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayMoved(Event):
    """A replay came to its end, or was cancelled."""

    TYPE = "webhook.replay_moved"
    SUBJECT = "webhook_replay_id"
    VISIBILITY = Visibility.SEALED

    webhook_replay_id: UUID
    webhook_endpoint_id: UUID
    verb: str
    state: str
    done: int
