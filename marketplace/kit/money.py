"""Money is whole fen in a plain `int`, in names that end in `_fen`; the currency is CNY everywhere.

A class around an int would be lost at every border (JSON, SQL, canonical documents), so the unit
stands in the name and the arithmetic that can go wrong stands here.
"""

from collections.abc import Sequence
from typing import Final

CURRENCY: Final = "CNY"
BPS_WHOLE: Final = 10_000
FEN_MAX: Final = 10**15
"""Ten trillion yuan: no amount in this trade is larger, and it fits a signed 64-bit column."""


def allocate(total_fen: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Divide `total_fen` in proportion to `weights` without losing a fen.

    Shape    one part per weight, in its order; the parts add up to `total_fen` exactly.
    Units    whole fen; weights are any non-negative whole numbers, not all zero.
    Refuses  ValueError for a negative total or weight, or when every weight is zero.
    Source   largest-remainder method (Hamilton); equal remainders go to the earlier weight.

    >>> allocate(100, [1, 1, 1])
    (34, 33, 33)
    >>> allocate(100_000_000, [60_000_000, 45_000_000, 33_333_333])
    (43373494, 32530121, 24096385)
    """
    whole = sum(weights)
    if total_fen < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("allocate wants a non-negative total and non-negative weights, not all 0")
    floors = [total_fen * weight // whole for weight in weights]
    remainders = [total_fen * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: total_fen - sum(floors)]:
        floors[index] += 1
    return tuple(floors)


def share_fen(amount_fen: int, rate_bps: int) -> int:
    """Take a rate of an amount, rounded down to the fen in the payer's favour.

    >>> share_fen(33_333_333, 4000)
    13333333
    """
    return amount_fen * rate_bps // BPS_WHOLE


def format_yuan(amount_fen: int) -> str:
    """Write fen as yuan for people, with separators and two places.

    >>> format_yuan(123456789), format_yuan(-5)
    ('1,234,567.89', '-0.05')
    """
    sign = "-" if amount_fen < 0 else ""
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{sign}{yuan:,}.{fen:02d}"
