"""Lockboxes come with every way of publication, and to calls that are older than they are."""

import pytest

from marketplace.custody import queries
from marketplace.custody.rules.sides import Side
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scenarios import jobs
from marketplace.scenarios.queries import calls as scenarios
from tests.given import custody
from tests.given.scenarios import Called, a_published_call, an_approved_call, scheduled

RECOVERY = (custody.RECOVERY_PUBLIC,)


async def sides_of(database: Database, call: Called) -> set[Side]:
    """The shares of a call's lockbox; none where it has no lockbox."""
    async with database.reading() as session:
        lockbox_id = (await scenarios.scenario(session, call.id)).lockbox_id
        return set() if lockbox_id is None else set(await queries.shares(session, lockbox_id))


@pytest.mark.postgres
async def test_a_call_that_is_published_by_itself_has_all_three_shares(
    database: Database, clock: FixedClock
) -> None:
    """The job passes the recovery key on."""
    call = await an_approved_call(database, clock)
    clock.move_to(await scheduled(database, clock, call))

    published = await jobs.publish_due_calls(database, clock, recovery=RECOVERY)

    assert published == 1
    assert await sides_of(database, call) == set(Side)


@pytest.mark.postgres
async def test_a_call_older_than_lockboxes_gets_one_once_and_no_other(
    database: Database, clock: FixedClock
) -> None:
    """What an upgraded installation finds: published, without a lockbox."""
    call = await a_published_call(database, clock)
    async with database.writing() as session:
        (await scenarios.scenario(session, call.id, lock=True)).lockbox_id = None
    without = await sides_of(database, call)

    done = [await jobs.furnish_calls(database, clock, recovery=RECOVERY) for _ in range(2)]

    assert without == set()
    assert done == [1, 0]
    assert await sides_of(database, call) == set(Side)
