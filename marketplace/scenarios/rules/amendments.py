"""How an amendment of a published call moves: one person proposes, another one confirms."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class AmendmentState(StrEnum):
    """Where a proposed amendment stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


AMENDMENT: Final = Lifecycle(
    "amendment",
    AmendmentState,
    (
        move(
            "SC08a", "propose", (), AmendmentState.PROPOSED,
            by=("bureau_officer",),
            guards=(
                "before the deadline",
                "subject matter and eligibility unchanged",
                "no lint error",
                "no other amendment waits",
            ),
            effects=("classified by the fields that changed",),
        ),
        move(
            "SC08b", "confirm", AmendmentState.PROPOSED, AmendmentState.CONFIRMED,
            by=("bureau_approver",),
            guards=(
                "another person than the one who proposed",
                "before the deadline",
                "call unchanged since the proposal",
            ),
            effects=("version + 1", "material: deadline moved, bids need reconfirmation"),
        ),
        move(
            "SC08c", "withdraw", AmendmentState.PROPOSED, AmendmentState.WITHDRAWN,
            by=("bureau_officer", "bureau_approver"),
        ),
    ),
)  # fmt: skip
