"""What one file got on the rows that decide, added up by group of rows, and its document.

Two files of one hidden set are dealt into the same groups, so they can be compared pair by pair by
whoever asks how sure a difference is.  The document tells neither ids nor labels.

    {"document":"jiebang.outcomes/1","metric":"accuracy","places":0,"rows":3,
     "statistic":"mean","sums":[1,0,1]}
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from marketplace.kit.digests import canonical_json
from marketplace.scoring.rules.dealing import Dealing
from marketplace.scoring.rules.metrics.definitions import Aggregate
from marketplace.scoring.rules.metrics.samples import Scaled

FORMAT: Final = "jiebang.outcomes/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcomes:
    """One whole number for each group of rows, in units of `10**-places`."""

    metric: str
    statistic: Aggregate
    """`mean`: the value is the mean over rows; `root_mean`: the square root of it."""
    places: int
    rows: int
    sums: tuple[int, ...]

    def mean(self) -> Fraction:
        """Average over the rows, exactly."""
        return Fraction(sum(self.sums), self.rows * 10**self.places)

    def written(self) -> bytes:
        """Write the document; the same outcomes are the same bytes."""
        return canonical_json(
            {
                "document": FORMAT,
                "metric": self.metric,
                "places": self.places,
                "rows": self.rows,
                "statistic": str(self.statistic),
                "sums": list(self.sums),
            }
        )


def added_up(metric: str, statistic: Aggregate, found: Scaled, dealing: Dealing) -> FileOutcomes:
    """Add up what each row got.

    Shape    `found` tells of every row that decides, in the order of their ids.
    """
    return FileOutcomes(
        metric=metric,
        statistic=statistic,
        places=found.places,
        rows=len(found.units),
        sums=tuple(dealing.sums(found.units)),
    )


def read(document: bytes) -> FileOutcomes:
    """Read a document that was written here."""
    fields = json.loads(document)
    if fields.pop("document") != FORMAT:
        raise ValueError("not a document of outcomes")
    return FileOutcomes(
        metric=fields["metric"],
        statistic=Aggregate(fields["statistic"]),
        places=fields["places"],
        rows=fields["rows"],
        sums=tuple(fields["sums"]),
    )
