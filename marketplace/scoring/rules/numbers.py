"""Exact numbers: read strictly, add without loss, round once, write in one way.

Everything between a value and its points is a fraction of whole numbers and is rounded exactly
once.  A Decimal division keeps 28 digits and rounds there, so a later rounding to two places
could round a rounded figure; and the Decimal context of a thread may be changed by anybody.
Nothing here asks that context.
"""

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from math import isqrt
from typing import Final

from marketplace.scoring.errors.rounds import ValueOutOfRange

EXACT: Final = Context(
    prec=4_000, Emax=99_999, Emin=-99_999, traps=[Inexact, InvalidOperation, Overflow]
)
"""Adds and multiplies whatever `parse` lets in; an inexact result is a bug, and raises."""

INTEGER_DIGITS_MAX: Final = 18
PLACES_MAX: Final = 18
TEXT_LENGTH_MAX: Final = 64
EXPONENT_MAX: Final = 400
"""The smallest positive double is about 5e-324: nothing a model writes is out of reach."""

_PLAIN: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_SCIENTIFIC: Final = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII
)


def parse(text: str) -> Decimal | None:
    """Read a plain decimal such as `-12.50`; None for anything else.

    Refuses by None: exponents, blanks, signs other than one minus, other digits than 0 to 9, more
    than 18 digits on either side of the point.

    >>> parse("12.50"), parse("1e3"), parse("NaN"), parse("１２")
    (Decimal('12.50'), None, None, None)
    """
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def parse_measured(text: str) -> Decimal | None:
    """Read a number as programs write it, exponent included; None for anything else.

    Bounded in length and exponent, so that `1e999999999` cannot ask for gigabytes of digits later.

    >>> parse_measured("2.5e-3"), parse_measured("inf"), parse_measured("1e999")
    (Decimal('0.0025'), None, None)
    """
    if len(text) > TEXT_LENGTH_MAX or not _SCIENTIFIC.fullmatch(text):
        return None
    value = Decimal(text)
    return value if abs(value.adjusted()) <= EXPONENT_MAX else None


def plain(value: Decimal) -> str:
    """Write a Decimal in the one plain form it has: no exponent, no trailing zero, no minus zero.

    Refuses  ValueOutOfRange for infinities, not-a-number and more than 18 digits on either side of
             the point.

    >>> plain(Decimal("1E+2")), plain(Decimal("0.500")), plain(Decimal("-0.0"))
    ('100', '0.5', '0')
    """
    if not value:
        return "0"
    text = str(value)
    if not _PLAIN.fullmatch(text):
        text = _written_out(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _written_out(value: Decimal) -> str:
    """Write a number that `str` would not write plainly; its size is known before it is written."""
    if value.is_finite():
        exponent = value.as_tuple().exponent
        smallest = exponent if isinstance(exponent, int) else 0
        if value.adjusted() < INTEGER_DIGITS_MAX and smallest >= -TEXT_LENGTH_MAX:
            text = format(value, "f")
            kept = text.rstrip("0") if "." in text else text
            if len(kept.partition(".")[2]) <= PLACES_MAX:
                return text
    raise ValueOutOfRange(value=str(value)[:TEXT_LENGTH_MAX])


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Add without rounding, whatever the order."""
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def half_up(value: Fraction, scale: int) -> Decimal:
    """Round to `scale` places, halves away from zero, as files say "third place rounded half up".

    >>> half_up(Fraction(12345, 1000), 2), half_up(Fraction(-1, 8), 2)
    (Decimal('12.35'), Decimal('-0.13'))
    """
    magnitude = (2 * abs(value.numerator) * 10**scale + value.denominator) // (
        2 * value.denominator
    )
    return _scaled(-magnitude if value < 0 else magnitude, scale)


def half_even(value: Fraction, scale: int) -> Decimal:
    """Round to `scale` places, halves to the even neighbour.

    >>> half_even(Fraction(125, 1000), 2), half_even(Fraction(2, 3), 4)
    (Decimal('0.12'), Decimal('0.6667'))
    """
    return _scaled(nearest(value * 10**scale), scale)


def nearest(value: Fraction) -> int:
    """Round to a whole number, halves to the even neighbour.

    >>> nearest(Fraction(5, 2)), nearest(Fraction(-7, 3))
    (2, -2)
    """
    return round(value)


def root_half_even(value: Fraction, scale: int) -> Decimal:
    """Take the square root of a fraction that is not negative, rounded once to `scale` places.

    Source   whole-number square root, then an exact comparison of the square of the midpoint.

    >>> root_half_even(Fraction(2), 6), root_half_even(Fraction(9, 4), 2)
    (Decimal('1.414214'), Decimal('1.50'))
    """
    numerator = value.numerator * 10 ** (2 * scale)
    below = isqrt(numerator // value.denominator)
    beyond = 4 * numerator - (2 * below + 1) ** 2 * value.denominator
    if beyond > 0 or (beyond == 0 and below % 2 == 1):
        below += 1
    return _scaled(below, scale)


def places(value: Decimal) -> int:
    """Count the digits behind the point.

    >>> places(Decimal("12.50")), places(Decimal("1e3"))
    (2, 0)
    """
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def units(value: Decimal, scale: int) -> int:
    """Count a decimal of at most `scale` places in units of its last place.

    >>> units(Decimal("12.50"), 2)
    1250
    """
    return int(value.scaleb(scale, context=EXACT))


def _scaled(whole: int, scale: int) -> Decimal:
    return Decimal(whole).scaleb(-scale, context=EXACT)
