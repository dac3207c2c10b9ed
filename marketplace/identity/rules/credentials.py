"""What an API key and a unified social credit code look like."""

import hashlib
import hmac
from typing import Final

KEY_SCHEME: Final = "jb"
PREFIX_LENGTH: Final = 10
SECRET_LENGTH: Final = 32

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_LENGTH: Final = 18


def assemble_key(prefix: str, secret: str) -> str:
    """Join the two halves of a key: the prefix finds it, the secret proves it."""
    return f"{KEY_SCHEME}_{prefix}_{secret}"


def split_key(key: str) -> tuple[str, str] | None:
    """Take a key apart; None when it has not the shape of one."""
    parts = key.split("_")
    if len(parts) != 3 or parts[0] != KEY_SCHEME:
        return None
    _, prefix, secret = parts
    if (
        len(prefix) != PREFIX_LENGTH
        or len(secret) != SECRET_LENGTH
        or not (prefix + secret).isalnum()
    ):
        return None
    return (prefix, secret) if (prefix + secret).isascii() else None


def hash_secret(secret: str) -> str:
    """Hash the secret half; 128 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, stored_sha256: str) -> bool:
    """Compare in a time that does not depend on where the difference is."""
    return hmac.compare_digest(hash_secret(secret), stored_sha256)


def uscc_check_character(body: str) -> str:
    """Compute the last character of a unified social credit code from the first 17.

    Source   GB 32100: weights 3^i mod 31, check = (31 - sum mod 31) mod 31.

    >>> uscc_check_character("91350100M000100Y4")
    '3'
    """
    total = sum(USCC_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def is_uscc(uscc: str) -> bool:
    """Tell whether `uscc` has 18 allowed characters and the right check character."""
    if len(uscc) != USCC_LENGTH or any(char not in USCC_ALPHABET for char in uscc):
        return False
    return uscc[-1] == uscc_check_character(uscc[:-1])
