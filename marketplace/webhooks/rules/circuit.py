"""How an endpoint that keeps failing is spared, and when its owner has to look after it.

The retry schedule belongs to a delivery; this belongs to an endpoint.  While an endpoint rests its
deliveries wait without using up attempts, and other endpoints get the slots.  Afterwards one
delivery goes first: the first success closes the circuit.
"""

import datetime as dt

FAILURES_BEFORE_REST = 5
RESTS = (
    dt.timedelta(seconds=30),
    dt.timedelta(minutes=2),
    dt.timedelta(minutes=8),
    dt.timedelta(minutes=30),
)
PAUSED_AFTER = dt.timedelta(days=5)
"""An endpoint without one success for so long is paused and its owner told."""

CONCURRENCY_DEFAULT = 4
"""Deliveries on their way to one endpoint at a time, unless its owner says otherwise."""
CONCURRENCY_MAX = 64
WINDOW_MAX = 16
"""How many times its concurrency may be held ready for an endpoint that answers quickly."""


def rest_after(failures: int) -> dt.timedelta:
    """Say how long an endpoint rests after so many failures in a row.

    >>> [rest_after(n).total_seconds() for n in (1, 4, 5, 6, 8, 1000)]
    [0.0, 0.0, 30.0, 120.0, 1800.0, 1800.0]
    """
    if failures < FAILURES_BEFORE_REST:
        return dt.timedelta(0)
    return RESTS[min(failures - FAILURES_BEFORE_REST, len(RESTS) - 1)]


def room_for(
    failures: int,
    *,
    mine: int,
    others: int,
    concurrency: int = CONCURRENCY_DEFAULT,
    window: int = 0,
) -> int:
    """Say how many more deliveries one worker may take: one at a time for whoever needs a rest.

    Units    `mine` and `others` count the deliveries that this worker and all others have taken.

    A worker alone may hold more ready than may be under way (its `window`); of what it holds it
    sends no more than `concurrency` at a time.  Whoever finds that others hold some takes only what
    keeps the sum within `concurrency`: so the limit holds over all workers.

    >>> [room_for(0, mine=0, others=0), room_for(0, mine=0, others=3)]
    [4, 1]
    >>> [room_for(0, mine=9, others=0, window=16), room_for(0, mine=0, others=9, window=16)]
    [7, 0]
    >>> [room_for(5, mine=0, others=0, window=16), room_for(5, mine=1, others=0)]
    [1, 0]
    """
    if failures >= FAILURES_BEFORE_REST:
        return max(0, 1 - mine - others)
    most = concurrency if others else max(concurrency, window)
    return max(0, most - mine - others)


def is_abandoned(failing_since: dt.datetime, now: dt.datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is paused."""
    return now - failing_since >= PAUSED_AFTER
