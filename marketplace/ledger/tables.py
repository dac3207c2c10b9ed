"""What the ledger remembers: accounts with a cached balance, and a journal that only grows."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from marketplace.kit.money import CURRENCY
from marketplace.kit.tables import Row, digest, fen, text_enum
from marketplace.ledger.rules.accounts import AccountKind


class Account(Row, table=True):
    """One account; its balance is a cache of the sum of its legs."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("NOT guarded OR balance_fen >= 0", name="not_overdrawn"),)

    code: str = Field(max_length=160, unique=True)
    """Kind, owner and scope in one text."""
    kind: AccountKind = Field(sa_type=text_enum(AccountKind))
    owner_id: UUID = Field(foreign_key="organization.id", index=True)
    year: int
    """Budget year the money belongs to."""
    pilot_id: UUID | None = Field(default=None, index=True)
    phase: str | None = Field(default=None, max_length=32)
    guarded: bool
    """True: never below zero."""
    balance_fen: int = fen(default=0)
    opened_at: dt.datetime


class JournalEntry(Row, table=True):
    """One movement of money; never changed, never deleted."""

    __tablename__ = "journal_entry"

    key: str = Field(max_length=200, unique=True)
    """Idempotency key: the same key is the same entry, or a mistake."""
    cause_type: str = Field(max_length=64)
    cause_id: UUID = Field(foreign_key="event.id", index=True)
    """The event that made this entry true."""
    currency: str = Field(default=CURRENCY, max_length=3)
    reverses_id: UUID | None = Field(default=None, foreign_key="journal_entry.id", unique=True)
    content_sha256: str = digest()
    """Digest of everything above, the legs and the time."""
    posted_at: dt.datetime = Field(index=True)


class LegRow(Row, table=True):
    """One signed amount of an entry on one account."""

    __tablename__ = "leg"
    __table_args__ = (
        UniqueConstraint("entry_id", "account_id"),
        CheckConstraint("amount_fen <> 0", name="not_zero"),
        Index("ix_leg_account_entry", "account_id", "entry_id"),
    )

    entry_id: UUID = Field(foreign_key="journal_entry.id")
    account_id: UUID = Field(foreign_key="account.id")
    amount_fen: int = Field(sa_type=BigInteger)
