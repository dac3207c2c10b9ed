"""What the custody room remembers: public keys, closed shares, and no key that opens a bid."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from marketplace.custody.rules.sides import KeyForm, Side
from marketplace.kit.tables import Row, digest, json_document, sealed, stored_bytes, text_enum

_LIVE = text("retired_at IS NULL")


class CustodyKey(Row, table=True):
    """A person's key for the lockboxes of one organisation."""

    __tablename__ = "custody_key"
    __table_args__ = (
        Index(
            "uq_custody_key_one_live",
            "organization_id",
            "person_id",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
    )

    organization_id: UUID = Field(foreign_key="organization.id", index=True)
    """The bureau whose lockboxes it is for."""
    person_id: UUID = Field(foreign_key="person.id")
    member_of: UUID = Field(foreign_key="organization.id")
    """Where the person holds the role: a supervisor may sit in a body of its own."""
    side: Side = Field(sa_type=text_enum(Side))
    form: KeyForm = Field(sa_type=text_enum(KeyForm))
    public_key: bytes = stored_bytes(unique=True)
    sealed_private: bytes | None = sealed(
        context="custody_key/{id}/private", default=None, nullable=True
    )
    """The private key locked by a passphrase, and that under the master key; null: it is with the
    person."""
    created_at: dt.datetime
    retired_at: dt.datetime | None = Field(default=None)
    """Nothing more is closed to it; what was closed before still opens."""


class Lockbox(Row, table=True):
    """The public key under which the bids of one call are sealed."""

    __tablename__ = "lockbox"

    organization_id: UUID = Field(foreign_key="organization.id")
    public_key: bytes = stored_bytes()
    created_at: dt.datetime
    forgotten_at: dt.datetime | None = Field(default=None)
    """When the closed shares were deleted: with the opening."""


class LockboxShare(Row, table=True):
    """One share of a lockbox's private key, closed to everybody on its side."""

    __tablename__ = "lockbox_share"
    __table_args__ = (UniqueConstraint("lockbox_id", "side"),)

    lockbox_id: UUID = Field(foreign_key="lockbox.id")
    side: Side = Field(sa_type=text_enum(Side))
    commitment: str = digest()
    holders: list[dict[str, str]] = json_document()
    """Whose keys it is closed to, in the order in which they were registered."""
    envelope: bytes | None = stored_bytes(default=None, nullable=True)
    """Null once forgotten."""
