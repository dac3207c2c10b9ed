"""When a session lives, how its requests prove that they come from our own pages, and what a person
may do in it.
"""

import base64
import datetime as dt
import hashlib
import hmac
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from marketplace.identity.rules import second_factor
from marketplace.identity.rules.access import Role

TOKEN_BYTES: Final = 32
TOKEN_LENGTH_MAX: Final = 100
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES: Final = frozenset({"same-origin", "none"})
"""What a browser says of a request from our own page, or typed into its address bar."""


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    SINGLE_SIGN_ON = "single_sign_on"


def new_token(entropy: bytes) -> str:
    """Write random bytes as the text of a cookie."""
    return base64.urlsafe_b64encode(entropy[:TOKEN_BYTES]).decode().rstrip("=")


def token_hash(token: str) -> str:
    """Hash a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_matches(token: str, stored_sha256: str) -> bool:
    """Compare in a time that does not depend on where the difference is."""
    return hmac.compare_digest(token_hash(token), stored_sha256)


def is_live(
    *,
    revoked_at: dt.datetime | None,
    expires_at: dt.datetime,
    last_seen_at: dt.datetime,
    idle: dt.timedelta,
    now: dt.datetime,
) -> bool:
    """Tell whether a session was neither ended, nor left alone, nor grew too old."""
    return revoked_at is None and now < expires_at and now < last_seen_at + idle


def must_enrol(roles: frozenset[Role], methods: frozenset[Method]) -> bool:
    """Tell whether these roles need a second factor that this session has not seen.

    Single sign-on counts as it is: the provider decides how it asks.
    """
    proven = methods & {Method.TOTP, Method.RECOVERY_CODE, Method.SINGLE_SIGN_ON}
    return bool(roles & second_factor.NEEDED_BY) and not proven


def csrf_token(key: bytes, token: str) -> str:
    """Make what a page sends along to prove that it could read our answers.

    Shape    a function of the session's token, so a new token makes the old proof worthless.
    """
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()


def csrf_matches(key: bytes, token: str, sent: str) -> bool:
    """Compare in a time that does not depend on where the difference is."""
    return hmac.compare_digest(csrf_token(key, token).encode(), sent.encode())


def is_own_page(
    *, origin: str | None, fetch_site: str | None, host: str | None, public_url: str
) -> bool:
    """Tell whether a browser says that a request was made by our own page.

    A client that is no browser sends neither header, and is not the danger here.
    """
    if fetch_site is not None and fetch_site not in OWN_SITES:
        return False
    if origin is None:
        return True
    if public_url:
        return origin == public_url.rstrip("/")
    return bool(host) and urlsplit(origin).netloc == host
