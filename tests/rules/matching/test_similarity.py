"""Hints that two scenarios say the same rest on what both say."""

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.board.rules.text import normal_form, tokens_of
from marketplace.matching.rules.similarity import (
    PHRASE_LENGTH_MIN,
    Likeness,
    common_phrases,
    comparable,
    liken,
)

TEXTS = st.text(alphabet="预警内涝边坡人群聚集热线工单 ai", max_size=60)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_likeness_has_no_direction(one: str, other: str) -> None:
    """Whoever is like another, the other is as much like it."""
    left, right = comparable(tokens_of(one)), comparable(tokens_of(other))

    assert liken(left, right) == liken(right, left)


@settings(deadline=None)
@given(TEXTS)
def test_a_text_is_like_itself_or_says_nothing(one: str) -> None:
    """The same text shares all of its tokens."""
    tokens = comparable(tokens_of(one))
    found = liken(tokens, tokens)

    assert (found is None) == (not tokens)
    if found is not None:
        assert (found.shared_bps, found.likeness) == (10_000, Likeness.LIKELY_DUPLICATE)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_every_phrase_stands_in_both_texts(one: str, other: str) -> None:
    """The evidence is never made up."""
    for phrase in common_phrases(one, other):
        assert len(phrase) >= PHRASE_LENGTH_MIN
        assert all(phrase in " ".join(text.split()) for text in (one, other))


def test_script_makes_no_difference() -> None:
    """A scenario in Traditional characters is recognised in Simplified ones."""
    left, right = normal_form("提前提示內澇、邊坡和人群聚集"), normal_form("提示内涝、边坡和人群")

    assert common_phrases(left, right) == ("提示内涝、边坡和人群",)
