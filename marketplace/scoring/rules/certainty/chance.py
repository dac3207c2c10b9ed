"""Draws that anybody can repeat: SHA-256 of a seed and a counter, read as whole numbers.

Block k of a stream is the SHA-256 of "<seed>/<stream>:<k>" in UTF-8, cut into four numbers of
64 bits, most significant byte first.  A number below n is the next of them modulo n, after those
are passed over that would favour small results.  The generator of Python's `random` would serve,
but its sampling functions change from version to version; this is a page of text in any language.
"""

from hashlib import sha256
from typing import Final

WORD: Final = 2**64
WORDS_PER_BLOCK: Final = 4


class Chance:
    """One stream of draws; streams of other names do not move it."""

    __slots__ = ("_block", "_prefix", "_words")

    def __init__(self, seed: str, stream: str) -> None:
        self._prefix = f"{seed}/{stream}:"
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """Draw 64 bits.

        >>> Chance("closing index 3021.55", "judges").word() < WORD
        True
        """
        if not self._words:
            digest = sha256(f"{self._prefix}{self._block}".encode()).digest()
            self._block += 1
            # Taken from the end, so the last eight bytes are put first.
            self._words = [
                int.from_bytes(digest[at : at + 8], "big")
                for at in range(8 * (WORDS_PER_BLOCK - 1), -1, -8)
            ]
        return self._words.pop()

    def below(self, bound: int) -> int:
        """Draw a whole number from 0 to `bound` - 1, all equally likely."""
        limit = WORD - WORD % bound
        while True:
            word = self.word()
            if word < limit:
                return word % bound

    def picks(self, bound: int, count: int) -> list[int]:
        """Draw `count` numbers below `bound`, with replacement."""
        return [self.below(bound) for _ in range(count)]

    def cuts(self, count: int) -> list[int]:
        """Draw `count` points between 0 and 2^64 and put them in order."""
        return sorted(self.word() for _ in range(count))
