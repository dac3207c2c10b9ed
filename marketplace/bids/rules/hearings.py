"""Why an opened bid may be declared invalid, and that its bidder is heard before."""

import datetime as dt
from enum import StrEnum
from typing import Final

from marketplace.bids.errors.moves import EvidenceMissing, HearingOver, HearingRunning
from marketplace.kit.lifecycle import Lifecycle, move


class Ground(StrEnum):
    """Why a bid is invalidated (B18); nothing else is a reason."""

    FRAUD = "fraud"
    COLLUSION = "collusion"
    HIDDEN_RELATION = "hidden_relation"
    BRIBERY = "bribery"


class HearingState(StrEnum):
    """Where a hearing stands."""

    OFFERED = "offered"
    ANSWERED = "answered"
    UPHELD = "upheld"
    DROPPED = "dropped"


H = HearingState

OPEN: Final = frozenset({H.OFFERED, H.ANSWERED})

HEARING: Final = Lifecycle(
    "hearing",
    HearingState,
    (
        move(
            "BH1", "offer", (), H.OFFERED,
            by=("review_body", "bureau_approver"),
            guards=("evidence", "no other hearing of this bid is open"),
            effects=("bidder told what it is about and until when to answer",),
        ),
        move(
            "BH2", "answer", H.OFFERED, H.ANSWERED,
            by=("solver",), guards=("before the time to answer is over",),
        ),
        move(
            "BH3", "uphold", (H.OFFERED, H.ANSWERED), H.UPHELD,
            by=("review_body", "bureau_approver"),
            guards=("answered, or the time to answer is over", "reason given"),
            effects=("B18: the bid is invalidated",),
        ),
        move(
            "BH4", "drop", (H.OFFERED, H.ANSWERED), H.DROPPED,
            by=("review_body", "bureau_approver"), guards=("reason given",),
        ),
    ),
)  # fmt: skip


def check_evidence(documents: int, accusation: str) -> None:
    """Refuse an accusation that says nothing or rests on nothing."""
    if documents == 0 or not accusation.strip():
        raise EvidenceMissing()


def check_answerable(answer_until: dt.datetime, now: dt.datetime) -> None:
    """Refuse an answer at or after the end of its time."""
    if now >= answer_until:
        raise HearingOver(answer_until=answer_until, received_at=now)


def check_heard(state: HearingState, answer_until: dt.datetime, now: dt.datetime) -> None:
    """Refuse to decide before the bidder answered or let the time pass.

    Refuses  HearingRunning with the end of the time.
    """
    if state is H.OFFERED and now < answer_until:
        raise HearingRunning(answer_until=answer_until, now=now)
