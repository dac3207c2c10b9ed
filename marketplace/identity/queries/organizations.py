"""What the identity room can answer: organisations and their register."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.tables.organizations import NameChanges, Organization
from marketplace.kit.database import ReadSession

NAME_CHANGES: Final = UUID(int=0)
"""The row that counts new names."""


def names_number() -> ColumnElement[Any]:
    """Ask, within a larger statement, how often an organisation was renamed so far."""
    number = select(NameChanges.number).where(col(NameChanges.id) == NAME_CHANGES)
    return func.coalesce(number.scalar_subquery(), 0)


async def organization(
    session: ReadSession, organization_id: UUID, *, lock: bool = False
) -> Organization:
    """Find one organisation; `lock` keeps others from changing it until this transaction ends."""
    if lock:
        found = await session.exec(
            select(Organization)
            .where(Organization.id == organization_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        row = found.first()
    else:
        row = await session.get(Organization, organization_id)
    if row is None:
        raise OrganizationUnknown(organization_id=str(organization_id))
    return row


async def organization_by_uscc(session: ReadSession, uscc: str) -> Organization | None:
    """Find an organisation by its unified social credit code."""
    return (await session.exec(select(Organization).where(Organization.uscc == uscc))).first()


async def organizations(
    session: ReadSession, *, after: UUID, limit: int, only: UUID | None
) -> Sequence[Organization]:
    """List organisations by id; `only` limits the list to the caller's own."""
    statement = select(Organization).where(col(Organization.id) > after)
    if only is not None:
        statement = statement.where(col(Organization.id) == only)
    return (await session.exec(statement.order_by(col(Organization.id)).limit(limit))).all()
