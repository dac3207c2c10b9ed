"""How an award moves: decided, announced, standing; or forfeited, and the next follows."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class AwardState(StrEnum):
    """Where an award stands."""

    DECIDED = "decided"
    IN_PUBLICITY = "in_publicity"
    AWARDED = "awarded"
    CONTRACTED = "contracted"
    FORFEITED = "forfeited"
    VOID = "void"


_A = AwardState

AWARD: Final = Lifecycle(
    "award",
    AwardState,
    (
        move(
            "SC14",
            "decide",
            (),
            _A.DECIDED,
            by=("bureau_approver",),
            guards=("decider not on the panel", "rank order respected", "quote within the budget"),
            effects=("B14: the bid is selected",),
        ),
        move(
            "SC15",
            "announce",
            _A.DECIDED,
            _A.IN_PUBLICITY,
            by=("bureau_officer",),
            effects=("result notice", "own score to those not selected"),
        ),
        move(
            "SC16",
            "confirm",
            _A.IN_PUBLICITY,
            _A.AWARDED,
            by=("system", "bureau_officer"),
            guards=("time for objections is over", "no objection blocks signing"),
            effects=("award letter", "signing clock starts"),
        ),
        move(
            "B15",
            "sign",
            _A.AWARDED,
            _A.CONTRACTED,
            by=("poster", "solver", "funder"),
            effects=("a pilot exists",),
        ),
        move(
            "B16",
            "forfeit",
            (_A.DECIDED, _A.IN_PUBLICITY, _A.AWARDED),
            _A.FORFEITED,
            by=("bureau_approver",),
            guards=(
                "declined by the winner, or the time to sign is over",
                "cause judged: justified or not",
            ),
            effects=("the slot is free for the next in rank",),
        ),
        move(
            "SC17",
            "void",
            (_A.DECIDED, _A.IN_PUBLICITY, _A.AWARDED),
            _A.VOID,
            by=("bureau_approver", "review_body"),
            guards=("protest upheld, or the bid invalidated",),
        ),
    ),
)

LIVE: Final = frozenset({_A.DECIDED, _A.IN_PUBLICITY, _A.AWARDED, _A.CONTRACTED})
"""States in which an award holds its slot."""
