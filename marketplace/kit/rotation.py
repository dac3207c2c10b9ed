"""A new master key: what older keys sealed is sealed again, while the house is open.

Which columns hold sealed values is read from the tables (`kit.tables.sealed`), so a column that is
declared is found here without a list.  Nothing about the progress is stored: what is not yet under
the current key is recognised by its head, so the work can be stopped anywhere and begun again.

Each value is exchanged by one statement that compares the old bytes and skips a row that somebody
holds: a change made meanwhile is never overwritten, and nobody is waited for, so that there is no
deadlock.  What was skipped is found by the next pass.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, Table, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.sql.elements import ColumnElement

from marketplace.kit.database import Database, ReadSession
from marketplace.kit.secrets import HEAD_BYTES, CannotUnseal, Keeper, key_id_of
from marketplace.kit.tables import SEALED

BATCH = 100
NO_ID = "without an id"
"""How values of the first form are counted: they do not say which key sealed them."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One declared column, and how the context of a value is written from its row."""

    column: Column[bytes]
    context: str

    def __str__(self) -> str:
        return f"{self.table.name}.{self.column.name}"

    @property
    def table(self) -> Table:
        """The table it stands in."""
        return self.column.table

    @property
    def id(self) -> Column[Any]:
        """What names a row of it."""
        return self.table.c.id

    @property
    def needed(self) -> tuple[Column[Any], ...]:
        """The columns of which the context is written."""
        names = {name for _, name, _, _ in Formatter().parse(self.context) if name}
        return tuple(self.table.c[name] for name in sorted(names))

    def head(self) -> ColumnElement[bytes]:
        """The first bytes, which name the key."""
        return func.substr(self.column, 1, HEAD_BYTES, type_=LargeBinary())


@dataclass(frozen=True, slots=True)
class Held:
    """One value that is not under the current key yet."""

    id: Any
    sealed: bytes
    context: str


@dataclass(slots=True)
class Turned:
    """What came of one batch, or of a whole run."""

    exchanged: Counter[str] = field(default_factory=Counter)
    """Sealed again under the current key, by column."""
    skipped: Counter[str] = field(default_factory=Counter)
    """In somebody's hands or changed meanwhile, by column; another pass will find them."""
    unreadable: dict[str, Counter[str]] = field(default_factory=dict)
    """Not opened by any key of the settings: by column, then by the id of the key."""

    def add(self, other: "Turned") -> None:
        """Count what another batch did."""
        self.exchanged += other.exchanged
        self.skipped += other.skipped
        for column, keys in other.unreadable.items():
            self.unreadable[column] = self.unreadable.get(column, Counter()) + keys


def sealed_columns(metadata: MetaData) -> tuple[SealedColumn, ...]:
    """Find every column that is declared as sealed, in the order of the tables."""
    return tuple(
        SealedColumn(column, column.info[SEALED])
        for table in metadata.sorted_tables
        for column in table.columns
        if SEALED in column.info
    )


async def census(session: ReadSession, metadata: MetaData) -> dict[str, Counter[str]]:
    """Count the sealed values of every declared column by the id of their key."""
    counted: dict[str, Counter[str]] = {}
    for column in sealed_columns(metadata):
        head = column.head()
        statement = select(head, func.count()).where(column.column.is_not(None)).group_by(head)
        connection = await session.connection()
        found = counted.setdefault(str(column), Counter())
        for first, number in await connection.execute(statement):
            found[name_of(first)] += number
    return counted


def name_of(sealed: bytes) -> str:
    """Say in words under which key a value was sealed."""
    named = key_id_of(sealed)
    return NO_ID if named is None else named.hex()


def outstanding(counted: dict[str, Counter[str]], keeper: Keeper) -> dict[str, Counter[str]]:
    """Leave of a census what is not under the current key."""
    current = keeper.ids[0]
    found = {
        column: Counter({key: number for key, number in keys.items() if key != current})
        for column, keys in counted.items()
    }
    return {column: keys for column, keys in found.items() if keys}


async def rotate(
    database: Database, metadata: MetaData, keeper: Keeper, *, batch: int = BATCH
) -> AsyncIterator[Turned]:
    """Seal everything again that is not under the current key; yields after each small batch.

    Shape    stop whenever you like: every batch is a transaction, and a new run goes on.
    """
    for column in sealed_columns(metadata):
        async for turned in _turn_column(database, column, keeper, batch):
            yield turned


async def _turn_column(
    database: Database, column: SealedColumn, keeper: Keeper, batch: int
) -> AsyncIterator[Turned]:
    """Pass over a column until a pass changes nothing: others may seal under an old key
    meanwhile.
    """
    moved, told = True, False
    while moved:
        moved, after = False, None
        while held := await _held(database, column, keeper, after, batch):
            after = held[-1].id
            turned = await exchange(database, column, keeper, held)
            moved = moved or bool(turned.exchanged)
            if told:
                turned.unreadable.clear()
            yield turned
        # What cannot be read is met again by every pass, and is told of once.
        told = True


async def _held(
    database: Database, column: SealedColumn, keeper: Keeper, after: Any, batch: int
) -> list[Held]:
    """Read the next values, by id, that are not under the current key."""
    statement = (
        select(column.id, column.column, *column.needed)
        .where(column.column.is_not(None))
        .where(column.head() != keeper.head)
        .order_by(column.id)
        .limit(batch)
    )
    if after is not None:
        statement = statement.where(column.id > after)
    names = [needed.name for needed in column.needed]
    async with database.reading() as session:
        rows = (await (await session.connection()).execute(statement)).all()
    return [
        Held(row[0], row[1], column.context.format(**dict(zip(names, row[2:], strict=True))))
        for row in rows
    ]


async def exchange(
    database: Database, column: SealedColumn, keeper: Keeper, held: list[Held]
) -> Turned:
    """Seal some values again in one transaction, each only if it is still what was read."""
    turned, name = Turned(), str(column)
    async with database.writing() as session:
        connection = await session.connection()
        for one in held:
            try:
                plaintext = keeper.unseal(one.sealed, context=one.context)
            except CannotUnseal:
                turned.unreadable.setdefault(name, Counter())[name_of(one.sealed)] += 1
                continue
            sealed = keeper.seal(plaintext, context=one.context)
            done: CursorResult[Any] = await connection.execute(_exchanged(column, one, sealed))
            (turned.exchanged if done.rowcount else turned.skipped)[name] += 1
    return turned


def _exchanged(column: SealedColumn, one: Held, sealed: bytes) -> Any:
    """Replace one value if it is unchanged and nobody holds its row."""
    free = (
        select(column.id)
        .where(column.id == one.id)
        .where(column.column == one.sealed)
        .with_for_update(skip_locked=True)
    )
    return (
        update(column.table)
        .where(column.id.in_(free))
        .where(column.column == one.sealed)
        .values({column.column: sealed})
    )


def each(counted: dict[str, Counter[str]]) -> Iterator[tuple[str, str, int]]:
    """Go through counts by column and key."""
    for column, keys in counted.items():
        for key, number in sorted(keys.items()):
            yield column, key, number
