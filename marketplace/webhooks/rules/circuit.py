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

IN_FLIGHT_MAX = 4
"""Deliveries on their way to one endpoint at a time: a slow receiver delays nobody else."""


def rest_after(failures: int) -> dt.timedelta:
    """Say how long an endpoint rests after so many failures in a row.

    >>> [rest_after(n).total_seconds() for n in (1, 4, 5, 6, 8, 1000)]
    [0.0, 0.0, 30.0, 120.0, 1800.0, 1800.0]
    """
    if failures < FAILURES_BEFORE_REST:
        return dt.timedelta(0)
    return RESTS[min(failures - FAILURES_BEFORE_REST, len(RESTS) - 1)]


def room_for(failures: int, in_flight: int) -> int:
    """Say how many more deliveries may be on their way: one at a time to whoever needs a rest.

    >>> [room_for(0, 0), room_for(0, 3), room_for(5, 0), room_for(5, 1)]
    [4, 1, 1, 0]
    """
    most = IN_FLIGHT_MAX if failures < FAILURES_BEFORE_REST else 1
    return max(0, most - in_flight)


def is_abandoned(failing_since: dt.datetime, now: dt.datetime) -> bool:
    """Tell whether an endpoint has failed for so long that it is paused."""
    return now - failing_since >= PAUSED_AFTER
