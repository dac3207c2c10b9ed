"""A metric told by the values of a column: who may know which figure, and which is the worst.

A mean hides that a model fails in one district.  While bids are sealed only the public split is
told; and of a slice of few public rows nothing, because with a row or two of each value a solver
could read the answers off the figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from marketplace.scoring.rules import numbers
from marketplace.scoring.rules.criteria import Direction

PUBLIC_ROWS_MIN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceValue:
    """The metric on the rows of one slice, on one side of the split."""

    column: str
    name: str
    is_public: bool
    rows: int
    value: Decimal | None
    """None where the metric has no value on these rows."""

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON values."""
        return {
            "column": self.column,
            "slice": self.name,
            "is_public": self.is_public,
            "rows": self.rows,
            "value": None if self.value is None else numbers.plain(self.value),
        }


def slices_from(found: Iterable[Mapping[str, Any]]) -> list[SliceValue]:
    """Read what `to_document` wrote."""
    return [
        SliceValue(
            column=one["column"],
            name=one["slice"],
            is_public=one["is_public"],
            rows=one["rows"],
            value=None if one["value"] is None else Decimal(one["value"]),
        )
        for one in found
    ]


def told(found: Sequence[SliceValue], *, deciding: bool) -> list[SliceValue]:
    """Leave out what is not for the reader; `deciding`: they may know the value that decides."""
    if deciding:
        return list(found)
    return [one for one in found if one.is_public and one.rows >= PUBLIC_ROWS_MIN]


def worst(found: Sequence[SliceValue], direction: Direction) -> SliceValue | None:
    """Find the slice on which the metric is worst, of the rows that decide where they are told.

    Shape    the first by column and name of several; None where no slice has a value.
    """
    decisive = [one for one in found if not one.is_public and one.value is not None]
    sided = decisive or [one for one in found if one.value is not None]
    sign = 1 if direction == Direction.HIGHER else -1
    return min(
        sided,
        key=lambda one: (sign * (one.value or Decimal(0)), one.column, one.name),
        default=None,
    )
