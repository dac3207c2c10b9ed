"""What a metric is computed of: rows with their truth and what was predicted for them.

A number is read once, exactly, as a whole number of some power of ten; sums and products of such
numbers lose nothing, whatever their order.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import compress
from typing import Final

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.documents import short

MAGNITUDE_MAX: Final = Decimal(10) ** 15
"""Larger figures would give a metric value that no score sheet can carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the hidden set with what was predicted for it."""

    id: str
    truth: str
    predicted: str


@dataclass(frozen=True, slots=True)
class Scaled:
    """Exact numbers: `units[i] / 10**places`."""

    units: Sequence[int]
    places: int

    def at(self, places: int) -> Sequence[int]:
        """Write them with more places."""
        if places == self.places:
            return self.units
        factor: int = 10 ** (places - self.places)
        return [unit * factor for unit in self.units]


class NoNumber(Exception):
    """A text that is no number, or too large a one, by its place."""

    def __init__(self, place: int) -> None:
        self.place = place


def scaled(texts: Sequence[str]) -> Scaled:
    """Read texts as numbers.  Refuses NoNumber with the place of the first that is none.

    >>> scaled(["1.5", "2e-3"])
    Scaled(units=[1500, 2], places=3)
    """
    values = []
    places = 0
    for place, text in enumerate(texts):
        value = numbers.parse_measured(text)
        if value is None or value.copy_abs() > MAGNITUDE_MAX:
            raise NoNumber(place)
        sign, digits, exponent = value.as_tuple()
        assert isinstance(exponent, int)
        whole = int("".join(map(str, digits)))
        values.append((-whole if sign else whole, exponent))
        places = max(places, -exponent)
    return Scaled([unit * 10 ** (places + exponent) for unit, exponent in values], places)


class Column:
    """Texts of many rows, and the numbers they stand for where they do; read when asked for."""

    def __init__(
        self, texts: Callable[[], Sequence[str]], numbers: Callable[[], Scaled] | None = None
    ) -> None:
        self._texts = texts
        self._numbers = numbers

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Column":
        """Make one of texts that are here."""
        return cls(lambda: texts)

    @cached_property
    def texts(self) -> Sequence[str]:
        """Every text, in the order of the rows."""
        return self._texts()

    @cached_property
    def numbers(self) -> Scaled:
        """Every number.  Refuses NoNumber."""
        return scaled(self.texts) if self._numbers is None else self._numbers()

    def kept(self, keep: Sequence[bool]) -> "Column":
        """Leave rows out."""

        def numbers_kept() -> Scaled:
            whole = self.numbers
            return Scaled(list(compress(whole.units, keep)), whole.places)

        return Column(lambda: list(compress(self.texts, keep)), numbers_kept)


Keep = Sequence[bool] | None
"""Which of the rows that were read are left; None for all."""


@dataclass(frozen=True, slots=True)
class Quick:
    """Quicker ways than row by row, where whoever has read the rows knows them."""

    count: Callable[[Keep], "Counter[tuple[str, str]]"]
    """Counts each pair of truth and prediction."""
    match: Callable[[Keep], Sequence[int]]
    """Gives 1 for each row whose prediction is the truth, else 0."""


@dataclass(frozen=True)
class Sample:
    """Rows by which a metric is computed, in the order of their ids."""

    ids: Column
    truth: Column
    predicted: Column
    size: int
    quick: Quick | None = None
    keep: Keep = None

    @classmethod
    def of(cls, ids: Sequence[str], truth: Sequence[str], predicted: Sequence[str]) -> "Sample":
        """Make one of texts that are here."""
        return cls(Column.of(ids), Column.of(truth), Column.of(predicted), len(ids))

    def kept(self, keep: Sequence[bool]) -> "Sample":
        """Leave rows out."""
        left = keep
        if self.keep is not None:
            again = iter(keep)
            left = [kept and next(again) for kept in self.keep]
        return Sample(
            self.ids.kept(keep),
            self.truth.kept(keep),
            self.predicted.kept(keep),
            sum(keep),
            self.quick,
            left,
        )

    def cells(self) -> "Counter[tuple[str, str]]":
        """Count how often each truth was met by each prediction."""
        if self.quick is not None:
            return self.quick.count(self.keep)
        return Counter(self.pairs())

    def matches(self) -> Sequence[int]:
        """Give 1 for each row whose prediction is the truth, else 0."""
        if self.quick is not None:
            return self.quick.match(self.keep)
        return [int(truth == predicted) for truth, predicted in self.pairs()]

    def rows(self) -> Iterator[Row]:
        """Give the rows one by one."""
        columns = (self.ids.texts, self.truth.texts, self.predicted.texts)
        for row_id, truth, predicted in zip(*columns, strict=True):
            yield Row(id=row_id, truth=truth, predicted=predicted)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Give truth and prediction of each row."""
        return zip(self.truth.texts, self.predicted.texts, strict=True)

    def figures(self) -> tuple[Sequence[int], Sequence[int], int]:
        """Read truth and prediction as numbers of the same number of places."""
        predicted, truth = self.predicted_numbers(), self.truth_numbers()
        places = max(truth.places, predicted.places)
        return truth.at(places), predicted.at(places), places

    def predicted_numbers(self) -> Scaled:
        """Read what was predicted as numbers."""
        try:
            return self.predicted.numbers
        except NoNumber as bad:
            raise self.unreadable(bad.place) from bad

    def truth_numbers(self) -> Scaled:
        """Read the truth as numbers."""
        try:
            return self.truth.numbers
        except NoNumber as bad:
            raise self.unfit(bad.place, "a number") from bad

    def binary(self, metric: str) -> tuple[list[bool], Scaled]:
        """Read a truth of 0 and 1 and the scores beside it.  Refuses one class only."""
        places = [at for at, text in enumerate(self.truth.texts) if text not in ("0", "1")]
        if places:
            raise self.unfit(places[0], "0 or 1")
        truth = [text == "1" for text in self.truth.texts]
        scores = self.predicted_numbers()
        if all(truth) or not any(truth):
            raise errors.MetricUndefined(metric=metric, wanted="both labels")
        return truth, scores

    def unreadable(self, place: int) -> errors.NumberUnreadable:
        """Say which prediction is no number that the metric can use."""
        return errors.NumberUnreadable(
            id=short(self.ids.texts[place]), value=short(self.predicted.texts[place])
        )

    def unfit(self, place: int, wanted: str) -> errors.TruthUnfit:
        """Say which row of the hidden set does not fit; its value is not told.

        Whoever uploads predictions would learn it.
        """
        return errors.TruthUnfit(id=short(self.ids.texts[place]), wanted=wanted)
