"""The shapes of the replay room on the wire."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.events.rules.hearing import PATTERN_LENGTH_MAX
from marketplace.replays.actions import Range
from marketplace.replays.rules.lifecycle import ReplayState
from marketplace.replays.tables import Replay
from marketplace.wire.shapes import In, Moment, Out

EVENT_TYPES_MAX = 50

EventType = Annotated[str, StringConstraints(min_length=1, max_length=PATTERN_LENGTH_MAX)]


class ReplayIn(In):
    """What an endpoint shall hear again."""

    from_at: Moment | None = None
    """The first moment; it or `from_event_id` is needed."""
    to_at: Moment | None = None
    """The first moment that is not in it; null: to the end of the log."""
    from_event_id: UUID | None = None
    """The first event; one that the endpoint may hear."""
    to_event_id: UUID | None = None
    """The last event."""
    event_types: Annotated[tuple[EventType, ...], Field(max_length=EVENT_TYPES_MAX)] = ()
    """Event types, or prefixes that end in `.*`; empty: all that the endpoint is subscribed to."""

    def range(self) -> Range:
        """Turn the request into the value the action takes."""
        return Range(
            from_at=self.from_at,
            to_at=self.to_at,
            from_event_id=self.from_event_id,
            to_event_id=self.to_event_id,
            event_types=self.event_types,
        )


class ReplayOut(Out, frozen=True, kw_only=True):
    """A range of the log that an endpoint hears again, and how far it has come."""

    id: UUID
    endpoint_id: UUID
    state: ReplayState
    total: int
    """How many events there were to hear when it was asked for; of a finished one, how many were
    replayed."""
    done: int
    """For how many a delivery was started again or made; never counted twice."""
    event_types: list[str]
    from_at: dt.datetime | None
    to_at: dt.datetime | None
    from_event_id: UUID | None
    to_event_id: UUID | None
    created_at: dt.datetime
    finished_at: dt.datetime | None

    @classmethod
    def of(cls, row: Replay) -> "ReplayOut":
        """Read one replay; places in the log are nobody's to know."""
        return cls(
            id=row.id,
            endpoint_id=row.endpoint_id,
            state=row.state,
            total=row.total,
            done=row.done,
            event_types=row.event_types,
            from_at=row.from_at,
            to_at=row.to_at,
            from_event_id=row.from_event_id,
            to_event_id=row.to_event_id,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )
