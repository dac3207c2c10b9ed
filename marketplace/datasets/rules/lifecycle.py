"""The states of a delivery, an upload, a profile and a request, and the moves between them."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class VersionState(StrEnum):
    """Where one delivery of a dataset stands."""

    OPEN = "open"
    SEALED = "sealed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class UploadState(StrEnum):
    """Where one upload stands."""

    OPEN = "open"
    COMPLETED = "completed"
    ABORTED = "aborted"
    """By its organisation."""
    REFUSED = "refused"
    """The file was not what was announced."""
    EXPIRED = "expired"
    """Nothing came for too long."""


class ProfileState(StrEnum):
    """Where the profile of a file stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    NONE = "none"
    """Of a format that is not looked into."""


class RequestState(StrEnum):
    """Where an access request stands."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    REVOKED = "revoked"


class WithdrawalReason(StrEnum):
    """Why a version is withdrawn."""

    PERSONAL_DATA_FOUND = "personal_data_found"
    RIGHTS_DISPUTED = "rights_disputed"
    CONTENT_WRONG = "content_wrong"
    REPLACED = "replaced"
    RETENTION_OVER = "retention_over"


class RevocationReason(StrEnum):
    """Why an access is taken back."""

    TAKEN_BACK = "taken_back"
    """By the custodian, who says why in the request."""
    REPLACED = "replaced"
    """By a newer token of the same person."""
    VERSION_WITHDRAWN = "version_withdrawn"
    DELETED = "deleted"


SECRET_REASONS: Final = frozenset({WithdrawalReason.PERSONAL_DATA_FOUND})
"""Not told to the public: the reason itself would point at the people concerned."""

V, R = VersionState, RequestState

VERSIONS: Final = Lifecycle(
    "dataset_version",
    VersionState,
    (
        move(
            "DV01", "create", (), V.OPEN,
            by=("poster", "data_custodian"), guards=("no other open version",),
        ),
        move(
            "DV02", "seal", V.OPEN, V.SEALED,
            by=("poster", "data_custodian"),
            guards=(
                "a file at least", "no open upload", "every profile computed",
                "impact assessment for personal data",
            ),
            effects=("manifest and digests fixed",),
        ),
        move(
            "DV03", "publish", V.SEALED, V.PUBLISHED,
            by=("data_custodian",),
            guards=("quality attested", "as the call describes it"),
            effects=("dataset.version_published",),
        ),
        move(
            "DV04", "withdraw", (V.OPEN, V.SEALED, V.PUBLISHED), V.WITHDRAWN,
            by=("data_custodian", "bureau_officer", "bureau_approver"),
            guards=("reason from the closed list",),
            effects=("every token revoked", "dataset.version_withdrawn", "organisations told"),
        ),
    ),
)  # fmt: skip

REQUESTS: Final = Lifecycle(
    "dataset_access_request",
    RequestState,
    (
        move(
            "DR01", "request", (), R.REQUESTED,
            by=("solver",),
            guards=("organisation verified", "terms accepted", "version published"),
        ),
        move(
            "DR02", "approve", R.REQUESTED, R.APPROVED,
            by=("data_custodian",), guards=("not of the own organisation",),
        ),
        move(
            "DR03", "refuse", R.REQUESTED, R.REFUSED,
            by=("data_custodian",), guards=("not of the own organisation", "reason given"),
        ),
        move("DR04", "cancel", R.REQUESTED, R.CANCELLED, by=("solver",)),
        move(
            "DR05", "revoke", R.APPROVED, R.REVOKED,
            by=("data_custodian", "system"), effects=("tokens revoked",),
        ),
    ),
)  # fmt: skip

LIVE_REQUESTS: Final = frozenset({R.REQUESTED, R.APPROVED})
