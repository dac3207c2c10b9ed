"""From a score sheet to a ranking in which every place explains itself.

Order of work: check the sheet; take out what is excluded and what misses a hard floor; count what
is left; only then find the lowest price and the best figures, so that a bid which is out moves no
base and no mean; compute points, round each once, add the rounded figures, sort, break ties.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

from marketplace.kit import digests
from marketplace.scoring.errors.rounds import NotEnoughBids
from marketplace.scoring.rules import (
    calibration,
    columns,
    explanations,
    methods,
    numbers,
    points,
    price,
)
from marketplace.scoring.rules import marks as panel
from marketplace.scoring.rules import sheet as sheets
from marketplace.scoring.rules.calibration import ByJudge
from marketplace.scoring.rules.explanations import HARD_FLOOR, Explanation, Placing, Price
from marketplace.scoring.rules.points import Bases, Finding
from marketplace.scoring.rules.rubric import Rubric
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from marketplace.scoring.rules.ties import Contender, Place, settle

STANDINGS_VERSION: Final = "jiebang.standings/2"
STANDINGS_VERSIONS: Final = {
    sheets.FIRST_VERSION: "jiebang.standings/1",
    sheets.SHEET_VERSION: STANDINGS_VERSION,
}
"""The standings that belong to each version of a sheet; the first did not carry the score."""
EXPLANATIONS_VERSION: Final = "jiebang.explanations/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The place of one bid, with every figure that led to it."""

    rank: int
    """1, 2, 2, 4: bids that share a rank push the next one back."""
    bid_id: str
    bidder: str
    total: Decimal
    """The sum of the rounded points."""
    score: Decimal
    """What the method ranks on: the total, a closeness, bids beaten, or a price in fen."""
    points: Mapping[str, Decimal]
    raw: Mapping[str, Decimal]
    """What each figure of points was computed from, by criterion; see `points.Finding`."""
    quote_fen: int | None
    deduction_bps: int
    evaluated_price_fen: int | None
    tie_broken_by: str | None
    """The rule that gave this bid a place of its own among bids of equal score."""
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A bid that is not ranked, and why."""

    bid_id: str
    bidder: str
    reason: str
    criteria: tuple[str, ...]
    """The criteria whose hard floor it missed, if that is the reason."""
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The result of one round."""

    scenario_number: str
    round_number: int
    sheet_digest: str
    """Of the sheet it was computed from, so that no one can put another sheet beside it."""
    price_base_fen: int | None
    """The lowest evaluated price among bids that stayed in; None where nothing asks for prices."""
    standings: tuple[Standing, ...]
    """From first to last; bids that share a rank in the order of their ids."""
    excluded: tuple[Excluded, ...]
    """In the order of their ids."""
    version: str = STANDINGS_VERSION

    def to_document(self) -> dict[str, object]:
        """Write the figures as JSON values, points as texts with all their places; no words."""
        return {
            "document": self.version,
            "scenario_number": self.scenario_number,
            "round_number": self.round_number,
            "sheet_digest": self.sheet_digest,
            "price_base_fen": self.price_base_fen,
            "standings": [
                _standing_document(one, with_score=self.version == STANDINGS_VERSION)
                for one in self.standings
            ],
            "excluded": [
                {
                    "bid_id": out.bid_id,
                    "bidder": out.bidder,
                    "reason": out.reason,
                    "criteria": list(out.criteria),
                }
                for out in self.excluded
            ],
        }

    def digest(self) -> str:
        """The SHA-256 of the canonical JSON of the document."""
        return digests.digest_of(self.to_document())

    def explanations_document(self) -> dict[str, object]:
        """Write the words as JSON values; no digest covers them, so that they may be put better."""
        everyone: list[Standing | Excluded] = [*self.standings, *self.excluded]
        return {
            "document": EXPLANATIONS_VERSION,
            "sheet_digest": self.sheet_digest,
            "bids": {
                one.bid_id: {"zh": list(one.explanation.zh), "en": list(one.explanation.en)}
                for one in everyone
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """Everything that the order of one round follows from, before it is put in order."""

    rubric: Rubric
    draw_seed: str | None
    bids: tuple[SheetBid, ...]
    """Those that stayed in, in the order of their ids."""
    prices: Mapping[str, Price | None]
    given: ByJudge
    """The marks that count, as they were given."""
    against: Bases
    findings: Mapping[str, Mapping[str, Finding]]

    @property
    def prices_fen(self) -> list[int | None]:
        """Evaluated prices in the order of the bids."""
        found = [self.prices[bid.id] for bid in self.bids]
        return [None if one is None else one.evaluated_fen for one in found]

    @property
    def columns(self) -> dict[str, list[int]]:
        """Points by criterion in the order of the bids, in units of their last place."""
        scale = self.rubric.rounding.scale
        return {
            one.code: [
                numbers.units(self.findings[bid.id][one.code].points, scale) for bid in self.bids
            ]
            for one in self.rubric.criteria
        }


def rank(sheet: ScoreSheet, *, columns_from: int = columns.BIDS_MIN) -> Ranking:
    """Turn the complete input of a round into its result; the same input gives the same bytes.

    Shape    from `columns_from` bids on, marks are computed in columns: quicker, no byte different.
    Refuses  what `sheet.check` refuses; NotEnoughBids when fewer stay in than the call needs;
             MarksMissing, ObjectiveMarksDiffer, TooFewJudgesToTrim, FormulaValueUnfit on the bids
             that stayed in; DrawSeedMissing when a tie reaches the draw and no seed is recorded.
    """
    sheets.check(sheet)
    staying, excluded = _sift(sheet)
    if len(staying) < sheet.minimum_bids:
        raise NotEnoughBids(responsive=len(staying), minimum=sheet.minimum_bids)
    assessed = assess(
        sheet.rubric,
        staying,
        given=given_to(sheet, staying),
        seed=sheet.draw_seed,
        columns_from=columns_from,
    )
    return Ranking(
        scenario_number=sheet.scenario_number,
        round_number=sheet.round_number,
        sheet_digest=sheet.digest(),
        price_base_fen=assessed.against.price_fen,
        standings=_standings(assessed),
        excluded=excluded,
        version=STANDINGS_VERSIONS[sheet.version],
    )


def staying_in(sheet: ScoreSheet) -> list[SheetBid]:
    """List the bids that are ranked, in the order of their ids."""
    return _sift(sheet)[0]


def given_to(sheet: ScoreSheet, bids: Sequence[SheetBid]) -> ByJudge:
    """Gather the marks of these bids that count, as they were given."""
    return panel.by_judge(
        sheet.rubric,
        judges=sheet.judges,
        bid_ids={bid.id for bid in bids},
        marks=sheet.marks,
    )


def assess(
    rubric: Rubric,
    bids: Sequence[SheetBid],
    *,
    given: ByJudge,
    seed: str | None,
    columns_from: int = columns.BIDS_MIN,
) -> Assessed:
    """Find prices, what is measured against, and the points of bids that stayed in."""
    prices = {bid.id: _price(bid) for bid in bids}
    prices_fen = {
        bid_id: None if one is None else one.evaluated_fen for bid_id, one in prices.items()
    }
    against = points.bases(rubric, bids, prices_fen)
    marks = panel.in_order(calibration.calibrated_if_asked(rubric, given))
    ready = columns.ready_findings(
        rubric, [bid.id for bid in bids], marks, bids_min=max(columns_from, 1)
    )
    return Assessed(
        rubric=rubric,
        draw_seed=seed,
        bids=tuple(bids),
        prices=prices,
        given=given,
        against=against,
        findings={
            bid.id: points.findings(
                rubric,
                bid,
                price_fen=prices_fen[bid.id],
                marks=marks,
                against=against,
                ready=ready,
            )
            for bid in bids
        },
    )


def _sift(sheet: ScoreSheet) -> tuple[list[SheetBid], tuple[Excluded, ...]]:
    staying: list[SheetBid] = []
    excluded: list[Excluded] = []
    for bid in sorted(sheet.bids, key=lambda bid: bid.id):
        missed = () if bid.exclusion else points.missed_floors(sheet.rubric, bid)
        reason = bid.exclusion or (HARD_FLOOR if missed else None)
        if reason is None:
            staying.append(bid)
            continue
        excluded.append(
            Excluded(
                bid_id=bid.id,
                bidder=bid.bidder,
                reason=reason,
                criteria=missed,
                explanation=explanations.explain_exclusion(sheet.rubric, reason, missed),
            )
        )
    return staying, tuple(excluded)


def _price(bid: SheetBid) -> Price | None:
    if bid.quote_fen is None:
        return None
    return Price(
        quote_fen=bid.quote_fen,
        deduction_bps=price.deduction_bps(bid.deductions),
        evaluated_fen=price.evaluated_price_fen(bid.quote_fen, bid.deductions),
    )


def _standings(assessed: Assessed) -> tuple[Standing, ...]:
    by_id = {bid.id: bid for bid in assessed.bids}
    found = scores_of(assessed)
    standings: list[Standing] = []
    for place in places(assessed, found):
        rank_here = len(standings) + 1
        for bid_id in place.bid_ids:
            own = assessed.findings[bid_id]
            placing = Placing(
                rank=rank_here,
                ranked=len(assessed.bids),
                total=numbers.exact_sum(one.points for one in own.values()),
                score=methods.shown(
                    assessed.rubric.method, found[bid_id], scale=assessed.rubric.rounding.scale
                ),
                shared=len(place.bid_ids) > 1,
                tie_broken_by=place.broken_by,
            )
            standings.append(_standing(assessed, by_id[bid_id], placing))
    return tuple(standings)


def _standing(assessed: Assessed, bid: SheetBid, placing: Placing) -> Standing:
    found, cost = assessed.findings[bid.id], assessed.prices[bid.id]
    return Standing(
        rank=placing.rank,
        bid_id=bid.id,
        bidder=bid.bidder,
        total=placing.total,
        score=placing.score,
        points={code: finding.points for code, finding in found.items()},
        raw={code: finding.raw for code, finding in found.items()},
        quote_fen=bid.quote_fen,
        deduction_bps=price.deduction_bps(bid.deductions),
        evaluated_price_fen=None if cost is None else cost.evaluated_fen,
        tie_broken_by=placing.tie_broken_by,
        explanation=explanations.explain(
            assessed.rubric, placing, findings=found, against=assessed.against, price=cost
        ),
    )


def scores_of(assessed: Assessed) -> dict[str, int]:
    """Compute the figure each bid is ranked on; see `methods.scores`."""
    found = methods.scores(
        assessed.rubric.method,
        assessed.columns,
        {one.code: one.weight_bps for one in assessed.rubric.criteria},
        prices_fen=assessed.prices_fen,
    )
    return dict(zip((bid.id for bid in assessed.bids), found, strict=True))


def places(assessed: Assessed, scores: Mapping[str, int]) -> list[Place]:
    """Sort by the score, then part what is equal."""

    def score(bid: SheetBid) -> int:
        return -scores[bid.id]

    found: list[Place] = []
    for _, tied in groupby(sorted(assessed.bids, key=score), key=score):
        contenders = [
            Contender(
                bid_id=bid.id,
                points={
                    code: finding.points for code, finding in assessed.findings[bid.id].items()
                },
                evaluated_price_fen=None
                if (cost := assessed.prices[bid.id]) is None
                else cost.evaluated_fen,
                received_at=bid.received_at,
            )
            for bid in tied
        ]
        found += settle(
            contenders, tie_breaks=assessed.rubric.tie_breaks, draw_seed=assessed.draw_seed
        )
    return found


def _standing_document(standing: Standing, *, with_score: bool) -> dict[str, object]:
    score = {"score": f"{standing.score:f}"} if with_score else {}
    return score | {
        "rank": standing.rank,
        "bid_id": standing.bid_id,
        "bidder": standing.bidder,
        "total": f"{standing.total:f}",
        "points": {code: f"{value:f}" for code, value in standing.points.items()},
        "raw": {code: numbers.plain(value) for code, value in standing.raw.items()},
        "quote_fen": standing.quote_fen,
        "deduction_bps": standing.deduction_bps,
        "evaluated_price_fen": standing.evaluated_price_fen,
        "tie_broken_by": standing.tie_broken_by,
    }
