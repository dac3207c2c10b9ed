"""A metric told by slice: who hears of which, and which is the worst."""

from decimal import Decimal

import pytest

from marketplace.scoring.rules import slices
from marketplace.scoring.rules.criteria import Direction
from marketplace.scoring.rules.slices import PUBLIC_ROWS_MIN, SliceValue


def one(name: str, value: str | None, *, public: bool = False, rows: int = 50) -> SliceValue:
    """A slice by district."""
    return SliceValue(
        column="district",
        name=name,
        is_public=public,
        rows=rows,
        value=None if value is None else Decimal(value),
    )


FOUND = [
    one("甲", "0.9"),
    one("乙", "0.7"),
    one("丙", None),
    one("甲", "0.2", public=True),
    one("乙", "0.1", public=True, rows=PUBLIC_ROWS_MIN - 1),
    one("丙", "0.3", public=True, rows=PUBLIC_ROWS_MIN),
]


def test_before_the_result_only_large_public_slices_are_told() -> None:
    """Nothing of the rows that decide, and no slice that gives single answers away."""
    told = slices.told(FOUND, deciding=False)

    assert [(each.name, each.is_public) for each in told] == [("甲", True), ("丙", True)]
    assert slices.told(FOUND, deciding=True) == FOUND


@pytest.mark.parametrize(("direction", "name"), [(Direction.HIGHER, "乙"), (Direction.LOWER, "甲")])
def test_the_worst_is_of_the_rows_that_decide(direction: Direction, name: str) -> None:
    """However bad the public ones look; a slice without a value is not the worst."""
    found = slices.worst(FOUND, direction)

    assert found is not None
    assert (found.name, found.is_public) == (name, False)


def test_the_worst_of_what_is_told_before_the_result_is_public() -> None:
    """And of equals the first by name; of nothing there is none."""
    told = [*slices.told(FOUND, deciding=False), one("丁", "0.2", public=True)]

    found = slices.worst(told, Direction.HIGHER)

    assert found is not None
    assert (found.name, found.value) == ("丁", Decimal("0.2"))
    assert slices.worst([one("丙", None)], Direction.HIGHER) is None


def test_a_slice_is_read_as_it_was_written() -> None:
    """With and without a value."""
    assert slices.slices_from([each.to_document() for each in FOUND]) == FOUND
