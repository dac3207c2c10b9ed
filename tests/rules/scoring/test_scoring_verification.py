"""Verification: a true bundle is equal, and no single figure can be changed unseen."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit.digests import canonical_json, digest_of
from marketplace.scoring.errors.rounds import DocumentUnreadable
from marketplace.scoring.rules.verification import bundle, parse, verify
from tests.rules.scoring.boards import boards, full_sheet, leaves

TRUE: dict[str, Any] = bundle(full_sheet())


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path."""
    for key in path:
        document = document[key]
    return document


def forged(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The true bundle with one value changed."""
    document = copy.deepcopy(TRUE)
    at(document, path[:-1])[path[-1]] = value
    return document


def altered(value: object) -> list[object]:
    """Other values of the same kind, as a forger would choose them."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, float(value)]
    if isinstance(value, str):
        digits = [at for at, char in enumerate(value) if char.isdigit()]
        changed = [
            value[:at] + str((int(value[at]) + 1) % 10) + value[at + 1 :] for at in digits[-1:]
        ]
        return [*changed, f"{value}0", f"{value} "]
    return ["x"] if value is None else []


def test_a_true_bundle_is_equal() -> None:
    """The digests computed here are those in the file."""
    found = verify(TRUE)

    assert found.equal
    assert found.first_difference is None
    assert found.sheet_digest == TRUE["sheet_digest"]
    assert found.standings_digest == TRUE["standings_digest"]


def test_a_bundle_survives_the_trip_as_bytes() -> None:
    """Written canonically or prettily, with a byte order mark or without, it is the same bundle."""
    pretty = json.dumps(TRUE, ensure_ascii=True, indent=2).encode()

    assert verify(parse(canonical_json(TRUE))).equal
    assert verify(parse(b"\xef\xbb\xbf" + pretty)).equal


@pytest.mark.parametrize("path", leaves(TRUE), ids=lambda path: "/".join(map(str, path)))
def test_any_single_change_is_found(path: tuple[str | int, ...]) -> None:
    """Each figure, word and name of the bundle, one after another: changed, or taken away."""
    value = at(TRUE, path)
    for other in altered(value):
        found = verify(forged(path, other))
        assert not found.equal, other
        assert found.first_difference
    removed = copy.deepcopy(TRUE)
    del at(removed, path[:-1])[path[-1]]
    assert not verify(removed).equal


def test_shows_the_first_changed_figure_with_both_values() -> None:
    """A forged total is named by its pointer, with what the file says and what was computed."""
    found = verify(forged(("standings", "standings", 0, "total"), "96.20"))

    assert found.first_difference == (
        "/standings/standings/0/total: the document says '96.20', computed is '86.20'"
    )


def test_a_forger_who_mends_the_sheet_digest_is_found_in_the_standings() -> None:
    """A mark raised with its digest recomputed leads to other points."""
    document = forged(("sheet", "marks", "A", "plan", "J1"), "100")
    document["sheet_digest"] = digest_of(document["sheet"])
    document["standings"]["sheet_digest"] = document["sheet_digest"]
    document["standings_digest"] = digest_of(document["standings"])

    found = verify(document)

    assert not found.equal
    assert found.first_difference is not None
    assert found.first_difference.startswith("/standings/standings/2/points/plan")


def test_a_sheet_in_another_order_is_not_the_published_one() -> None:
    """The order of bids decides nothing, and still the file must have its one form."""
    document = copy.deepcopy(TRUE)
    document["sheet"]["bids"].reverse()

    assert verify(document).first_difference == (
        "/sheet/bids/0/bidder: the document says '示例企业 D', computed is '示例企业 A'"
    )


def test_says_what_is_left_over() -> None:
    """A standing too many, a field too many: each is a difference."""
    twice = copy.deepcopy(TRUE)
    twice["standings"]["standings"].append(twice["standings"]["standings"][0])
    more = forged(("standings", "note"), "x")

    assert verify(twice).first_difference == (
        "/standings/standings: the document says a list of 4, computed is a list of 3"
    )
    assert verify(more).first_difference == (
        "/standings/note: the document says 'x', computed is nothing"
    )


def test_a_sheet_that_gives_no_ranking_is_a_difference_and_no_crash() -> None:
    """A minimum raised above the bids is told with the refusal and its facts."""
    found = verify(forged(("sheet", "minimum_bids"), 9))

    assert not found.equal
    assert found.first_difference == "/sheet: scoring.not_enough_bids (responsive=3, minimum=9)"
    assert found.sheet_digest is not None
    assert found.standings_digest is None


@pytest.mark.parametrize(
    "document",
    [{}, {"sheet": {}}, dict.fromkeys(TRUE), {**TRUE, "more": 1}, {**TRUE, "sheet": []}],
)
def test_what_is_no_bundle_is_told_with_its_place(document: dict[str, object]) -> None:
    """A document of another form is unequal, with the pointer of the first bad place."""
    found = verify(document)

    assert not found.equal
    assert found.first_difference is not None
    assert found.first_difference.startswith("/")


def test_standings_nested_without_end_are_refused_at_the_first_step() -> None:
    """A hostile file that nests a hundred thousand lists ends no process."""
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]

    assert not verify({**TRUE, "standings": nested}).equal
    assert not verify({**TRUE, "sheet": nested}).equal
    assert not verify(forged(("standings", "price_base_fen"), nested)).equal


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe{\x00}\x00",
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_refuses_bytes_on_which_readers_disagree(data: bytes) -> None:
    """Repeated keys, NaN, endless numbers and endless nesting are no JSON of ours."""
    with pytest.raises(DocumentUnreadable):
        parse(data)


@given(boards())
@settings(deadline=None, max_examples=40)
def test_every_board_verifies_after_a_trip_as_bytes(board: Any) -> None:
    """Whatever was ranked can be checked by anybody who holds the file."""
    assert verify(parse(canonical_json(bundle(board)))).equal


@given(st.dictionaries(st.sampled_from([*TRUE]), st.text() | st.integers() | st.floats()))
@settings(deadline=None, max_examples=60)
def test_never_raises_for_a_document(document: dict[str, object]) -> None:
    """However broken the document, the answer is a verification."""
    assert not verify(document).equal
