"""Posting: repeats are harmless, nothing is overdrawn, mistakes are reversed and not erased."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

import pytest

from marketplace.events import queries as events
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.database import Database, WriteSession
from marketplace.kit.ids import new_id
from marketplace.ledger import actions, queries
from marketplace.ledger.errors import (
    AccountUnknown,
    AlreadyReversed,
    EntryMalformed,
    FundsInsufficient,
    KeyReused,
)
from marketplace.ledger.rules.accounts import AccountKind, AccountName, Purse, Scope
from marketplace.ledger.rules.entries import Cause, Entry, entry_of
from marketplace.ledger.tables import JournalEntry
from tests.conftest import START
from tests.given.identity import someone
from tests.given.ledger import YEAR, a_funded_pool, promises_kept

LATER = START + dt.timedelta(hours=1)


class Pool:
    """A funder with 1,000 fen available, and an account to reserve them on."""

    def __init__(self, owner: UUID, cause: Cause) -> None:
        purse = Purse(owner=owner, scope=Scope(year=YEAR, pilot=new_id(), phase="P1"))
        self.owner = owner
        self.cause = cause
        self.available = purse.pool(AccountKind.AVAILABLE)
        self.treasury = purse.pool(AccountKind.TREASURY)
        self.reserved = purse.account(AccountKind.RESERVED)

    def reserving(self, amount_fen: int, key: str) -> Entry:
        """An entry that reserves part of the pool."""
        amounts = ((self.available, -amount_fen), (self.reserved, amount_fen))
        return entry_of(key, self.cause, amounts)


@pytest.fixture
async def pool(database: Database) -> Pool:
    """A pool of 1,000 fen."""
    owner = await a_funded_pool(database, amount_fen=1_000)
    async with database.writing() as session:
        said = (await events.about(session, owner))[-1]
        pool = Pool(owner, Cause(event_type=said.type, event_id=said.id))
        await actions.open_accounts(session, [pool.reserved], now=START)
    return pool


async def held(database: Database, *names: AccountName) -> list[int]:
    """Balances, in the order asked for."""
    async with database.reading() as session:
        return [await queries.balance_of(session, name) for name in names]


async def posted(database: Database, entry: Entry, *, now: dt.datetime = START) -> JournalEntry:
    """Post one entry in a transaction of its own."""
    async with database.writing() as session:
        return await actions.post(session, entry, now=now)


async def test_an_entry_moves_balances_and_can_be_read_again(
    database: Database, pool: Pool
) -> None:
    """What was posted is what is read back, and the balances follow."""
    entry = pool.reserving(300, "reserve-1")

    row = await posted(database, entry)

    async with database.reading() as session:
        assert await queries.entry(session, row.id) == entry
    assert await held(database, pool.available, pool.reserved) == [700, 300]
    await promises_kept(database)


async def test_a_repeat_changes_nothing_and_answers_with_the_first(
    database: Database, pool: Pool
) -> None:
    """The same entry under the same key, even later, is the entry that is there."""
    first = await posted(database, pool.reserving(300, "reserve-1"))

    again = await posted(database, pool.reserving(300, "reserve-1"), now=LATER)

    assert (again.id, again.posted_at) == (first.id, START)
    assert await held(database, pool.reserved) == [300]
    await promises_kept(database)


async def test_the_same_key_with_other_content_is_refused(database: Database, pool: Pool) -> None:
    """A key that names 300 fen cannot be used for 301."""
    first = await posted(database, pool.reserving(300, "reserve-1"))

    with pytest.raises(KeyReused) as refused:
        await posted(database, pool.reserving(301, "reserve-1"))

    assert refused.value.facts["entry_id"] == str(first.id)
    assert await held(database, pool.reserved) == [300]
    await promises_kept(database)


async def test_an_overdraft_is_refused_with_what_is_left(database: Database, pool: Pool) -> None:
    """One fen too much is refused whole; the refusal names the account and what it holds."""
    with pytest.raises(FundsInsufficient) as refused:
        await posted(database, pool.reserving(1_001, "reserve-1"))

    assert refused.value.code == "funding.insufficient"
    assert refused.value.facts == {
        "account": pool.available.code,
        "available_fen": 1_000,
        "needed_fen": 1_001,
    }
    assert await held(database, pool.available, pool.reserved) == [1_000, 0]
    await promises_kept(database)


async def test_a_refused_entry_leaves_no_trace_and_its_key_is_free(
    database: Database, pool: Pool
) -> None:
    """After a refusal the same key may be used for an entry that fits."""
    with pytest.raises(FundsInsufficient):
        await posted(database, pool.reserving(1_001, "reserve-1"))

    await posted(database, pool.reserving(1_000, "reserve-1"))

    assert await held(database, pool.available, pool.reserved) == [0, 1_000]


async def test_an_account_must_be_opened_first(database: Database, pool: Pool) -> None:
    """Posting to an account that nobody opened is a mistake, not an invitation."""
    unknown = AccountName.of_pool(AccountKind.LAPSED, pool.owner, YEAR)
    entry = entry_of("key", pool.cause, ((pool.available, -1), (unknown, 1)))

    with pytest.raises(AccountUnknown):
        await posted(database, entry)


async def test_opening_an_account_again_keeps_its_balance(database: Database, pool: Pool) -> None:
    """Opening is harmless to repeat."""
    await posted(database, pool.reserving(300, "reserve-1"))

    async with database.writing() as session:
        await actions.open_accounts(session, [pool.reserved, pool.reserved], now=LATER)

    assert await held(database, pool.reserved) == [300]


async def reversed_by(session: WriteSession, entry_id: UUID, cause: Cause) -> JournalEntry:
    """Reverse an entry for a cause."""
    return await actions.reverse(session, entry_id, cause=cause, now=LATER)


async def test_a_reversal_brings_the_balances_back_and_keeps_the_original(
    database: Database, pool: Pool
) -> None:
    """Both entries are in the journal; reversing again for the same cause is a repeat."""
    first = await posted(database, pool.reserving(300, "reserve-1"))

    async with database.writing() as session:
        undone = await reversed_by(session, first.id, pool.cause)
    async with database.writing() as session:
        again = await reversed_by(session, first.id, pool.cause)

    assert undone.reverses_id == first.id
    assert again.id == undone.id
    assert await held(database, pool.available, pool.reserved) == [1_000, 0]
    await promises_kept(database)


async def test_an_entry_is_reversed_once(database: Database, pool: Pool) -> None:
    """A second reversal for another cause is refused."""
    first = await posted(database, pool.reserving(300, "reserve-1"))
    await a_funded_pool(database, amount_fen=1, owner=pool.owner, reference="budget-2")
    async with database.writing() as session:
        other = (await events.about(session, pool.owner))[-1]
        await reversed_by(session, first.id, pool.cause)

        with pytest.raises(AlreadyReversed):
            await reversed_by(session, first.id, Cause(event_type=other.type, event_id=other.id))


async def test_money_that_moved_on_cannot_be_reversed(database: Database, pool: Pool) -> None:
    """Undoing the budget is refused while part of it is reserved."""
    await posted(database, pool.reserving(1, "reserve-1"))
    async with database.reading() as session:
        budget = (await queries.statement(session, pool.available))[0].entry_id

    with pytest.raises(FundsInsufficient):
        async with database.writing() as session:
            await reversed_by(session, budget, pool.cause)


async def test_a_budget_paper_brings_money_in_once(database: Database, pool: Pool) -> None:
    """The same reference again adds nothing; with another amount it is refused."""
    await a_funded_pool(database, amount_fen=1_000, owner=pool.owner)

    assert await held(database, pool.available, pool.treasury) == [1_000, -1_000]
    with pytest.raises(KeyReused):
        await a_funded_pool(database, amount_fen=2_000, owner=pool.owner)


async def test_only_finance_brings_money_in(database: Database, pool: Pool) -> None:
    """An officer may not; a finance clerk may, but not nothing."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    finance = await someone(database, Role.FINANCE)

    with pytest.raises(NotPermitted):
        await _appropriate(database, officer.actor, pool.owner, 1)
    with pytest.raises(EntryMalformed):
        await _appropriate(database, finance.actor, pool.owner, 0)
    await _appropriate(database, finance.actor, pool.owner, 5)

    assert await held(database, pool.available) == [1_005]


async def _appropriate(database: Database, actor: Actor, owner: UUID, amount_fen: int) -> None:
    async with database.writing() as session:
        await actions.appropriate(
            session, actor, owner, year=YEAR, amount_fen=amount_fen, reference="x", now=START
        )


def amounts(lines: Sequence[queries.StatementLine]) -> list[tuple[int, int]]:
    """Amount and balance of each line."""
    return [(line.amount_fen, line.balance_fen) for line in lines]


async def test_a_statement_tells_the_balance_as_of_any_time(database: Database, pool: Pool) -> None:
    """Lines come oldest first, each with the balance after it; later ones can be left out."""
    await posted(database, pool.reserving(300, "reserve-1"))
    await posted(database, pool.reserving(200, "reserve-2"), now=LATER)

    async with database.reading() as session:
        whole = await queries.statement(session, pool.available)
        earlier = await queries.statement(session, pool.available, as_of=START)

    assert amounts(whole) == [(1_000, 1_000), (-300, 700), (-200, 500)]
    assert amounts(earlier) == [(1_000, 1_000), (-300, 700)]


async def test_the_trial_balance_is_zero_at_any_time(database: Database, pool: Pool) -> None:
    """The totals by kind add up to zero, now and as of an earlier time."""
    await posted(database, pool.reserving(300, "reserve-1"), now=LATER)

    async with database.reading() as session:
        now = await queries.trial_balance(session)
        earlier = await queries.trial_balance(session, as_of=START)

    assert {line.kind: line.total_fen for line in now} == {
        AccountKind.AVAILABLE: 700,
        AccountKind.RESERVED: 300,
        AccountKind.TREASURY: -1_000,
    }
    assert sum(line.total_fen for line in earlier) == 0
    assert AccountKind.RESERVED not in {line.kind for line in earlier}
