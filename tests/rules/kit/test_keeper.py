"""The keeper of secrets: one key seals, older ones open, and every value says which it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import secrets
from marketplace.kit.secrets import CannotUnseal, Keeper

OLD = Keeper(b"\x01" * 32)
NEW = Keeper(b"\x02" * 32)
BOTH = Keeper(NEW.master_key, (OLD.master_key,))


@given(st.binary(max_size=300), st.text(max_size=60), st.sampled_from([OLD, NEW, BOTH]))
def test_what_is_sealed_opens_in_its_context_and_says_its_key(
    plaintext: bytes, context: str, keeper: Keeper
) -> None:
    """Any bytes in any context come back, and the head names the current key of who sealed."""
    sealed = keeper.seal(plaintext, context=context)

    assert keeper.unseal(sealed, context=context) == plaintext
    assert secrets.key_id_of(sealed) == secrets.key_id(keeper.master_key)
    assert keeper.is_current(sealed)


@given(st.integers(min_value=0, max_value=47), st.integers(min_value=1, max_value=255))
def test_no_byte_can_be_changed(place: int, flip: int) -> None:
    """Form, key id, nonce, ciphertext and tag: every change is found."""
    sealed = bytearray(BOTH.seal(b"0123456789ab", context="row/1"))
    assert len(sealed) == 48
    sealed[place] ^= flip

    with pytest.raises(CannotUnseal):
        BOTH.unseal(bytes(sealed), context="row/1")


def test_an_older_key_opens_and_does_not_seal() -> None:
    """After the change what is old can be read, and what is new needs the new key."""
    old = OLD.seal(b"secret", context="row/1")
    new = BOTH.seal(b"secret", context="row/1")

    assert BOTH.unseal(old, context="row/1") == b"secret"
    assert NEW.unseal(new, context="row/1") == b"secret"
    assert not BOTH.is_current(old) and BOTH.is_current(new)
    with pytest.raises(CannotUnseal):
        OLD.unseal(new, context="row/1")


def test_the_missing_key_is_named() -> None:
    """Whoever left out a key learns its id; a wrong context under a known key names none."""
    sealed = OLD.seal(b"secret", context="row/1")

    with pytest.raises(CannotUnseal) as missing:
        NEW.unseal(sealed, context="row/1")
    with pytest.raises(CannotUnseal) as elsewhere:
        OLD.unseal(sealed, context="row/2")

    assert missing.value.facts == {"sealed_under": OLD.ids[0]}
    assert elsewhere.value.facts == {}


@pytest.mark.parametrize("keeper", [OLD, BOTH])
def test_the_first_form_still_opens(keeper: Keeper) -> None:
    """A value without a head, as the first release wrote it, opens under whichever key fits."""
    first = secrets.seal(OLD.master_key, b"secret", context=b"row/1")

    assert keeper.unseal(first, context="row/1") == b"secret"
    assert not keeper.is_current(first)


@pytest.mark.parametrize("sealed", [b"", b"jbs", b"jbs\x02", b"jbs\x02abcd", b"\xff" * 11])
def test_scraps_are_refused(sealed: bytes) -> None:
    """What is too short to be sealed is refused like anything else that does not open."""
    with pytest.raises(CannotUnseal):
        BOTH.unseal(sealed, context="row/1")


def test_no_key_is_shown() -> None:
    """Neither the text of a keeper nor its ids tell a key."""
    keeper = Keeper.from_text("a key of at least thirty-two characters", "the one before it")
    shown = f"{keeper!r} {keeper} {keeper.ids}"

    for key in (keeper.master_key, *keeper.older_keys):
        assert key.hex() not in shown and repr(key) not in shown
    assert len(set(keeper.ids)) == 2
