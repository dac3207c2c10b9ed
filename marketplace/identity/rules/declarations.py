"""What was declared for which day: a history that is added to and never edited.

An enterprise is small, or a startup, on a day, because somebody declared it from that day on.  A
rule names the day that counts (of declaration, of signing, of payment), so the same history gives
different rules different answers.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from marketplace.identity.errors.organizations import DeclaredAhead

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared(Generic[T]):
    """One statement: from `since` on, `value` holds; known from `recorded_at` on."""

    value: T
    since: dt.date
    recorded_at: dt.datetime


def in_force(
    entries: Iterable[Declared[T]], on: dt.date, *, known_at: dt.datetime | None = None
) -> Declared[T] | None:
    """Find the statement that holds on a day; None where none does.

    Shape    the latest day wins; of two about one day the one that was recorded later.  `known_at`
             leaves out what was recorded after that moment, to see what a decision could know.

    >>> at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    >>> small = Declared(value="small", since=dt.date(2026, 1, 1), recorded_at=at)
    >>> medium = Declared(value="medium", since=dt.date(2026, 6, 1), recorded_at=at)
    >>> [in_force([small, medium], dt.date(2026, month, 1)).value for month in (5, 6)]
    ['small', 'medium']
    >>> in_force([small], dt.date(2025, 12, 31)) is None
    True
    """
    valid = (
        one
        for one in entries
        if one.since <= on and (known_at is None or one.recorded_at <= known_at)
    )
    return max(valid, key=lambda one: (one.since, one.recorded_at), default=None)


def startup_on(
    declarations: Iterable[Declared[bool]], on: dt.date, *, known_at: dt.datetime | None = None
) -> bool:
    """Tell whether an enterprise was a startup on the day that a policy names.

    Whoever declared nothing for the day is none: a benefit is asked for, not presumed.
    """
    found = in_force(declarations, on, known_at=known_at)
    return found is not None and found.value


def check_not_ahead(since: dt.date, today: dt.date) -> None:
    """Refuse a statement about a day that has not come.

    Refuses  DeclaredAhead.
    """
    if since > today:
        raise DeclaredAhead(since=str(since), today=str(today))
