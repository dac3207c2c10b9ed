"""A submission: its states, its phase, what it may cost, and which one of a bid counts.

A value is what an attempt is spent on.  A file that ends without one, refused, cancelled or lost by
the platform, has told nothing about the hidden set, so its place is given back.  An endpoint that
hidden inputs have reached has been told something and has kept hands busy: its attempt is spent,
unless the platform or the hidden set is at fault.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from marketplace.bids.rules.lifecycle import LEFT, LIVE_STATES, BidState
from marketplace.kit.days import SHANGHAI, day_of
from marketplace.kit.lifecycle import Lifecycle, move
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scenarios.rules.lifecycle import ScenarioState


class SubmissionState(StrEnum):
    """Where a submission stands."""

    UPLOADED = "uploaded"
    """Stored, and waiting for a hidden set to be measured against."""
    QUEUED = "queued"
    RUNNING = "running"
    SCORED = "scored"
    ERROR = "error"
    CANCELLED = "cancelled"
    DISQUALIFIED = "disqualified"


S = SubmissionState

OPEN_STATES: Final = frozenset({S.UPLOADED, S.QUEUED, S.RUNNING})
"""States that something is still going to happen to."""
FREE_STATES: Final = frozenset({S.ERROR, S.CANCELLED})
"""Ends that cost a file no attempt."""

LIFECYCLE: Final = Lifecycle(
    "submission",
    SubmissionState,
    (
        move(
            "U01", "upload", (), S.UPLOADED,
            by=("solver",),
            guards=("phase open", "within the quota of day and phase"),
            effects=("one attempt reserved",),
        ),
        move("U02", "enqueue", S.UPLOADED, S.QUEUED, by=("system",), guards=("hidden set known",)),
        move("U03", "start", (S.QUEUED, S.RUNNING), S.RUNNING, by=("system",),
             guards=("lease taken",)),
        move("U04", "put_back", S.RUNNING, S.QUEUED, by=("system",),
             guards=("platform fault or another hidden set", "tries left"),
             effects=("tried again later",)),
        move("U10", "hand_in", S.RUNNING, S.QUEUED, by=("system",),
             guards=("lease held", "every row asked", "no more failed than may"),
             effects=("file made of the answers", "evidence kept", "queued to be measured")),
        move("U05", "score", S.RUNNING, S.SCORED, by=("system",),
             guards=("lease still held", "hidden set still counts"),
             effects=("result kept", "board changed", "attempt spent")),
        move("U06", "fail", (S.QUEUED, S.RUNNING), S.ERROR, by=("system",),
             guards=("file refused, endpoint failed, or no tries left",),
             effects=("reason kept", "attempt given back unless an endpoint was reached")),
        move("U07", "cancel", (S.UPLOADED, S.QUEUED, S.RUNNING), S.CANCELLED,
             by=("solver", "bureau_officer"),
             effects=("attempt given back unless an endpoint was reached",)),
        move("U09", "lose_value", S.SCORED, S.ERROR, by=("bureau_approver",),
             guards=("a committed re-scoring cannot measure it",),
             effects=("reason kept", "leaves the board")),
        move("U08", "disqualify", (S.UPLOADED, S.QUEUED, S.RUNNING, S.SCORED), S.DISQUALIFIED,
             by=("bureau_officer",), guards=("after the opening", "reason given"),
             effects=("leaves the board", "never counts")),
    ),
)  # fmt: skip


class Phase(StrEnum):
    """When a file was sent, and so which board it stands on."""

    FEEDBACK = "feedback"
    """Before the bid deadline: measured on the public split, told to its solver only."""
    EVALUATION = "evaluation"
    """After the opening: what decides."""


class Source(StrEnum):
    """Where the predictions of a submission come from."""

    FILE = "file"
    """A file that its solver sent."""
    ENDPOINT = "endpoint"
    """The answers of its solver's endpoint to calls that the service made."""


DEFAULT: Final = Benchmark()
FEEDBACK_BIDS: Final = LIVE_STATES
EVALUATION_BIDS: Final = frozenset({BidState.OPENED, BidState.ELIGIBLE, BidState.RESPONSIVE})
OUT_BIDS: Final = LEFT | {
    BidState.WITHDRAWN,
    BidState.LAPSED,
    BidState.INELIGIBLE,
    BidState.NON_RESPONSIVE,
}
"""Bids that stand on no board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What of a call and a bid decides whether files are taken."""

    call_state: ScenarioState
    bid_state: BidState
    closes_at: dt.datetime | None
    """When bidding closes; None while a suspension holds the clock."""
    opened_at: dt.datetime | None


def phase_of(stage: Stage, benchmark: Benchmark, now: dt.datetime) -> Phase | None:
    """Tell which phase takes a file now; None: none does."""
    if stage.call_state is ScenarioState.PUBLISHED:
        in_time = stage.closes_at is not None and now < stage.closes_at
        fits = benchmark.feedback and in_time and stage.bid_state in FEEDBACK_BIDS
        return Phase.FEEDBACK if fits else None
    if stage.call_state is not ScenarioState.EVALUATING or stage.bid_state not in EVALUATION_BIDS:
        return None
    ends_at = evaluation_ends_at(benchmark, stage.opened_at)
    return Phase.EVALUATION if ends_at is None or now < ends_at else None


def evaluation_ends_at(benchmark: Benchmark, opened_at: dt.datetime | None) -> dt.datetime | None:
    """Tell when files and choices are taken no more; None: when the panel's ranking is made."""
    if benchmark.evaluation_hours is None or opened_at is None:
        return None
    return opened_at + dt.timedelta(hours=benchmark.evaluation_hours)


def day_key(now: dt.datetime) -> str:
    """Name the day in Beijing on which an attempt counts."""
    return day_of(now).isoformat()


def next_day_at(now: dt.datetime) -> dt.datetime:
    """Tell when the next day in Beijing begins.

    >>> next_day_at(dt.datetime(2026, 3, 2, 15, 59, tzinfo=dt.UTC)).isoformat()
    '2026-03-02T16:00:00+00:00'
    """
    tomorrow = day_of(now) + dt.timedelta(days=1)
    return dt.datetime.combine(tomorrow, dt.time(), SHANGHAI).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A scored submission as the choice among several sees it."""

    id: UUID
    phase: Phase
    received_at: dt.datetime
    key: str
    """Sorts best first, see `boards.sort_key`."""
    selected: bool = False


def counting(sent: Sequence[Sent], selection: str) -> Sent | None:
    """Tell which scored submission of a bid counts: one rule, published with the call.

    The one its solver selected; otherwise, of those of the evaluation if there are any and else of
    the feedback phase, the last received (`last`) or the best, the earlier of equals (`best`).
    """
    selected = [one for one in sent if one.selected]
    if selected:
        return selected[0]
    later = [one for one in sent if one.phase is Phase.EVALUATION] or sent
    if selection == "best":
        return best(later)
    return max(later, key=_receipt, default=None)


def best(sent: Sequence[Sent]) -> Sent | None:
    """Tell which is best; of equals the earlier one."""
    return min(sent, key=lambda one: (one.key, *_receipt(one)), default=None)


def _receipt(one: Sent) -> tuple[dt.datetime, UUID]:
    return one.received_at, one.id


def shown_value(
    value: str | None, *, phase: Phase, benchmark: Benchmark, told: bool, bureau: bool
) -> str | None:
    """Tell the deciding value, or nothing while it is not for the one who asks.

    What a public split was made for is that the private one stays unknown until the result.
    """
    split = benchmark.public_share_bps > 0
    if told or (bureau and phase is Phase.EVALUATION):
        return value
    return None if split or phase is Phase.FEEDBACK else value


def failure(code: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Write down why there is no value, as a problem document would say it."""
    return {"code": code, "facts": facts}
