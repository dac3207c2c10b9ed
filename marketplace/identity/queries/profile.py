"""What the identity room can answer: what an organisation declared, and where it is paid."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.errors.organizations import BankAccountUnknown
from marketplace.identity.rules import declarations
from marketplace.identity.rules.declarations import Declared
from marketplace.identity.tables.organizations import SizeClass
from marketplace.identity.tables.profile import BankAccount, SizeDeclaration, StartupDeclaration
from marketplace.kit.database import ReadSession

NIL = UUID(int=0)


async def size_declarations(
    session: ReadSession, organization_id: UUID, *, after: UUID = NIL, limit: int | None = None
) -> Sequence[SizeDeclaration]:
    """List what an organisation declared about its size, in the order of declaring."""
    found = await session.exec(
        select(SizeDeclaration)
        .where(SizeDeclaration.organization_id == organization_id)
        .where(col(SizeDeclaration.id) > after)
        .order_by(col(SizeDeclaration.id))
        .limit(limit)
    )
    return found.all()


async def startup_declarations(
    session: ReadSession, organization_id: UUID, *, after: UUID = NIL, limit: int | None = None
) -> Sequence[StartupDeclaration]:
    """List what an organisation declared about being a startup, in the order of declaring."""
    found = await session.exec(
        select(StartupDeclaration)
        .where(StartupDeclaration.organization_id == organization_id)
        .where(col(StartupDeclaration.id) > after)
        .order_by(col(StartupDeclaration.id))
        .limit(limit)
    )
    return found.all()


async def size_on(session: ReadSession, organization_id: UUID, on: dt.date) -> SizeClass:
    """Find the size that was declared for a day; `none` where nothing was."""
    rows = await size_declarations(session, organization_id)
    found = declarations.in_force(
        (
            Declared(value=row.size_class, since=row.effective_from, recorded_at=row.declared_at)
            for row in rows
        ),
        on,
    )
    return SizeClass.NONE if found is None else found.value


async def startup_on(session: ReadSession, organization_id: UUID, on: dt.date) -> bool:
    """Tell whether an organisation was a declared startup on the day that a policy names."""
    rows = await startup_declarations(session, organization_id)
    return declarations.startup_on(
        (
            Declared(value=row.is_startup, since=row.as_of, recorded_at=row.declared_at)
            for row in rows
        ),
        on,
    )


async def bank_account(session: ReadSession, organization_id: UUID) -> BankAccount:
    """Find where an organisation is paid."""
    row = await find_bank_account(session, organization_id)
    if row is None:
        raise BankAccountUnknown(organization_id=str(organization_id))
    return row


async def find_bank_account(session: ReadSession, organization_id: UUID) -> BankAccount | None:
    """Find where an organisation is paid, if it said so."""
    found = await session.exec(
        select(BankAccount).where(BankAccount.organization_id == organization_id)
    )
    return found.first()
