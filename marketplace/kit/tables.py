"""What every table has in common: names of constraints, ids, versions, and columns that mean one
thing.
"""

from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Enum, Integer, LargeBinary, MetaData, String
from sqlmodel import JSON, Field, SQLModel

from marketplace.kit.ids import new_id

# Set before the first table is declared: a migration can only drop what it can name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata


class Row(SQLModel):
    """A thing with an id that sorts by creation."""

    # A row of a table is never validated: the validator of none is built while the house starts.
    model_config = SQLModel.model_config | {"defer_build": True}
    __table_args__: ClassVar[Any] = ()
    id: UUID = Field(default_factory=new_id, primary_key=True)


class Versioned(Row):
    """A thing that people change: `version` grows by one with each change and is its ETag."""

    version: int = Field(default=1)


def text_enum(kind: type[StrEnum]) -> Any:
    """Store an enumeration by value as plain text, so that a new member needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def fen(**options: Any) -> Any:
    """Declare a column of whole fen."""
    return Field(sa_type=BigInteger, **options)


def json_document(**options: Any) -> Any:
    """Declare a column of JSON that is replaced whole, never changed in place."""
    # Without this None would be stored as the JSON text null, which no IS NULL finds.
    document: Any = JSON(none_as_null=True)
    return Field(sa_type=document, **options)


def stored_bytes(**options: Any) -> Any:
    """Declare a column of bytes that are written once and served as they are."""
    return Field(sa_type=LargeBinary, **options)


SEALED = "sealed"


def sealed(*, context: str, **options: Any) -> Any:
    """Declare a column of bytes that the keeper seals; a new master key finds it by this.

    `context` names the place in which a value opens, as a text with the row's columns in braces:
    `"webhook_endpoint/{id}/secret"`.  It is read by `sealed_context`, for sealing as for opening.
    """
    return Field(sa_type=LargeBinary, sa_column_kwargs={"info": {SEALED: context}}, **options)


def sealed_context(table: type[SQLModel], column: str, **values: object) -> str:
    """Write out what a value in a sealed column is bound to.

    >>> from marketplace.bids.tables.bids import Opening
    >>> sealed_context(Opening, "officer_share", scenario_id=7)
    'opening/7/officer_share'
    """
    declared: str = table.metadata.tables[str(table.__tablename__)].c[column].info[SEALED]
    return declared.format(**values)


def digest(**options: Any) -> Any:
    """Declare a column for a SHA-256 in hexadecimal."""
    return Field(sa_type=String(64), max_length=64, **options)


def big_counter() -> Any:
    """Declare a primary key that the database counts up; SQLite counts only plain INTEGER keys."""
    counted: Any = BigInteger().with_variant(Integer(), "sqlite")
    return Field(default=None, sa_type=counted, primary_key=True)
