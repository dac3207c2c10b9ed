"""Profiles: counted exactly, bounded everywhere, and never fooled by what a cell looks like."""

import csv
import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.datasets.rules import profile as rules
from marketplace.datasets.rules.profile import profile_stream

TASK = {"format": "csv", "rows_max": 1_000}
CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\r\n"),
    max_size=8,
)


def profiled(content: bytes, **task: Any) -> dict[str, Any]:
    """What is said of a file."""
    return profile_stream(io.BytesIO(content), TASK | task)


def columns(content: bytes, **task: Any) -> dict[str, tuple[str, int]]:
    """Type and gaps of each column."""
    found = profiled(content, **task)["profile"]["columns"]
    return {one["name"]: (one["type"], one["missing"]) for one in found}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3"], "integer"),
        (["1", "2.5", "1e3"], "decimal"),
        (["2.5", "1"], "decimal"),
        (["true", "False"], "boolean"),
        (["2026-01-31", "2026-02-01"], "date"),
        (["2026-01-31", "2026-02-01T08:00:00+08:00"], "datetime"),
        (["2026-02-30x"], "text"),
        (["1", "true"], "text"),
        (["1", "2026-01-01"], "text"),
        (["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0"], "text"),
        (["", "NA", "null"], "empty"),
        (["1" * 40], "decimal"),
        (["٣"], "text"),
    ],
)
def test_the_type_is_the_narrowest_that_holds_for_all(values: list[str], kind: str) -> None:
    """Integers are decimals, dates are moments; anything mixed is text, a formula is text."""
    content = "id,value\n" + "".join(f'{n},"{value}"\n' for n, value in enumerate(values))

    assert columns(content.encode())["value"][0] == kind


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
@settings(max_examples=60)
def test_counts_are_those_of_any_other_reader(rows: list[tuple[str, str]]) -> None:
    """Whatever cells hold, rows, gaps and pairs are those that a plain count gives."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([("a", "b"), *rows])
    there = [[cell.strip() not in rules.MISSING for cell in row] for row in rows]

    found = profiled(written.getvalue().encode(), paired_columns=["a", "b"], label_column="a")

    told = found["profile"]
    assert told["rows"] == len(rows)
    assert [one["missing"] for one in told["columns"]] == [
        sum(not row[place] for row in there) for place in (0, 1)
    ]
    assert told["paired_bps"] == sum(map(all, there)) * 10_000 // len(rows)
    assert told["label_coverage_bps"] == sum(row[0] for row in there) * 10_000 // len(rows)


@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), CELLS), min_size=1, max_size=20))
@settings(max_examples=40)
def test_json_lines_are_counted_alike(rows: list[dict[str, str]]) -> None:
    """A key that is not there is a gap like an empty one."""
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()

    found = columns(content, format="jsonl")

    for name, (_, missing) in found.items():
        assert missing == sum(row.get(name, "").strip() in rules.MISSING for row in rows)


@given(
    content=st.binary(max_size=300), kind=st.sampled_from(["csv", "csv_gz", "jsonl", "jsonl_gz"])
)
def test_no_bytes_break_it(content: bytes, kind: str) -> None:
    """Any file at all is profiled or refused with one word."""
    told = profiled(content, format=kind)

    assert ("profile" in told) != ("problem" in told)


def test_packed_and_plain_are_the_same() -> None:
    """Also when the packed file has several members, as log writers make them."""
    first, second = b"id,t\n1,2026-01-01\n", b"2,2026-03-01\n"

    plain = profiled(first + second, date_column="t")
    packed = profiled(
        gzip.compress(first) + gzip.compress(second), format="csv_gz", date_column="t"
    )

    assert plain == packed
    assert plain["profile"]["newest_on"] == "2026-03-01"


def test_what_was_declared_is_compared_with_what_is_there() -> None:
    """Columns nobody declared may be personal data nobody thought of."""
    told = profiled(b"id,phone\n1,138\n", fields=["id", "label"])["profile"]

    assert told["undeclared_columns"] == ["phone"]
    assert told["absent_columns"] == ["label"]


@pytest.mark.parametrize(
    ("content", "task", "problem", "facts"),
    [
        (b"", {}, "no_rows", {}),
        (b"a,b\n1,2\n1\n", {}, "column_count", {"line": 3, "columns": 1, "wanted": 2}),
        (b"a,\n1,2\n", {}, "column_name", {"line": 1}),
        (b'a\n"1"x\n', {}, "broken_csv", {"line": 2}),
        (b"a\n1\n2\n", {"rows_max": 1}, "too_many_rows", {"rows_max": 1}),
        (b"a\n\xff\n", {}, "not_utf8", {"line": 2}),
        (b"a\n1\x00\n", {}, "nul", {"line": 2}),
        (b"a\n1\n", {"date_column": "t"}, "column_missing", {"column": "t"}),
        (b'{"a":1}\n[1]\n', {"format": "jsonl"}, "not_an_object", {"line": 2}),
        (b'{"a":1}\n{"a"\n', {"format": "jsonl"}, "broken_json", {"line": 2}),
        (b"a\n1\n", {"format": "csv_gz"}, "broken_gzip", {}),
    ],
)
def test_a_refusal_names_line_and_problem(
    content: bytes, task: dict[str, Any], problem: str, facts: dict[str, Any]
) -> None:
    """One word of a closed set, and where to look."""
    told = profiled(content, **task)

    assert told["problem"] == problem
    assert {name: told.get(name) for name in facts} == facts
