"""The ties of experts: which of them keep a judge away from an organisation on a day.

Source   政府采购法实施条例 (procurement regulations), article 9: within three years before the
         procurement in employment of a bidder, its director or supervisor, its controlling
         shareholder or actual controller; a near relative of who stands at its head; any other tie
         that may affect fairness.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.identity.rules.retention import years_later

LOOK_BACK_YEARS: Final = 3
"""For how long a tie keeps somebody away after it has ended."""


class TieKind(StrEnum):
    """How an expert is tied to an organisation."""

    EMPLOYMENT = "employment"
    """Works there, or is a member of it."""
    POSITION = "position"
    """Is its director or supervisor."""
    CONTROL = "control"
    """Is its controlling shareholder or actual controller."""
    INTEREST = "interest"
    """Declared another interest, such as a near relative at its head; what it is, is sealed."""


LOOKED_BACK: Final = frozenset({TieKind.EMPLOYMENT, TieKind.POSITION, TieKind.CONTROL})
"""Ties that count for three years after their end; a declared interest ends when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One tie with its first day and its end."""

    person_id: UUID
    organization_id: UUID
    kind: TieKind
    valid_from: dt.date | None = None
    """None where nobody recorded when it began."""
    valid_to: dt.date | None = None
    """The first day on which it no longer holds."""

    def counts_on(self, day: dt.date) -> bool:
        """Tell whether the tie keeps its expert away on a day.

        >>> gone = Tie(
        ...     person_id=UUID(int=1),
        ...     organization_id=UUID(int=2),
        ...     kind=TieKind.EMPLOYMENT,
        ...     valid_to=dt.date(2023, 3, 2),
        ... )
        >>> gone.counts_on(dt.date(2026, 3, 1)), gone.counts_on(dt.date(2026, 3, 2))
        (True, False)
        """
        if self.valid_from is not None and day < self.valid_from:
            return False
        if self.valid_to is None:
            return True
        kept = self.kind in LOOKED_BACK
        return day < (years_later(self.valid_to, LOOK_BACK_YEARS) if kept else self.valid_to)


def counting(ties: Iterable[Tie], day: dt.date) -> tuple[Tie, ...]:
    """Keep the ties that count on a day, in an order that never depends on chance."""
    held = {one for one in ties if one.counts_on(day)}
    return tuple(sorted(held, key=lambda one: (one.person_id, one.organization_id, one.kind.value)))
