"""Texts that mean the same have one form, and queries have no operators."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.board.errors import NothingToSearch, QueryTooLong
from marketplace.board.rules.text import (
    QUERY_LENGTH_MAX,
    TITLE_MARK,
    indexed,
    normal_form,
    tokens_of,
    tokens_of_query,
)

SAME = [
    ("緊急預警", "紧急预警"),
    ("資源配置", "资源配置"),
    ("ＡＩ２０２６", "ai2026"),
    ("Emergency", "eMERGENCY"),
    ("訓(xùn)練", "训练"),
    ("訓（xùn）練", "训练"),
    ("我們(men)的(de)", "我们的"),
    ("①", "1"),
]


class TestNormalForm:
    """One form for what people type in many."""

    @pytest.mark.parametrize(("one", "other"), SAME)
    def test_what_means_the_same_is_found_by_the_same(self, one: str, other: str) -> None:
        """Script, width, case and glosses make no difference, either way round."""
        assert normal_form(one) == normal_form(other)
        assert tokens_of_query(one) == tokens_of_query(other)

    @pytest.mark.parametrize("kept", ["大模型(LLM)", "平台(saas)", "(xùn)", "预警(v2)"])
    def test_what_only_looks_like_a_gloss_stays(self, kept: str) -> None:
        """Abbreviations, English words and numbers in brackets are text."""
        assert "(" in normal_form(kept)

    @settings(deadline=None)
    @given(st.text(max_size=200))
    def test_a_form_is_its_own_form(self, text: str) -> None:
        """Writing a text in the form twice is writing it once, as far as its tokens go."""
        assert set(tokens_of(normal_form(text))) == set(tokens_of(text))


class TestTokens:
    """What a text is found by."""

    @settings(deadline=None)
    @given(st.text(max_size=200))
    def test_a_text_is_found_by_any_piece_of_itself(self, text: str) -> None:
        """Every token a query would ask for is there, whatever the text is."""
        try:
            wanted = tokens_of_query(text)
        except (NothingToSearch, QueryTooLong):
            return
        assert set(wanted) <= set(tokens_of(text))

    @settings(deadline=None)
    @given(st.text(max_size=300))
    def test_no_token_can_be_an_operator(self, text: str) -> None:
        """Tokens hold letters and digits only: no quote, star, colon, blank or NUL."""
        assert all(token and all(one.isalnum() for one in token) for token in tokens_of(text))

    @settings(deadline=None)
    @given(st.text(max_size=100), st.text(max_size=100))
    def test_marks_of_the_title_never_meet_words(self, title: str, body: str) -> None:
        """A marked token is one of the title, and its plain form is there, too."""
        found = set(indexed(title, body))
        marked = {token.removeprefix(TITLE_MARK) for token in found if ":" in token}
        assert marked == set(tokens_of(title))
        assert marked <= found

    def test_words_longer_than_any_word_are_cut_alike(self) -> None:
        """A body of one endless word is found by itself."""
        endless = "a" * 180
        assert tokens_of_query(endless) == tokens_of(endless)


class TestQueries:
    """What may be asked."""

    @pytest.mark.parametrize("empty", ["", "   ", '"', "* - + ( ) : ^", "\x00", "。,!"])
    def test_a_query_without_words_is_refused(self, empty: str) -> None:
        """Punctuation finds nothing, and says so instead of listing everything."""
        with pytest.raises(NothingToSearch):
            tokens_of_query(empty)

    def test_a_query_that_is_too_long_is_refused(self) -> None:
        """Ten thousand characters are nobody's question, and neither are too many words."""
        with pytest.raises(QueryTooLong):
            tokens_of_query("预" * 10_000)
        many = " ".join(f"w{at}" for at in range(60))[:QUERY_LENGTH_MAX]
        with pytest.raises(QueryTooLong):
            tokens_of_query(many)
