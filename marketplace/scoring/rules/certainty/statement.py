"""Everything about the certainty of one round, as two documents that follow from its sheet."""

from dataclasses import dataclass
from typing import Final

from marketplace.kit import digests
from marketplace.scoring.rules import ranking
from marketplace.scoring.rules.certainty import benchmarks, intervals, judges, margins, omissions
from marketplace.scoring.rules.certainty.order import Field, Ranks
from marketplace.scoring.rules.ranking import Ranking
from marketplace.scoring.rules.sampling import Sampling
from marketplace.scoring.rules.sheet import ScoreSheet

SENSITIVITY_VERSION: Final = "jiebang.sensitivity/1"
PANEL_VERSION: Final = "jiebang.panel/1"
BIDS_MAX: Final = 250
"""Of larger rounds only the winner's margin is stated: everything else grows with the square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """How sure a ranking is, and what is to be said about its panel."""

    sensitivity: dict[str, object]
    panel: dict[str, object]

    @property
    def sensitivity_digest(self) -> str:
        """The SHA-256 of the canonical JSON of the first document."""
        return digests.digest_of(self.sensitivity)

    @property
    def panel_digest(self) -> str:
        """The SHA-256 of the canonical JSON of the document about the panel."""
        return digests.digest_of(self.panel)


def state(sheet: ScoreSheet, standings: Ranking) -> Statement:
    """Say how sure the ranking of a sheet is; the same sheet gives the same bytes for ever.

    Shape    `standings` is what `rank` made of this very sheet.  A sheet without settings, such as
             one of the first version, is sampled from its own digest.
    """
    sampling = sheet.certainty or Sampling(seed=standings.sheet_digest)
    bids = ranking.staying_in(sheet)
    assessed = ranking.assess(
        sheet.rubric, bids, given=ranking.given_to(sheet, bids), seed=sheet.draw_seed
    )
    field = Field.of(assessed)
    ranks = {one.bid_id: one.rank for one in standings.standings}
    head = {
        "sheet_digest": standings.sheet_digest,
        "standings_digest": standings.digest(),
        "seed": sampling.seed,
        "bids": len(bids),
    }
    small = len(bids) <= BIDS_MAX
    return Statement(
        sensitivity={
            "document": SENSITIVITY_VERSION,
            **head,
            "margins": margins.to_document(field, sampling, ranks),
            **_of_small_rounds(sheet, field, ranks, sampling, small=small),
        },
        panel={
            "document": PANEL_VERSION,
            **head,
            **(judges.to_document(field, ranks) if small else {"judges": None}),
        },
    )


def _of_small_rounds(
    sheet: ScoreSheet, field: Field, ranks: Ranks, sampling: Sampling, *, small: bool
) -> dict[str, object]:
    names = ("rank_intervals", "without_criterion", "without_bid", "benchmarks")
    if not small:
        return dict.fromkeys(names)
    found = intervals.resampled(field, sampling, sheet.outcomes)
    compared = []
    for one in sheet.rubric.criteria:
        outcomes = sheet.outcomes.get(one.code)
        if outcomes is not None:
            ids = [bid_id for bid_id in field.ids if bid_id in outcomes.sums]
            compared.append(benchmarks.to_document(one, outcomes, ids, sampling))
    values: tuple[object, ...] = (
        intervals.to_document(found, ranks),
        omissions.of_criteria(field, ranks),
        omissions.of_bids(field, ranks),
        compared,
    )
    return dict(zip(names, values, strict=True))
