"""Digests, money, ids, cursors and sealed secrets: what every room leans on."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.kit import secrets
from marketplace.kit.digests import NotCanonical, canonical_json, digest_of
from marketplace.kit.ids import new_id
from marketplace.kit.money import allocate, format_yuan, share_fen
from marketplace.kit.paging import (
    CursorUnreadable,
    cursor_of,
    id_after,
    key_of,
    number_after,
    page_of,
)
from marketplace.kit.secrets import CannotUnseal, Keeper

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


class TestCanonicalJson:
    """One byte form for every value that is hashed."""

    @settings(deadline=None, max_examples=100)
    @given(st.dictionaries(st.text(), JSON_VALUES, max_size=6), st.randoms())
    def test_does_not_depend_on_the_order_of_keys(
        self, value: dict[str, object], random: object
    ) -> None:
        """Shuffled keys give the same bytes."""
        keys = list(value)
        random.shuffle(keys)  # type: ignore[attr-defined]  # hypothesis gives a random.Random

        assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)

    @settings(deadline=None, max_examples=100)
    @given(JSON_VALUES)
    def test_reads_back_as_what_was_written(self, value: object) -> None:
        """Nothing is lost on the way."""
        text = canonical_json(value).decode("utf-8", "surrogatepass")

        assert json.loads(text) == value

    @pytest.mark.parametrize("value", [0.1, Decimal("0.1"), {1: "a"}, {"a": {0.5}}, b"x"])
    def test_refuses_what_has_no_single_form(self, value: object) -> None:
        """Floats, decimals, bytes and keys that are not text are turned into text first."""
        with pytest.raises(NotCanonical):
            digest_of({"value": value} if not isinstance(value, dict) else value)


class TestMoney:
    """Whole fen, and none is lost."""

    @settings(deadline=None, max_examples=200)
    @given(
        st.integers(0, 10**15),
        st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any),
    )
    def test_allocation_gives_everything_and_nobody_more_than_one_fen_too_much(
        self, total_fen: int, weights: list[int]
    ) -> None:
        """Parts add up, and each lies within one fen of its exact share."""
        parts = allocate(total_fen, weights)

        assert sum(parts) == total_fen
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - total_fen * weight) < sum(weights)

    @pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [0, 0]), (1, [2, -1]), (1, [])])
    def test_allocation_refuses_what_cannot_be_divided(
        self, total: int, weights: list[int]
    ) -> None:
        """A negative total or weight, or no weight at all, is a mistake of the caller."""
        with pytest.raises(ValueError, match="non-negative"):
            allocate(total, weights)

    def test_a_rate_rounds_in_favour_of_the_payer(self) -> None:
        """40 % of 333,333.33 yuan is 133,333.33."""
        assert share_fen(33_333_333, 4000) == 13_333_333

    @pytest.mark.parametrize(
        ("fen", "text"), [(0, "0.00"), (5, "0.05"), (123_456_789, "1,234,567.89"), (-150, "-1.50")]
    )
    def test_yuan_have_two_places(self, fen: int, text: str) -> None:
        """People read yuan."""
        assert format_yuan(fen) == text


class TestIds:
    """UUIDs that sort by creation."""

    def test_ten_thousand_ids_are_distinct_and_sorted(self) -> None:
        """Also those made within one millisecond."""
        made = [new_id() for _ in range(10_000)]

        assert made == sorted(made)
        assert len(set(made)) == len(made)
        assert {one.version for one in made} == {7}


class TestPaging:
    """Lists by key."""

    @settings(deadline=None, max_examples=100)
    @given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
    def test_a_cursor_gives_its_key_back(self, key: str) -> None:
        """What was given out is understood again."""
        text = key.encode("utf-8", "ignore").decode()

        assert key_of(cursor_of(text)) == text

    @settings(deadline=None, max_examples=200)
    @given(st.text(max_size=40))
    def test_a_made_up_cursor_is_refused_or_read_but_never_breaks(self, cursor: str) -> None:
        """Any text at all: a refusal at worst."""
        try:
            key = key_of(cursor)
        except CursorUnreadable:
            return
        assert cursor_of(key) == cursor

    @pytest.mark.parametrize("cursor", ["!!", "a", cursor_of("no uuid"), cursor_of("\x00")])
    def test_an_id_cursor_wants_an_id(self, cursor: str) -> None:
        """A cursor of another list is refused."""
        with pytest.raises(CursorUnreadable):
            id_after(cursor)

    @pytest.mark.parametrize("key", ["-1", "x", "1.0", "９", "1" * 10, ""])
    def test_a_number_cursor_wants_a_number_that_a_column_can_hold(self, key: str) -> None:
        """Signs, other digits and numbers beyond every column are refused; none is before all."""
        with pytest.raises(CursorUnreadable):
            number_after(cursor_of(key))
        assert (number_after(None), number_after(cursor_of("2026"))) == (0, 2026)

    @settings(deadline=None, max_examples=100)
    @given(st.sets(st.integers(0, 10**6), max_size=40), st.integers(1, 7))
    def test_pages_together_are_the_whole_list(self, keys: set[int], limit: int) -> None:
        """Whatever the page size, everything comes once and in order."""
        rows = [_Row(f"{key:07d}") for key in sorted(keys)]
        seen: list[str] = []
        cursor = None
        while True:
            after = key_of(cursor) if cursor else ""
            page = page_of([row for row in rows if row.id > after][: limit + 1], limit, "id")
            seen += [row.id for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break

        assert seen == [row.id for row in rows]


class _Row:
    """A row of a list."""

    def __init__(self, id: str) -> None:
        self.id = id


class TestSecrets:
    """What is sealed opens with its key, in its place, unchanged, or not at all."""

    KEY = bytes(range(32))

    @settings(deadline=None, max_examples=50)
    @given(st.binary(max_size=200), st.binary(max_size=40))
    def test_opens_to_what_was_sealed(self, plaintext: bytes, context: bytes) -> None:
        """Round trip."""
        sealed = secrets.seal(self.KEY, plaintext, context=context)

        assert secrets.unseal(self.KEY, sealed, context=context) == plaintext
        assert plaintext not in sealed or len(plaintext) < 4

    def test_every_changed_byte_is_noticed(self) -> None:
        """One flipped bit anywhere, and nothing opens."""
        sealed = secrets.seal(self.KEY, "报价 1,188,000.00".encode(), context=b"bid")

        for index in range(len(sealed)):
            forged = bytearray(sealed)
            forged[index] ^= 1
            with pytest.raises(CannotUnseal):
                secrets.unseal(self.KEY, bytes(forged), context=b"bid")

    @pytest.mark.parametrize("sealed", [b"", b"short", bytes(12), bytes(28)])
    def test_what_was_never_sealed_does_not_open(self, sealed: bytes) -> None:
        """Truncated or invented bytes are refused, not a crash."""
        with pytest.raises(CannotUnseal):
            secrets.unseal(self.KEY, sealed, context=b"bid")

    def test_a_ciphertext_moved_to_another_row_does_not_open_there(self) -> None:
        """The context is part of the seal."""
        keeper = Keeper.from_text("a key of at least thirty-two characters")
        sealed = keeper.seal(b"secret", context="endpoint/1")

        with pytest.raises(CannotUnseal):
            keeper.unseal(sealed, context="endpoint/2")
        assert "thirty-two" not in repr(keeper)
