"""The states of an invitation to bid together, one row per move."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class InvitationState(StrEnum):
    """Where an invitation to a consortium stands."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"


S = InvitationState

INVITATION: Final = Lifecycle(
    "consortium_invitation",
    InvitationState,
    (
        move(
            "CI01", "invite", (), S.INVITED,
            by=("solver",),
            guards=(
                "call open and open to consortia",
                "member verified, in good standing, neither poster nor designer",
            ),
            effects=("member told, and nobody else",),
        ),
        move(
            "CI02a", "accept", S.INVITED, S.ACCEPTED,
            by=("solver",), guards=("before the deadline",), effects=("lead told",),
        ),
        move(
            "CI02b", "decline", S.INVITED, S.DECLINED,
            by=("solver",), guards=("before the deadline",), effects=("lead told",),
        ),
        move(
            "CI03", "revoke", (S.INVITED, S.ACCEPTED), S.REVOKED,
            by=("solver",), guards=("before the deadline",), effects=("member told",),
        ),
    ),
)  # fmt: skip
