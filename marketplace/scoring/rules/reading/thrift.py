"""Read Apache Thrift's compact protocol into plain values, within a budget.

Just what the footer of a Parquet file needs: structures become dicts by field number.  Every list
and text is bounded by the bytes that are left, every value costs one of the budget, so no header
can ask for more memory or time than its own length pays for.

Source   the Apache Thrift compact protocol specification.
"""

from dataclasses import dataclass
from typing import Any, Final

VALUES_MAX: Final = 500_000
DEPTH_MAX: Final = 12
ITEMS_MAX: Final = 20_000
"""Of one list: a footer that announces more is not read to its end only to be refused."""


class NotThrift(Exception):
    """These bytes are no such structure, or more than is read."""


class TooMany(Exception):
    """A list announces more items than are read."""


@dataclass(slots=True)
class Reader:
    """Reads forward through bytes."""

    data: bytes
    at: int = 0
    budget: int = VALUES_MAX

    def structure(self, depth: int = 0) -> dict[int, Any]:
        """Read fields until the one that ends a structure.  Refuses NotThrift."""
        fields: dict[int, Any] = {}
        number = 0
        while True:
            head = self._byte()
            if head == 0:
                return fields
            step = head >> 4
            number = number + step if step else self._whole()
            fields[number] = self._value(head & 0x0F, depth + 1)

    def _value(self, kind: int, depth: int) -> Any:
        self.budget -= 1
        if depth > DEPTH_MAX or self.budget < 0:
            raise NotThrift
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._whole()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._length())
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.structure(depth)
        raise NotThrift

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        size, kind = head >> 4, head & 0x0F
        if size == 15:
            size = self._length()
        if size > len(self.data) - self.at:
            raise NotThrift
        if size > ITEMS_MAX:
            raise TooMany
        if kind in (1, 2):
            return [self._byte() == 1 for _ in range(size)]
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        if self.at >= len(self.data):
            raise NotThrift
        self.at += 1
        return self.data[self.at - 1]

    def _length(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise NotThrift

    def _whole(self) -> int:
        value = self._length()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise NotThrift
        self.at += size
        return self.data[self.at - size : self.at]
