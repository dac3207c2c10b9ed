"""How a pilot moves: one row per move, `P01` to `P19`.

The table holds every move the trade knows.  Those for which no action exists yet can be read,
but not made: only the actions of this room change a state.
"""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move
from marketplace.pilots.rules.settlement import Outcome


class PilotState(StrEnum):
    """Where a pilot stands."""

    PENDING_SIGNATURE = "pending_signature"
    EFFECTIVE = "effective"
    RUNNING = "running"
    MILESTONE_REVIEW = "milestone_review"
    RECTIFYING = "rectifying"
    ACCEPTANCE_REVIEW = "acceptance_review"
    ACCEPTED = "accepted"
    ELIMINATED = "eliminated"
    STOPPED_LOSS = "stopped_loss"
    FAILED_BLAMELESS = "failed_blameless"
    TERMINATED_FAULT = "terminated_fault"
    TERMINATED_OTHER = "terminated_other"
    SETTLING = "settling"
    CLOSED = "closed"
    VOID = "void"


class PhaseState(StrEnum):
    """Where one phase of a pilot stands; how it ended is its outcome."""

    PLANNED = "planned"
    RUNNING = "running"
    IN_REVIEW = "in_review"
    ENDED = "ended"


_P = PilotState
_LIVE: Final = (_P.RUNNING, _P.MILESTONE_REVIEW, _P.RECTIFYING)
_ENDED: Final = (
    _P.ACCEPTED,
    _P.ELIMINATED,
    _P.STOPPED_LOSS,
    _P.FAILED_BLAMELESS,
    _P.TERMINATED_FAULT,
    _P.TERMINATED_OTHER,
)

PILOT: Final = Lifecycle(
    "pilot",
    PilotState,
    (
        move(
            "P01",
            "draft_contract",
            (),
            _P.PENDING_SIGNATURE,
            by=("poster", "bureau_officer"),
            guards=("award stands", "only the blanks of the published draft are filled"),
        ),
        move(
            "P02",
            "sign_all",
            _P.PENDING_SIGNATURE,
            _P.EFFECTIVE,
            by=("poster", "solver", "funder", "bureau_officer"),
            guards=(
                "everybody has signed",
                "commitments cover the first phase",
                "nothing blocks signing",
                "poster and solver in good standing",
                "not related where the terms promise public money",
            ),
            effects=("contract published",),
        ),
        move(
            "P03",
            "void",
            _P.PENDING_SIGNATURE,
            _P.VOID,
            by=("bureau_approver", "review_body"),
            guards=("award void, forfeited or overturned",),
        ),
        move(
            "P04",
            "start_phase",
            (_P.EFFECTIVE, _P.RUNNING),
            _P.RUNNING,
            by=("poster", "solver", "bureau_officer"),
            guards=(
                "commitments cover this phase",
                "every earlier phase passed",
                "no phase is running",
            ),
            effects=("phase clock starts",),
        ),
        move(
            "P05",
            "submit_milestone",
            _P.RUNNING,
            _P.MILESTONE_REVIEW,
            by=("solver",),
            guards=("a phase is running", "deliverables and cost statement attached"),
        ),
        move(
            "P06",
            "pass",
            _P.MILESTONE_REVIEW,
            _P.RUNNING,
            by=("bureau_officer",),
            guards=("metrics met",),
            effects=("phase ends as passed",),
        ),
        move(
            "P07",
            "require_rectification",
            _P.MILESTONE_REVIEW,
            _P.RECTIFYING,
            by=("bureau_officer",),
            guards=("items and due date given", "not too often"),
            effects=("claims of the phase are held",),
        ),
        move(
            "P08",
            "resubmit",
            _P.RECTIFYING,
            _P.MILESTONE_REVIEW,
            by=("solver",),
            guards=("in time",),
        ),
        move(
            "P09",
            "eliminate",
            _P.MILESTONE_REVIEW,
            _P.ELIMINATED,
            by=("bureau_approver",),
            guards=("below the cut of the race, or landmark result missed",),
            effects=("verified cost to date is settled at the contract's shares",),
        ),
        move(
            "P10",
            "stop_loss",
            _LIVE,
            _P.STOPPED_LOSS,
            by=("bureau_approver",),
            guards=("agreed trigger is true", "solver was heard"),
            effects=("later cost is not eligible, winding down excepted",),
        ),
        move(
            "P11",
            "find_blameless",
            (*_LIVE, _P.ACCEPTANCE_REVIEW),
            _P.FAILED_BLAMELESS,
            by=("bureau_approver",),
            guards=("all five points found", "decider is not the handler"),
            effects=("settled at the blameless shares", "no negative credit"),
        ),
        move(
            "P12",
            "terminate_fault",
            (*_LIVE, _P.ACCEPTANCE_REVIEW),
            _P.TERMINATED_FAULT,
            by=("bureau_approver",),
            guards=("breach proven", "time to cure is over"),
            effects=("public share of the phase is nothing", "advances are recoverable"),
        ),
        move(
            "P13",
            "terminate_other",
            (*_LIVE, _P.ACCEPTANCE_REVIEW),
            _P.TERMINATED_OTHER,
            by=("poster", "solver", "funder", "bureau_approver"),
            guards=("force majeure, change of law, withdrawal, funder default or insolvency",),
        ),
        move(
            "P14",
            "request_acceptance",
            _P.RUNNING,
            _P.ACCEPTANCE_REVIEW,
            by=("solver",),
            guards=("every phase passed",),
            effects=("inspection clock starts",),
        ),
        move(
            "P15",
            "accept",
            _P.ACCEPTANCE_REVIEW,
            _P.ACCEPTED,
            by=("poster",),
            guards=("every item recorded",),
            effects=("payment clock starts",),
        ),
        move(
            "P16",
            "reject_once",
            _P.ACCEPTANCE_REVIEW,
            _P.RECTIFYING,
            by=("poster",),
            guards=("items given", "not rejected before"),
        ),
        move(
            "P17",
            "inspection_overdue",
            _P.ACCEPTANCE_REVIEW,
            _P.ACCEPTANCE_REVIEW,
            by=("system",),
            effects=("payment clock starts all the same", "bureau is told"),
        ),
        move("P18", "settle", _ENDED, _P.SETTLING, by=("finance",)),
        move(
            "P18b",
            "close",
            _P.SETTLING,
            _P.CLOSED,
            by=("finance",),
            guards=("every claim is at its end", "nothing is owed"),
            effects=("unused commitments are released",),
        ),
        move(
            "P19",
            "change",
            _P.RUNNING,
            _P.RUNNING,
            by=("poster", "solver", "funder"),
            guards=("everybody agrees", "supplement within the limit", "same subject"),
            effects=("new version of the contract",),
        ),
    ),
)

OUTCOME_VERBS: Final = {
    Outcome.PASSED: "pass",
    Outcome.FAILED_BLAMELESS: "find_blameless",
    Outcome.FAILED_BY_FAULT: "terminate_fault",
    Outcome.STOPPED: "stop_loss",
}
"""The move of the pilot that each outcome of a phase makes."""
