"""Exact numbers: what is read, how it is rounded, how it is written."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scoring.errors.rounds import ValueOutOfRange
from marketplace.scoring.rules import numbers

fractions = st.fractions(min_value=-1_000, max_value=1_000, max_denominator=10_000)


@pytest.mark.parametrize(
    "text", ["0", "12", "-3.50", "0.001", "999999999999999999.999999999999999999"]
)
def test_reads_plain_decimals(text: str) -> None:
    """A plain decimal is read digit for digit."""
    assert numbers.parse(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "1\n", "+1", "--1", ".5", "5.", "1,5", "1_000", "1e3", "0x10"),
        *("NaN", "Infinity", "-inf", "１２", "٣", "1" * 19, "0." + "1" * 19),
    ],
)
def test_reads_nothing_that_merely_looks_like_a_decimal(text: str) -> None:
    """Exponents, blanks, other digits, and numbers too long for a sheet are none."""
    assert numbers.parse(text) is None


@pytest.mark.parametrize(
    "text", ["1e-05", "-2.5E+3", ".5", "5.", "+1", "4.9e-324", "1.7976931348623157e308"]
)
def test_reads_numbers_as_programs_write_them(text: str) -> None:
    """Every finite double can be read."""
    assert numbers.parse_measured(text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["nan", "inf", "-Infinity", "1e999", "1e-999", "1e9999", "", "1" * 65, "0x1p3", "１"]
)
def test_reads_no_number_that_could_ask_for_endless_digits(text: str) -> None:
    """Infinities, not-a-number and exponents beyond a double's are none."""
    assert numbers.parse_measured(text) is None


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "1E+18",
        "1E-19",
        "1E+999999",
        "1E-999999",
        "0.1234567890123456789",
    ],
)
def test_refuses_to_write_what_no_sheet_carries(value: str) -> None:
    """A number that could not be read again is not written."""
    with pytest.raises(ValueOutOfRange):
        numbers.plain(Decimal(value))


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12
    )
)
@settings(deadline=None, max_examples=100)
def test_writes_every_number_so_that_it_reads_the_same(value: Decimal) -> None:
    """Writing and reading is a round trip, and equal numbers have one form."""
    written = numbers.plain(value)

    assert numbers.parse(written) == value
    assert numbers.plain(value + Decimal("0.000000000")) == written


@pytest.mark.parametrize(
    ("value", "up", "even"),
    [
        (Fraction(12345, 1000), "12.35", "12.34"),
        (Fraction(12335, 1000), "12.34", "12.34"),
        (Fraction(-12345, 1000), "-12.35", "-12.34"),
        (Fraction(2, 3), "0.67", "0.67"),
        (Fraction(0), "0.00", "0.00"),
        # Just below a half by less than any Decimal of 28 digits shows: must go down.
        (Fraction(1, 200) - Fraction(1, 10**40), "0.00", "0.00"),
    ],
)
def test_rounds_halves_as_published(value: Fraction, up: str, even: str) -> None:
    """Points round halves away from zero, metrics to the even neighbour; both only once."""
    assert str(numbers.half_up(value, 2)) == up
    assert str(numbers.half_even(value, 2)) == even


@given(fractions)
@settings(deadline=None, max_examples=150)
def test_rounding_is_never_off_by_more_than_half_a_place(value: Fraction) -> None:
    """Both roundings give a nearest number of that scale."""
    for rounded in (numbers.half_up(value, 3), numbers.half_even(value, 3)):
        assert abs(Fraction(rounded) - value) <= Fraction(1, 2000)


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=10**6))
@settings(deadline=None, max_examples=100)
def test_the_root_is_the_nearest_number_of_its_scale(value: Fraction) -> None:
    """Neither neighbour at half a place squares across the value."""
    root = Fraction(numbers.root_half_even(value, 6))
    half = Fraction(1, 2 * 10**6)

    assert max(root - half, Fraction(0)) ** 2 <= value <= (root + half) ** 2


@pytest.mark.parametrize(
    ("value", "root"),
    [("0.0625", "0.2"), ("0.1225", "0.4"), ("0", "0.0"), ("144", "12.0"), ("0.06250001", "0.3")],
)
def test_a_root_exactly_between_two_goes_to_the_even_one(value: str, root: str) -> None:
    """0.25 is 0.2, 0.35 is 0.4, and anything above 0.25 is 0.3."""
    assert str(numbers.root_half_even(Fraction(value), 1)) == root


def test_the_context_of_the_thread_changes_nothing() -> None:
    """Somebody else's three-digit context does not round our sums."""
    values = [Decimal("1234.5678"), Decimal("0.00000001"), Decimal("-999999")]
    expected = Decimal("-998764.43219999")

    with localcontext() as context:
        context.prec = 3
        found = numbers.exact_sum(values)

    assert str(found) == str(expected)
