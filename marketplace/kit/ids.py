"""Ids that sort by creation and are safe to show: UUID version 7 (RFC 9562)."""

import datetime as dt
import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def made_at(made: UUID) -> dt.datetime:
    """Tell when an id was made, to the millisecond."""
    return dt.datetime.fromtimestamp((made.int >> 80) / 1000, dt.UTC)


def new_id() -> UUID:
    """Make a UUIDv7 that is larger than every one made before in this process.

    Within one millisecond the 74 random bits are counted upwards, so rows made together keep their
    order.
    """
    global _last
    stamp = time.time_ns() // 1_000_000
    fresh = (stamp << 74) | (int.from_bytes(os.urandom(10)) >> 6)
    with _lock:
        # A clock that steps back, or two ids in one millisecond, must not break the order.
        value = fresh if fresh > _last else _last + 1
        _last = value
    high, low = (value >> 62) & 0xFFF, value & ((1 << 62) - 1)
    return UUID(int=((value >> 74) << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)
