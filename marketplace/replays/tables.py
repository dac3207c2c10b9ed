"""What the replay room remembers."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from marketplace.kit.tables import Row, json_document, text_enum
from marketplace.replays.rules.lifecycle import ReplayState


class Replay(Row, table=True):
    """A range of the log that an endpoint hears again, and how far it has come."""

    __tablename__ = "webhook_replay"

    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id", index=True)
    requested_by: UUID | None = Field(default=None, foreign_key="person.id")
    event_types: list[str] = json_document()
    """Types and `prefix.*` patterns; empty: all that the endpoint is subscribed to."""
    from_at: dt.datetime | None = Field(default=None)
    to_at: dt.datetime | None = Field(default=None)
    """The first moment that is not in it."""
    from_event_id: UUID | None = Field(default=None)
    to_event_id: UUID | None = Field(default=None)
    first_number: int = Field(sa_type=BigInteger)
    last_number: int = Field(sa_type=BigInteger)
    """The places in the log between which it lies, both in it; never told."""
    read_up_to: int = Field(sa_type=BigInteger)
    """The last place that was worked on."""
    state: ReplayState = Field(
        default=ReplayState.RUNNING, sa_type=text_enum(ReplayState), index=True
    )
    total: int
    """How many events there were to hear when it was asked for; of a finished one, how many were
    replayed."""
    done: int = Field(default=0)
    """For how many a delivery was started again or made."""
    created_at: dt.datetime
    worked_at: dt.datetime
    """When it was worked on last: who waited longest comes first."""
    finished_at: dt.datetime | None = Field(default=None)
