"""The shapes of the notary on the wire."""

import datetime as dt

from marketplace.kit import signing
from marketplace.notary.tables import SigningKey
from marketplace.wire.shapes import Out


class SigningKeyOut(Out, frozen=True, kw_only=True):
    """A public key of the installation, and when it signed."""

    key_id: str
    algorithm: str = signing.ALGORITHM
    public_key: str
    """32 bytes, as base64url without padding."""
    valid_from: dt.datetime
    valid_until: dt.datetime | None
    """When another key took its place; null: it signs now."""

    @classmethod
    def of(cls, row: SigningKey) -> "SigningKeyOut":
        """Read one pair, without its private half."""
        return cls(
            key_id=row.key_id,
            public_key=signing.to_text(row.public_key),
            valid_from=row.created_at,
            valid_until=row.retired_at,
        )
