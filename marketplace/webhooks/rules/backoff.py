"""When to try again: the retry schedule, the receiver's own wish, and the moment to give up.

A decision is a value: a time, or None for a dead letter.  Somebody else acts on it.
"""

import datetime as dt
from email.utils import parsedate_to_datetime

Schedule = tuple[dt.timedelta, ...]

STANDARD: Schedule = (
    dt.timedelta(seconds=5),
    dt.timedelta(minutes=5),
    dt.timedelta(minutes=30),
    dt.timedelta(hours=2),
    dt.timedelta(hours=5),
    dt.timedelta(hours=10),
    dt.timedelta(hours=14),
    dt.timedelta(hours=20),
    dt.timedelta(hours=24),
)
"""Waits after the 1st, 2nd … 9th attempt; after the 10th there is none.  75 h 35 min 5 s in all."""

SPREAD = 0.2
"""Each wait is stretched or shortened by up to this fraction, lest failures return as a herd."""

RETRY_AFTER_MAX = dt.timedelta(hours=24)
"""The longest wait a receiver can ask for."""

_DIGITS_MAX = 9


def next_attempt(
    attempts: int,
    now: dt.datetime,
    *,
    draw: float,
    retry_after: dt.timedelta | None = None,
    schedule: Schedule = STANDARD,
) -> dt.datetime | None:
    """Decide when a delivery that has just failed is tried again.

    Shape    None when the schedule is used up: the delivery becomes a dead letter.
    Units    `attempts` counts the failed ones, this one included; `draw` is uniform in [0, 1].
    Source   the example schedule of the Standard Webhooks specification.

    A receiver's Retry-After can lengthen the wait, up to 24 hours; it can neither shorten it nor
    add attempts to the schedule.

    >>> noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    >>> next_attempt(1, noon, draw=0.5).isoformat()
    '2026-03-02T12:00:05+00:00'
    >>> next_attempt(10, noon, draw=0.5) is None
    True
    """
    if attempts > len(schedule):
        return None
    wait = schedule[attempts - 1] * (1 + SPREAD * (2 * draw - 1))
    if retry_after is not None:
        wait = max(wait, min(retry_after, RETRY_AFTER_MAX))
    return now + wait


def retry_after_of(header: str | None, now: dt.datetime) -> dt.timedelta | None:
    """Read a Retry-After header, in seconds or as an HTTP date; None if it says nothing usable.

    >>> retry_after_of("120", dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    datetime.timedelta(seconds=120)
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return dt.timedelta(seconds=int(text[:_DIGITS_MAX]))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(moment - now, dt.timedelta(0))
