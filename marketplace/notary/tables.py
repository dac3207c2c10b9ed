"""What the notary remembers."""

import datetime as dt

from sqlalchemy import Index, text
from sqlmodel import Field

from marketplace.kit.tables import Row, sealed, stored_bytes

INSTALLATION = "installation"
_SIGNS = text("retired_at IS NULL")


class SigningKey(Row, table=True):
    """A pair that signs, or once signed; the public half stays for ever."""

    __tablename__ = "signing_key"
    __table_args__ = (
        Index(
            "uq_signing_key_one_signs",
            "holder",
            unique=True,
            postgresql_where=_SIGNS,
            sqlite_where=_SIGNS,
        ),
    )

    holder: str = Field(default=INSTALLATION, max_length=32)
    """Whose signature it is: one pair of a holder signs at a time."""
    key_id: str = Field(max_length=16, unique=True)
    public_key: bytes = stored_bytes()
    sealed_private: bytes | None = sealed(
        context="signing_key/{id}/private", default=None, nullable=True
    )
    """Null once retired: what is not there signs nothing any more."""
    created_at: dt.datetime
    retired_at: dt.datetime | None = Field(default=None)
