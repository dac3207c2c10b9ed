"""The states of a matchmaking event."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class MatchmakingState(StrEnum):
    """Where a meeting stands."""

    PLANNED = "planned"
    HELD = "held"
    CALLED_OFF = "called_off"


LIFECYCLE: Final = Lifecycle(
    "matchmaking",
    MatchmakingState,
    (
        move(
            "MM01",
            "announce",
            (),
            MatchmakingState.PLANNED,
            by=("bureau_officer", "organization_admin"),
            guards=("host verified", "starts later than now", "linked calls published"),
            effects=("matchmaking.announced",),
        ),
        move(
            "MM02",
            "hold",
            MatchmakingState.PLANNED,
            MatchmakingState.HELD,
            by=("bureau_officer", "organization_admin"),
            guards=("asked by the host", "has begun"),
            effects=("matchmaking.ended",),
        ),
        move(
            "MM03",
            "call_off",
            MatchmakingState.PLANNED,
            MatchmakingState.CALLED_OFF,
            by=("bureau_officer", "organization_admin"),
            guards=("asked by the host",),
            effects=("matchmaking.ended",),
        ),
    ),
)
