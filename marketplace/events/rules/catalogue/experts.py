"""What is said about the expert pool; ties are told as facts of existence, never as contents."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertChanged(Event):
    """An expert entered the pool, or what the pool knows of them was changed."""

    TYPE = "expert.changed"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertTieRecorded(Event):
    """A tie of an expert was declared, recorded or ended; to whom, the pool tells."""

    TYPE = "expert.tie_recorded"
    SUBJECT = "person_id"
    VISIBILITY = Visibility.INTERNAL

    person_id: UUID
    tie_id: UUID
    kind: str
