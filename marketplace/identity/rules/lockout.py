"""How long a login waits after wrong tries."""

import datetime as dt
from typing import Final

FREE_TRIES: Final = 5
WAITS_MINUTES: Final = (1, 2, 4, 8, 15)


def wait_after(failures: int) -> dt.timedelta:
    """Say how long to wait after this many failures in a row.

    >>> [wait_after(count).seconds // 60 for count in (4, 5, 6, 7, 8, 9, 100)]
    [0, 1, 2, 4, 8, 15, 15]
    """
    if failures < FREE_TRIES:
        return dt.timedelta(0)
    return dt.timedelta(minutes=WAITS_MINUTES[min(failures - FREE_TRIES, len(WAITS_MINUTES) - 1)])
