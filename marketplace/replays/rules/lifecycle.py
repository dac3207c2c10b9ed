"""The states of a replay, and the moves between them."""

from enum import StrEnum

from marketplace.kit.lifecycle import Lifecycle, move


class ReplayState(StrEnum):
    """Whether a replay is being worked on."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    """Stopped by its owner, or because its endpoint answered 410; what was made by then is sent."""


REPLAY = Lifecycle(
    "webhook_replay",
    ReplayState,
    (
        move("WR01", "request", [], "running", by=["owner"]),
        move("WR02", "finish", "running", "done", by=["system"]),
        move("WR03", "cancel", "running", "cancelled", by=["owner", "system"]),
    ),
)
