"""What the webhook room remembers."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from marketplace.kit.tables import Row, Versioned, json_document, sealed, stored_bytes, text_enum
from marketplace.webhooks.rules.circuit import CONCURRENCY_DEFAULT
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why

_FINISHED = text("finished_at IS NOT NULL")

SIGNING_PLACE = "webhook_endpoint/{id}/secret"
"""One for both secrets: the present one becomes the one before by being moved, still sealed."""

_PENDING = text("state = 'pending'")
_IN_LINE = text("state = 'pending' AND line_id IS NOT NULL")


class Endpoint(Versioned, table=True):
    """An address that an organisation wants called.

    Its row is also the lock of its deliveries: whoever changes them holds it.
    """

    __tablename__ = "webhook_endpoint"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    registered_by: UUID | None = Field(default=None, foreign_key="person.id")
    """Whose rights decide what it hears beyond the organisation's own; null: the platform's."""
    hears_all: bool = Field(default=False)
    """Registered with the right to read every event; the person must still have it when told."""
    url: str = Field(max_length=2048)
    description: str = Field(default="", max_length=200)
    event_types: list[str] = json_document()
    """Types and `prefix.*` patterns; empty: everything it may hear."""
    sealed_secret: bytes = sealed(context=SIGNING_PLACE)
    sealed_secret_before: bytes | None = sealed(context=SIGNING_PLACE, default=None, nullable=True)
    """The secret before the last rotation; it signs as well until `before_until`."""
    before_until: dt.datetime | None = Field(default=None)
    state: EndpointState = Field(default=EndpointState.ACTIVE, sa_type=text_enum(EndpointState))
    stopped_by: Why | None = Field(default=None, sa_type=text_enum(Why), nullable=True)
    created_at: dt.datetime
    served_at: dt.datetime
    """When deliveries were last taken for it: who waited longest is served first."""
    failures: int = Field(default=0)
    """Failed attempts in a row, over all its deliveries."""
    failing_since: dt.datetime | None = Field(default=None)
    rests_until: dt.datetime | None = Field(default=None)
    concurrency_max: int = Field(default=CONCURRENCY_DEFAULT)
    """How many requests to it may be under way at a time, over all processes."""
    rate_per_second: int | None = Field(default=None)
    """How many requests it is sent in a second; null: as many as it takes."""
    paced_until: dt.datetime | None = Field(default=None)
    """When all that was taken for it will have been sent at that rate."""
    ordered: bool = Field(default=False)
    """Whether what is said of one subject is sent one after the other."""


class Delivery(Row, table=True):
    """One event owed to one endpoint; what is sent are the bytes of the event."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        Index(
            "ix_webhook_delivery_due",
            "endpoint_id",
            "next_at",
            "id",
            postgresql_where=_PENDING,
            sqlite_where=_PENDING,
        ),
        Index(
            "ix_webhook_delivery_line",
            "endpoint_id",
            "line_id",
            "line_number",
            postgresql_where=_IN_LINE,
            sqlite_where=_IN_LINE,
        ),
        Index("ix_webhook_delivery_log", "endpoint_id", "id"),
        Index(
            "ix_webhook_delivery_finished_at",
            "finished_at",
            postgresql_where=_FINISHED,
            sqlite_where=_FINISHED,
        ),
    )

    event_id: UUID = Field(foreign_key="event.id")
    """Also the `webhook-id` of every attempt."""
    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id")
    event_type: str = Field(max_length=64)
    line_id: UUID | None = Field(default=None)
    """The subject whose events are sent in order; null: this one waits for no other."""
    line_number: int | None = Field(default=None)
    """Its place in that order."""
    state: DeliveryState = Field(default=DeliveryState.PENDING, sa_type=text_enum(DeliveryState))
    next_at: dt.datetime | None
    """When it may be taken; while a worker has it, the end of the lease.  Null: when the one before
    it in its line has ended.
    """
    lease_token: UUID | None = Field(default=None)
    """Whose lease it is; only who shows it, with the number of the attempt, may record."""
    attempts: int = Field(default=0)
    """How often it was taken; numbers the attempts."""
    failures: int = Field(default=0)
    """Failed attempts since it was made or sent again by hand: its place in the schedule."""
    created_at: dt.datetime
    finished_at: dt.datetime | None = Field(default=None)


class Attempt(Row, table=True):
    """One try and what came of it."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    delivery_id: UUID = Field(foreign_key="webhook_delivery.id")
    number: int
    at: dt.datetime = Field(index=True)
    """When the result was recorded."""
    status: int | None = Field(default=None)
    """The receiver's answer; null: there was none."""
    reason: str | None = Field(default=None, max_length=32)
    """Why there was no answer."""
    detail: str | None = Field(default=None, max_length=200)
    duration_ms: int
    answer: bytes = stored_bytes(default=b"")
    """The first 2 KiB of the answer's body."""
    late: bool = Field(default=False)
    """The worker had lost its lease: the try is logged, and counts for nothing."""


class Removal(SQLModel, table=True):
    """One row: how much of the delivery log was removed because its time was over."""

    __tablename__ = "webhook_removal"

    id: int = Field(primary_key=True)
    deliveries: int = Field(sa_type=BigInteger)
    attempts: int = Field(sa_type=BigInteger)
    last_at: dt.datetime
    """When something was removed last."""
