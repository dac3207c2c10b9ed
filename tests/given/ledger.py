"""Money to play with: a funded pool, and the promises checked."""

from uuid import UUID

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.database import Database
from marketplace.ledger import actions
from marketplace.ledger.audit import audit
from tests.conftest import START
from tests.given.identity import an_organization

YEAR = START.year


async def a_funded_pool(
    database: Database, *, amount_fen: int, owner: UUID | None = None, reference: str = "budget-1"
) -> UUID:
    """A funder (a new one unless given) with `amount_fen` available this year."""
    funder_id = owner or await an_organization(database)
    async with database.writing() as session:
        await actions.appropriate(
            session,
            SYSTEM,
            funder_id,
            year=YEAR,
            amount_fen=amount_fen,
            reference=reference,
            now=START,
        )
    return funder_id


async def promises_kept(database: Database) -> None:
    """Every promise of the ledger holds, or the test fails with the findings."""
    async with database.reading() as session:
        assert await audit(session) == []
