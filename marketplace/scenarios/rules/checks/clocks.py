"""LINT-11: the call is open for as long as its track asks for."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.profiles.rules.calendar import WorkCalendar
from marketplace.profiles.rules.deadlines import earliest_bid_deadline
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.checks.finding import ERROR, Finding
from marketplace.scenarios.rules.content import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """When the call would be published and closed, as far as it is known."""

    published_at: dt.datetime
    bid_deadline_at: dt.datetime


def clocks(profile: RuleProfile, planned: Planned, calendar: WorkCalendar) -> Iterator[Finding]:
    """LINT-11: the bid window is at least what the track asks for."""
    earliest = earliest_bid_deadline(planned.published_at, profile, calendar)
    if planned.bid_deadline_at < earliest.at:
        yield Finding(
            # A clock that is too short costs bidders their right on every track.
            rule="LINT-11", severity=ERROR, pointer="/bid_deadline_at",
            source=earliest.period.source or "",
            message=Text(
                f"截止时间早于最早允许时间({earliest.on} 24:00)",
                f"The deadline is before the earliest one allowed, the end of {earliest.on}",
            ),
            suggestion=Text(f"不早于 {earliest.on} 24:00", f"Not before the end of {earliest.on}"),
        )  # fmt: skip
