"""The shipped rule profiles and calendars, loaded by the profiles room's own actions."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.database import Database
from marketplace.profiles import actions
from marketplace.profiles.rules.calendar import YearCalendar
from marketplace.profiles.rules.profile import RuleProfile, Track
from tests.conftest import START

SEEDS = Path(__file__).parents[2] / "seeds"
YEARS = (2025, 2026)


def _document(name: str) -> dict[str, Any]:
    return tomllib.loads((SEEDS / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def a_profile(track: Track) -> RuleProfile:
    """The shipped profile of a track."""
    return RuleProfile.from_document(_document(f"rule_profiles/{track.value}"))


@cache
def a_calendar(year: int) -> YearCalendar:
    """The announced calendar of a year."""
    return YearCalendar.from_document(_document(f"calendars/{year}"))


@cache
def the_tendering_law() -> RuleProfile:
    """The shipped profile that holds only where it is named."""
    return RuleProfile.from_document(_document("rule_profiles/tendering_law"))


async def shipped_rules(database: Database) -> None:
    """Load everything that ships: six profiles and two years."""
    async with database.writing() as session:
        for track in Track:
            await actions.load_profile(session, SYSTEM, a_profile(track), now=START)
        for year in YEARS:
            await actions.load_calendar(session, SYSTEM, a_calendar(year), now=START)
