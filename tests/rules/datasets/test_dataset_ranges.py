"""Ranges: whatever is asked for, the pieces are those of the file."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.datasets.errors import RangeNotSatisfiable
from marketplace.datasets.rules.ranges import Span, asked

ETAG = '"digest"'


@given(content=st.binary(min_size=1, max_size=200), data=st.data())
def test_any_cut_of_a_file_puts_together_again(content: bytes, data: st.DataObject) -> None:
    """However a download is interrupted, the pieces that were taken make the file."""
    size = len(content)
    cuts = sorted({0, size, *data.draw(st.lists(st.integers(0, size), max_size=8))})
    taken = b""

    for first, end in pairwise(cuts):
        span = asked(f"bytes={first}-{end - 1}", ETAG, size=size, etag=ETAG)
        assert span is not None
        taken += content[span.first : span.last + 1]

    assert taken == content


@given(
    size=st.integers(0, 500),
    start=st.none() | st.integers(0, 600),
    end=st.none() | st.integers(0, 600),
)
def test_an_answer_never_leaves_the_file(size: int, start: int | None, end: int | None) -> None:
    """Every range is refused, passed over, or lies within the file, as HTTP defines it."""
    header = f"bytes={'' if start is None else start}-{'' if end is None else end}"
    try:
        span = asked(header, None, size=size, etag=ETAG)
    except RangeNotSatisfiable as refused:
        assert refused.facts["content_range"] == f"bytes */{size}"
        assert size == 0 or (start or size) >= size or (start is None and end == 0)
        return

    if span is None:
        nothing = start is None and end is None
        assert nothing or (start is not None and end is not None and end < start)
        return
    content = bytes(size % 256 for _ in range(size))
    if start is None:
        assert end is not None
        expected = content[-end:] if end else b""
    else:
        expected = content[start:] if end is None else content[start : end + 1]
    assert 0 <= span.first <= span.last < size
    assert span.length == len(expected)


@given(header=st.text(max_size=60))
def test_no_header_breaks_it(header: str) -> None:
    """What is no single range of bytes is passed over."""
    try:
        span = asked(header, None, size=10, etag=ETAG)
    except RangeNotSatisfiable:
        return

    assert span is None or isinstance(span, Span)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 0)),
        ("bytes=9-", (9, 9)),
        ("bytes=-20", (0, 9)),
        ("bytes= 2 - 3", None),
        ("bytes=2-3 ", (2, 3)),
        ("bytes=3-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("BYTES=0-1", None),
        ("bytes=٣-٤", None),
        ("bytes=99999999999999999999-", None),
        (None, None),
    ],
)
def test_forms(header: str | None, expected: tuple[int, int] | None) -> None:
    """The forms of RFC 9110, and what is none of them."""
    span = asked(header, None, size=10, etag=ETAG)

    assert (None if span is None else (span.first, span.last)) == expected
