"""How many of a ranking are recommended, without parting those who share a place."""

from collections.abc import Sequence


def recommended(ranks: Sequence[int], limit: int) -> int:
    """Count the best-ranked bids that may be candidates; 0 where a tie at the top exceeds them all.

    Shape    ranks in order, equal ones are parallel: they are all candidates or none is.
    Source   招标投标法实施条例 (implementing regulation of the Tendering Law), 53: up to three.

    >>> recommended([1, 2, 3, 4], 3), recommended([1, 2, 3, 3], 3), recommended([1, 1, 1, 1], 3)
    (3, 2, 0)
    """
    if len(ranks) <= limit:
        return len(ranks)
    first_out = ranks[limit]
    return sum(rank < first_out for rank in ranks)
