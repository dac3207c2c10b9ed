"""Questions about a published call: how they move, and who may know who asked.

The poster drafts an answer and an officer publishes it to everybody at once.  Who asked is known to
the asker, and to those who look into abuse; poster and bureau answer without knowing it, because
whoever asks is a likely bidder.
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.lifecycle import Lifecycle, move


class EnquiryState(StrEnum):
    """Where a question stands."""

    ASKED = "asked"
    DRAFTED = "drafted"
    PUBLISHED = "published"
    SET_ASIDE = "set_aside"


ENQUIRY: Final = Lifecycle(
    "enquiry",
    EnquiryState,
    (
        move(
            "E01", "ask", (), EnquiryState.ASKED,
            by=("solver",),
            guards=("call open for bids", "organisation verified", "asker not named"),
            effects=("reply clock starts",),
        ),
        move(
            "E02", "draft_answer", (EnquiryState.ASKED, EnquiryState.DRAFTED), EnquiryState.DRAFTED,
            by=("poster", "bureau_officer"),
        ),
        move(
            "E03", "publish", EnquiryState.DRAFTED, EnquiryState.PUBLISHED,
            by=("bureau_officer",),
            guards=(
                "another person than the one who drafted",
                "what changes the call is in a confirmed amendment",
            ),
            effects=("clarification.published, without the asker",),
        ),
        move(
            "E04", "set_aside", (EnquiryState.ASKED, EnquiryState.DRAFTED), EnquiryState.SET_ASIDE,
            by=("bureau_officer",), guards=("reason given",), effects=("told to the asker only",),
        ),
    ),
)  # fmt: skip

OPEN_ENQUIRIES: Final = frozenset({EnquiryState.ASKED, EnquiryState.DRAFTED})
"""States in which somebody waits for an answer."""

OPEN_PER_ASKER_MAX: Final = 20
"""Unanswered questions that one organisation may have on one call."""


def answers(actor: Actor, poster_id: UUID, end_user_id: UUID) -> bool:
    """Tell whether somebody works on the answers of a call: its poster's side, and officers."""
    if actor.may(Permission.SCENARIOS_REVIEW):
        return True
    drafts = actor.may(Permission.SCENARIOS_DRAFT)
    return drafts and actor.organization_id in {poster_id, end_user_id}


def may_know_askers(actor: Actor) -> bool:
    """Tell whether somebody may know who asked: those who look into abuse, and nobody else.

    Whoever also works for the bureau or a poster would know too much of likely bidders.
    """
    watches = actor.has(Role.SUPERVISOR, Role.AUDITOR)
    runs = actor.has(Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.POSTER, Role.SOLVER)
    return watches and not runs and actor.may(Permission.SCENARIOS_READ_ALL)


def names_one_of(text: str, names: Iterable[str]) -> bool:
    """Tell whether a text contains a name, however it is spaced or written.

    >>> names_one_of("我们 某 公 司 想问", ["某公司"])
    True
    """
    folded = _folded(text)
    return any(_folded(name) in folded for name in names if _folded(name))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
