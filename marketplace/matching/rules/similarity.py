"""When two scenarios say the same: a share of common words, and the phrases that prove it.

A hint for people who write or review, never a decision: a scenario like another may be wanted.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from marketplace.kit.money import BPS_WHOLE

HINT_BPS: Final = 1_500
"""Below this share of common tokens nothing is said."""
LIKELY_BPS: Final = 5_000
"""From here on it is likely the same scenario."""
PHRASE_LENGTH_MIN: Final = 5
PHRASES_MAX: Final = 8
_BLANK: Final = re.compile(r"\s+")


class Likeness(StrEnum):
    """How strong a hint is."""

    OVERLAP = "overlap"
    LIKELY_DUPLICATE = "likely_duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Likened:
    """How alike two scenarios are."""

    shared_bps: int
    """Common tokens among all tokens of both (Jaccard), rounded down."""
    likeness: Likeness


def comparable(tokens: Collection[str]) -> frozenset[str]:
    """Keep the tokens that say something: words and pairs, no single characters, no marks.

    >>> sorted(comparable(["警", "预警", "t:预警", "c:domain_health", "ai"]))
    ['ai', '预警']
    """
    return frozenset(token for token in tokens if len(token) > 1 and ":" not in token)


def liken(left: Collection[str], right: Collection[str]) -> Likened | None:
    """Compare two sets of tokens; None for too little in common, or nothing to compare.

    >>> liken({"预警", "内涝"}, {"预警", "道路"})
    Likened(shared_bps=3333, likeness=<Likeness.OVERLAP: 'overlap'>)
    """
    one, other = frozenset(left), frozenset(right)
    if not one or not other:
        return None
    common = len(one & other)
    shared_bps = int(Fraction(common * BPS_WHOLE, len(one | other)))
    if shared_bps < HINT_BPS:
        return None
    likely = shared_bps >= LIKELY_BPS
    return Likened(
        shared_bps=shared_bps,
        likeness=Likeness.LIKELY_DUPLICATE if likely else Likeness.OVERLAP,
    )


def common_phrases(left: str, right: str) -> tuple[str, ...]:
    """Find the longest phrases that stand in both texts, longest first, in the left text's order.

    Shape    texts in normal form; phrases of at least five characters, at most eight of them.

    >>> common_phrases("提前提示内涝、边坡和人群聚集", "希望提示内涝、边坡和道路")
    ('提示内涝、边坡和',)
    """
    one, other = (_BLANK.sub(" ", text).strip() for text in (left, right))
    size = PHRASE_LENGTH_MIN
    known = {other[start : start + size] for start in range(len(other) - size + 1)}
    found: list[str] = []
    start = 0
    while start <= len(one) - size:
        if one[start : start + size] not in known:
            start += 1
            continue
        end = start + size
        # Windows that follow each other may stand apart in the other text: only what stands there
        # whole is a common phrase.
        while end < len(one) and one[start : end + 1] in other:
            end += 1
        phrase = one[start:end].strip()
        if len(phrase) >= size and phrase not in found:
            found.append(phrase)
        start = end
    return tuple(sorted(found, key=lambda phrase: -len(phrase))[:PHRASES_MAX])
