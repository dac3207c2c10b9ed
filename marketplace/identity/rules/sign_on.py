"""What a browser keeps while its person is at the OpenID provider, and where it comes back to."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.identity.errors.sign_in import AddressNotLocal, FlowRefused

LIFETIME: Final = dt.timedelta(minutes=10)
PATH_LENGTH_MAX: Final = 500
_LOCAL: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")
"""One slash, then visible ASCII without a backslash, which browsers read as a slash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A sign-on that began in one browser."""

    state: str
    nonce: str
    verifier: str
    return_to: str
    began_at: dt.datetime
    linking: UUID | None
    """The session whose person wants to link the account; None: somebody wants to sign in."""

    def to_bytes(self) -> bytes:
        """Write it for a cookie; whoever puts it there encrypts it."""
        return json.dumps(
            {
                "state": self.state,
                "nonce": self.nonce,
                "verifier": self.verifier,
                "return_to": self.return_to,
                "began_at": self.began_at.isoformat(),
                "linking": None if self.linking is None else str(self.linking),
            }
        ).encode()

    @classmethod
    def from_bytes(cls, content: bytes, *, now: dt.datetime) -> "Flow":
        """Read it back, or refuse one that began too long ago."""
        found = json.loads(content)
        began_at = dt.datetime.fromisoformat(found["began_at"])
        if not dt.timedelta(0) <= now - began_at < LIFETIME:
            raise FlowRefused(reason="expired")
        linking = found["linking"]
        return cls(
            state=found["state"],
            nonce=found["nonce"],
            verifier=found["verifier"],
            return_to=found["return_to"],
            began_at=began_at,
            linking=None if linking is None else UUID(linking),
        )


def local_path(text: str) -> str:
    """Refuse a return address that could lead to another site.

    >>> local_path("/calls?page=2")
    '/calls?page=2'
    """
    if len(text) > PATH_LENGTH_MAX or not _LOCAL.fullmatch(text):
        raise AddressNotLocal(longest=PATH_LENGTH_MAX)
    return text
