"""The figure of each row, for whoever asks how sure a difference between two files is.

Two documents of the same hidden set list the same rows in the same order, by id, without telling
the ids; so they can be compared pair by pair.

    jiebang-outcomes/1
    {"aggregate":"mean","metric":"accuracy","places":0,"rows":3}
    -1          private row, outcome 1
    -0
    +1          public row, outcome 1; a negative figure is written -(-5) as `--5`
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from marketplace.scoring.rules.metrics.definitions import Aggregate
from marketplace.scoring.rules.metrics.samples import Scaled

FORMAT: Final = "jiebang-outcomes/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcomes:
    """One whole number for each row, in units of `10**-places`, in the order of the ids."""

    metric: str
    aggregate: Aggregate
    """`mean`: the value is their mean; `root_mean`: the square root of it."""
    places: int
    units: tuple[int, ...]
    public: tuple[bool, ...]

    def private_units(self) -> list[int]:
        """Leave out the rows that only give feedback."""
        pairs = zip(self.units, self.public, strict=True)
        return [unit for unit, is_public in pairs if not is_public]

    def mean(self) -> Fraction:
        """Average the rows that decide, exactly."""
        units = self.private_units()
        return Fraction(sum(units), len(units) * 10**self.places)


def written(metric: str, aggregate: Aggregate, outcomes: Scaled, public: Sequence[bool]) -> bytes:
    """Write a document; the same outcomes are the same bytes."""
    head = {
        "aggregate": str(aggregate),
        "metric": metric,
        "places": outcomes.places,
        "rows": len(outcomes.units),
    }
    lines = [
        FORMAT,
        json.dumps(head, sort_keys=True, separators=(",", ":")),
        *(
            f"+{unit}" if is_public else f"-{unit}"
            for unit, is_public in zip(outcomes.units, public, strict=True)
        ),
    ]
    return ("\n".join(lines) + "\n").encode()


def read(document: bytes) -> RowOutcomes:
    """Read a document that `written` wrote.

    >>> read(written("mae", Aggregate.MEAN, Scaled([5, -2], 1), [True, False])).private_units()
    [-2]
    """
    form, head, *rows = document.decode().splitlines()
    fields = json.loads(head)
    if form != FORMAT or fields["rows"] != len(rows):
        raise ValueError("not a document of outcomes")
    return RowOutcomes(
        metric=fields["metric"],
        aggregate=Aggregate(fields["aggregate"]),
        places=fields["places"],
        units=tuple(int(row[1:]) for row in rows),
        public=tuple(row[0] == "+" for row in rows),
    )
