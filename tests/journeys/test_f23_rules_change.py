"""F23: rules change in mid-year; whatever was decided under the old ones stays decided."""

import dataclasses
import datetime as dt

import httpx
import msgspec
import pytest

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import canonical_json
from marketplace.pilots import queries as pilots
from marketplace.pilots.rules.settlement import Outcome, document_of, recompute
from marketplace.profiles import actions as profiles
from marketplace.profiles import queries
from marketplace.profiles.rules.profile import RuleProfile, Track
from tests.conftest import START
from tests.given import pilots as given_pilots
from tests.given import scoring as given
from tests.given.profiles import shipped_rules
from tests.given.scenarios import a_cast

pytestmark = pytest.mark.postgres
TRACK = Track.PROCUREMENT_TENDER


async def stricter_rules(database: Database) -> None:
    """A second version of the tender profile, in force from the next day, that asks for five."""
    async with database.writing() as session:
        old = await queries.profile_in_force(session, TRACK, START.date())
        parameters = tuple(
            dataclasses.replace(one, value=5) if one.name == "minimum_bids" else one
            for one in old.parameters
        )
        new = RuleProfile(
            code=old.code,
            track=old.track,
            version=old.version + 1,
            title_zh=old.title_zh,
            title_en=old.title_en,
            effective_from=START.date() + dt.timedelta(days=1),
            parameters=parameters,
        )
        await profiles.load_profile(session, SYSTEM, new, now=START)


async def test_a_call_runs_to_its_end_under_the_rules_it_was_approved_with(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Three bids are enough for the old call; a call approved afterwards needs five."""
    names = ("ours", "theirs", "others")
    play = await given.a_play(client, database, clock, *names)
    await play.publish(given.a_content(given.PLAN_AND_PRICE), TRACK)
    await stricter_rules(database)
    clock.advance(dt.timedelta(days=2))
    later = dataclasses.replace(play, cast=await a_cast(database), scenario_id="")
    await later.publish(given.a_content(given.PLAN_AND_PRICE), TRACK)
    for name in names:
        await play.bid(name, quote_yuan=800_000)
    await play.seat_panel()

    await play.open()
    await play.check(*names)
    await play.mark_all(ours="80", theirs="90", others="70")
    ranked = await play.rank()
    old = await play.get(play.cast.approver, play.url)
    new = await play.get(later.cast.approver, later.url)

    assert ranked.status_code == 201, ranked.text
    assert ranked.json()["ranked"] == 3
    assert (old["profile"]["version"], new["profile"]["version"]) == (1, 2)


async def test_an_old_claim_is_computed_again_to_the_same_bytes(
    database: Database, clock: FixedClock
) -> None:
    """The settlement holds every input and names its rule, so no later change can touch it."""
    pilot = await given_pilots.an_open_pilot(database, clock)
    async with database.reading() as session:
        first = (await pilots.phases(session, pilot.id))[0].code
    await pilot.run(first, Outcome.PASSED)
    early = await pilot.settled(first, 12_345_67, key="FP-1")
    await shipped_rules(database)
    await stricter_rules(database)
    late = await pilot.settled(first, 7_654_321, key="FP-2")

    for claim in (early, late):
        assert claim.settlement is not None
        stored = msgspec.json.decode(claim.settlement)
        assert canonical_json(document_of(recompute(stored))) == claim.settlement
    await pilot.check()
