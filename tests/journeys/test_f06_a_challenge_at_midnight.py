"""F06: signing is set for 00:05, and at 23:59 of the last day it is barred."""

import asyncio
import datetime as dt

import pytest

from marketplace.awards.tables import Award
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.ledger import queries as ledger
from marketplace.ledger.rules.accounts import AccountKind, AccountName
from marketplace.pilots import queries as pilots
from marketplace.pilots.actions import running
from marketplace.pilots.tables import Pilot
from marketplace.scenarios.errors import Suspended
from marketplace.scenarios.rules.suspensions import Block
from tests.given import scenarios as given
from tests.given.awards import RankedCall, a_ranked_call, a_standing_award
from tests.given.identity import Someone, someone
from tests.given.ledger import YEAR, a_funded_pool, promises_kept
from tests.given.pilots import BUDGET_FEN, DIGEST
from tests.given.profiles import shipped_rules
from tests.given.traces import everything

pytestmark = pytest.mark.postgres

LAST_MINUTE = dt.datetime(2026, 3, 13, 15, 59, tzinfo=dt.UTC)
"""23:59 in Shenzhen, on the last day on which a challenge can be filed."""
SIGNING_AT = dt.datetime(2026, 3, 13, 16, 5, tzinfo=dt.UTC)
"""00:05, six minutes later."""


async def an_award_to_sign(
    database: Database, clock: FixedClock
) -> tuple[RankedCall, Award, given.Called, Someone]:
    """A standing award with both funders' money, and a review body."""
    await shipped_rules(database)
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)
    for owner in (call.gov_id, call.people.poster.organization_id):
        await a_funded_pool(database, owner=owner, amount_fen=BUDGET_FEN)
    cast = await given.a_cast(database)
    body = await someone(database, Role.REVIEW_BODY)
    return call, award, given.Called(id=call.id, cast=cast), body


async def sign(database: Database, clock: FixedClock, call: RankedCall, award: Award) -> Pilot:
    """Sign, which opens the pilot and commits the money."""
    contract = running.Contract(gov_id=call.gov_id, year=YEAR, sha256=DIGEST)
    async with database.writing() as session:
        return await running.open_pilot(
            session, call.people.officer.actor, award.id, contract=contract, clock=clock
        )


async def test_what_is_filed_at_23_59_bars_the_signature_at_00_05(
    database: Database, clock: FixedClock
) -> None:
    """No job has run in between; the signature is refused with the reason and nothing moves, until
    the review body lets it go on.
    """
    call, award, called, body = await an_award_to_sign(database, clock)
    clock.move_to(LAST_MINUTE)
    order = await given.suspended(
        database, clock, called, by=body, blocks=(Block.SIGNING,),
        until_at=LAST_MINUTE + dt.timedelta(days=20),
    )  # fmt: skip
    clock.move_to(SIGNING_AT)
    before = await everything(database)

    with pytest.raises(Suspended) as refused:
        await sign(database, clock, call, award)
    unchanged = await everything(database) == before
    await given.resumed(database, clock, called, order, by=body)
    pilot = await sign(database, clock, call, award)

    assert unchanged
    assert refused.value.facts["suspension_id"] == str(order.id)
    assert refused.value.facts["blocks"] == ["signing"]
    assert pilot.opened_at == SIGNING_AT
    await promises_kept(database)


async def test_a_bar_ends_by_itself_when_its_time_is_over(
    database: Database, clock: FixedClock
) -> None:
    """At the end that was said the signature is possible, whether or not a job wrote it down."""
    call, award, called, body = await an_award_to_sign(database, clock)
    clock.move_to(LAST_MINUTE)
    until = LAST_MINUTE + dt.timedelta(days=20)
    await given.suspended(database, clock, called, by=body, blocks=(Block.SIGNING,), until_at=until)

    clock.move_to(until - dt.timedelta(seconds=1))
    with pytest.raises(Suspended):
        await sign(database, clock, call, award)
    clock.move_to(until)

    assert (await sign(database, clock, call, award)).award_id == award.id


async def test_filing_and_signing_cannot_pass_each_other(
    database: Database, clock: FixedClock
) -> None:
    """Whichever comes first under the lock: signed and committed, or barred and not a fen moved."""
    call, award, called, body = await an_award_to_sign(database, clock)
    clock.move_to(LAST_MINUTE)

    ordered, signed = await asyncio.gather(
        given.suspended(
            database, clock, called, by=body, blocks=(Block.SIGNING,),
            until_at=LAST_MINUTE + dt.timedelta(days=5),
        ),
        sign(database, clock, call, award),
        return_exceptions=True,
    )  # fmt: skip

    async with database.reading() as session:
        found = await pilots.pilots_of(session, call.id)
        pool = AccountName.of_pool(AccountKind.AVAILABLE, call.gov_id, YEAR)
        left_fen = await ledger.balance_of(session, pool)
    assert not isinstance(ordered, BaseException), ordered
    if isinstance(signed, BaseException):
        assert isinstance(signed, Suspended)
        assert (list(found), left_fen) == ([], BUDGET_FEN)
    else:
        assert len(found) == 1 and left_fen < BUDGET_FEN
    await promises_kept(database)
