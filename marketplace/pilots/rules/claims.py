"""How a cost claim moves: one row per move, `C01` to `C18`."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class ClaimState(StrEnum):
    """Where a cost claim stands; being on hold is an overlay and not a state."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_CHECK = "under_check"
    RETURNED = "returned"
    VERIFIED = "verified"
    REJECTED = "rejected"
    RESERVED = "reserved"
    QUEUED = "queued"
    ALLOCATED = "allocated"
    IN_PUBLICITY = "in_publicity"
    APPROVED = "approved"
    PAYING = "paying"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    RECOVERY_PENDING = "recovery_pending"
    RECOVERED = "recovered"
    WRITTEN_OFF = "written_off"


_C = ClaimState

CLAIM: Final = Lifecycle(
    "claim",
    ClaimState,
    (
        move(
            "C01",
            "create",
            (),
            _C.DRAFT,
            by=("solver",),
            guards=("phase is open for claims",),
            effects=("terms are pinned",),
        ),
        move(
            "C02",
            "submit",
            (_C.DRAFT, _C.RETURNED),
            _C.SUBMITTED,
            by=("solver",),
            guards=("evidence complete", "cost lines not used before"),
            effects=("cost lines are taken",),
        ),
        move("C03", "accept", _C.SUBMITTED, _C.UNDER_CHECK, by=("bureau_officer",)),
        move(
            "C04",
            "return",
            _C.UNDER_CHECK,
            _C.RETURNED,
            by=("bureau_officer",),
            guards=("all defects named at once",),
        ),
        move(
            "C05",
            "verify",
            _C.UNDER_CHECK,
            _C.VERIFIED,
            by=("bureau_officer",),
            guards=(
                "verifier is not the submitter",
                "verified at most what was claimed, line by line",
                "payee in good standing",
            ),
        ),
        move(
            "C06",
            "reject",
            _C.UNDER_CHECK,
            _C.REJECTED,
            by=("bureau_approver",),
            guards=("reasons per line",),
            effects=("cost lines are free again",),
        ),
        move(
            "C07",
            "reserve",
            _C.VERIFIED,
            _C.RESERVED,
            by=("system",),
            guards=("money is there",),
            effects=("available to reserved",),
        ),
        move("C08", "close_window", _C.VERIFIED, _C.QUEUED, by=("system",)),
        move(
            "C08b",
            "allocate",
            _C.QUEUED,
            _C.ALLOCATED,
            by=("bureau_approver",),
            guards=("every claim of the window decided",),
            effects=("available to reserved",),
        ),
        move(
            "C09", "publicise", (_C.RESERVED, _C.ALLOCATED), _C.IN_PUBLICITY, by=("bureau_officer",)
        ),
        move(
            "C10",
            "approve",
            (_C.VERIFIED, _C.IN_PUBLICITY),
            _C.APPROVED,
            by=("bureau_approver", "finance"),
            guards=(
                "approver is not the verifier",
                "phase has an outcome",
                "no open objection",
                "payee in good standing",
                "payee not related to the poster where a share is public money",
            ),
            effects=("split stored with its inputs", "commitment to payable"),
        ),
        move(
            "C11",
            "uphold_objection",
            _C.IN_PUBLICITY,
            _C.UNDER_CHECK,
            by=("bureau_approver",),
            effects=("reservation released",),
        ),
        move(
            "C12", "order", _C.APPROVED, _C.PAYING, by=("finance",), guards=("something is owed",)
        ),
        move(
            "C12b",
            "confirm",
            _C.PAYING,
            _C.PAID,
            by=("finance", "system"),
            guards=(
                "bank reference not used before",
                "payee in good standing",
                "payee not related to the poster where a share is public money",
            ),
            effects=("payable to disbursed",),
        ),
        move("C13", "payment_failed", _C.PAYING, _C.APPROVED, by=("system",)),
        move(
            "C14",
            "cancel",
            (_C.DRAFT, _C.SUBMITTED, _C.RETURNED, _C.VERIFIED),
            _C.CANCELLED,
            by=("solver",),
            effects=("cost lines are free again",),
        ),
        move("C15", "expire", (_C.DRAFT, _C.RETURNED), _C.EXPIRED, by=("system",)),
        move(
            "C16",
            "order_recovery",
            _C.PAID,
            _C.RECOVERY_PENDING,
            by=("finance",),
            guards=("ground given", "solver was heard"),
            effects=("disbursed to recoverable",),
        ),
        move(
            "C17",
            "record_recovery",
            _C.RECOVERY_PENDING,
            _C.RECOVERED,
            by=("finance",),
            effects=("recoverable to available, or to treasury when the year is closed",),
        ),
        move(
            "C18",
            "write_off",
            _C.RECOVERY_PENDING,
            _C.WRITTEN_OFF,
            by=("finance",),
            guards=("insolvency shown", "auditor was told"),
            effects=("recoverable to written off",),
        ),
    ),
)
"""C19, on hold, is an overlay: it blocks moves and changes no state.

A claim against a pilot goes from verified to approved directly: its money was reserved when the
pilot was opened. The moves C07 to C09 belong to vouchers, whose money is reserved claim by
claim.
"""

CLAIM_ENDS: Final = frozenset(
    {_C.REJECTED, _C.PAID, _C.CANCELLED, _C.EXPIRED, _C.RECOVERED, _C.WRITTEN_OFF}
)
"""States in which a claim asks for nothing any more."""
