"""Places from changed points, found as the round finds them, ties and tie-breaks included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from marketplace.scoring.rules import methods, numbers, points, ranking
from marketplace.scoring.rules.calibration import ByJudge
from marketplace.scoring.rules.criteria import Kind
from marketplace.scoring.rules.methods import Columns
from marketplace.scoring.rules.ranking import Assessed
from marketplace.scoring.rules.rubric import HIGHER_POINTS_OF, Aggregation
from marketplace.scoring.rules.sheet import SheetBid
from marketplace.scoring.rules.ties import Contender, settle

NO_DRAW: Final = "no draw was recorded"
"""Stands in for the seed of a draw that the round itself never needed."""

Ranks = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The bids of a round with their points as whole numbers, ready to be changed in one thing."""

    assessed: Assessed
    columns: Columns
    prices_fen: tuple[int | None, ...]

    @classmethod
    def of(cls, assessed: Assessed) -> "Field":
        """Take the points of a round as they are."""
        return cls(
            assessed=assessed, columns=assessed.columns, prices_fen=tuple(assessed.prices_fen)
        )

    @property
    def ids(self) -> list[str]:
        """The bids, in the order in which columns hold their points."""
        return [bid.id for bid in self.assessed.bids]

    @property
    def weights(self) -> dict[str, int]:
        """What each criterion weighs, gates left out."""
        return {one.code: one.weight_bps for one in self.assessed.rubric.criteria if one.weight_bps}

    def ranks(self, columns: Columns | None = None) -> Ranks:
        """Rank the bids on these points: 1, 2, 2, 4."""
        columns = self.columns if columns is None else columns
        assessed = self.assessed
        scores = methods.scores(
            assessed.rubric.method, columns, self.weights, prices_fen=self.prices_fen
        )
        order = sorted(range(len(scores)), key=lambda at: -scores[at])
        found: dict[str, int] = {}
        first = 0
        while first < len(order):
            after = first + 1
            while after < len(order) and scores[order[after]] == scores[order[first]]:
                after += 1
            if after == first + 1:
                found[assessed.bids[order[first]].id] = after
            else:
                found |= self._part(order[first:after], columns, rank=first + 1)
            first = after
        return found

    def _part(self, tied: Sequence[int], columns: Columns, *, rank: int) -> dict[str, int]:
        """Part bids of equal score by the published rules that can still be applied."""
        assessed = self.assessed
        rules = [
            rule
            for rule in assessed.rubric.tie_breaks
            if not rule.startswith(HIGHER_POINTS_OF)
            or rule.removeprefix(HIGHER_POINTS_OF) in columns
        ]
        contenders = [
            Contender(
                bid_id=assessed.bids[at].id,
                points={code: Decimal(column[at]) for code, column in columns.items()},
                evaluated_price_fen=self.prices_fen[at],
                received_at=assessed.bids[at].received_at,
            )
            for at in tied
        ]
        found: dict[str, int] = {}
        seed = assessed.draw_seed or NO_DRAW
        for place in settle(contenders, tie_breaks=rules, draw_seed=seed):
            found |= dict.fromkeys(place.bid_ids, rank)
            rank += len(place.bid_ids)
        return found

    def without_criterion(self, code: str) -> Ranks:
        """Rank as if this criterion had never been published, the others keeping their shares."""
        return self.ranks({one: column for one, column in self.columns.items() if one != code})

    def without_bid(self, bid_id: str) -> Ranks:
        """Rank as if this bid had never been handed in."""
        bids = [bid for bid in self.assessed.bids if bid.id != bid_id]
        given = {place: found for place, found in self.assessed.given.items() if place[0] != bid_id}
        if self._measures_others(bid_id):
            return Field.of(self._again(bids, given)).ranks()
        at = self.ids.index(bid_id)
        columns = {code: [*column[:at], *column[at + 1 :]] for code, column in self.columns.items()}
        return Field(
            assessed=replace(self.assessed, bids=tuple(bids)),
            columns=columns,
            prices_fen=(*self.prices_fen[:at], *self.prices_fen[at + 1 :]),
        ).ranks()

    def without_judge(self, label: str) -> Ranks:
        """Rank as if this judge had not sat; what was decided for the whole panel stays."""
        subjective = {
            one.code for one in self.assessed.rubric.criteria if one.kind == Kind.SUBJECTIVE_EXPERT
        }
        given = {
            place: {
                judge: mark
                for judge, mark in found.items()
                if judge != label or place[1] not in subjective
            }
            for place, found in self.assessed.given.items()
        }
        return Field.of(self._again(self.assessed.bids, given)).ranks()

    def _again(self, bids: Sequence[SheetBid], given: ByJudge) -> Assessed:
        return ranking.assess(self.assessed.rubric, bids, given=given, seed=self.assessed.draw_seed)

    def _measures_others(self, bid_id: str) -> bool:
        """Tell whether the points of other bids rest on this one."""
        assessed = self.assessed
        if assessed.rubric.aggregation == Aggregation.CALIBRATED:
            return True
        cost = assessed.prices[bid_id]
        base = assessed.against.price_fen
        if cost is not None and cost.evaluated_fen == base:
            return True
        bid = next(bid for bid in assessed.bids if bid.id == bid_id)
        return any(
            points.value_of(bid, one) == assessed.against.best[one.code]
            for one in assessed.rubric.criteria
            if one.code in assessed.against.best
        )


def first_of(ranks: Ranks) -> tuple[str, ...]:
    """Name who stands first, in the order of their ids."""
    return tuple(sorted(bid_id for bid_id, rank in ranks.items() if rank == 1))


def percentage(part: int, whole: int) -> str:
    """Write a share in per cent to one place, half up.

    >>> percentage(2, 3)
    '66.7'
    """
    return f"{numbers.half_up(Fraction(100 * part, whole), 1):f}"
