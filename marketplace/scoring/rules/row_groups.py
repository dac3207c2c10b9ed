"""Results of a benchmark row by row, frozen with the sheet so that rows can be resampled.

Only metrics that are a function of the mean over rows can be told row by row: accuracy and mean
absolute error (the mean), root mean squared error (its root).  A hundred thousand rows would make a
sheet that nobody downloads, so rows are dealt into groups (`rules.dealing`), and groups are
resampled: the sum over a group stands for its rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter
from typing import Final

from marketplace.scoring.errors.certainty import OutcomesUnfit
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Criterion, Kind
from marketplace.scoring.rules.dealing import GROUPS_MAX, dealt, sizes_of
from marketplace.scoring.rules.documents import Fields, decimal_at, escaped, refuse, text_at
from marketplace.scoring.rules.outcomes import FileOutcomes

ROWS_MAX: Final = 10**9
BIDS_MAX: Final = 1_000
VALUE_PLACES: Final = 12
"""Metrics are rounded to twelve places, halves to even, and so is a value found from rows."""


class Statistic(StrEnum):
    """How the value of a metric follows from the mean of what its rows say."""

    MEAN = "mean"
    ROOT_MEAN = "root_mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedOutcomes:
    """What each bid got on the rows of one hidden set, summed by group of rows."""

    statistic: Statistic
    sizes: tuple[int, ...]
    """How many rows each group has."""
    sums: Mapping[str, tuple[Decimal, ...]]
    """By bid, the sum over the rows of each group."""

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(self.sizes)

    def to_document(self) -> dict[str, object]:
        """Write the outcomes as JSON values; sums as plain texts."""
        return {
            "statistic": str(self.statistic),
            "sizes": list(self.sizes),
            "sums": {
                bid_id: [numbers.plain(one) for one in self.sums[bid_id]]
                for bid_id in sorted(self.sums)
            },
        }


def value_of_mean(statistic: Statistic, mean: Fraction) -> Decimal:
    """Turn a mean over rows into the value of the metric.

    >>> value_of_mean(Statistic.ROOT_MEAN, Fraction(9, 4))
    Decimal('1.500000000000')
    """
    if statistic == Statistic.ROOT_MEAN:
        return numbers.root_half_even(mean, VALUE_PLACES)
    return numbers.half_even(mean, VALUE_PLACES)


class Drawing:
    """Values on rows that are drawn again and again: the same figures, in whole numbers.

    A statement draws a thousand groups a thousand times for every bid; adding decimals up each time
    would take minutes where it takes seconds.
    """

    def __init__(self, found: GroupedOutcomes, bid_ids: Iterable[str]) -> None:
        own = {bid_id: found.sums[bid_id] for bid_id in bid_ids}
        self._found = found
        self._places = max(
            (numbers.places(one) for sums in own.values() for one in sums), default=0
        )
        self._units = {
            bid_id: [numbers.units(one, self._places) for one in sums]
            for bid_id, sums in own.items()
        }

    def values(self, picks: Sequence[int]) -> dict[str, Decimal]:
        """Compute the value of each bid on the groups that were drawn, as often as they were."""
        chosen = _chosen(picks)
        rows = sum(chosen(self._found.sizes)) * 10**self._places
        return {
            bid_id: value_of_mean(self._found.statistic, Fraction(sum(chosen(units)), rows))
            for bid_id, units in self._units.items()
        }


def _chosen(picks: Sequence[int]) -> Callable[[Sequence[int]], Sequence[int]]:
    if len(picks) == 1:
        return lambda units: (units[picks[0]],)
    return itemgetter(*picks)


def deal(
    statistic: Statistic, units: Mapping[str, Sequence[int]], *, places: int
) -> GroupedOutcomes:
    """Deal rows into groups by the digest of their place, and sum each bid's outcomes in each.

    Shape    outcomes by bid, every list in the same order of rows; groups differ by at most a row.
    Units    whole numbers of `10 ** -places`.
    Refuses  OutcomesUnfit where there is no row, or one bid has more rows than another.
    """
    lengths = {len(found) for found in units.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise OutcomesUnfit(rows=sorted(lengths), expected="one outcome of each bid for each row")
    dealing = dealt(lengths.pop())
    return _of_sums(
        statistic,
        dealing.sizes,
        {bid_id: (dealing.sums(found), places) for bid_id, found in units.items()},
    )


def joined(found: Mapping[str, FileOutcomes]) -> GroupedOutcomes:
    """Put the outcomes of each bid's file side by side.

    Shape    by bid; all measured by one metric against one hidden set.
    Refuses  OutcomesUnfit where metrics or rows differ, or where nothing was measured.
    """
    kinds = {(one.metric, one.statistic, one.rows) for one in found.values()}
    if len(kinds) != 1:
        raise OutcomesUnfit(bids=sorted(found), expected="one metric and one hidden set")
    ((_, statistic, rows),) = kinds
    return _of_sums(
        Statistic(str(statistic)),
        sizes_of(rows),
        {bid_id: (one.sums, one.places) for bid_id, one in found.items()},
    )


def _of_sums(
    statistic: Statistic,
    sizes: tuple[int, ...],
    sums: Mapping[str, tuple[Sequence[int], int]],
) -> GroupedOutcomes:
    return GroupedOutcomes(
        statistic=statistic,
        sizes=sizes,
        sums={
            bid_id: tuple(Decimal(one).scaleb(-places, context=numbers.EXACT) for one in own)
            for bid_id, (own, places) in sums.items()
        },
    )


def check_outcomes(
    criterion: Criterion | None,
    found: GroupedOutcomes,
    *,
    code: str,
    values: Mapping[str, Decimal | None],
) -> None:
    """Refuse outcomes that belong to no benchmark, or that give other values than the sheet has.

    Shape    `values` are those of the metric by bid, as the sheet states them.
    """
    if criterion is None or criterion.kind != Kind.OBJECTIVE_AUTO:
        raise OutcomesUnfit(criterion=code, expected="a criterion measured by a benchmark")
    if not 1 <= len(found.sizes) <= GROUPS_MAX or min(found.sizes) < 1 or found.rows > ROWS_MAX:
        raise OutcomesUnfit(criterion=code, groups=len(found.sizes), maximum=GROUPS_MAX)
    if len(found.sums) > BIDS_MAX:
        raise OutcomesUnfit(criterion=code, bids=len(found.sums), maximum=BIDS_MAX)
    for bid_id in sorted(found.sums):
        sums, stated = found.sums[bid_id], values.get(bid_id)
        if stated is None or len(sums) != len(found.sizes):
            raise OutcomesUnfit(criterion=code, bid=bid_id, expected="one sum for each group")
        mean = Fraction(numbers.exact_sum(sums)) / found.rows
        root_of_less_than_nothing = found.statistic == Statistic.ROOT_MEAN and min(sums) < 0
        if root_of_less_than_nothing or value_of_mean(found.statistic, mean) != stated:
            raise OutcomesUnfit(criterion=code, bid=bid_id, value=numbers.plain(stated))


def outcomes_from(value: object, pointer: str) -> dict[str, GroupedOutcomes]:
    """Read the outcomes of a sheet, by criterion, from JSON values of any origin."""
    if not isinstance(value, dict):
        refuse(pointer, expected="an object", found=value)
    read: dict[str, GroupedOutcomes] = {}
    for code, item in value.items():
        at = f"{pointer}/{escaped(text_at(pointer, code, length_max=64))}"
        fields = Fields(item, pointer=at, known=("statistic", "sizes", "sums"))
        sizes = []
        for place, size in fields.items("sizes", maximum=GROUPS_MAX):
            if type(size) is not int or not 1 <= size <= ROWS_MAX:
                refuse(place, expected=f"a whole number 1..{ROWS_MAX}", found=size)
            sizes.append(size)
        read[code] = GroupedOutcomes(
            statistic=Statistic(fields.choice("statistic", set(Statistic))),
            sizes=tuple(sizes),
            sums=_sums_from(fields.raw("sums"), fields.at("sums")),
        )
    return read


def _sums_from(value: object, pointer: str) -> dict[str, tuple[Decimal, ...]]:
    if not isinstance(value, dict) or len(value) > BIDS_MAX:
        refuse(pointer, expected=f"an object of at most {BIDS_MAX}", found=value)
    read: dict[str, tuple[Decimal, ...]] = {}
    for bid_id, items in value.items():
        at = f"{pointer}/{escaped(text_at(pointer, bid_id, length_max=100))}"
        if not isinstance(items, list) or len(items) > GROUPS_MAX:
            refuse(at, expected=f"a list of at most {GROUPS_MAX}", found=items)
        read[bid_id] = tuple(decimal_at(f"{at}/{place}", one) for place, one in enumerate(items))
    return read
