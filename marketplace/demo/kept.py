"""What a demo leaves in its data folder, for every later command over the same folder."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from marketplace.kit.clock import SystemClock

KEPT = "demo.json"


def kept_of(folder: Path) -> dict[str, Any]:
    """Read what a demo left in its data folder; empty where none was played."""
    path = folder / KEPT
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def clock_of(folder: Path) -> SystemClock:
    """Make the clock of a data folder: a demo's goes on from the end of its story."""
    shift = kept_of(folder).get("clock_shift_seconds", 0)
    return SystemClock(dt.timedelta(seconds=shift))
