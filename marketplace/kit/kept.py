"""Answers that were written once and may be served again, as long as their key says the same."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

OVERHEAD_BYTES: Final = 1_000
"""What a key and its place take, roughly and at most."""


class Kept:
    """Bytes by key, within a bound; what was asked for longest ago goes first.

    A key must name everything the bytes depend on, read in the transaction that asks: then nothing
    is ever out of date, in however many processes, and nothing has to be told to forget.

    >>> kept = Kept(bytes_max=2 * OVERHEAD_BYTES + 8)
    >>> for key in "ab": kept.keep(key, b"1234")
    >>> kept.find("a"), kept.keep("c", b"5678"), kept.find("b"), kept.find("a")
    (b'1234', None, None, b'1234')
    """

    def __init__(self, *, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        self._held = 0
        self._found: OrderedDict[Hashable, bytes] = OrderedDict()

    def find(self, key: Hashable) -> bytes | None:
        """Find what was kept under this very key."""
        content = self._found.get(key)
        if content is not None:
            self._found.move_to_end(key)
        return content

    def keep(self, key: Hashable, content: bytes) -> None:
        """Keep bytes, and let go of others where they do not all fit."""
        self._held -= self._size(self._found.pop(key, None))
        self._found[key] = content
        self._held += self._size(content)
        while self._held > self.bytes_max:
            _, oldest = self._found.popitem(last=False)
            self._held -= self._size(oldest)

    @staticmethod
    def _size(content: bytes | None) -> int:
        return 0 if content is None else len(content) + OVERHEAD_BYTES
