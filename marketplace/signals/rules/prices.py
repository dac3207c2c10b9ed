"""Prices that step too regularly to be chance: found exactly, and weighed before they are told.

Three prices that step evenly are nothing remarkable where everybody rounds to whole ten-thousands.
So a pattern is told only if independent bidders would hardly produce it: between its lowest and its
highest price lie N places at the rounding that all quotes share, of which m fit; with k prices out
of n that happens by chance with at most

    C(n, k) · (k - 2)! · (m / N) ** (k - 2)

All patterns of one kind on one call together may happen by chance in at most `CHANCE` of calls.
"""

import itertools
import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

CHANCE: Final = Fraction(3, 1000)
"""Of a pattern of one kind on one call without any collusion, at most."""
BIDS_MAX: Final = 200
"""With more bids on one call no pattern of single prices would mean anything."""
USUAL_SPREAD: Final = Fraction(1, 20)
"""Independent prices lie at least this far apart, as a share of the price."""


class Pattern(StrEnum):
    """How prices hang together."""

    EQUAL = "equal"
    STEPS = "steps"
    """The same difference from each to the next."""
    RATIOS = "ratios"
    """The same ratio from each to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One pattern: which bids, in the order of their prices, and how likely it is by chance."""

    pattern: Pattern
    bids: tuple[str, ...]
    quotes_fen: tuple[int, ...]
    grain_fen: int
    """The rounding that all quotes of the call share."""
    chance: Fraction
    """An upper bound of its likelihood without collusion."""


def patterns(quotes: Mapping[str, int], *, ceiling_fen: int | None = None) -> tuple[Found, ...]:
    """Find every regular pattern among the quotes of a call that chance does not explain.

    Shape    largest patterns only; a pattern of steps hides one of ratios over the same bids.  That
             several ask for exactly the maximum price, `ceiling_fen`, is usual and not told.

    >>> exact = {"a": 1_000_003_00, "b": 1_017_420_00, "c": 1_034_837_00, "d": 990_001_00}
    >>> [(one.pattern.value, one.bids) for one in patterns(exact)]
    [('steps', ('a', 'b', 'c'))]
    >>> patterns({"a": 1_000_000_00, "b": 1_010_000_00, "c": 1_020_000_00})
    ()
    """
    known = {bid: quote for bid, quote in quotes.items() if quote > 0}
    if len(known) < 2 or len(known) > BIDS_MAX:
        return ()
    grain = math.gcd(*known.values())
    found = [one for one in _equal(known, grain) if ceiling_fen not in one.quotes_fen]
    values = sorted(set(known.values()))
    if len(values) >= 3:
        steps = list(_told(Pattern.STEPS, _runs(values, _next_step, _no_slack), known, grain))
        told = [set(one.bids) for one in steps]
        ratios = _told(
            Pattern.RATIOS, _runs(values, _next_ratio, _rounding_slack(grain)), known, grain
        )
        found += steps + [one for one in ratios if not any(set(one.bids) <= own for own in told)]
    return tuple(found)


def _equal(quotes: Mapping[str, int], grain: int) -> Iterator[Found]:
    by_quote: dict[int, list[str]] = {}
    for bid, quote in quotes.items():
        by_quote.setdefault(quote, []).append(bid)
    spread = max(quotes.values()) - min(quotes.values())
    for quote, bids in sorted(by_quote.items()):
        if len(bids) < 2:
            continue
        places = max(1, spread // grain, int(quote * USUAL_SPREAD // grain))
        chance = Fraction(math.comb(len(quotes), len(bids)), places ** (len(bids) - 1))
        if chance <= CHANCE:
            yield Found(
                pattern=Pattern.EQUAL,
                bids=tuple(sorted(bids)),
                quotes_fen=(quote,) * len(bids),
                grain_fen=grain,
                chance=chance,
            )


def _next_step(before: int, last: int) -> Fraction:
    return Fraction(2 * last - before)


def _next_ratio(before: int, last: int) -> Fraction:
    return Fraction(last * last, before)


def _no_slack(before: int, last: int) -> Fraction:
    return Fraction(0)


def _rounding_slack(grain: int) -> Callable[[int, int], Fraction]:
    """Say how far from what follows from two prices the next may lie, all three being rounded.

    An error of a half in each moves it by up to (1 + 2r + r²)/2 for the ratio r.
    """

    def slack(before: int, last: int) -> Fraction:
        return _fitting(before, last) * grain / 2

    return slack


def _fitting(before: int, last: int) -> Fraction:
    """Say how wide the interval is in which the next price of a ratio may lie, in grains."""
    return Fraction(before + last, before) ** 2


def _runs(
    values: Sequence[int],
    following: Callable[[int, int], Fraction],
    slack: Callable[[int, int], Fraction],
) -> Iterator[tuple[int, ...]]:
    """Follow every pair of prices as far as the pattern goes; largest runs only."""
    seen: set[tuple[int, int]] = set()
    for first, second in itertools.combinations(values, 2):
        if (first, second) in seen:
            continue
        run = [first, second]
        while True:
            before, last = run[-2:]
            near = _nearest(values, following(before, last), slack(before, last))
            if near is None or near <= run[-1]:
                break
            run.append(near)
        if len(run) >= 3:
            seen.update(itertools.pairwise(run))
            yield tuple(run)


def _nearest(values: Sequence[int], wanted: Fraction, slack: Fraction) -> int | None:
    place = bisect_left(values, wanted)
    around = values[max(0, place - 1) : place + 1]
    near = min(around, key=lambda value: abs(value - wanted), default=None)
    return near if near is not None and abs(near - wanted) <= slack else None


def _told(
    pattern: Pattern, runs: Iterator[tuple[int, ...]], quotes: Mapping[str, int], grain: int
) -> Iterator[Found]:
    """Keep the runs that chance does not explain."""
    count = len(quotes)
    for run in runs:
        size = len(run)
        places = (run[-1] - run[0]) // grain - 1
        fitting = 1 if pattern is Pattern.STEPS else math.floor(_fitting(*run[:2])) + 1
        if places < fitting:
            continue
        chance = (
            math.comb(count, size)
            * math.factorial(size - 2)
            * Fraction(fitting, places) ** (size - 2)
        )
        # The sizes that are possible on this call share the allowance.
        if chance <= CHANCE / max(1, count - 2):
            bids = [bid for quote in run for bid in sorted(quotes) if quotes[bid] == quote]
            yield Found(
                pattern=pattern,
                bids=tuple(bids),
                quotes_fen=tuple(quotes[bid] for bid in bids),
                grain_fen=grain,
                chance=chance,
            )
