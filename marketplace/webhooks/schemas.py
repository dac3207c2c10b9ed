"""The shapes of the webhook room on the wire."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from marketplace.events.rules.hearing import PATTERN_LENGTH_MAX
from marketplace.kit.addresses import LENGTH_MAX
from marketplace.webhooks.actions.endpoints import Pace, Subscription, WithSecret
from marketplace.webhooks.queries.keeping import Kept
from marketplace.webhooks.rules.circuit import CONCURRENCY_DEFAULT, CONCURRENCY_MAX
from marketplace.webhooks.rules.lifecycle import DeliveryState, EndpointState, Why
from marketplace.webhooks.rules.pacing import RATE_MAX
from marketplace.webhooks.tables import Attempt, Delivery, Endpoint
from marketplace.wire.shapes import In, Out

EVENT_TYPES_MAX = 50

EventType = Annotated[str, StringConstraints(min_length=1, max_length=PATTERN_LENGTH_MAX)]


class EndpointIn(In):
    """An address that your organisation wants called."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=LENGTH_MAX)]
    """An https address that is reachable from the internet."""
    event_types: Annotated[tuple[EventType, ...], Field(max_length=EVENT_TYPES_MAX)] = ()
    """Event types, or prefixes that end in `.*`; empty: everything you may hear."""
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""

    concurrency_max: Annotated[int, Field(ge=1, le=CONCURRENCY_MAX)] = CONCURRENCY_DEFAULT
    """How many requests may be under way at a time."""
    rate_per_second: Annotated[int, Field(ge=1, le=RATE_MAX)] | None = None
    """How many requests are sent in a second; null: as many as the endpoint takes."""
    ordered: bool = False
    """Whether what is said of one subject is sent one after the other, in its order."""

    def subscription(self) -> Subscription:
        """Turn the request into the value the action takes."""
        return Subscription(
            url=self.url,
            event_types=self.event_types,
            description=self.description,
            pace=Pace(
                concurrency_max=self.concurrency_max,
                rate_per_second=self.rate_per_second,
                ordered=self.ordered,
            ),
        )


class PaceIn(In):
    """How an endpoint wants to be called; all of it, because it replaces what was."""

    concurrency_max: Annotated[int, Field(ge=1, le=CONCURRENCY_MAX)]
    """How many requests may be under way at a time."""
    rate_per_second: Annotated[int, Field(ge=1, le=RATE_MAX)] | None
    """How many requests are sent in a second; null: as many as the endpoint takes."""
    ordered: bool
    """Whether what is said of one subject is sent one after the other, in its order."""

    def pace(self) -> Pace:
        """Turn the request into the value the action takes."""
        return Pace(
            concurrency_max=self.concurrency_max,
            rate_per_second=self.rate_per_second,
            ordered=self.ordered,
        )


class EndpointOut(Out, frozen=True, kw_only=True):
    """A webhook endpoint, without its secret."""

    id: UUID
    version: int
    organization_id: UUID
    url: str
    description: str
    event_types: list[str]
    hears_all: bool
    state: EndpointState
    stopped_by: Why | None
    failures: int
    """Failed attempts in a row."""
    failing_since: dt.datetime | None
    rests_until: dt.datetime | None
    concurrency_max: int
    """How many requests may be under way at a time."""
    rate_per_second: int | None
    """How many requests are sent in a second; null: as many as it takes."""
    ordered: bool
    """Whether what is said of one subject is sent one after the other."""
    created_at: dt.datetime

    @classmethod
    def of(cls, row: Endpoint) -> "EndpointOut":
        """Read one endpoint, column by column."""
        return cls(**_public(row))  # type: ignore[arg-type]  # each value has its column's type


class EndpointWithSecretOut(EndpointOut, frozen=True, kw_only=True):
    """A webhook endpoint with its secret, which is in this answer and nowhere else."""

    secret: str

    @classmethod
    def of_secret(cls, made: WithSecret) -> "EndpointWithSecretOut":
        """Read an endpoint at a moment when its secret is known."""
        return cls(**_public(made.row), secret=made.secret)  # type: ignore[arg-type]  # as above


def _public(row: Endpoint) -> dict[str, object]:
    """Only what stands in the shape: the sealed secrets have no name there."""
    return {name: getattr(row, name) for name in EndpointOut.__struct_fields__}


class DeliveryOut(Out, frozen=True, kw_only=True):
    """One event owed to one endpoint."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    """Also the `webhook-id` of every attempt."""
    event_type: str
    state: DeliveryState
    attempts: int
    next_at: dt.datetime | None
    """When it is tried next; null while it waits for the one before it, and once it is finished."""
    created_at: dt.datetime
    finished_at: dt.datetime | None

    @classmethod
    def of(cls, row: Delivery) -> "DeliveryOut":
        """Read one delivery."""
        pending = row.state is DeliveryState.PENDING
        return cls(
            id=row.id,
            endpoint_id=row.endpoint_id,
            event_id=row.event_id,
            event_type=row.event_type,
            state=row.state,
            attempts=row.attempts,
            next_at=row.next_at if pending else None,
            created_at=row.created_at,
            finished_at=row.finished_at,
        )


class AttemptOut(Out, frozen=True, kw_only=True):
    """One try and what came of it."""

    number: int
    at: dt.datetime
    status: int | None
    reason: str | None
    detail: str | None
    duration_ms: int
    answer: str
    """The beginning of what the receiver said, as text."""
    late: bool

    @classmethod
    def of(cls, row: Attempt) -> "AttemptOut":
        """Read one attempt."""
        return cls(
            number=row.number,
            at=row.at,
            status=row.status,
            reason=row.reason,
            detail=row.detail,
            duration_ms=row.duration_ms,
            answer=row.answer.decode("utf-8", "replace"),
            late=row.late,
        )


class DeliveryDetailOut(Out, frozen=True, kw_only=True):
    """A delivery with the bytes that are sent and every attempt."""

    delivery: DeliveryOut
    body: str | None
    """Null where nothing was delivered and the endpoint may not hear the event any more."""
    attempts: list[AttemptOut]

    @classmethod
    def of(cls, row: Delivery, body: bytes | None, attempts: list[Attempt]) -> "DeliveryDetailOut":
        """Read one delivery with its attempts."""
        return cls(
            delivery=DeliveryOut.of(row),
            body=None if body is None else body.decode(),
            attempts=[AttemptOut.of(attempt) for attempt in attempts],
        )


class RetentionOut(Out, frozen=True, kw_only=True):
    """How far back the delivery log goes, and what was removed because its time was over."""

    kept_days: int
    """How long finished deliveries and the answers to attempts are kept; events stay for ever."""
    deliveries_removed: int
    """Since the installation began."""
    attempts_removed: int
    removed_at: dt.datetime | None
    """When something was removed last; null: never."""
    oldest_delivery_at: dt.datetime | None
    oldest_attempt_at: dt.datetime | None
    over: int
    """Finished deliveries whose time is over and that are still there, counted up to 10,000."""

    @classmethod
    def of(cls, kept: Kept, *, days: int) -> "RetentionOut":
        """Read what was found."""
        return cls(
            kept_days=days,
            deliveries_removed=kept.deliveries_removed,
            attempts_removed=kept.attempts_removed,
            removed_at=kept.removed_at,
            oldest_delivery_at=kept.oldest_delivery_at,
            oldest_attempt_at=kept.oldest_attempt_at,
            over=kept.over,
        )
