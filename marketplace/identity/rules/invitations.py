"""What an invitation's token looks like, and when it still opens the door."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from marketplace.identity.errors.people import InvitationExpired, InvitationRevoked, InvitationUsed
from marketplace.identity.rules import credentials

SCHEME: Final = "jbi"
DAYS_DEFAULT: Final = 7
DAYS_MAX: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An invitation as far as it decides who may still accept it."""

    expires_at: dt.datetime
    accepted_at: dt.datetime | None
    revoked_at: dt.datetime | None


def halves_of(entropy: bytes) -> tuple[str, str]:
    """Make the two halves of a token from 21 random bytes or more: one finds, the other proves."""
    text = entropy.hex()
    middle, end = credentials.PREFIX_LENGTH, credentials.PREFIX_LENGTH + credentials.SECRET_LENGTH
    return text[:middle], text[middle:end]


def assemble_token(prefix: str, secret: str) -> str:
    """Join the halves of a token.

    >>> split_token(assemble_token("0123456789", "f" * 32)) == ("0123456789", "f" * 32)
    True
    """
    return f"{SCHEME}_{prefix}_{secret}"


def split_token(token: str) -> tuple[str, str] | None:
    """Take a token apart; None when it has not the shape of one, such as an API key.

    >>> split_token("jb_0123456789_" + "f" * 32) is None
    True
    """
    scheme, _, rest = token.partition("_")
    if scheme != SCHEME:
        return None
    return credentials.split_key(f"{credentials.KEY_SCHEME}_{rest}")


def is_open(invitation: Open, now: dt.datetime) -> bool:
    """Tell whether an invitation can still be accepted: up to, but not at, its last moment."""
    ended = invitation.accepted_at is not None or invitation.revoked_at is not None
    return not ended and now < invitation.expires_at


def check_open(invitation: Open, now: dt.datetime) -> None:
    """Tell whoever holds the right token why it opens nothing any more.

    Refuses  InvitationUsed, InvitationRevoked, InvitationExpired, in this order.
    """
    if invitation.accepted_at is not None:
        raise InvitationUsed()
    if invitation.revoked_at is not None:
        raise InvitationRevoked()
    if now >= invitation.expires_at:
        raise InvitationExpired(expires_at=invitation.expires_at)
