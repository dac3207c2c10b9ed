"""What the identity room remembers: what an organisation declares about itself."""

import datetime as dt
from uuid import UUID

from sqlmodel import Field

from marketplace.identity.tables.organizations import SizeClass
from marketplace.kit.tables import Row, sealed, text_enum

BASIS_LENGTH_MAX = 2_000


class SizeDeclaration(Row, table=True):
    """The size an enterprise declared from a day on; never edited, only followed by another."""

    __tablename__ = "size_declaration"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    size_class: SizeClass = Field(sa_type=text_enum(SizeClass))
    effective_from: dt.date
    basis: str = Field(max_length=BASIS_LENGTH_MAX)
    """What the declaration rests on: staff, turnover, the classification applied."""
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    declared_at: dt.datetime


class StartupDeclaration(Row, table=True):
    """Whether an enterprise was a startup from a day on; never edited, only followed by another."""

    __tablename__ = "startup_declaration"

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    is_startup: bool
    as_of: dt.date
    basis: str = Field(max_length=BASIS_LENGTH_MAX)
    declared_by: UUID | None = Field(default=None, foreign_key="person.id")
    declared_at: dt.datetime


class BankAccount(Row, table=True):
    """Where an organisation is paid; the number is encrypted and bound to this row."""

    __tablename__ = "bank_account"

    organization_id: UUID = Field(foreign_key="organization.id", unique=True)
    bank_name: str = Field(max_length=200)
    account_name: str = Field(max_length=200)
    sealed_number: bytes = sealed(context="bank_account/{id}/{organization_id}")
    last_four: str = Field(max_length=4)
    changed_by: UUID | None = Field(default=None, foreign_key="person.id")
    changed_at: dt.datetime
