"""Boards: keys that sort exactly, ranks with ties, and who may look when.

A place on a board is decided by text that sorts the same on both databases.  Rank is one more than
the number of better entries, so ties share a rank and the next one is skipped (1, 2, 2, 4); inside
a tie the earlier receipt stands first.  What has no value stands on no board.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.scenarios.rules.content import Benchmark
from marketplace.scoring.errors.submissions import ValueUnsortable
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.submissions import Phase

DIGITS: Final = 40
"""Significant digits of a key: a value has at most 18 before and 18 after the point."""
_BIAS: Final = 500
_NINES: Final = str.maketrans("0123456789", "9876543210")

FAN_OUT: Final = 128
"""Rows a block of a tally holds when it was just split; it is split at twice as many."""
LEVELS: Final = 3
"""Single keys, blocks of keys, blocks of blocks."""


def sort_key(value: Decimal, direction: Direction) -> str:
    """Write a value as digits of one length that sort best first.

    Shape    sign, biased exponent, digits; all digits, so that no collation sorts them otherwise.
    Refuses  ValueUnsortable for NaN, infinities and numbers of more digits than a value has.

    >>> keys = [sort_key(Decimal(text), Direction.HIGHER) for text in ("10", "9.5", "0", "-1")]
    >>> keys == sorted(keys), sort_key(Decimal("0.50"), Direction.LOWER) == sort_key(
    ...     Decimal("0.5"), Direction.LOWER)
    (True, True)
    """
    if not value.is_finite():
        raise ValueUnsortable(value=str(value)[:DIGITS])
    if not value:
        return "1" + "0" * (3 + DIGITS)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    written = "".join(map(str, digits)).lstrip("0")
    adjusted = exponent + len(written) - 1 + _BIAS
    written = written.rstrip("0")
    if len(written) > DIGITS or not 0 <= adjusted < 2 * _BIAS:
        raise ValueUnsortable(value=str(value)[:DIGITS])
    size = f"{adjusted:03d}{written:0<{DIGITS}}"
    rising = "2" + size if not sign else "0" + size.translate(_NINES)
    if direction == Direction.LOWER:
        return rising
    return {"0": "2", "2": "0"}[rising[0]] + rising[1:].translate(_NINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One team on a board."""

    bid_id: UUID
    key: str
    received_at: dt.datetime

    @property
    def order(self) -> tuple[str, dt.datetime, UUID]:
        """Where it stands: better, then earlier, then by id."""
        return self.key, self.received_at, self.bid_id


def ranked(entries: Sequence[Entry]) -> list[tuple[int, Entry]]:
    """Rank a whole board by its definition; what the maintained one must always agree with.

    >>> at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    >>> board = [Entry(bid_id=UUID(int=n), key=k, received_at=at) for n, k in enumerate("abbc")]
    >>> [rank for rank, _ in ranked(board)]
    [1, 2, 2, 4]
    """
    placed: list[tuple[int, Entry]] = []
    for place, entry in enumerate(sorted(entries, key=lambda one: one.order), start=1):
        tied = placed and placed[-1][1].key == entry.key
        placed.append((placed[-1][0] if tied else place, entry))
    return placed


@dataclass(frozen=True, slots=True)
class Behind:
    """The place a page begins behind, and what of the board stands before its key."""

    key: str
    better: int
    """Entries whose key is better."""
    tied: int
    """Entries of this very key: none, if whoever stood there has left meanwhile."""


def page_ranks(keys: Sequence[str], *, behind: Behind | None = None) -> Iterator[int]:
    """Rank the rows of a page from what stands before it; None: it is the first page.

    >>> list(page_ranks(["b", "b", "c", "d"], behind=Behind("b", better=1, tied=3)))
    [2, 2, 5, 6]
    >>> list(page_ranks(["c", "c", "d"], behind=Behind("b", better=1, tied=3)))
    [5, 5, 7]
    >>> list(page_ranks(["a", "b", "b"]))
    [1, 2, 2]
    """
    runs = Counter(keys)
    rank, before = 1, None
    if behind is not None and keys:
        goes_on = keys[0] == behind.key
        # Nothing stands between the key and the first one of the page: all up to it are better.
        rank = behind.better + (1 if goes_on else 1 + behind.tied)
        if goes_on:
            runs[behind.key] = behind.tied
    for key in keys:
        if before is not None and key != before:
            rank += runs[before]
        before = key
        yield rank


class Window(StrEnum):
    """What of a board somebody may see."""

    NOTHING = "nothing"
    FROZEN = "frozen"
    """As it stood when it was frozen."""
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that decides what somebody sees of a board."""

    phase: Phase
    opened_at: dt.datetime | None
    told: bool
    """The result has been announced."""
    watches: bool
    """Belongs to the bureau, the auditors or the poster of the call."""
    takes_part: bool
    """Has a bid of this call that was opened."""
    ends_at: dt.datetime | None
    """When the evaluation phase ends, where that is published."""


def window(view: View, benchmark: Benchmark, now: dt.datetime) -> Window:
    """Tell what of a board is to be seen: before the opening nothing, whoever asks.

    Names, pseudonyms, ranks and even an empty list next to a full one would tell that others bid,
    and how many.  So there is no board before the opening, for the bureau neither.
    """
    if view.opened_at is None:
        return Window.NOTHING
    if view.watches or view.told:
        return Window.WHOLE
    if benchmark.leaderboard != "after_opening" or not view.takes_part:
        return Window.NOTHING
    if view.phase is Phase.EVALUATION and benchmark.public_share_bps:
        return Window.NOTHING  # the private split is told with the result
    return Window.FROZEN if frozen_at(view, benchmark, now) is not None else Window.WHOLE


def frozen_at(view: View, benchmark: Benchmark, now: dt.datetime) -> dt.datetime | None:
    """Tell since when the board is frozen, if it is."""
    if view.ends_at is None or not benchmark.freeze_before_deadline_seconds:
        return None
    since = view.ends_at - dt.timedelta(seconds=benchmark.freeze_before_deadline_seconds)
    return since if now >= since else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How one team's place would change."""

    bid_id: UUID
    before: int | None
    after: int | None
    value_before: str | None
    value_after: str | None

    def document(self) -> dict[str, object]:
        """Write it as JSON values."""
        return {
            "bid_id": str(self.bid_id),
            "rank_before": self.before,
            "rank_after": self.after,
            "value_before": self.value_before,
            "value_after": self.value_after,
        }


def difference(
    before: Sequence[tuple[Entry, str]], after: Sequence[tuple[Entry, str]]
) -> list[Moved]:
    """Compare two boards team by team, exactly: every team whose rank or value changes."""
    old = {entry.bid_id: rank for rank, entry in ranked([entry for entry, _ in before])}
    new = {entry.bid_id: rank for rank, entry in ranked([entry for entry, _ in after])}
    was = {entry.bid_id: value for entry, value in before}
    will = {entry.bid_id: value for entry, value in after}
    order = sorted({*old, *new}, key=lambda bid: (new.get(bid, 10**9), old.get(bid, 10**9), bid))
    moved = [
        Moved(
            bid_id=bid,
            before=old.get(bid),
            after=new.get(bid),
            value_before=was.get(bid),
            value_after=will.get(bid),
        )
        for bid in order
    ]
    return [one for one in moved if (one.before, one.value_before) != (one.after, one.value_after)]
