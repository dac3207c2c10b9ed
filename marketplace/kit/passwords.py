"""Passwords at rest: Argon2id, off the event loop, a bounded number at once.

Hashing is slow and takes memory on purpose.  So it happens in threads, and whoever comes while all
places are taken waits: a crowd of sign-ins may make sign-in slow, but nothing else.
"""

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LANES = 4
"""Source   RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes."""
HASH_BYTES = 32
T = TypeVar("T")
SALT_BYTES = 16


class Hasher:
    """Hashes and checks passwords under one set of parameters."""

    def __init__(self, *, memory_kib: int = 65_536, passes: int = 3, at_once: int = 2) -> None:
        self.memory_kib, self.passes = memory_kib, passes
        self._argon = PasswordHasher(
            time_cost=passes,
            memory_cost=memory_kib,
            parallelism=LANES,
            hash_len=HASH_BYTES,
            salt_len=SALT_BYTES,
        )
        self._places = asyncio.Semaphore(at_once)
        parameters = f"m={memory_kib},t={passes},p={LANES}"
        # A hash of nothing anybody knows: checking against it takes as long as against a real one.
        self._nobodys = f"$argon2id$v=19${parameters}${_noise(SALT_BYTES)}${_noise(HASH_BYTES)}"

    async def hash(self, password: str) -> str:
        """Hash a password with a new salt."""
        async with self._places:
            return await asyncio.to_thread(self._argon.hash, normalized(password))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Check a password; without a stored hash it takes as long and says no."""
        async with self._places:
            found = await asyncio.to_thread(
                self._verify, stored or self._nobodys, normalized(password)
            )
        return found and stored is not None

    async def in_turn(self, work: Callable[[], T]) -> T:
        """Do other slow work with a password, in a thread, when a place is free."""
        async with self._places:
            return await asyncio.to_thread(work)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._argon.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made under other parameters than those of today."""
        return self._argon.check_needs_rehash(stored)


def normalized(password: str) -> str:
    """Write a password in one way, whichever keyboard it was typed on.

    >>> normalized("ﬁsh１") == normalized("fish1")
    True
    """
    return unicodedata.normalize("NFKC", password)


def _noise(count: int) -> str:
    return base64.b64encode(os.urandom(count)).decode().rstrip("=")
