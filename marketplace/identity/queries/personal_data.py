"""What the identity room can answer: everything that names a person."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, func
from sqlmodel import col, select

from marketplace.identity.rules.retention import ABOUT_A_PERSON
from marketplace.identity.tables.audit import AuditEntry
from marketplace.identity.tables.people import ExpertProfile, Person
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.kit.tables import metadata


def columns_naming_people() -> dict[str, Column[Any]]:
    """Find every column of the house that refers to a person, by table and column."""
    return {
        f"{table.name}.{column.name}": column
        for table in metadata.tables.values()
        for column in table.columns
        if any(key.target_fullname == "person.id" for key in column.foreign_keys)
    }


async def records_naming(session: ReadSession, person_id: UUID) -> dict[str, int]:
    """Count the rows of every table that name a person."""
    connection = await session.connection()
    found = {}
    for name, column in columns_naming_people().items():
        statement = select(func.count()).select_from(column.table).where(column == person_id)
        found[name] = int((await connection.execute(statement)).scalar_one())
    return {name: count for name, count in sorted(found.items()) if count}


async def rows_about(session: ReadSession, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Copy the rows that are about a person, but for what proves who they are.

    Shape    by table; columns that hold digests of secrets or encrypted bytes are left out: they
             are no information about the person, and worth something to a thief.
    """
    connection = await session.connection()
    naming = columns_naming_people()
    found: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(ABOUT_A_PERSON):
        column = naming[name]
        shown = [one for one in column.table.columns if _is_told(one)]
        statement = select(*shown).where(column == person_id).order_by(*column.table.primary_key)
        rows = (await connection.execute(statement)).mappings().all()
        found[column.table.name] = [dict(row) for row in rows]
    return found


def _is_told(column: Column[Any]) -> bool:
    secret = column.name.endswith(("_sha256", "_hash")) or column.name.startswith("sealed_")
    return not secret


async def expert_profile_of(session: ReadSession, person_id: UUID) -> ExpertProfile | None:
    """Find what a person told of themself as an expert, if they are one."""
    found = await session.exec(select(ExpertProfile).where(ExpertProfile.person_id == person_id))
    return found.first()


async def anything_due(session: ReadSession, *, now: dt.datetime) -> bool:
    """Tell whether an address or a name is kept that need not be kept any longer."""
    address = select(AuditEntry.id).where(col(AuditEntry.address_kept_until) <= now).limit(1)
    if (await session.exec(address)).first() is not None:
        return True
    name = select(Person.id).where(col(Person.name_kept_until) <= day_of(now)).limit(1)
    return (await session.exec(name)).first() is not None


async def names_due(session: ReadSession, *, on: dt.date) -> Sequence[Person]:
    """List erased persons whose names need not be kept any longer."""
    found = await session.exec(select(Person).where(col(Person.name_kept_until) <= on))
    return found.all()
