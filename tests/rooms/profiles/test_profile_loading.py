"""Loading rule profiles and calendars: once, for ever, and by nobody else."""

import dataclasses
import datetime as dt

import pytest

from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import NOBODY, SYSTEM, Role
from marketplace.kit.database import Database
from marketplace.kit.digests import sha256_hex
from marketplace.kit.errors import Unauthenticated
from marketplace.profiles import actions, queries
from marketplace.profiles.errors import (
    CalendarNotFound,
    CalendarYearNotLoaded,
    NoProfileInForce,
    ProfileMalformed,
    ProfileNotFound,
    VersionHasOtherContent,
)
from marketplace.profiles.rules.calendar import YearCalendar
from marketplace.profiles.rules.profile import RuleProfile, Track
from tests.conftest import START
from tests.given import identity as given_identity
from tests.given import profiles as given

LATER = START + dt.timedelta(days=30)
TODAY = START.date()


async def load(database: Database, *things: RuleProfile | YearCalendar) -> None:
    """Load some versions, each in a transaction of its own."""
    for thing in things:
        async with database.writing() as session:
            if isinstance(thing, RuleProfile):
                await actions.load_profile(session, SYSTEM, thing, now=START)
            else:
                await actions.load_calendar(session, SYSTEM, thing, now=START)


def next_version(profile: RuleProfile, effective_from: dt.date, version: int = 2) -> RuleProfile:
    """The same profile as a later version."""
    return dataclasses.replace(profile, version=version, effective_from=effective_from)


TENDER = given.a_profile(Track.PROCUREMENT_TENDER)
YEAR = given.a_calendar(2026)


class TestLoadProfile:
    """A version is written once."""

    @pytest.mark.postgres
    async def test_keeps_every_shipped_profile_as_it_is(self, database: Database) -> None:
        """What was loaded is what a call that pinned it reads, and the digest is of those bytes."""
        await given.shipped_rules(database)

        async with database.reading() as session:
            for track in Track:
                row = await queries.profile_row(session, track.value, 1)
                pinned = await queries.profile_pinned(session, track.value, 1)
                assert pinned == given.a_profile(track)
                assert sha256_hex(row.document) == row.sha256

    @pytest.mark.postgres
    async def test_changes_nothing_the_second_time(self, database: Database) -> None:
        """Loading the same version again returns the row of the first time."""
        await load(database, TENDER)

        async with database.writing() as session:
            again = await actions.load_profile(session, SYSTEM, TENDER, now=LATER)

        assert again.loaded_at == START
        async with database.reading() as session:
            assert len(await queries.profile_versions(session, TENDER.code, after=0, limit=9)) == 1

    async def test_refuses_other_content_under_the_same_version(self, database: Database) -> None:
        """A published figure cannot be changed behind the calls that pinned it."""
        await load(database, TENDER)
        changed = dataclasses.replace(TENDER, title_en="Something else")

        with pytest.raises(VersionHasOtherContent) as refusal:
            await load(database, changed)

        assert refusal.value.facts["profile"] == TENDER.code
        async with database.reading() as session:
            assert await queries.profile_pinned(session, TENDER.code, 1) == TENDER

    async def test_refuses_to_move_a_code_to_another_track(self, database: Database) -> None:
        """A call that follows its profile's code must not change law by an update."""
        await load(database, TENDER)
        moved = dataclasses.replace(TENDER, version=2, track=Track.PRIVATE)

        with pytest.raises(ProfileMalformed):
            await load(database, moved)

    async def test_is_for_administrators(self, database: Database) -> None:
        """An officer and a stranger are refused; a platform administrator is not."""
        officer = await given_identity.someone(database, Role.BUREAU_OFFICER)
        admin = await given_identity.someone(database, Role.PLATFORM_ADMIN)

        async with database.writing() as session:
            with pytest.raises(NotPermitted):
                await actions.load_profile(session, officer.actor, TENDER, now=START)
            with pytest.raises(NotPermitted):
                await actions.load_calendar(session, officer.actor, YEAR, now=START)
            with pytest.raises(NotPermitted):
                await actions.retire_profile(session, officer.actor, TENDER.code, 1)
            assert await actions.load_profile(session, admin.actor, TENDER, now=START)

    async def test_refuses_nobody(self, database: Database) -> None:
        """Reading is public, loading is not."""
        async with database.writing() as session:
            with pytest.raises(Unauthenticated):
                await actions.load_profile(session, NOBODY, TENDER, now=START)


class TestProfileInForce:
    """Which version a call published on a day would get."""

    @pytest.mark.postgres
    async def test_takes_the_latest_that_has_begun(self, database: Database) -> None:
        """A version announced for July is not used in March, and is used in August."""
        summer = next_version(TENDER, dt.date(2026, 7, 1))
        await load(database, TENDER, summer)

        async with database.reading() as session:
            now = await queries.profile_in_force(session, Track.PROCUREMENT_TENDER, TODAY)
            last_day = await queries.profile_in_force(session, TENDER.track, dt.date(2026, 6, 30))
            first_day = await queries.profile_in_force(session, TENDER.track, dt.date(2026, 7, 1))
            listed = await queries.profile_rows_in_force(session, after="", limit=9, on=TODAY)

        assert (now.version, last_day.version, first_day.version) == (1, 1, 2)
        assert [(row.code, row.version) for row in listed] == [(TENDER.code, 1)]

    async def test_takes_the_higher_version_of_one_day(self, database: Database) -> None:
        """A correction with the same first day replaces what it corrects, loaded in any order."""
        correction = next_version(TENDER, TENDER.effective_from)
        await load(database, correction, TENDER)

        async with database.reading() as session:
            found = await queries.profile_in_force(session, TENDER.track, TODAY)
            listed = await queries.profile_rows_in_force(session, after="", limit=9, on=TODAY)

        assert found.version == 2
        assert len(listed) == 1

    async def test_passes_over_a_retired_version(self, database: Database) -> None:
        """New calls fall back to the version before; a call that pinned it still reads it."""
        correction = next_version(TENDER, TENDER.effective_from)
        await load(database, TENDER, correction)

        async with database.writing() as session:
            await actions.retire_profile(session, SYSTEM, TENDER.code, 2)

        async with database.reading() as session:
            chosen = await queries.profile_in_force(session, TENDER.track, TODAY)
            pinned = await queries.profile_pinned(session, TENDER.code, 2)
        assert (chosen.version, pinned.version) == (1, 2)

    @pytest.mark.postgres
    async def test_never_takes_one_that_holds_only_by_name(self, database: Database) -> None:
        """Not even a later version of it; who names it gets it, and alone it is no choice."""
        by_name = given.the_tendering_law()
        later = next_version(by_name, dt.date(2026, 1, 1))
        await load(database, TENDER, by_name, later)

        async with database.reading() as session:
            chosen = await queries.profile_in_force(session, Track.PROCUREMENT_TENDER, TODAY)
            named = await queries.profile_row_in_force(session, by_name.code, TODAY)
            with pytest.raises(NoProfileInForce):
                await queries.profile_in_force(session, TENDER.track, dt.date(2024, 1, 1))

        assert (chosen.code, named.version) == (TENDER.code, 2)

    async def test_refuses_where_nothing_is_in_force(self, database: Database) -> None:
        """Too early, another track, no such code: each has its own answer."""
        await load(database, TENDER)
        too_early = TENDER.effective_from - dt.timedelta(days=1)

        async with database.reading() as session:
            with pytest.raises(NoProfileInForce):
                await queries.profile_in_force(session, TENDER.track, too_early)
            with pytest.raises(NoProfileInForce):
                await queries.profile_in_force(session, Track.SUBSIDY, TODAY)
            with pytest.raises(NoProfileInForce):
                await queries.profile_row_in_force(session, TENDER.code, too_early)
            with pytest.raises(ProfileNotFound):
                await queries.profile_row_in_force(session, "nothing", TODAY)
            with pytest.raises(ProfileNotFound):
                await queries.profile_pinned(session, TENDER.code, 2)


class TestCalendars:
    """Years are loaded in editions; the newest counts."""

    @pytest.mark.postgres
    async def test_puts_every_loaded_year_together(self, database: Database) -> None:
        """The working calendar knows exactly the years that are loaded."""
        await given.shipped_rules(database)

        async with database.reading() as session:
            calendar = await queries.work_calendar(session)

        assert calendar.years == (given.a_calendar(2025), given.a_calendar(2026))
        with pytest.raises(CalendarYearNotLoaded):
            calendar.is_working_day(dt.date(2027, 1, 4))

    async def test_counts_with_the_newest_edition(self, database: Database) -> None:
        """A correction replaces the edition before, whichever was loaded last."""
        corrected = dataclasses.replace(YEAR, version=2, source="更正通知(示例)")
        await load(database, corrected, YEAR)

        async with database.reading() as session:
            calendar = await queries.work_calendar(session)
            first = await queries.calendar_row(session, 2026, 1)
            newest = await queries.calendar_row(session, 2026)

        assert calendar.years == (corrected,)
        assert (first.version, newest.version) == (1, 2)

    async def test_changes_nothing_the_second_time(self, database: Database) -> None:
        """Loading the same edition again is harmless; other content under its number is refused."""
        await load(database, YEAR, YEAR)

        with pytest.raises(VersionHasOtherContent):
            await load(database, dataclasses.replace(YEAR, unverified=True))

    async def test_refuses_a_year_or_edition_that_is_not_there(self, database: Database) -> None:
        """Neither 2027 nor a second edition of 2026."""
        await load(database, YEAR)

        async with database.reading() as session:
            with pytest.raises(CalendarNotFound):
                await queries.calendar_row(session, 2027)
            with pytest.raises(CalendarNotFound):
                await queries.calendar_row(session, 2026, 2)
