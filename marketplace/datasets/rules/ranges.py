"""HTTP ranges: which bytes of a file an answer carries."""

import re
from dataclasses import dataclass
from typing import Final

from marketplace.datasets.errors import RangeNotSatisfiable

_ONE: Final = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `first` to `last` of a file of `size`, both included."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes these are."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The span in the words of HTTP."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def asked(range_header: str | None, if_range: str | None, *, size: int, etag: str) -> Span | None:
    """Find the bytes that are asked for; None: the whole file, as an ordinary 200.

    Shape    a header that is not one range of bytes is passed over, as HTTP wants it: so are
             several ranges, and a range of a file that has changed since (If-Range).
    Refuses  RangeNotSatisfiable for a range that begins behind the end.
    Source   RFC 9110, sections 13.1.5 and 14.

    >>> asked("bytes=2-", None, size=10, etag='"x"')
    Span(first=2, last=9, size=10)
    >>> asked("bytes=-3", None, size=10, etag='"x"').content_range
    'bytes 7-9/10'
    >>> asked("bytes=0-1,4-5", None, size=10, etag='"x"') is None
    True
    """
    if range_header is None or (if_range is not None and if_range.strip() != etag):
        return None
    found = _ONE.fullmatch(range_header.strip())
    if found is None or found.group() == "bytes=-" or not any(found.groups()):
        return None
    start, end = found.groups()
    if not start:
        length = min(int(end), size)
        first, last = size - length, size - 1
    else:
        first, last = int(start), min(int(end), size - 1) if end else size - 1
        if end and int(end) < int(start):
            return None
    if first > last or first >= size:
        raise RangeNotSatisfiable(content_range=f"bytes */{size}", size_bytes=size)
    return Span(first=first, last=last, size=size)
