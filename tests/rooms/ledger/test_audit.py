"""The audit finds what the actions would never do: each promise is broken by hand and named."""

from uuid import UUID

import pytest
from sqlalchemy import text

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.pilots import PilotClosed
from marketplace.kit.database import Database, ReadSession, WriteSession
from marketplace.kit.ids import new_id
from marketplace.ledger import actions
from marketplace.ledger.audit import CHECKS, audit
from marketplace.ledger.rules.accounts import AccountKind, AccountName, Purse, Scope
from marketplace.ledger.rules.entries import Cause, entry_of
from tests.conftest import START
from tests.given.identity import an_organization
from tests.given.ledger import YEAR, a_funded_pool, promises_kept

PILOT = new_id()


@pytest.fixture
async def funder(database: Database) -> UUID:
    """A funder with 1,000 fen, 400 of them reserved for a pilot that was said to be opened."""
    funder = await a_funded_pool(database, amount_fen=1_000)
    purse = Purse(owner=funder, scope=Scope(year=YEAR, pilot=PILOT, phase="P0"))
    reserved = purse.account(AccountKind.RESERVED)
    async with database.writing() as session:
        await actions.open_accounts(session, [reserved], now=START)
        amounts = ((purse.pool(AccountKind.AVAILABLE), -400), (reserved, 400))
        await actions.post(session, entry_of("reserve", await a_cause(session), amounts), now=START)
    await promises_kept(database)
    return funder


async def a_cause(session: ReadSession) -> Cause:
    """The event that funded the pool."""
    connection = await session.connection()
    found = await connection.execute(text("SELECT id FROM event WHERE type = 'pool.funded'"))
    return Cause(event_type="pool.funded", event_id=UUID(found.scalars().first()))


async def tamper(session: WriteSession, statement: str) -> None:
    """Change the database behind the back of the house, foreign keys and checks aside."""
    connection = await session.connection()
    await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    await connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    changed = await connection.execute(text(statement))
    assert changed.rowcount > 0


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        (
            "UPDATE leg SET amount_fen = 401 WHERE amount_fen = 400",
            {
                "entries balance",
                "owners keep their own",
                "balances match",
                "entries are as written",
            },
        ),
        (
            "UPDATE leg SET amount_fen = amount_fen * 2 WHERE abs(amount_fen) = 400",
            {"balances match", "entries are as written"},
        ),
        (
            "DELETE FROM leg WHERE amount_fen = 400",
            {
                "entries balance",
                "owners keep their own",
                "balances match",
                "entries are as written",
            },
        ),
        (
            "UPDATE account SET balance_fen = balance_fen + 1 WHERE kind = 'reserved'",
            {"balances match", "pools add up"},
        ),
        (
            "UPDATE account SET balance_fen = -1 WHERE kind = 'reserved'",
            {"balances match", "nothing is overdrawn", "pools add up"},
        ),
        ("UPDATE account SET guarded = 0 WHERE kind = 'reserved'", {"nothing is overdrawn"}),
        (
            "UPDATE journal_entry SET posted_at = '2026-01-01 00:00:00' WHERE key = 'reserve'",
            {"entries are as written"},
        ),
        (
            "UPDATE journal_entry SET cause_type = 'pilot.opened' WHERE key = 'reserve'",
            {"entries have their cause", "entries are as written"},
        ),
        (
            "UPDATE journal_entry SET currency = 'USD' WHERE key = 'reserve'",
            {"entries balance"},
        ),
    ],
    ids=[
        "one leg larger",
        "both legs larger",
        "a leg gone",
        "a balance larger",
        "a balance below zero",
        "a guard taken away",
        "a time moved",
        "another cause",
        "another currency",
    ],
)
async def test_a_change_behind_our_back_is_named(
    database: Database, funder: UUID, statement: str, broken: set[str]
) -> None:
    """Each tampering breaks exactly the promises it should, and the findings name them."""
    async with database.writing() as session:
        await tamper(session, statement)
        await session.flush()

        findings = await audit(session)

    assert {finding.promise for finding in findings} == broken


async def test_money_that_changes_its_owner_is_named(database: Database, funder: UUID) -> None:
    """An entry from one funder's pool to another's is balanced, and still found."""
    other = await an_organization(database)
    mine = AccountName.of_pool(AccountKind.AVAILABLE, funder, YEAR)
    theirs = AccountName.of_pool(AccountKind.AVAILABLE, other, YEAR)
    async with database.writing() as session:
        await actions.open_accounts(session, [theirs], now=START)
        entry = entry_of("gift", await a_cause(session), ((mine, -5), (theirs, 5)))
        await actions.post(session, entry, now=START)

        findings = await audit(session)

    assert {finding.promise for finding in findings} == {"owners keep their own", "pools add up"}
    assert {finding.subject for finding in findings} >= {str(funder), str(other)}


async def test_a_statement_about_money_without_money_is_named(
    database: Database, funder: UUID
) -> None:
    """An event that tells of a payment nobody posted is found."""
    async with database.writing() as session:
        await tamper(session, "UPDATE event SET type = 'claim.paid' WHERE sequence = 1")

        findings = await audit(session)

    assert "money events have an entry" in {finding.promise for finding in findings}


async def test_a_closed_pilot_that_still_holds_money_is_named(
    database: Database, funder: UUID
) -> None:
    """Saying that a pilot is closed while 400 fen are reserved for it is found."""
    async with database.writing() as session:
        closed = PilotClosed(
            pilot_id=PILOT, final_state="accepted", paid_fen={}, borne_fen=0, released_fen={}
        )
        await events.record(session, closed, by="finance", now=START)

        findings = await audit(session)

    assert [finding.promise for finding in findings] == ["closed pilots hold nothing"]
    assert findings[0].facts == {"balance_fen": 400}


def test_every_promise_is_among_those_tested() -> None:
    """The number of promises is known, so that a new one is not added without its test."""
    assert len(CHECKS) == 9
