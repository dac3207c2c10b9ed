"""Two of three: any two shares give the secret, and one says nothing about it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import sharing
from marketplace.kit.sharing import (
    ENTROPY_BYTES,
    FORM,
    PRIME,
    SECRET_BYTES,
    Share,
    SharesUnfit,
    ShareUnreadable,
)

secrets = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
entropies = st.binary(min_size=ENTROPY_BYTES, max_size=ENTROPY_BYTES)


@given(secret=secrets, entropy=entropies)
def test_any_two_shares_give_the_secret_in_any_order(secret: bytes, entropy: bytes) -> None:
    """Six ways to bring two of three shares, all the same secret."""
    shares = sharing.split(secret, entropy=entropy)

    found = {sharing.joined(one, two) for one, two in itertools.permutations(shares, 2)}

    assert found == {secret}


@given(secret=secrets, entropy=entropies, other=secrets, place=st.integers(0, 2))
def test_one_share_fits_every_secret_by_exactly_one_slope(
    secret: bytes, entropy: bytes, other: bytes, place: int
) -> None:
    """Through a point there is one line to every other secret: with an even slope each is as likely
    as the true one, so whoever holds the share has learned nothing.
    """
    share = sharing.split(secret, entropy=entropy)[place]
    crossing = int.from_bytes(other)

    slope = (share.ordinate - crossing) * pow(share.abscissa, -1, PRIME) % PRIME
    again = sharing.split(other, entropy=slope.to_bytes(ENTROPY_BYTES))[place]

    assert again == share


@given(secret=secrets, entropy=entropies)
def test_a_share_is_read_as_it_was_written(secret: bytes, entropy: bytes) -> None:
    """Every share has one form, of one length."""
    for share in sharing.split(secret, entropy=entropy):
        assert Share.from_bytes(share.to_bytes()) == share
        assert len(share.to_bytes()) == sharing.SHARE_BYTES


@given(secret=secrets, entropy=entropies)
def test_one_share_twice_gives_nothing(secret: bytes, entropy: bytes) -> None:
    """Whoever has one has not two."""
    share = sharing.split(secret, entropy=entropy)[0]

    with pytest.raises(SharesUnfit):
        sharing.joined(share, share)


@given(secret=secrets, one=entropies, two=entropies)
def test_shares_of_two_splits_do_not_give_the_secret(secret: bytes, one: bytes, two: bytes) -> None:
    """Also when they are of the same secret: refused, or at least something else."""
    slopes = [int.from_bytes(entropy) % PRIME for entropy in (one, two)]
    mixed = sharing.split(secret, entropy=one)[0], sharing.split(secret, entropy=two)[1]
    try:
        found = sharing.joined(*mixed)
    except SharesUnfit:
        found = b""

    assert (found == secret) == (slopes[0] == slopes[1])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        FORM,
        b"\x00" * sharing.SHARE_BYTES,
        FORM + b"\x00" + bytes(66),
        FORM + b"\x01" + PRIME.to_bytes(66),
        FORM + b"\x01" + bytes(65),
        FORM + b"\x01" + bytes(67),
    ],
)
def test_what_is_no_share_is_refused(content: bytes) -> None:
    """Too short, too long, another form, no place on the line, no number of the field."""
    with pytest.raises(ShareUnreadable):
        Share.from_bytes(content)


@given(secret=secrets, entropy=entropies, bit=st.integers(0, 8 * sharing.SHARE_BYTES - 1))
def test_a_wrong_share_is_known_by_its_commitment(secret: bytes, entropy: bytes, bit: int) -> None:
    """One bit, or another place: it does not fit."""
    right = sharing.split(secret, entropy=entropy)[1].to_bytes()
    committed = sharing.commitment(right, context=b"here")
    wrong = (int.from_bytes(right) ^ (1 << bit)).to_bytes(len(right))

    assert sharing.fits(right, committed, context=b"here")
    assert not sharing.fits(wrong, committed, context=b"here")
    assert not sharing.fits(right, committed, context=b"there")
