"""What of a person must be kept, for how long, and by which law; the rest goes when they ask.

Source   Personal Information Protection Law, articles 45 and 47 (a copy on request; erasure on
         request, and what a law says must be kept is kept and not used for anything else);
         Government Procurement Law, article 42 (the files of a procurement: fifteen years at
         least).  All from memory, unverified.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PROCUREMENT_YEARS: Final = 15
PROCUREMENT_SOURCE: Final = "政府采购法 第42条(未核对原文)"
ERASED_ZH: Final = "已注销人员"
ERASED_EN: Final = "Erased person"

ABOUT_A_PERSON: Final = frozenset(
    {
        "api_key.person_id",
        "expert_profile.person_id",
        "expert_tie.person_id",
        "external_identity.person_id",
        "member.person_id",
        "password.person_id",
        "password_reset.person_id",
        "person_session.person_id",
        "recovery_code.person_id",
        "second_factor.person_id",
    }
)
"""Columns whose rows are about a person; every other row that names one says what they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of record that outlives the wish to be forgotten."""

    what: str
    count: int
    source: str
    until: dt.date


def kept_records(records: Mapping[str, int], *, on: dt.date) -> tuple[Kept, ...]:
    """Tell which records that name a person must stay, and until when.

    Shape    `records` counts rows by table and column. Counted from the day of the wish, which is
             never earlier than the end of a procurement that the person took part in before it.

    >>> told = {"scenario.author_id": 2, "api_key.person_id": 1, "bid.author_id": 0}
    >>> [(one.what, str(one.until)) for one in kept_records(told, on=dt.date(2026, 3, 2))]
    [('scenario.author_id', '2041-03-02')]
    """
    until = years_later(on, PROCUREMENT_YEARS)
    return tuple(
        Kept(what=what, count=count, source=PROCUREMENT_SOURCE, until=until)
        for what, count in sorted(records.items())
        if count and what not in ABOUT_A_PERSON
    )


def years_later(day: dt.date, years: int) -> dt.date:
    """Find the same day in a later year; the 29th of February becomes the 1st of March.

    >>> years_later(dt.date(2024, 2, 29), 15)
    datetime.date(2039, 3, 1)
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)
