"""How many requests an endpoint may be sent now, if its owner asked for no more than so many a
second.

One time is kept for each endpoint: when everything taken for it will have been sent at its rate.
It may lie ahead of the present by a short burst, so that requests can be taken in batches.
"""

import datetime as dt

RATE_MAX = 1_000
BURST = dt.timedelta(milliseconds=100)
_SECOND = dt.timedelta(seconds=1)


def allowed(rate_per_second: int, paced_until: dt.datetime | None, now: dt.datetime) -> int:
    """Say how many requests may be taken now.

    Units    whole requests; never more than a tenth of a second holds, and at least one at a time.

    >>> noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    >>> allowed(50, None, noon), allowed(2, None, noon), allowed(2, noon + _SECOND / 2, noon)
    (5, 1, 0)
    """
    # Rounded up: of three in a second each needs a bit more than 333,333 microseconds.
    burst = max(BURST, -(-_SECOND // rate_per_second))
    free = now + burst - _from(paced_until, now)
    return max(0, free * rate_per_second // _SECOND)


def paced_after(
    rate_per_second: int, paced_until: dt.datetime | None, now: dt.datetime, *, taken: int
) -> dt.datetime:
    """Say when everything will have been sent, after so many more were taken.

    >>> noon = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    >>> paced_after(50, None, noon, taken=5) - noon
    datetime.timedelta(microseconds=100000)
    """
    return _from(paced_until, now) + taken * _SECOND / rate_per_second


def _from(paced_until: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    return now if paced_until is None else max(paced_until, now)
