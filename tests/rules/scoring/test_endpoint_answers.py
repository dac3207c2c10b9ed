"""What an endpoint answered is read whole or not at all, and its fault has a name."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scoring.rules.answers import DEPTH_MAX, Fault, Problem, read_answer

ASKED = ("k1", "k2")
P = Problem


def outputs(*pairs: tuple[str, object]) -> bytes:
    """A well-formed answer."""
    listed = [{"id": name, "prediction": value} for name, value in pairs]
    return json.dumps({"outputs": listed}, ensure_ascii=False).encode()


GOOD = outputs(("k2", "内涝"), ("k1", "=1+1"))

BROKEN: dict[str, tuple[bytes, Problem, str]] = {
    "empty": (b"", P.NOT_JSON, ""),
    "HTML": (b"<html><body>502</body></html>", P.NOT_JSON, ""),
    "a mark": (b"\xef\xbb\xbf" + GOOD, P.BYTE_ORDER_MARK, ""),
    "UTF-16": (GOOD.decode().encode("utf-16"), P.BYTE_ORDER_MARK, ""),
    "no UTF-8": (GOOD.replace("内".encode(), b"\xff\xfe"), P.WRONG_ENCODING, ""),
    "two documents": (GOOD + GOOD, P.NOT_JSON, ""),
    "cut short": (GOOD[:-2], P.NOT_JSON, ""),
    "deep lists": (b"[" * 500_000, P.TOO_DEEP, ""),
    "deep beside": (
        b'{"outputs":[],"more":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}",
        P.TOO_DEEP,
        "",
    ),
    "many values": (b'{"outputs":[' + b"1," * 3_000 + b"1]}", P.TOO_MANY_VALUES, ""),
    "a list": (b"[]", P.WRONG_SHAPE, ""),
    "a word": (b'"outputs"', P.WRONG_SHAPE, ""),
    "no outputs": (b'{"inputs":[]}', P.WRONG_SHAPE, ""),
    "outputs by name": (b'{"outputs":{"k1":"a","k2":"b"}}', P.WRONG_SHAPE, ""),
    "outputs of texts": (b'{"outputs":["a","b"]}', P.WRONG_SHAPE, ""),
    "an id that is a number": (b'{"outputs":[{"id":1,"prediction":"a"}]}', P.WRONG_SHAPE, ""),
    "outputs twice": (b'{"outputs":[],"outputs":[]}', P.KEY_TWICE, ""),
    "a prediction twice": (
        b'{"outputs":[{"id":"k1","prediction":"a","prediction":"b"}]}',
        P.KEY_TWICE,
        "",
    ),
    "NaN": (b'{"outputs":[{"id":"k1","prediction":NaN}]}', P.NOT_A_NUMBER, "NaN"),
    "infinity": (b'{"outputs":[{"id":"k1","prediction":-Infinity}]}', P.NOT_A_NUMBER, "-Infinity"),
    "beyond any double": (
        b'{"outputs":[{"id":"k1","prediction":1e999}]}',
        P.NUMBER_TOO_LARGE,
        "1e999",
    ),
    "a million digits": (
        b'{"outputs":[{"id":"k1","prediction":' + b"9" * 1_000_000 + b"}]}",
        P.NUMBER_TOO_LARGE,
        "9" * 80 + "…",
    ),
    "an id twice": (outputs(("k1", "a"), ("k1", "a")), P.ID_TWICE, "k1"),
    "a foreign id": (outputs(("k1", "a"), ("k3", "a")), P.ID_FOREIGN, "k3"),
    "an id missing": (outputs(("k1", "a")), P.ID_MISSING, "k2"),
    "one too many": (outputs(("k1", "a"), ("k2", "a"), ("k3", "a")), P.ID_FOREIGN, "k3"),
    "no prediction": (b'{"outputs":[{"id":"k1","score":1}]}', P.FIELD_MISSING, "k1"),
    "null": (outputs(("k1", None)), P.EMPTY_FIELD, "k1"),
    "no text": (outputs(("k1", "")), P.EMPTY_FIELD, "k1"),
    "a list inside": (outputs(("k1", [1])), P.NESTED, "k1"),
    "an object inside": (outputs(("k1", {"a": 1})), P.NESTED, "k1"),
    "a long text": (outputs(("k1", "a" * 1_001)), P.FIELD_TOO_LONG, "k1"),
    "a zero character": (outputs(("k1", "a\0b")), P.UNFIT_TEXT, "k1"),
    "half a pair": (b'{"outputs":[{"id":"k1","prediction":"\\ud800"}]}', P.UNFIT_TEXT, "k1"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_fault_with_its_name(name: str) -> None:
    """One word of a closed set, and the place where there is one."""
    data, problem, at = BROKEN[name]

    assert read_answer(data, ASKED) == Fault(problem, at)


def test_every_problem_has_an_answer_that_shows_it() -> None:
    """The words above are all there are, but for the size."""
    assert {problem for _, problem, _ in BROKEN.values()} | {P.TOO_LARGE} == set(Problem)


def test_an_answer_is_read_up_to_its_last_allowed_byte() -> None:
    """One byte less than it has, and it is too large."""
    assert read_answer(GOOD, ASKED, bytes_max=len(GOOD)) == {"k1": "=1+1", "k2": "内涝"}
    assert read_answer(GOOD, ASKED, bytes_max=len(GOOD) - 1) == Fault(P.TOO_LARGE)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|'/C calc'!A0", "@SUM(A1)", "+1", "-", "NaN", "<script>", "a\nb", '"', ","],
)
def test_a_text_is_data_whatever_it_looks_like(text: str) -> None:
    """Nothing is taken for a formula, a number or an end of line."""
    assert read_answer(outputs(("k1", text), ("k2", text)), ASKED) == {"k1": text, "k2": text}


def test_numbers_keep_their_digits_and_other_members_are_passed_over() -> None:
    """As in the JSON Lines of a file; brackets in a text are no depth."""
    data = (
        b'{"model":"x","outputs":[{"id":"k1","prediction":0.50,"more":[{}]},'
        b'{"id":"k2","prediction":true,"note":"[[[[[[[[[[[[\\"[[{"}]}'
    )

    assert read_answer(data, ASKED) == {"k1": "0.50", "k2": "true"}


def test_the_column_is_that_of_the_metric() -> None:
    """A metric of scores reads scores."""
    data = b'{"outputs":[{"id":"k1","score":1e-3,"prediction":"a"}]}'

    assert read_answer(data, ["k1"], column="score") == {"k1": "1e-3"}


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'"\\'])
def test_reading_takes_time_in_proportion_to_size(piece: bytes) -> None:
    """A text of nothing but quotes and escapes is looked at once, not once for each quote."""
    data = b'"' + piece * (1_000_000 // len(piece))
    begun = time.process_time()

    assert isinstance(read_answer(data, ASKED), Fault)
    assert time.process_time() - begun < 2


TEXTS = st.text('ab="\\,\n\t榜é😀[{', min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXTS, TEXTS, max_size=8), st.randoms(use_true_random=False))
def test_what_is_well_formed_is_read_as_it_is(said: dict[str, str], chance: object) -> None:
    """Any ids and texts, in any order, blanks or not, escaped or not."""
    pairs = list(said.items())
    chance.shuffle(pairs)  # type: ignore[attr-defined]
    listed = [{"id": name, "prediction": value} for name, value in pairs]

    for escape in (True, False):
        data = json.dumps({"outputs": listed}, ensure_ascii=escape, indent=2).encode()
        assert read_answer(data, list(said)) == said


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_bytes_raise_and_none_is_half_read(data: st.DataObject) -> None:
    """Whatever is cut, changed or put in: all that was asked, or a fault."""
    body = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))

    found = read_answer(bytes(body), ASKED)

    assert isinstance(found, Fault) or set(found) == set(ASKED)
