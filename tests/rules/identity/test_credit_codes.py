"""The check character of a unified social credit code finds the slips people make."""

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.identity.rules.credentials import (
    USCC_ALPHABET,
    USCC_LENGTH,
    is_uscc,
    uscc_check_character,
)

bodies = st.text(alphabet=USCC_ALPHABET, min_size=USCC_LENGTH - 1, max_size=USCC_LENGTH - 1)
places = st.integers(min_value=0, max_value=USCC_LENGTH - 1)
quick = settings(deadline=None, max_examples=200)


def code_of(body: str) -> str:
    """A complete code."""
    return body + uscc_check_character(body)


@quick
@given(bodies)
def test_a_code_with_its_check_character_is_one(body: str) -> None:
    """Every body has exactly one check character."""
    right = [char for char in USCC_ALPHABET if is_uscc(body + char)]

    assert right == [uscc_check_character(body)]


@quick
@given(bodies, places, st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_found(body: str, place: int, char: str) -> None:
    """31 is prime and no weight is a multiple of it, so one wrong character never passes."""
    code = code_of(body)
    wrong = code[:place] + char + code[place + 1 :]

    assert is_uscc(wrong) == (wrong == code)


@quick
@given(bodies, st.integers(min_value=0, max_value=USCC_LENGTH - 2))
def test_two_neighbours_that_changed_places_are_found(body: str, place: int) -> None:
    """Neighbours have different weights, the check character included."""
    code = code_of(body)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert is_uscc(swapped) == (swapped == code)


@quick
@given(st.text(max_size=30))
def test_any_text_is_judged_and_none_breaks(text: str) -> None:
    """Letters that the alphabet leaves out, other scripts and other lengths are simply no code."""
    found = is_uscc(text)

    assert not found or (len(text) == USCC_LENGTH and set(text) <= set(USCC_ALPHABET))
