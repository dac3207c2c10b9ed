"""The states of an endpoint and of a delivery, and the moves between them."""

from enum import StrEnum

from marketplace.kit.lifecycle import Lifecycle, move


class EndpointState(StrEnum):
    """Whether an endpoint is called."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Not called; its deliveries are kept and go out when it is resumed."""
    DISABLED = "disabled"
    """It answered 410 Gone: not called, and no new deliveries are made for it."""


class DeliveryState(StrEnum):
    """What became of a delivery."""

    PENDING = "pending"
    """Due, under way or waiting for its next attempt."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """The schedule is used up; it is kept and can be sent again by hand."""
    WITHHELD = "withheld"
    """When its turn came the endpoint might not hear the event any more: nothing was sent."""


class Why(StrEnum):
    """Names what stopped an endpoint."""

    OWNER = "owner"
    GONE = "gone"
    FAILING = "failing"


ENDPOINT = Lifecycle(
    "webhook_endpoint",
    EndpointState,
    (
        move("WH01", "register", [], "active", by=["owner"]),
        move("WH02", "pause", "active", "paused", by=["owner", "system"]),
        move("WH03", "disable", ["active", "paused"], "disabled", by=["system"]),
        move("WH04", "resume", ["paused", "disabled"], "active", by=["owner"]),
    ),
)

DELIVERY = Lifecycle(
    "webhook_delivery",
    DeliveryState,
    (
        move("WD01", "fan_out", [], "pending", by=["system"]),
        move("WD02", "succeed", "pending", "delivered", by=["system"]),
        move("WD03", "give_up", "pending", "dead", by=["system"]),
        move("WD04", "resend", ["delivered", "dead", "withheld"], "pending", by=["owner"]),
        move("WD05", "withhold", "pending", "withheld", by=["system"]),
    ),
)
