"""The states of a proposed price correction, one row per move."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class CorrectionState(StrEnum):
    """Where a proposed correction stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"


C = CorrectionState

CORRECTION: Final = Lifecycle(
    "price_correction",
    CorrectionState,
    (
        move(
            "PC01", "propose", (), C.PROPOSED,
            by=("system",),
            guards=("bid opened", "the price contradicts itself"),
            effects=("bidder told", "no ranking while it is open"),
        ),
        move(
            "PC02", "confirm", C.PROPOSED, C.CONFIRMED,
            by=("solver",), guards=("within the time set",),
            effects=("the corrected price is evaluated", "the original is kept"),
        ),
        move(
            "PC03a", "refuse", C.PROPOSED, C.REFUSED,
            by=("solver",), guards=("within the time set",), effects=("bid non-responsive",),
        ),
        move(
            "PC03b", "expire", C.PROPOSED, C.EXPIRED,
            by=("system",), guards=("time over",), effects=("bid non-responsive",),
        ),
    ),
)  # fmt: skip
