"""Cost lines: what one claim is made of, and how a verifier's figures are taken over."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.kit.money import FEN_MAX
from marketplace.pilots.errors import LinesMalformed, VerifiedAboveClaimed

KEY_LENGTH_MAX: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cost: the voucher that proves it, what it was for, when it arose, and how much."""

    key: str
    """Invoice or contract number; the same one can be claimed once on the whole platform."""
    category: str
    amount_fen: int
    incurred_on: dt.date
    winding_down: bool = False
    """Cost of ending in good order: eligible even after a stop notice."""


def normal_key(key: str) -> str:
    """Write a voucher number in the one form in which it is compared.

    >>> normal_key(" fp-2026 0001 ")
    'FP-20260001'
    """
    return "".join(key.split()).upper()


def check_lines(lines: Sequence[Line]) -> None:
    """Refuse a claim without lines, with a key twice, or with an amount that is none."""
    keys = [normal_key(line.key) for line in lines]
    whole = all(type(line.amount_fen) is int and 0 < line.amount_fen <= FEN_MAX for line in lines)
    sensible = all(0 < len(key) <= KEY_LENGTH_MAX for key in keys)
    if not lines or not whole or not sensible or len(set(keys)) != len(keys):
        raise LinesMalformed(keys=keys)


def verified_total(claimed: Mapping[str, int], verified: Mapping[str, int]) -> int:
    """Add up what was verified, line by line.

    Shape    both map a normal key to fen and name the same keys.
    Refuses  VerifiedAboveClaimed with the lines that are missing, unknown or too high; a claim of
             which nothing is left is rejected instead.
    """
    wrong = sorted(
        key
        for key in claimed.keys() | verified.keys()
        if key not in claimed or key not in verified or not 0 <= verified[key] <= claimed[key]
    )
    total_fen = sum(verified.values())
    if wrong or total_fen == 0:
        raise VerifiedAboveClaimed(lines=wrong, verified_fen=total_fen)
    return total_fen


def after_notice(lines: Sequence[Line], notice_on: dt.date | None) -> int:
    """Add up what arose after the day of a stop notice, winding down excepted."""
    if notice_on is None:
        return 0
    late = (line for line in lines if line.incurred_on > notice_on and not line.winding_down)
    return sum(line.amount_fen for line in late)
