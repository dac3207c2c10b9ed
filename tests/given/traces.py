"""What a database holds, row by row and byte by byte: a refusal must leave nothing behind."""

import dataclasses
from pathlib import Path
from typing import Any

from sqlalchemy import select

from marketplace.house import House
from marketplace.kit.database import Database
from marketplace.registry import metadata


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but the audit log, in the order of its key.

    A refusal leaves an entry there and nothing else anywhere.
    """
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with database.engine.connect() as connection:
        for table in metadata().sorted_tables:
            if table.name == "audit_entry":
                continue
            rows = await connection.execute(select(table).order_by(*table.primary_key.columns))
            found[table.name] = [tuple(row) for row in rows.all()]
    return found


def bytes_on_disk(database: Database) -> bytes:
    """The database file and its write-ahead log."""
    assert database.engine.url.database is not None
    path = Path(database.engine.url.database)
    log = path.with_name(path.name + "-wal")
    return path.read_bytes() + (log.read_bytes() if log.exists() else b"")


class Mirror:
    """A second house over a copy of the SQLite database, to do there what must not be done here."""

    def __init__(self, house: House) -> None:
        assert house.database.engine.url.database is not None
        self.original = house.database
        self.path = Path(house.database.engine.url.database).with_name("mirror.db")
        database = Database(f"sqlite+aiosqlite:///{self.path}")
        self.house = dataclasses.replace(house, database=database)

    async def refresh(self) -> None:
        """Copy the database as it is now, and forget whatever was done to the copy."""
        await self.house.database.close()
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()
        async with self.original.engine.connect() as connection:
            # VACUUM is no part of a transaction, and every connection here begins with one.
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql(f"VACUUM INTO '{self.path}'")
            await connection.exec_driver_sql("BEGIN")
