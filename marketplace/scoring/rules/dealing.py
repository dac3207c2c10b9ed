"""Rows of a hidden set dealt into at most a thousand groups, so that a sheet can carry them.

The place of a row decides its group, by a digest: ids may hold a date or a district, and
neighbours that are alike must not make up a group.  Every file of one hidden set is dealt alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

GROUPS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Dealing:
    """Which group each row is in, by its place, and how many rows each group has."""

    group_of: tuple[int, ...]
    sizes: tuple[int, ...]

    def sums(self, units: Sequence[int]) -> list[int]:
        """Add up what the rows of each group got."""
        sums = [0] * len(self.sizes)
        for group, unit in zip(self.group_of, units, strict=True):
            sums[group] += unit
        return sums


def dealt(rows: int) -> Dealing:
    """Deal so many rows."""
    sizes = sizes_of(rows)
    group_of = [0] * rows
    for nth, place in enumerate(sorted(range(rows), key=lambda at: sha256(b"%d" % at).digest())):
        group_of[place] = nth % len(sizes)
    return Dealing(tuple(group_of), sizes)


def sizes_of(rows: int) -> tuple[int, ...]:
    """Tell how many rows each group has; groups differ by at most a row.

    >>> sizes_of(2_500).count(3)
    500
    """
    count = min(rows, GROUPS_MAX)
    return tuple(rows // count + (nth < rows % count) for nth in range(count))
