"""Every form of a file is read alike, and the fast reader never differs from the careful one."""

import gzip
import io
import mmap
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors.rounds import PredictionsTooLarge
from marketplace.scoring.rules import predictions
from marketplace.scoring.rules.metrics.samples import NoNumber, scaled
from marketplace.scoring.rules.predictions import Limits
from marketplace.scoring.rules.reading import tables
from tests.given import hostile
from tests.given.hostile import parquet

ROWS = {"id": ["r2", "r1", "r3"], "prediction": ["内涝", "0.50", "x y"]}
CSV = "id,prediction\nr2,内涝\nr1,0.50\nr3,x y\n".encode()
JSON = b'{"prediction":"\xe5\x86\x85\xe6\xb6\x9d","id":"r2"}\n\n{"id":"r1","prediction":0.50}\n' + (
    b'{"id":"r3","prediction":"x y","more":[1]}'
)


@pytest.mark.parametrize(
    "data",
    [
        CSV,
        b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n"),
        CSV.replace(b"x y", b'"x y"'),
        JSON,
        b"\xef\xbb\xbf" + JSON,
        parquet(pl.DataFrame(ROWS)),
        parquet(pl.DataFrame(ROWS).with_columns(pl.col("prediction").cast(pl.Categorical))),
        gzip.compress(JSON, mtime=0),
        zstandard.compress(parquet(pl.DataFrame(ROWS))),
        zstandard.compress(CSV[:20]) + zstandard.compress(CSV[20:]),
    ],
)
def test_every_form_is_read_alike(data: bytes) -> None:
    """CSV, JSON Lines and Parquet, plain or packed; a number keeps the digits it was written in."""
    assert tables.read(data, ("prediction",)).frame.to_dict(as_series=False) == ROWS


def test_parquet_numbers_are_read_in_their_shortest_form() -> None:
    """Whole numbers and floats, exactly as their type holds them."""
    frame = pl.DataFrame({"id": [7, 8], "prediction": [0.1, 2.5e-7]})

    read = tables.read(parquet(frame), ("prediction",)).frame

    assert read["id"].to_list() == ["7", "8"]
    assert [Decimal(text) for text in read["prediction"]] == [Decimal("0.1"), Decimal("2.5e-7")]


FIELD = st.text(alphabet='ab,"\n\r 0é\0\ufeff', max_size=4)
FILE = st.lists(st.lists(FIELD, min_size=1, max_size=3), max_size=5).map(
    lambda rows: "\n".join([",".join(row) for row in rows])
)


@settings(max_examples=400, deadline=None)
@example(head="id,x,prediction\n", body="\ufeff0,,0")
@given(
    head=st.sampled_from(
        ["id,prediction\n", "prediction,id\r\n", "id,x,prediction\n", "id,prediction,x\n"]
    ),
    body=FILE,
)
def test_whatever_the_fast_reader_accepts_the_careful_one_reads_alike(head: str, body: str) -> None:
    """Random files of everything that could be misread."""
    data = (head + body).encode()
    names = ("id", "prediction")
    fast = tables._fast(data, names, Limits())
    try:
        careful, lines = predictions.read_columns(data, names, Limits())
    except MarketplaceError:
        careful, lines = {}, []

    assert fast is None or fast.to_dict(as_series=False) == careful
    assert fast is None or list(range(2, fast.height + 2)) == lines


@pytest.mark.parametrize(
    ("end", "line"), [(b"\n", 3), (b"\r\n", 3), (b"\r", 3), (b"", 1)], ids=repr
)
@pytest.mark.parametrize("endless", [b"a", b'"', b"\xff", b"{"])
def test_a_line_without_end_is_refused_before_anything_is_made_of_it(
    end: bytes, line: int, endless: bytes
) -> None:
    """Thirty megabytes of it cost no memory of their own, and the line is told."""
    data = (b"id,prediction" + end + b"r0,yes" + end if end else b"") + endless * 30_000_000

    tracemalloc.start()
    with pytest.raises(PredictionsTooLarge) as caught:
        tables.read(data, ("prediction",))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert caught.value.facts == {"line": line, "line_length_max": predictions.LINE_LENGTH_MAX}
    assert peak < 1_000_000


class Watched(mmap.mmap):
    """A map that notes how far somebody looked."""

    seen = 0

    def __getitem__(self, key: Any) -> Any:
        """Take a piece."""
        _, stop, _ = key.indices(len(self))
        self.seen = max(self.seen, stop)
        return super().__getitem__(key)

    def rfind(self, sub: Any, start: int = 0, stop: int = -1) -> int:
        """Look for something."""
        self.seen = max(self.seen, stop % len(self))
        return super().rfind(sub, start, stop)


@contextmanager
def mapped(content: bytes, path: Path) -> Iterator[Watched]:
    """Have a content as a map of a file."""
    path.write_bytes(content)
    with path.open("rb") as file, Watched(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        yield view


@pytest.mark.parametrize("endless", [b"a", b'"', b"{"])
def test_of_a_line_without_end_only_the_beginning_is_looked_at(
    endless: bytes, tmp_path: Path
) -> None:
    """A stored file lies in no memory before somebody looks there."""
    content = b"id,prediction\nr0,yes\n" + endless * 3_000_000
    with mapped(content, tmp_path / "sent") as view:
        with pytest.raises(PredictionsTooLarge):
            tables.read(view, ("prediction",))
        assert 0 < view.seen < 2 * predictions.LINE_BYTES_MAX


@pytest.mark.parametrize("name", [name for name in hostile.FILES if name != "empty"])
def test_a_stored_file_is_refused_as_its_bytes_are(name: str, tmp_path: Path) -> None:
    """Or read, where it is an honest one for this reader."""

    def ends(data: bytes | mmap.mmap) -> object:
        try:
            return tables.read(data, ("prediction",)).frame.to_dict(as_series=False)
        except MarketplaceError as refused:
            return refused.code, dict(refused.facts)

    content = hostile.FILES[name][0]()
    with mapped(content, tmp_path / "sent") as view:
        assert ends(view) == ends(content)


@pytest.mark.parametrize("character", ["a", "é", "内", "\U0001f30a"])
def test_a_line_of_any_characters_may_be_as_long_as_it_may_be(character: str) -> None:
    """What is looked at before it is decoded counts bytes; only characters are limited."""
    most, fields = predictions.LINE_LENGTH_MAX, 110
    head = "id,prediction," + ",".join(f"c{at}" for at in range(fields)) + "\n"
    room = most - len("r0,yes\n") - fields
    sizes = [room // fields] * (fields - 1) + [room // fields + room % fields]
    row = "r0,yes," + ",".join(character * size for size in sizes) + "\n"
    longer = row.replace("yes", "yess")

    assert len(row) == most
    columns, _ = predictions.read_columns((head + row).encode(), ("id", "prediction"), Limits())
    assert columns == {"id": ["r0"], "prediction": ["yes"]}
    with pytest.raises(PredictionsTooLarge):
        predictions.read_columns((head + longer).encode(), ("id", "prediction"), Limits())


def test_too_many_rows_are_refused_at_the_first_too_many() -> None:
    """By either reader, at the same line."""
    data = b"id,prediction\n" + b"1,a\n" * 101
    for read in (
        lambda: tables.read(data, ("prediction",), Limits(rows_max=100)),
        lambda: predictions.read_columns(data, ("id", "prediction"), Limits(rows_max=100)),
    ):
        with pytest.raises(PredictionsTooLarge) as caught:
            read()
        assert caught.value.facts == {"line": 102, "rows_max": 100}


def test_a_footer_that_announces_too_much_is_not_read_to_its_end() -> None:
    """A hundred thousand columns are refused at their number."""
    with pytest.raises(PredictionsTooLarge) as caught:
        tables.read(hostile.FILES["many columns by the footer"][0](), ("prediction",))

    assert caught.value.facts == {"columns_or_row_groups_max": 20_000}


def test_plain_files_take_the_fast_way() -> None:
    """Or the agreement above would prove nothing."""
    for data in (CSV, CSV.rstrip(), CSV.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + CSV):
        assert tables._fast(data, ("id", "prediction"), Limits()) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(-1e14, 1e14).map(repr),
            st.decimals(-(10**14), 10**14, places=18).map(str),
            st.sampled_from(["1.", ".5", "+1", "-0", "NaN", "1e400", "1e-300", "", "1_0", "１"]),
        ),
        max_size=6,
    )
)
def test_numbers_are_read_alike_at_once_and_one_by_one(texts: list[str]) -> None:
    """The same numbers, or the same first text that is none."""
    series = pl.Series(texts, dtype=pl.String)
    try:
        wanted = scaled(texts)
    except NoNumber as bad:
        with pytest.raises(NoNumber) as caught:
            tables.numbers_of(series)
        assert caught.value.place == bad.place
        return
    found = tables.numbers_of(series)
    most = max(found.places, wanted.places)

    assert list(found.at(most)) == list(wanted.at(most))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_floats_are_written_in_the_shortest_form_that_python_writes(bits: list[int]) -> None:
    """A new release of the table library that writes other digits is found here."""
    values = [struct.unpack("<d", struct.pack("<Q", one))[0] for one in bits]
    finite = [one for one in values if one == one and abs(one) != float("inf")]

    texts = pl.Series(finite, dtype=pl.Float64).cast(pl.String).to_list()

    assert [Decimal(text) for text in texts] == [Decimal(repr(one)) for one in finite]


def test_rows_are_put_beside_the_truth_or_not_at_all() -> None:
    """As many ids, each once, and no other: anything else is nothing."""
    ids = pl.Series(["a", "b", "c"])

    def beside(*given: str) -> list[str] | None:
        rows = "".join(f"{one},{one}{one}\n" for one in given).encode()
        found = tables.read(b"id,prediction\n" + rows, ("prediction",)).beside(ids)
        return None if found is None else found["prediction"].to_list()

    assert beside("a", "b", "c") == beside("c", "a", "b") == ["aa", "bb", "cc"]
    assert [beside(*one) for one in ("ab", "abcd", "abd", "abb", "aab", "aaa")] == [None] * 6


def test_a_damaged_parquet_file_never_breaks_the_reader() -> None:
    """Every byte of a small file changed in turn: read, or refused."""
    whole = parquet(pl.DataFrame({"id": ["a", "b"], "prediction": ["x", "y"]}))
    seen = set()
    for at in range(len(whole)):
        data = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            tables.read(data, ("prediction",))
            seen.add("read")
        except MarketplaceError as refusal:
            seen.add(refusal.code)

    assert "scoring.predictions_unreadable" in seen
    assert io.BytesIO(whole).read(4) == b"PAR1"
