"""The shapes of the custody room on the wire."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from marketplace.custody.rules.sides import KeyForm, Side
from marketplace.custody.tables import CustodyKey
from marketplace.kit import envelopes
from marketplace.kit.envelopes import KeyUnfit
from marketplace.wire.shapes import In, Out


def _key(text: str) -> str:
    try:
        envelopes.from_text(text)
    except KeyUnfit as unfit:
        raise ValueError("must be 32 bytes of X25519, as base64url or hexadecimal") from unfit
    return text


KeyText = Annotated[str, StringConstraints(min_length=43, max_length=64), AfterValidator(_key)]
"""An X25519 key, as base64url or hexadecimal."""
Passphrase = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class CustodyKeyIn(In):
    """A custodian's key: the public key of a pair of one's own, or a passphrase that locks a pair
    made here.
    """

    public_key: KeyText | None = None
    passphrase: Passphrase | None = Field(default=None, repr=False)
    organization_id: UUID | None = None
    """The bureau whose calls it is for; without it one's own organisation."""

    @model_validator(mode="after")
    def _one_form(self) -> "CustodyKeyIn":
        if (self.public_key is None) == (self.passphrase is None):
            raise ValueError("give either public_key or passphrase")
        return self


class CustodyKeyOut(Out, frozen=True, kw_only=True):
    """A custodian's public key."""

    id: UUID
    organization_id: UUID
    person_id: UUID
    member_of: UUID
    """Where the custodian holds the role."""
    side: Side
    form: KeyForm
    public_key: str
    created_at: dt.datetime
    retired_at: dt.datetime | None

    @classmethod
    def of(cls, row: CustodyKey) -> "CustodyKeyOut":
        """Read one key, without its private half."""
        return cls(
            id=row.id,
            organization_id=row.organization_id,
            person_id=row.person_id,
            member_of=row.member_of,
            side=row.side,
            form=row.form,
            public_key=envelopes.to_text(row.public_key),
            created_at=row.created_at,
            retired_at=row.retired_at,
        )
