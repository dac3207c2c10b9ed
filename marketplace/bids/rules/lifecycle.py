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
    FORFEITED = "forfeited"
    INVALIDATED = "invalidated"


B = BidState

LIVE_STATES: Final = frozenset({B.DRAFT, B.SUBMITTED, B.NEEDS_RECONFIRM})
"""One bid of an organisation may be in one of these at a time."""

INVALIDATABLE: Final = frozenset(BidState) - LIVE_STATES - {B.WITHDRAWN, B.LAPSED, B.INVALIDATED}
"""States of a bid that was opened and can still be invalidated."""

STILL_IN: Final = frozenset({B.ELIGIBLE, B.RESPONSIVE, B.SCORED, B.RANKED})
"""States in which a bid takes part in the next ranking."""

LEFT: Final = frozenset({B.REVOKED, B.FORFEITED, B.INVALIDATED})
"""States that put a bid out by themselves, whatever was found of it before; a ranking that holds
it stands, and it is passed over.
"""

FORMER_RANKS: Final = frozenset({B.CANDIDATE, B.NOT_SELECTED})
"""Where a ranking left a bid that takes part in the next one as well."""

LIFECYCLE: Final = Lifecycle(
    "bid",
    BidState,
    (
        move(
            "B01", "create", (), B.DRAFT,
            by=("solver",),
            guards=("scenario published", "organisation in good standing", "not the poster",
                    "not a designer of this need"),
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
            by=("solver",),
            guards=("after the deadline", "reason given"),
            effects=("bond may be kept", "credit note", "the ranking stands without it"),
        ),
        move(
            "B09a", "find_eligible", B.OPENED, B.ELIGIBLE,
            by=("bureau_officer", "poster"),
            guards=("every qualification answered", "no hard exclusion"),
        ),
        move(
            "B09b", "find_ineligible", B.OPENED, B.INELIGIBLE,
            by=("bureau_officer", "poster"),
            guards=("reason per item", "hard exclusions cannot be overridden"),
            effects=("reason sent",),
        ),
        move(
            "B09c", "leave_unconfirmed",
            (B.OPENED, B.ELIGIBLE, B.RESPONSIVE), B.NON_RESPONSIVE,
            by=("system",),
            guards=("corrected price refused, or not confirmed in time",),
            effects=("reason sent", "leaves every mean and the price base"),
        ),
        move(
            "B10a", "find_responsive", B.ELIGIBLE, B.RESPONSIVE,
            by=("panel", "system"),
            guards=(
                "panel majority",
                "hard metrics met",
                "price within the maximum",
                "corrections confirmed",
                "low price explained",
            ),
        ),
        move(
            "B10b", "find_non_responsive", (B.ELIGIBLE, B.RESPONSIVE), B.NON_RESPONSIVE,
            by=("panel", "system"),
            guards=("panel majority", "reason given"),
            effects=("leaves every mean and the price base",),
        ),
        move(
            "B10c", "reject_at_opening", B.OPENED, B.NON_RESPONSIVE,
            by=("system",),
            guards=("price above the maximum, or one that cannot be read, "
                    "or a participant of another bid",),
            effects=("reason sent", "leaves every mean and the price base"),
        ),
        move(
            "B10d", "fall_out", B.RANKED, B.NON_RESPONSIVE,
            by=("system",),
            guards=(
                "new round of reason hidden_set_replaced: below a hard floor",
                "new round of reason judge_replaced: panel majority",
            ),
        ),
        move(
            "B10e", "come_back", B.NON_RESPONSIVE, B.RESPONSIVE,
            by=("system",),
            guards=("out by a hard floor", "new round of reason hidden_set_replaced",
                    "above every hard floor"),
        ),
        move(
            "B10f", "reopen", (B.RESPONSIVE, B.NON_RESPONSIVE), B.ELIGIBLE,
            by=("system",),
            guards=("found by the panel", "no majority without the vote of a recused judge"),
        ),
        move(
            "B11", "score", B.RESPONSIVE, B.SCORED,
            by=("system",), guards=("every sheet signed",), effects=("totals computed",),
        ),
        move(
            "B12a", "rank", B.SCORED, B.RANKED,
            by=("system",), guards=("all responsive bids scored in the same round",),
            effects=("digest of the inputs kept",),
        ),
        move(
            "B12b", "rank_again", (B.RANKED, B.CANDIDATE, B.NOT_SELECTED), B.RANKED,
            by=("system",), guards=("new round", "all responsive bids scored in the same round"),
        ),
        move(
            "B13a", "recommend", B.RANKED, B.CANDIDATE,
            by=("panel_chair",),
            guards=("in rank order", "at most the candidates of the profile"),
            effects=("report",),
        ),
        move(
            "B13b", "pass_over", B.RANKED, B.NOT_SELECTED,
            by=("panel_chair",), guards=("below the candidates",),
        ),
        move(
            "B14", "select", B.CANDIDATE, B.SELECTED,
            by=("bureau_approver",), guards=("rank order",),
        ),
        move(
            "B15", "sign", B.SELECTED, B.CONTRACTED,
            by=("poster", "solver", "funder"),
            guards=("nothing bars signing",),
            effects=("pilot created",),
        ),
        move(
            "B16", "forfeit", B.SELECTED, B.FORFEITED,
            by=("solver", "system", "bureau_approver"),
            guards=("declined by the winner, or the time to sign is over",
                    "cause judged: justified or not"),
            effects=("justified: released without sanction",
                     "otherwise: bond may be kept, credit note",
                     "next in rank or relaunch"),
        ),
        move(
            "B17", "release", B.CANDIDATE, B.NOT_SELECTED,
            by=("system",), guards=("required contracts effective",),
            effects=("reserve list closed",),
        ),
        move(
            "B18", "invalidate", INVALIDATABLE, B.INVALIDATED,
            by=("review_body", "bureau_approver"),
            guards=(
                "evidence",
                "bidder heard, or the time to answer is over",
                "fraud, collusion, hidden relation or bribery",
            ),
            effects=("an award of it is void", "ranked again only by SC13 or SC17"),
        ),
        move(
            "SC17", "unselect", B.SELECTED, B.RANKED,
            by=("bureau_approver", "review_body"),
            guards=("the award is void",),
            effects=("takes part in the next round",),
        ),
    ),
)  # fmt: skip
