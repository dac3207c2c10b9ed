"""Prediction files: what is read, and what a hostile file runs into."""

import gzip
import io
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors.rounds import (
    PredictionColumnMissing,
    PredictionIdRepeated,
    PredictionIdsDiffer,
    PredictionsTooLarge,
    PredictionsUnreadable,
)
from marketplace.scoring.rules.predictions import Limits, match_ids, read, require_ids
from marketplace.scoring.rules.unpacking import unpacked
from tests.given import hostile

PLAIN = b"id,prediction\nr1,yes\nr2,no\n"
EXPECTED = {"r1": "yes", "r2": "no"}
SMALL = Limits(bytes_max=1_000_000, rows_max=100, field_length_max=50)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.rstrip(),
        PLAIN + b"\n\n",
        b'"id","prediction"\n"r1","yes"\n"r2","no"\n',
        b"prediction,id\nyes,r1\nno,r2\n",
        b"id,score,prediction\nr1,0.5,yes\nr2,,no\n",
        gzip.compress(PLAIN, mtime=0),
        gzip.compress(PLAIN[:20], mtime=0) + gzip.compress(PLAIN[20:], mtime=0),
        gzip.compress(b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n"), mtime=0),
    ],
)
def test_reads_the_usual_forms_alike(data: bytes) -> None:
    """Byte order mark, line ends, quotes, order of columns and compression change nothing."""
    assert read(data) == EXPECTED


def test_reads_another_column_on_demand() -> None:
    """A metric over scores reads the column `score`."""
    assert read(b"id,score\nr1,0.5\n", column="score") == {"r1": "0.5"}


def test_keeps_quoted_commas_quotes_and_line_breaks() -> None:
    """What stands inside quotes is the text, line break included."""
    data = 'id,prediction\n"r,1","say ""榜"""\nr2,"two\r\nlines"\n'.encode()

    assert read(data) == {"r,1": 'say "榜"', "r2": "two\r\nlines"}


BROKEN: list[tuple[bytes, type[MarketplaceError], dict[str, object]]] = [
    (b"", PredictionsUnreadable, {"line": 1, "problem": "empty"}),
    (b"\xef\xbb\xbf", PredictionsUnreadable, {"line": 1, "problem": "empty"}),
    (b"\n\n", PredictionsUnreadable, {"problem": "empty"}),
    (b"id,prediction\n", PredictionsUnreadable, {"line": 1, "problem": "empty"}),
    (b"id,answer\nr1,yes\n", PredictionColumnMissing, {"column": "prediction", "times": 0}),
    (b"ID,prediction\nr1,yes\n", PredictionColumnMissing, {"column": "id", "times": 0}),
    (b"id,prediction,id\nr1,y,r2\n", PredictionColumnMissing, {"column": "id", "times": 2}),
    (b"id;prediction\nr1;yes\n", PredictionColumnMissing, {"found": ["id;prediction"]}),
    (PLAIN + b"r1,no\n", PredictionIdRepeated, {"line": 4, "first_line": 2, "id": "r1"}),
    (PLAIN + b"r3\n", PredictionsUnreadable, {"line": 4, "problem": "column_count", "columns": 1}),
    (PLAIN + b"r3,a,b\n", PredictionsUnreadable, {"line": 4, "problem": "column_count"}),
    (PLAIN + b"r3,\n", PredictionsUnreadable, {"line": 4, "column": "prediction"}),
    (PLAIN + b",yes\n", PredictionsUnreadable, {"line": 4, "column": "id"}),
    (PLAIN + b"r3,a\0b\n", PredictionsUnreadable, {"line": 4, "problem": "nul"}),
    (PLAIN + b"r3,\xff\xfe\n", PredictionsUnreadable, {"line": 4, "problem": "wrong_encoding"}),
    (
        PLAIN.decode().encode("utf-16"),
        PredictionsUnreadable,
        {"line": 1, "problem": "wrong_encoding"},
    ),
    ("id,prediction\nr1,内涝\n".encode("gb18030"), PredictionsUnreadable, {"line": 2}),
    (PLAIN + b'r3,"open\n', PredictionsUnreadable, {"line": 4, "problem": "broken_csv"}),
    (PLAIN + b'r3,"a"b\n', PredictionsUnreadable, {"line": 4, "problem": "broken_csv"}),
    (b'id,prediction\nr1,"a\nb\nc"\nr2\n', PredictionsUnreadable, {"line": 5}),
    (b"\x1f\x8b", PredictionsUnreadable, {"problem": "not_gzip"}),
    (b"\x1f\x8bnonsense", PredictionsUnreadable, {"problem": "not_gzip"}),
    (gzip.compress(PLAIN, mtime=0)[:-5], PredictionsUnreadable, {"problem": "not_gzip"}),
    (gzip.compress(PLAIN, mtime=0)[:-1] + b"X", PredictionsUnreadable, {"problem": "not_gzip"}),
    (gzip.compress(PLAIN, mtime=0) + b"tail", PredictionsUnreadable, {"problem": "not_gzip"}),
    (b"PK\x03\x04" + bytes(30), PredictionsUnreadable, {"line": 1, "problem": "nul"}),
    (b"a" * 10_000_000, PredictionsTooLarge, {"bytes_max": 1_000_000}),
    (b"a" * 900_000, PredictionsTooLarge, {"line": 1, "line_length_max": 100_000}),
    (PLAIN + b"r3," + b"a" * 51, PredictionsTooLarge, {"line": 4, "field_length_max": 50}),
    (b'id,prediction\nr1,"' + b"\n" * 200_000, PredictionsUnreadable, {"line": 2}),
    (
        b"id,prediction\n" + b"".join(b"r%d,x\n" % at for at in range(101)),
        PredictionsTooLarge,
        {"line": 102, "rows_max": 100},
    ),
]


@pytest.mark.parametrize(("data", "refusal", "facts"), BROKEN)
def test_refuses_broken_files_with_the_line(
    data: bytes, refusal: type[MarketplaceError], facts: dict[str, object]
) -> None:
    """Each defect has its refusal, and the refusal names the line on which the row begins."""
    with pytest.raises(refusal) as caught:
        read(data, limits=SMALL)

    assert facts.items() <= caught.value.facts.items()


def test_ten_megabytes_of_one_letter_are_refused_within_the_default_limits() -> None:
    """A file within the size limit that has no second line is refused at its first."""
    with pytest.raises(PredictionsTooLarge) as caught:
        read(b"a" * 10_000_000)

    assert caught.value.facts["line"] == 1


def test_a_zip_bomb_is_dropped_at_the_first_byte_too_many() -> None:
    """100 MB of zeros packed into 100 kB are refused in a few megabytes of memory."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    piece = bytes(1_000_000)
    bomb = b"".join([*(packer.compress(piece) for _ in range(100)), packer.flush()])

    tracemalloc.start()
    with pytest.raises(PredictionsTooLarge):
        read(bomb, limits=SMALL)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(bomb) < 150_000
    assert peak < 6_000_000


@pytest.mark.parametrize("name", ["a bomb of gzip", "a bomb of zstd", "dull, then a bomb of zstd"])
def test_a_bomb_is_counted_before_it_is_kept(name: str) -> None:
    """Within the default limits too: what would be 64 MiB never lies in memory.

    A file that swells late meets larger steps, so a little more of it.
    """
    dull = zstandard.compress(random.Random(1).randbytes(200_000))
    bomb = hostile.FILES[name.removeprefix("dull, then ")][0]()
    sent = dull + bomb if name.startswith("dull") else bomb

    tracemalloc.start()
    with pytest.raises(PredictionsTooLarge):
        unpacked(sent, 64 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 48 << 20 if name.startswith("dull") else peak < 8 << 20


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("members", [1, 3])
def test_what_is_all_the_same_is_unpacked_whole(
    pack: Callable[[bytes], bytes], members: int
) -> None:
    """It packs to next to nothing, as a bomb does, and is no bomb."""
    data = b"r1,yes\n" * 600_000

    assert unpacked(pack(data) * members, 64 << 20) == data * members
    with pytest.raises(PredictionsTooLarge):
        unpacked(pack(data) * members, len(data) * members - 1)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_any_bytes_come_out_as_they_went_in(pack: Callable[[bytes], bytes]) -> None:
    """Dull and dense by turns, cut into members anywhere."""
    chance = random.Random(20261127)
    for _ in range(40):
        parts = [
            chance.randbytes(chance.randrange(1, 3000))
            if chance.random() < 0.5
            else bytes([chance.randrange(256)]) * chance.randrange(1, 300_000)
            for _ in range(chance.randrange(1, 6))
        ]
        sent = b"".join(pack(part) for part in parts)
        whole = b"".join(parts)
        assert unpacked(sent, 64 << 20) == whole
        with pytest.raises(PredictionsUnreadable):
            unpacked(sent[:-1], 64 << 20)


def test_millions_of_empty_members_are_refused() -> None:
    """A gzip file of nothing but headers burns no time."""
    with pytest.raises(PredictionsTooLarge):
        read(gzip.compress(b"", mtime=0) * 20_000, limits=SMALL)


def test_a_large_honest_file_survives_compression() -> None:
    """What unpacks in many pieces is what was packed."""
    rows = {f"r{at}": str(at % 7) for at in range(60_000)}
    text = io.StringIO("id,prediction\n")
    text.seek(0, io.SEEK_END)
    text.writelines(f"{row_id},{value}\n" for row_id, value in rows.items())
    data = text.getvalue().encode()

    assert read(gzip.compress(data, mtime=0)) == read(data) == rows


def test_lists_ids_that_are_missing_and_ids_that_nobody_asked_for() -> None:
    """Counts of both, and the first twenty of each in order."""
    match = match_ids({f"x{at:02d}": "1" for at in range(30)}, [f"t{at:02d}" for at in range(25)])

    assert (match.missing_count, match.extra_count) == (25, 30)
    assert match.missing == tuple(f"t{at:02d}" for at in range(20))
    assert match.extra == tuple(f"x{at:02d}" for at in range(20))
    assert not match.exact


def test_accepts_exactly_the_ids_that_were_asked_for() -> None:
    """The order of rows does not matter; one id more or less does."""
    require_ids(EXPECTED, ["r2", "r1"])

    with pytest.raises(PredictionIdsDiffer) as caught:
        require_ids(EXPECTED, ["r1", "r3"])
    assert caught.value.facts == {
        "missing_count": 1,
        "missing": ["r3"],
        "extra_count": 1,
        "extra": ["r2"],
    }


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    """No input ends in a traceback: there is an answer or a refusal of ours."""
    for body in (
        data,
        b"id,prediction\n" + data,
        b"\x1f\x8b\x08" + data,
        gzip.compress(data, mtime=0),
    ):
        try:
            values = read(body, limits=SMALL)
        except MarketplaceError as refusal:
            assert refusal.code.startswith("scoring.prediction")
        else:
            assert values


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8),
        min_size=1,
        max_size=10,
    )
)
@settings(deadline=None, max_examples=100)
def test_whatever_is_quoted_properly_is_read_as_it_was(values: dict[str, str]) -> None:
    """Any text but control characters survives quoting."""
    rows = [
        '"{}","{}"'.format(*(part.replace('"', '""') for part in row)) for row in values.items()
    ]
    data = "\r\n".join(["id,prediction", *rows]).encode()

    assert read(data) == values
