"""The second factor: codes of an authenticator (RFC 6238), and codes for the day it is lost."""

import base64
import datetime as dt
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from marketplace.identity.rules.access import Role

DIGITS: Final = 6
STEP_SECONDS: Final = 30
WINDOW_STEPS: Final = 1
SECRET_BYTES: Final = 20
ISSUER: Final = "Jiebang"

RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
"""80 random bits need no slow hash."""

NEEDED_BY: Final = frozenset(
    {
        Role.BUREAU_OFFICER,
        Role.BUREAU_APPROVER,
        Role.SUPERVISOR,
        Role.FINANCE,
        Role.AUDITOR,
        Role.REVIEW_BODY,
        Role.PLATFORM_ADMIN,
    }
)
"""Roles that a password alone does not open: they decide, pay, or see what others may not."""


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what every authenticator app speaks; HMAC does not need it to be collision-free.
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303


def enrolment_uri(secret: bytes, account: str) -> str:
    """Write what an authenticator app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(account, ISSUER)


def shown_secret(secret: bytes) -> str:
    """Write the secret for typing it in."""
    return base64.b32encode(secret).decode().rstrip("=")


def code_at(secret: bytes, at: dt.datetime) -> str:
    """Compute the code that an authenticator shows at a time."""
    return _totp(secret).generate(int(at.timestamp())).decode()


def accepted_step(secret: bytes, code: str, *, at: dt.datetime, last_step: int) -> int | None:
    """Find the time step of a code; none for a wrong code and for a step that was used before."""
    present = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - WINDOW_STEPS, present + WINDOW_STEPS + 1):
        expected = _totp(secret).generate(step * STEP_SECONDS)
        if hmac.compare_digest(expected, code.encode()) and step > last_step:
            found = step
    return found


def recovery_codes(entropy: bytes) -> list[str]:
    """Write random bytes as codes to print: `abcd-efgh-ijkl-mnop`.

    Shape    RECOVERY_CODES x RECOVERY_BYTES bytes in, RECOVERY_CODES texts out.
    """
    parts = [
        entropy[start : start + RECOVERY_BYTES]
        for start in range(0, RECOVERY_CODES * RECOVERY_BYTES, RECOVERY_BYTES)
    ]
    texts = [base64.b32encode(part).decode().lower() for part in parts]
    return ["-".join(text[at : at + 4] for at in range(0, 16, 4)) for text in texts]


def is_recovery_code(code: str) -> bool:
    """Tell a recovery code from a code of an authenticator by its form."""
    return not code.strip().isdigit()


def recovery_hash(code: str) -> str:
    """Hash a recovery code, however it was typed."""
    return hashlib.sha256(code.replace("-", "").replace(" ", "").lower().encode()).hexdigest()


def recovery_matches(code: str, stored_sha256: str) -> bool:
    """Compare in a time that does not depend on where the difference is."""
    return hmac.compare_digest(recovery_hash(code), stored_sha256)
