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
from marketplace.scoring.rules import explanations, numbers, points, price
from marketplace.scoring.rules import marks as panel
from marketplace.scoring.rules import sheet as sheets
from marketplace.scoring.rules.explanations import HARD_FLOOR, Explanation, Placing, Price
from marketplace.scoring.rules.points import Bases, Finding
from marketplace.scoring.rules.rubric import Method
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from marketplace.scoring.rules.ties import Contender, Place, settle

STANDINGS_VERSION: Final = "jiebang.standings/1"
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

    def to_document(self) -> dict[str, object]:
        """Write the figures as JSON values, points as texts with all their places; no words."""
        return {
            "document": STANDINGS_VERSION,
            "scenario_number": self.scenario_number,
            "round_number": self.round_number,
            "sheet_digest": self.sheet_digest,
            "price_base_fen": self.price_base_fen,
            "standings": [_standing_document(standing) for standing in self.standings],
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


def rank(sheet: ScoreSheet) -> Ranking:
    """Turn the complete input of a round into its result; the same input gives the same bytes.

    Refuses  what `sheet.check` refuses; NotEnoughBids when fewer stay in than the call needs;
             MarksMissing, ObjectiveMarksDiffer, TooFewJudgesToTrim, FormulaValueUnfit on the bids
             that stayed in; DrawSeedMissing when a tie reaches the draw and no seed is recorded.
    """
    sheets.check(sheet)
    staying, excluded = _sift(sheet)
    if len(staying) < sheet.minimum_bids:
        raise NotEnoughBids(responsive=len(staying), minimum=sheet.minimum_bids)
    prices = {bid.id: _price(bid) for bid in staying}
    prices_fen = {
        bid_id: None if one is None else one.evaluated_fen for bid_id, one in prices.items()
    }
    against = points.bases(sheet.rubric, staying, prices_fen)
    marks = panel.counted(
        sheet.rubric, judges=sheet.judges, bid_ids=prices.keys(), marks=sheet.marks
    )
    findings = {
        bid.id: points.findings(
            sheet.rubric, bid, price_fen=prices_fen[bid.id], marks=marks, against=against
        )
        for bid in staying
    }
    return Ranking(
        scenario_number=sheet.scenario_number,
        round_number=sheet.round_number,
        sheet_digest=sheet.digest(),
        price_base_fen=against.price_fen,
        standings=_standings(sheet, staying, prices=prices, findings=findings, against=against),
        excluded=excluded,
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


def _standings(
    sheet: ScoreSheet,
    bids: Sequence[SheetBid],
    *,
    prices: Mapping[str, Price | None],
    findings: Mapping[str, Mapping[str, Finding]],
    against: Bases,
) -> tuple[Standing, ...]:
    by_id = {bid.id: bid for bid in bids}
    totals = {
        bid_id: numbers.exact_sum(finding.points for finding in found.values())
        for bid_id, found in findings.items()
    }
    standings: list[Standing] = []
    for place in _places(sheet, bids, prices=prices, findings=findings, totals=totals):
        rank_here = len(standings) + 1
        for bid_id in place.bid_ids:
            placing = Placing(
                rank=rank_here,
                ranked=len(bids),
                total=totals[bid_id],
                shared=len(place.bid_ids) > 1,
                tie_broken_by=place.broken_by,
            )
            standings.append(
                _standing(
                    sheet,
                    by_id[bid_id],
                    placing,
                    found=findings[bid_id],
                    against=against,
                    cost=prices[bid_id],
                )
            )
    return tuple(standings)


def _standing(
    sheet: ScoreSheet,
    bid: SheetBid,
    placing: Placing,
    *,
    found: Mapping[str, Finding],
    against: Bases,
    cost: Price | None,
) -> Standing:
    return Standing(
        rank=placing.rank,
        bid_id=bid.id,
        bidder=bid.bidder,
        total=placing.total,
        points={code: finding.points for code, finding in found.items()},
        raw={code: finding.raw for code, finding in found.items()},
        quote_fen=bid.quote_fen,
        deduction_bps=price.deduction_bps(bid.deductions),
        evaluated_price_fen=None if cost is None else cost.evaluated_fen,
        tie_broken_by=placing.tie_broken_by,
        explanation=explanations.explain(
            sheet.rubric, placing, findings=found, against=against, price=cost
        ),
    )


def _places(
    sheet: ScoreSheet,
    bids: Sequence[SheetBid],
    *,
    prices: Mapping[str, Price | None],
    findings: Mapping[str, Mapping[str, Finding]],
    totals: Mapping[str, Decimal],
) -> list[Place]:
    """Sort by what the method ranks on, then part what is equal."""

    def score(bid: SheetBid) -> Decimal:
        cost = prices[bid.id]
        if sheet.rubric.method == Method.LOWEST_PRICE and cost is not None:
            return Decimal(cost.evaluated_fen)
        return totals[bid.id].copy_negate()

    places: list[Place] = []
    for _, tied in groupby(sorted(bids, key=score), key=score):
        contenders = [
            Contender(
                bid_id=bid.id,
                points={code: finding.points for code, finding in findings[bid.id].items()},
                evaluated_price_fen=None
                if (cost := prices[bid.id]) is None
                else cost.evaluated_fen,
                received_at=bid.received_at,
            )
            for bid in tied
        ]
        places += settle(contenders, tie_breaks=sheet.rubric.tie_breaks, draw_seed=sheet.draw_seed)
    return places


def _standing_document(standing: Standing) -> dict[str, object]:
    return {
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
