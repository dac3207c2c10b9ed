"""An envelope opens for its recipients, in its place and unchanged, and for nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import envelopes
from marketplace.kit.envelopes import CannotOpenEnvelope, KeyUnfit

ALICE, BOB, EVE = (envelopes.new_pair() for _ in range(3))
TEXT = "报价 4,837,261.05 元".encode()


def closed(text: bytes = TEXT, *, context: bytes = b"bid/1") -> bytes:
    return envelopes.close(text, recipients=[ALICE[1], BOB[1]], context=context)


@given(st.binary(max_size=2_000))
def test_every_recipient_reads_what_was_put_in(text: bytes) -> None:
    """Both of two, and the envelope is as long as was announced."""
    sealed = closed(text)
    for private, _ in (ALICE, BOB):
        assert envelopes.open_(sealed, private_key=private, context=b"bid/1") == text
    assert len(sealed) == len(text) + envelopes.overhead_bytes(2)


def test_nobody_else_reads_it() -> None:
    """A third key opens nothing."""
    with pytest.raises(CannotOpenEnvelope):
        envelopes.open_(closed(), private_key=EVE[0], context=b"bid/1")


def test_it_does_not_open_in_another_place() -> None:
    """Moved to another bid, it stays closed even to its recipients."""
    with pytest.raises(CannotOpenEnvelope):
        envelopes.open_(closed(), private_key=ALICE[0], context=b"bid/2")


def test_a_change_of_any_byte_is_found() -> None:
    """Head, wrapped keys, nonce, text and tag: nothing may differ."""
    sealed = closed()
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpenEnvelope):
            envelopes.open_(changed, private_key=ALICE[0], context=b"bid/1")


def test_a_piece_of_an_envelope_does_not_open() -> None:
    """Cut off anywhere, it is no envelope any more."""
    sealed = closed()
    for end in range(len(sealed)):
        with pytest.raises(CannotOpenEnvelope):
            envelopes.open_(sealed[:end], private_key=ALICE[0], context=b"bid/1")


def test_the_same_text_never_looks_the_same() -> None:
    """Nobody learns that two offers are equal."""
    assert closed() != closed()


def test_whether_bytes_have_the_form_of_an_envelope_for_somebody() -> None:
    """For exactly these keys: none missing, none more, none else."""
    sealed, both = closed(), [ALICE[1], BOB[1]]
    assert envelopes.is_envelope(sealed, recipients=both)
    assert not envelopes.is_envelope(sealed, recipients=[ALICE[1]])
    assert not envelopes.is_envelope(sealed, recipients=[ALICE[1], EVE[1]])
    assert not envelopes.is_envelope(sealed[: envelopes.overhead_bytes(2) - 1], recipients=both)
    assert not envelopes.is_envelope(TEXT, recipients=both)


@pytest.mark.parametrize("key", [b"", b"short", bytes(33)])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    """Empty, short or long, public or private."""
    with pytest.raises(KeyUnfit):
        envelopes.close(TEXT, recipients=[key], context=b"")
    with pytest.raises(KeyUnfit):
        envelopes.open_(closed(), private_key=key, context=b"bid/1")
    with pytest.raises(KeyUnfit):
        envelopes.public_of(key)


def test_a_key_of_low_order_is_refused() -> None:
    """With such a key everybody would know the shared secret."""
    with pytest.raises(KeyUnfit):
        envelopes.close(TEXT, recipients=[bytes(32)], context=b"")
