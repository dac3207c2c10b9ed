"""What the webhook room says in the event log."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility

PREFIX = "webhook."
"""What begins so is about webhooks themselves: its own failures are not told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRegistered(Event):
    """An organisation asked to be called at an address."""

    TYPE = "webhook.endpoint_registered"
    SUBJECT = "webhook_endpoint_id"
    VISIBILITY = Visibility.OWNER

    webhook_endpoint_id: UUID
    url: str
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointMoved(Event):
    """A webhook endpoint was paused, disabled or resumed, by its owner or because it failed."""

    TYPE = "webhook.endpoint_moved"
    SUBJECT = "webhook_endpoint_id"
    VISIBILITY = Visibility.OWNER

    webhook_endpoint_id: UUID
    verb: str
    state: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceSet(Event):
    """The owner of a webhook endpoint changed how it is called."""

    TYPE = "webhook.pace_set"
    SUBJECT = "webhook_endpoint_id"
    VISIBILITY = Visibility.OWNER

    webhook_endpoint_id: UUID
    concurrency_max: int
    """How many requests may be under way at a time."""
    rate_per_second: int | None
    """Null: as many as the endpoint takes."""
    ordered: bool
    """Whether what is said of one subject is sent one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRotated(Event):
    """A webhook endpoint got a new secret; the old one signs as well until the overlap ends."""

    TYPE = "webhook.secret_rotated"
    SUBJECT = "webhook_endpoint_id"
    VISIBILITY = Visibility.OWNER

    webhook_endpoint_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryExhausted(Event):
    """A delivery failed on every attempt of its schedule; it is kept and can be sent again."""

    TYPE = "webhook.delivery_exhausted"
    SUBJECT = "webhook_endpoint_id"
    # What was not delivered may be the receipt of a sealed bid: its owner alone may know of it.
    VISIBILITY = Visibility.SEALED

    webhook_endpoint_id: UUID
    delivery_id: UUID
    event_id: UUID
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinged(Event):
    """The owner of an endpoint asked for a test message; only this endpoint hears it."""

    TYPE = "webhook.pinged"
    SUBJECT = "webhook_endpoint_id"
    VISIBILITY = Visibility.OWNER

    webhook_endpoint_id: UUID
