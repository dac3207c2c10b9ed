"""Races for the last fen, on both databases: one wins, the others are told, nothing is lost."""

import asyncio
from uuid import UUID

import pytest

from marketplace.events import queries as events
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.ledger import actions, queries
from marketplace.ledger.errors import FundsInsufficient
from marketplace.ledger.rules.accounts import AccountKind, AccountName, Purse, Scope
from marketplace.ledger.rules.entries import Cause, entry_of
from tests.conftest import START
from tests.given.ledger import YEAR, a_funded_pool, promises_kept

pytestmark = pytest.mark.postgres

CLIENTS = 50
PROCESSES = 4
"""Database objects that know nothing of each other, as in four processes."""


class Race:
    """Many clients that move money from one pool, each to its own account."""

    def __init__(self, databases: list[Database], owner: UUID, cause: Cause) -> None:
        self.databases = databases
        self.cause = cause
        self.pool = AccountName.of_pool(AccountKind.AVAILABLE, owner, YEAR)
        self.goals = [
            Purse(owner=owner, scope=Scope(year=YEAR, pilot=new_id(), phase="P0")).account(
                AccountKind.RESERVED
            )
            for _ in range(CLIENTS)
        ]

    async def take(
        self, client: int, amount_fen: int, *, key: str | None = None, goal: int | None = None
    ) -> str:
        """Try to take from the pool; tell how it went."""
        to = self.goals[client if goal is None else goal]
        amounts = ((self.pool, -amount_fen), (to, amount_fen))
        entry = entry_of(key or f"race:{client}", self.cause, amounts)
        try:
            async with self.databases[client % len(self.databases)].writing() as session:
                await actions.post(session, entry, now=START)
        except FundsInsufficient as refused:
            return f"refused with {refused.facts['available_fen']} left"
        return "won"

    async def reserved_fen(self) -> int:
        """All that was taken."""
        async with self.databases[0].reading() as session:
            return sum((await queries.balances(session, self.goals)).values())

    async def left_fen(self) -> int:
        """What is left in the pool."""
        async with self.databases[0].reading() as session:
            return await queries.balance_of(session, self.pool)


async def a_race(database: Database, *, pool_fen: int) -> Race:
    """A pool, fifty accounts to take it to, and four ways to the database."""
    owner = await a_funded_pool(database, amount_fen=pool_fen)
    others = [Database(database.url, pool_size=12) for _ in range(PROCESSES - 1)]
    async with database.writing() as session:
        said = (await events.about(session, owner))[-1]
        race = Race([database, *others], owner, Cause(event_type=said.type, event_id=said.id))
        await actions.open_accounts(session, race.goals, now=START)
    return race


async def finish(race: Race) -> None:
    """Give back what the race opened, and check the promises."""
    await promises_kept(race.databases[0])
    for database in race.databases[1:]:
        await database.close()


async def test_of_fifty_claims_on_money_for_one_exactly_one_wins(database: Database) -> None:
    """Fifty clients want the whole pool at once: one gets it, 49 learn that 0 is left."""
    race = await a_race(database, pool_fen=100_000)

    results = await asyncio.gather(*(race.take(at, 100_000) for at in range(CLIENTS)))

    assert sorted(results) == ["refused with 0 left"] * (CLIENTS - 1) + ["won"]
    assert (await race.left_fen(), await race.reserved_fen()) == (0, 100_000)
    await finish(race)


async def test_odd_amounts_never_overdraw_and_never_waste(database: Database) -> None:
    """Clients ask for 1 to 50; what was granted and what is left is the pool, to the fen."""
    race = await a_race(database, pool_fen=1_000)

    results = await asyncio.gather(*(race.take(at, at + 1) for at in range(CLIENTS)))

    granted_fen = sum(at + 1 for at, result in enumerate(results) if result == "won")
    left_fen = await race.left_fen()
    assert granted_fen + left_fen == 1_000
    assert await race.reserved_fen() == granted_fen
    assert left_fen < CLIENTS  # whoever was refused asked for more than was left at that time
    await finish(race)


async def test_the_same_key_at_once_is_posted_once(database: Database) -> None:
    """Fifty repeats of one payment at the same moment move its money once."""
    race = await a_race(database, pool_fen=100_000)

    results = await asyncio.gather(
        *(race.take(at, 700, key="one payment", goal=0) for at in range(CLIENTS))
    )

    assert set(results) == {"won"}
    assert (await race.left_fen(), await race.reserved_fen()) == (99_300, 700)
    await finish(race)
