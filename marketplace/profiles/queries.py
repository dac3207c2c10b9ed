"""What this room can answer: the version a call pinned, the version in force, the working days."""

import datetime as dt
import functools
import json
from collections.abc import Sequence

from sqlalchemy import tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.kit.database import ReadSession
from marketplace.profiles.errors import CalendarNotFound, NoProfileInForce, ProfileNotFound
from marketplace.profiles.rules.calendar import (
    YEAR_FIRST,
    YEAR_LAST,
    WorkCalendar,
    YearCalendar,
)
from marketplace.profiles.rules.documents import VERSION_MAX
from marketplace.profiles.rules.profile import PROFILE_CODE, RuleProfile, Track
from marketplace.profiles.tables import CalendarYearRow, RuleProfileRow


@functools.lru_cache(maxsize=256)
def profile_of(document: bytes) -> RuleProfile:
    """Read a stored profile; stored bytes never change, so the same bytes are read once."""
    return RuleProfile.from_document(json.loads(document))


@functools.lru_cache(maxsize=64)
def calendar_of(document: bytes) -> YearCalendar:
    """Read a stored calendar; stored bytes never change, so the same bytes are read once."""
    return YearCalendar.from_document(json.loads(document))


async def profile_row(session: ReadSession, code: str, version: int) -> RuleProfileRow:
    """Find one version of a profile, in force or not."""
    _check_code(code)
    if not 1 <= version <= VERSION_MAX:
        raise ProfileNotFound(profile=code, version=version)
    found = await session.exec(
        select(RuleProfileRow)
        .where(RuleProfileRow.code == code)
        .where(RuleProfileRow.version == version)
    )
    row = found.first()
    if row is None:
        raise ProfileNotFound(profile=code, version=version)
    return row


async def profile_pinned(session: ReadSession, code: str, version: int) -> RuleProfile:
    """Read the profile a call was published under, whatever has been loaded or retired since."""
    return profile_of((await profile_row(session, code, version)).document)


async def profile_in_force(session: ReadSession, track: Track, on: dt.date) -> RuleProfile:
    """Read the profile a call of this track would be published under on a day."""
    # Two profiles of one track may be in force (a city's own beside the general one): the later
    # one wins, then the one that comes first by name, so that the choice never depends on chance.
    # One that holds only by name is never the choice of a track.
    statement = (
        _in_force(on)
        .where(RuleProfileRow.track == track)
        .order_by(col(RuleProfileRow.effective_from).desc(), col(RuleProfileRow.code))
    )
    for row in (await session.exec(statement)).all():
        profile = profile_of(row.document)
        if not profile.only_by_name:
            return profile
    raise NoProfileInForce(track=track.value, on=on.isoformat())


async def tender_threshold_fen(session: ReadSession, on: dt.date) -> int | None:
    """Find the yearly amount from which an open tender is the rule; None if nothing states it."""
    try:
        profile = await profile_in_force(session, Track.PROCUREMENT_CONSULTATION, on)
    except NoProfileInForce:
        return None
    name = "tender_threshold_fen"
    return profile.integer(name) if profile.has(name) else None


async def profile_row_in_force(session: ReadSession, code: str, on: dt.date) -> RuleProfileRow:
    """Find the version of a profile that is in force on a day.

    Refuses  ProfileNotFound if no version of that code is loaded at all, NoProfileInForce if none
             is in force.
    """
    _check_code(code)
    row = (await session.exec(_in_force(on).where(RuleProfileRow.code == code))).first()
    if row is None:
        if not await profile_versions(session, code, after=0, limit=1):
            raise ProfileNotFound(profile=code)
        raise NoProfileInForce(profile=code, on=on.isoformat())
    return row


async def profile_rows_in_force(
    session: ReadSession, *, after: str, limit: int, on: dt.date
) -> Sequence[RuleProfileRow]:
    """List profiles by code, each in the version in force on a day."""
    statement = _in_force(on).where(RuleProfileRow.code > after)
    return (await session.exec(statement.order_by(RuleProfileRow.code).limit(limit))).all()


async def profile_versions(
    session: ReadSession, code: str, *, after: int, limit: int
) -> Sequence[RuleProfileRow]:
    """List the versions of a profile, oldest first."""
    found = await session.exec(
        select(RuleProfileRow)
        .where(RuleProfileRow.code == code)
        .where(RuleProfileRow.version > after)
        .order_by(col(RuleProfileRow.version))
        .limit(limit)
    )
    return found.all()


async def known_profile_versions(
    session: ReadSession, code: str, *, after: int, limit: int
) -> Sequence[RuleProfileRow]:
    """List the versions of a profile, and refuse a code that has none."""
    _check_code(code)
    rows = await profile_versions(session, code, after=after, limit=limit)
    if not rows and not await profile_versions(session, code, after=0, limit=1):
        raise ProfileNotFound(profile=code)
    return rows


async def calendar_row(
    session: ReadSession, year: int, version: int | None = None
) -> CalendarYearRow:
    """Find one edition of a year; the newest unless a version is named."""
    if not YEAR_FIRST <= year <= YEAR_LAST:
        raise CalendarNotFound(year=year)
    statement = select(CalendarYearRow).where(CalendarYearRow.year == year)
    if version is not None:
        statement = statement.where(CalendarYearRow.version == version)
    row = (await session.exec(statement.order_by(col(CalendarYearRow.version).desc()))).first()
    if row is None:
        raise CalendarNotFound(year=year)
    return row


async def calendar_rows(
    session: ReadSession, *, after: int = 0, limit: int | None = None
) -> Sequence[CalendarYearRow]:
    """List the loaded years, each in its newest edition."""
    newer = aliased(CalendarYearRow)
    beaten = (
        select(newer.id)
        .where(newer.year == CalendarYearRow.year)
        .where(newer.version > CalendarYearRow.version)
        .exists()
    )
    statement = select(CalendarYearRow).where(~beaten).where(CalendarYearRow.year > after)
    return (await session.exec(statement.order_by(col(CalendarYearRow.year)).limit(limit))).all()


async def work_calendar(session: ReadSession) -> WorkCalendar:
    """Put every loaded year together, in its newest edition."""
    rows = await calendar_rows(session)
    return WorkCalendar(tuple(calendar_of(row.document) for row in rows))


def _check_code(code: str) -> None:
    """Refuse what cannot be a code before a database sees it: a NUL breaks the statement."""
    if not PROFILE_CODE.fullmatch(code):
        raise ProfileNotFound(profile=code[:80])


def _in_force(on: dt.date) -> SelectOfScalar[RuleProfileRow]:
    """Select the versions that may be chosen on a day and that no later one replaces."""
    later = aliased(RuleProfileRow)
    replaced = (
        select(later.id)
        .where(later.code == RuleProfileRow.code)
        .where(col(later.active))
        .where(later.effective_from <= on)
        .where(
            tuple_(later.effective_from, later.version)
            > tuple_(RuleProfileRow.effective_from, RuleProfileRow.version)
        )
        .exists()
    )
    return (
        select(RuleProfileRow)
        .where(col(RuleProfileRow.active))
        .where(RuleProfileRow.effective_from <= on)
        .where(~replaced)
    )
