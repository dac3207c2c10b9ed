"""The states of a bid and every move between them, one row per move."""

from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class BidState(StrEnum):
    """Where a bid stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    NEEDS_RECONFIRM = "needs_reconfirm"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    OPENED = "opened"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    RESPONSIVE = "responsive"
    NON_RESPONSIVE = "non_responsive"
    SCORED = "scored"
    RANKED = "ranked"
    CANDIDATE = "candidate"
    SELECTED = "selected"
    CONTRACTED = "contracted"
    NOT_SELECTED = "not_selected"
    REVOKED = "revoked"


B = BidState

LIVE_STATES: Final = frozenset({B.DRAFT, B.SUBMITTED, B.NEEDS_RECONFIRM})
"""One bid of an organisation may be in one of these at a time."""

LIFECYCLE: Final = Lifecycle(
    "bid",
    BidState,
    (
        move(
            "B01", "create", (), B.DRAFT,
            by=("solver",),
            guards=("scenario published", "organisation in good standing", "not the poster"),
            effects=("invisible to everyone else",),
        ),
        move(
            "B02", "submit", B.DRAFT, B.SUBMITTED,
            by=("solver",),
            guards=(
                "before the deadline",
                "organisation in good standing",
                "declarations complete",
                "one live bid per organisation",
                "price above zero in procurement",
            ),
            effects=("sealed", "receipt with digest and server time"),
        ),
        move(
            "B03", "replace", (B.SUBMITTED, B.NEEDS_RECONFIRM), B.SUBMITTED,
            by=("solver",),
            guards=("before the deadline",),
            effects=("old version superseded, kept sealed",),
        ),
        move(
            "B04", "withdraw", (B.DRAFT, B.SUBMITTED, B.NEEDS_RECONFIRM), B.WITHDRAWN,
            by=("solver",), guards=("before the deadline",),
        ),
        move(
            "B05", "ask_reconfirmation", B.SUBMITTED, B.NEEDS_RECONFIRM,
            by=("system",), guards=("material amendment",), effects=("solver told",),
        ),
        move(
            "B06a", "reconfirm", B.NEEDS_RECONFIRM, B.SUBMITTED,
            by=("solver",),
            guards=("before the deadline", "nothing newly asked for is missing"),
        ),
        move(
            "B06b", "lapse", (B.DRAFT, B.NEEDS_RECONFIRM), B.LAPSED,
            by=("system",), guards=("deadline passed",), effects=("never opened",),
        ),
        move(
            "B07", "open", B.SUBMITTED, B.OPENED,
            by=("system",),
            guards=("deadline passed", "officer and supervisor together"),
            effects=("opening record",),
        ),
        move(
            "B07b", "exclude_unopened", B.SUBMITTED, B.NON_RESPONSIVE,
            by=("system",),
            guards=(
                "deadline passed",
                "officer and supervisor together",
                "sealed by the bidder's own client",
                "unreadable, or not admissible",
            ),
            effects=("opening record with the reason", "stops nobody else's opening"),
        ),
        move(
            "B08", "revoke",
            (B.OPENED, B.ELIGIBLE, B.RESPONSIVE, B.SCORED, B.RANKED, B.CANDIDATE), B.REVOKED,
            by=("solver",), guards=("after the deadline",),
        ),
        move(
            "B09a", "find_eligible", B.OPENED, B.ELIGIBLE,
            by=("bureau_officer", "poster"), guards=("every qualification answered",),
        ),
        move(
            "B09b", "find_ineligible", B.OPENED, B.INELIGIBLE,
            by=("bureau_officer", "poster"), guards=("reason per item",), effects=("reason sent",),
        ),
        move(
            "B10a", "find_responsive", B.ELIGIBLE, B.RESPONSIVE,
            by=("panel", "system"), guards=("price within the maximum", "hard metrics met"),
        ),
        move(
            "B10b", "find_non_responsive", (B.ELIGIBLE, B.RESPONSIVE), B.NON_RESPONSIVE,
            by=("panel", "system"),
            guards=("reason given",),
            effects=("leaves every mean and the price base",),
        ),
        move(
            "B11", "score", B.RESPONSIVE, B.SCORED,
            by=("system",), guards=("every sheet signed",),
        ),
        move(
            "B12", "rank", (B.SCORED, B.RANKED), B.RANKED,
            by=("system",), guards=("all responsive bids scored in the same round",),
        ),
        move("B13a", "recommend", B.RANKED, B.CANDIDATE, by=("panel_chair", "bureau_approver")),
        move("B13b", "pass_over", (B.RANKED, B.CANDIDATE), B.NOT_SELECTED, by=("system",)),
        move(
            "B14", "select", (B.RANKED, B.CANDIDATE), B.SELECTED,
            by=("bureau_approver",), guards=("rank order",),
        ),
        move("B15", "sign", B.SELECTED, B.CONTRACTED, by=("poster", "solver", "funder")),
    ),
)  # fmt: skip
