"""Which day it is: rules count in days of Beijing, clocks in moments of UTC."""

import datetime as dt
from typing import Final

ZONE_NAME: Final = "Asia/Shanghai"
SHANGHAI: Final = dt.timezone(dt.timedelta(hours=8), ZONE_NAME)
"""Mainland China keeps one zone without summer time since 1992, so no zone database is needed."""


def day_of(moment: dt.datetime) -> dt.date:
    """Find the day in Beijing on which an aware moment falls.

    >>> day_of(dt.datetime(2026, 9, 28, 16, 0, tzinfo=dt.UTC)).isoformat()
    '2026-09-29'
    """
    return moment.astimezone(SHANGHAI).date()
