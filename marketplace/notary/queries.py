"""What the notary can answer."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.kit.database import ReadSession
from marketplace.notary.tables import INSTALLATION, SigningKey


async def signing_key(session: ReadSession, *, lock: bool = False) -> SigningKey | None:
    """Find the pair that signs now."""
    statement = (
        select(SigningKey)
        .where(SigningKey.holder == INSTALLATION)
        .where(col(SigningKey.retired_at).is_(None))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await session.exec(statement)).first()


async def signing_keys(session: ReadSession) -> Sequence[SigningKey]:
    """List every pair that ever signed, the oldest first."""
    return (await session.exec(select(SigningKey).order_by(col(SigningKey.id)))).all()


async def key_named(session: ReadSession, key_id: str) -> SigningKey | None:
    """Find a pair by the name of its public half."""
    found = await session.exec(select(SigningKey).where(SigningKey.key_id == key_id))
    return found.first()


async def key_row(session: ReadSession, row_id: UUID) -> SigningKey | None:
    """Find a pair by its id."""
    return await session.get(SigningKey, row_id)
