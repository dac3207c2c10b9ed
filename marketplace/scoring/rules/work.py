"""Long work: its states, its leases, and when it is tried again."""

import datetime as dt
from enum import StrEnum
from typing import Final

from marketplace.kit.lifecycle import Lifecycle, move


class WorkKind(StrEnum):
    """What is done."""

    SCORE = "score"
    CALL = "call"
    """Endpoints are asked: by hands of their own, because they may take hours."""
    RESCORE = "rescore"
    BOOTSTRAP = "bootstrap"


class WorkState(StrEnum):
    """How far it has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


W = WorkState
OPEN: Final = frozenset({W.QUEUED, W.RUNNING})

LIFECYCLE: Final = Lifecycle(
    "work",
    WorkState,
    (
        move("K01", "enqueue", (), W.QUEUED, by=("system",)),
        move("K02", "lease", (W.QUEUED, W.RUNNING), W.RUNNING, by=("system",),
             guards=("due", "not leased, or its lease ran out", "tries left"),
             effects=("fencing token",)),
        move("K03", "put_back", W.RUNNING, W.QUEUED, by=("system",),
             guards=("lease held",), effects=("due again after a wait",)),
        move("K04", "finish", W.RUNNING, W.DONE, by=("system",), guards=("lease held",)),
        move("K05", "give_up", (W.QUEUED, W.RUNNING), W.FAILED, by=("system",),
             guards=("lease held, or no tries left",), effects=("reason kept",)),
        move("K06", "cancel", (W.QUEUED, W.RUNNING), W.CANCELLED,
             by=("solver", "bureau_officer", "poster")),
    ),
)  # fmt: skip

LEASE: Final = dt.timedelta(seconds=30)
BEATS: Final = 3
"""A worker that lives renews its lease twice before it runs out."""
TRIES_MAX: Final = 5
"""Leases that may end without a word: a file that kills whoever touches it must not go round for
ever."""
WAITS: Final = tuple(dt.timedelta(seconds=seconds) for seconds in (1, 5, 15, 60))
SPREAD: Final = 0.2

PRIORITY: Final = {
    WorkKind.SCORE: 0,
    WorkKind.CALL: 0,
    WorkKind.BOOTSTRAP: 5,
    WorkKind.RESCORE: 9,
}
"""Lower first: nobody waits for their score because a whole call is measured anew."""

CALLED: Final = frozenset({WorkKind.CALL})
MEASURED: Final = frozenset(WorkKind) - CALLED
"""Two queues: what calls endpoints never waits for what measures files, nor the other way."""
OF_SUBMISSIONS: Final = frozenset({WorkKind.SCORE, WorkKind.CALL})
"""Work whose subject is a submission."""


def queue_of(kind: WorkKind) -> frozenset[WorkKind]:
    """Tell which kinds stand in line with this one."""
    return CALLED if kind in CALLED else MEASURED


def due_again(tries: int, now: dt.datetime, *, draw: float) -> dt.datetime | None:
    """Decide when work whose worker failed is tried again; None: not any more.

    Units    `tries` counts those that failed, this one included; `draw` is uniform in [0, 1].

    >>> noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    >>> due_again(2, noon, draw=0.5).isoformat(), due_again(5, noon, draw=0.5)
    ('2026-03-02T12:00:05+00:00', None)
    """
    if tries >= TRIES_MAX:
        return None
    return now + WAITS[tries - 1] * (1 + SPREAD * (2 * draw - 1))


def estimate_seconds(ahead: int, mean_milliseconds: int | None) -> int | None:
    """Tell how long a file waits and is measured; None before anything was measured.

    >>> estimate_seconds(3, 500), estimate_seconds(0, None)
    (2, None)
    """
    if mean_milliseconds is None:
        return None
    return -(-(ahead + 1) * mean_milliseconds // 1000)
