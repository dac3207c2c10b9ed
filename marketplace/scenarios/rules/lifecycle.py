"""The states of a scenario and every move between them, one row per move."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, MoveNotAllowed, move


class ScenarioState(StrEnum):
    """Where a call stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    RETURNED = "returned"
    APPROVED = "approved"
    SHELVED = "shelved"
    PUBLISHED = "published"
    CLOSED = "closed"
    EVALUATING = "evaluating"
    DECIDED = "decided"
    IN_PUBLICITY = "in_publicity"
    AWARDED = "awarded"
    IN_PILOT = "in_pilot"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


S = ScenarioState

PUBLIC_STATES: Final = frozenset(
    {
        S.PUBLISHED,
        S.CLOSED,
        S.EVALUATING,
        S.DECIDED,
        S.IN_PUBLICITY,
        S.AWARDED,
        S.IN_PILOT,
        S.COMPLETED,
        S.CANCELLED,
        S.FAILED,
    }
)
"""States in which everybody may read the call."""

FINAL_STATES: Final = frozenset({S.COMPLETED, S.CANCELLED, S.FAILED})

UNLOCKED_STATES: Final = frozenset({S.DRAFT, S.RETURNED})
"""States in which the poster may still write."""

APPROVABLE_STATES: Final = frozenset({S.UNDER_REVIEW, S.APPROVED, S.SHELVED})
"""States in which the lint decides whether the call may move on."""

RELAUNCHABLE_STATES: Final = frozenset({S.CANCELLED, S.FAILED})
"""States after which a new call may take up the same problem again."""

LIVE_STATES: Final = PUBLIC_STATES - FINAL_STATES
"""States in which a call can be suspended: it runs in public and has not ended."""

LIFECYCLE: Final = Lifecycle(
    "scenario",
    ScenarioState,
    (
        move(
            "SC01", "create", (), S.DRAFT,
            by=("poster", "bureau_officer"),
            guards=("organisation in good standing",),
            effects=("version 1",),
        ),
        move(
            "SC02", "submit", (S.DRAFT, S.RETURNED), S.SUBMITTED,
            by=("poster",),
            guards=(
                "content complete",
                "end user signed need and metrics",
                "dataset or explicit none",
            ),
            effects=("draft locked",),
        ),
        move("SC03", "accept", S.SUBMITTED, S.UNDER_REVIEW, by=("bureau_officer",)),
        move(
            "SC04", "return", S.UNDER_REVIEW, S.RETURNED,
            by=("bureau_officer",), guards=("reason given",), effects=("draft unlocked",),
        ),
        move(
            "SC05", "approve", S.UNDER_REVIEW, S.APPROVED,
            by=("bureau_approver",),
            guards=(
                "approver is not author or officer",
                "feasibility opinion",
                "fair-competition review",
                "no lint error",
                "phase ceilings within budget",
                "track chosen",
            ),
            effects=("rule profile version pinned", "cost ceiling dated"),
        ),
        move(
            "SC06a", "shelve", S.APPROVED, S.SHELVED,
            by=("bureau_approver",),
            guards=("reason given", "review date given"),
            effects=("scheduled publication dropped", "scenario.review_due on that date"),
        ),
        move(
            "SC06b", "revive", S.SHELVED, S.APPROVED,
            by=("bureau_approver",),
            guards=("lint re-run",), effects=("cost ceiling re-dated",),
        ),
        move(
            "SC07", "publish", S.APPROVED, S.PUBLISHED,
            by=("bureau_approver", "system"),
            guards=("lint re-run", "calendar loaded", "clocks at least the profile's minima"),
            effects=("bundle hashed", "enquiries open", "scenario.published"),
        ),
        move(
            "SC08", "amend", S.PUBLISHED, S.PUBLISHED,
            by=("bureau_officer", "bureau_approver"),
            guards=(
                "before the deadline",
                "subject matter and eligibility unchanged",
                "proposed by one person, confirmed by another",
            ),
            effects=("version + 1", "material: deadline moved, bids need reconfirmation"),
        ),
        move(
            "SC09", "cancel", (S.PUBLISHED, S.CLOSED), S.CANCELLED,
            by=("bureau_approver",),
            guards=("reason from the closed list", "not after award"),
            effects=("scenario.cancelled: whoever holds money or data for the call releases it",),
        ),
        move(
            "SC10", "close", S.PUBLISHED, S.CLOSED,
            by=("system",),
            guards=("deadline reached", "not suspended"), effects=("scenario.closed",),
        ),
        move(
            "SC11", "open", S.CLOSED, S.EVALUATING,
            by=("bureau_officer", "supervisor"),
            guards=("panel complete", "two different people", "opening record", "not suspended"),
            effects=("bids opened",),
        ),
        move(
            "SC12", "fail", (S.CLOSED, S.EVALUATING), S.FAILED,
            by=("bureau_approver",),
            guards=("reason from the closed list",),
            effects=("scenario.failed: reasons to all", "relaunch only as a new call"),
        ),
        move(
            "SC13", "new_round", S.EVALUATING, S.EVALUATING,
            by=("panel_chair", "bureau_approver"),
            guards=("reason from the closed list",), effects=("previous round superseded",),
        ),
        move(
            "SC14", "decide", S.EVALUATING, S.DECIDED,
            by=("bureau_approver",),
            guards=(
                "decider not on the panel",
                "rank order respected",
                "winner in good standing",
                "not suspended",
            ),
            effects=("award decision",),
        ),
        move("SC15", "announce", S.DECIDED, S.IN_PUBLICITY, by=("bureau_officer",)),
        move(
            "SC16", "award", S.IN_PUBLICITY, S.AWARDED,
            by=("system",), guards=("publicity period over",),
        ),
        move(
            "SC17a", "uphold_and_evaluate_again", (S.IN_PUBLICITY, S.AWARDED), S.EVALUATING,
            by=("bureau_approver", "review_body"), guards=("decision text",),
        ),
        move(
            "SC17b", "uphold_and_pass_on", (S.IN_PUBLICITY, S.AWARDED), S.DECIDED,
            by=("bureau_approver", "review_body"), guards=("decision text",),
        ),
        move(
            "SC17c", "uphold_and_void", (S.IN_PUBLICITY, S.AWARDED), S.FAILED,
            by=("bureau_approver", "review_body"), guards=("decision text",),
        ),
        move(
            "SC18", "start", S.AWARDED, S.IN_PILOT,
            by=("system",), guards=("contract effective", "not suspended"),
        ),
        move(
            "SC19a", "next_candidate", S.AWARDED, S.DECIDED,
            by=("bureau_approver",),
            guards=("winner forfeited or invalid", "next willing candidate exists"),
        ),
        move(
            "SC19b", "fail_after_forfeit", S.AWARDED, S.FAILED,
            by=("bureau_approver",),
            guards=("winner forfeited or invalid", "reason given"),
            effects=("scenario.failed",),
        ),
        move(
            "SC20", "complete", S.IN_PILOT, S.COMPLETED,
            by=("bureau_approver",),
            guards=("all pilots and claims terminal", "nothing left reserved"),
            effects=("scenario.completed",),
        ),
    ),
)  # fmt: skip


def check_unlocked(state: ScenarioState, action: str) -> None:
    """Refuse to write in a call that was handed in."""
    if state not in UNLOCKED_STATES:
        possible = sorted(LIFECYCLE.verbs_from(state))
        raise MoveNotAllowed(
            thing=LIFECYCLE.thing, state=state.value, action=action, possible=possible
        )


class CancelReason(StrEnum):
    """Why a published call may be withdrawn."""

    TASK_CANCELLED = "task_cancelled"
    MAJOR_CHANGE = "major_change"
    ILLEGALITY = "illegality"
    FUNDING_LOST = "funding_lost"


class FailReason(StrEnum):
    """Why a call fails."""

    TOO_FEW_ELIGIBLE = "too_few_eligible"
    TOO_FEW_RESPONSIVE = "too_few_responsive"
    ALL_OVER_BUDGET = "all_over_budget"
    ILLEGAL_FILE = "illegal_file"
    TASK_CANCELLED = "task_cancelled"
