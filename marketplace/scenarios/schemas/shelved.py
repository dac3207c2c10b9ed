"""Calls that were put aside, and when they are looked at again."""

import datetime as dt
from uuid import UUID

from marketplace.scenarios.tables import Scenario
from marketplace.wire.shapes import Out


class ShelvedOut(Out, frozen=True, kw_only=True):
    """A call that was put aside."""

    id: UUID
    version: int
    number: str
    review_on: dt.date | None
    review_due: bool
    reason: str | None
    ceiling_as_of: dt.date | None
    """The day whose prices the cost ceiling is in; a revival dates it anew."""

    @classmethod
    def of(cls, row: Scenario, today: dt.date) -> "ShelvedOut":
        """Read one shelved call as of today."""
        due = row.shelved_until is not None and row.shelved_until <= today
        return cls(
            id=row.id,
            version=row.version,
            number=row.number,
            review_on=row.shelved_until,
            review_due=due,
            reason=row.bureau_note,
            ceiling_as_of=row.ceiling_as_of,
        )
