"""What this room can do: load a version of a profile or a calendar, once and for ever."""

import datetime as dt

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.profiles import queries
from marketplace.profiles.errors import (
    CalendarNotFound,
    ProfileMalformed,
    ProfileNotFound,
    VersionHasOtherContent,
)
from marketplace.profiles.rules.calendar import YearCalendar
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.profiles.tables import CalendarYearRow, RuleProfileRow


async def load_profile(
    session: WriteSession, actor: Actor, profile: RuleProfile, *, now: dt.datetime
) -> RuleProfileRow:
    """Load one version of a rule profile; loading the same version again changes nothing.

    Refuses  VersionHasOtherContent if this version is loaded with other content, ProfileMalformed
             if the code belongs to another track.
    """
    access.require(actor, Permission.PROFILES_LOAD)
    document = canonical_json(profile.to_document())
    sha256 = sha256_hex(document)
    try:
        loaded = await queries.profile_row(session, profile.code, profile.version)
    except ProfileNotFound:
        loaded = None
    if loaded is not None:
        _same_content(loaded.sha256, sha256, profile=profile.code, version=profile.version)
        return loaded
    await _check_track(session, profile)
    row = RuleProfileRow(
        code=profile.code,
        version=profile.version,
        track=profile.track,
        effective_from=profile.effective_from,
        document=document,
        sha256=sha256,
        loaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def retire_profile(
    session: WriteSession, actor: Actor, code: str, version: int
) -> RuleProfileRow:
    """Keep a version from being chosen for new calls; calls that pinned it are not touched."""
    access.require(actor, Permission.PROFILES_LOAD)
    row = await queries.profile_row(session, code, version)
    row.active = False
    await session.flush()
    return row


async def load_calendar(
    session: WriteSession, actor: Actor, calendar: YearCalendar, *, now: dt.datetime
) -> CalendarYearRow:
    """Load one edition of a year's working days; loading the same edition again changes nothing.

    Refuses  VersionHasOtherContent if this edition is loaded with other content.
    """
    access.require(actor, Permission.PROFILES_LOAD)
    document = canonical_json(calendar.to_document())
    sha256 = sha256_hex(document)
    try:
        loaded = await queries.calendar_row(session, calendar.year, calendar.version)
    except CalendarNotFound:
        loaded = None
    if loaded is not None:
        _same_content(loaded.sha256, sha256, year=calendar.year, version=calendar.version)
        return loaded
    row = CalendarYearRow(
        year=calendar.year,
        version=calendar.version,
        document=document,
        sha256=sha256,
        loaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def _check_track(session: WriteSession, profile: RuleProfile) -> None:
    """Keep a code on one track: a call that follows its code must not change law by an update."""
    for row in await queries.profile_versions(session, profile.code, after=0, limit=1):
        if row.track is not profile.track:
            raise ProfileMalformed(problem="code_of_another_track", profile=profile.code)


def _same_content(loaded: str, offered: str, **which: object) -> None:
    if loaded != offered:
        raise VersionHasOtherContent(loaded_sha256=loaded, offered_sha256=offered, **which)
