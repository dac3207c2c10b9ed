"""Divide verified cost among the parties of a term, claim after claim, without drift.

The split looks at the running total and not at the single claim: after every claim each party
has borne its exact share of everything claimed so far, to less than one fen.  The left-over fen
of a claim go to whoever would otherwise be the first to fall behind (earliest deadline inside
the quota), so nobody gains by the order of a list. The page on cost sharing in the
documentation works the same numbers by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.pilots.errors import CommitmentExhausted, TermsMalformed

RULE: Final = "cost-sharing/1"
"""Version of the arithmetic; stored with every claim, and never given to a changed formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderWeight:
    """One party of a cost-sharing term; a lower `priority` goes first when all else is equal."""

    funder: str
    weight_bps: int
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What one party bears of one claim."""

    funder: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One claim divided; `capped` names the parties that could not bear their whole part."""

    shares: tuple[Share, ...]
    capped: tuple[str, ...]

    def of(self, funder: str) -> int:
        """Find what one party bears; a stranger to the term bears nothing."""
        return next((share.amount_fen for share in self.shares if share.funder == funder), 0)


def split(
    claim_fen: int,
    weights: Sequence[FunderWeight],
    *,
    cumulative: Mapping[str, int],
    total_before_fen: int,
    caps: Mapping[str, int] | None = None,
    fallback: Sequence[str] = (),
) -> Split:
    """Divide one claim so that every party's running total follows its weight.

    Shape    one Share per weight, in its order; the shares add up to `claim_fen` exactly.
    Units    whole fen; weights are non-negative whole numbers (basis points), not all zero.
              `cumulative` is what each party has borne of this term so far, `total_before_fen`
             all that was claimed of it so far; `caps` is what a party can still pay (absent: no
             bound).
    Rule     1. Everybody reaches the lower quota of the new total, within the cap; if earlier
             caps or voids make these arrears larger than the claim, whoever is furthest above
             gives back first. 2. Left-over fen go, inside upper quota and cap, to the earliest
             deadline; then the larger weight, then the lower priority.  3. What capped parties
             cannot bear goes to `fallback`, in its order.
    Refuses  CommitmentExhausted when caps leave a rest that `fallback` cannot take; TermsMalformed.
    Source   R. Tijdeman, The chairman assignment problem (1980): deviations stay below one unit.

    >>> thirds = [FunderWeight(funder=name, weight_bps=1) for name in "abc"]
    >>> [share.amount_fen for share in split(100, thirds, cumulative={}, total_before_fen=0).shares]
    [34, 33, 33]
    """
    _check_term(weights)
    _check_amounts(claim_fen, weights, cumulative, total_before_fen, caps or {}, fallback)
    whole = sum(party.weight_bps for party in weights)
    columns = [
        _Column(
            party=party,
            before=cumulative.get(party.funder, 0),
            cap=min((caps or {}).get(party.funder, claim_fen), claim_fen),
            entitled=(total_before_fen + claim_fen) * party.weight_bps,
            whole=whole,
        )
        for party in weights
    ]
    for column in columns:
        column.given = min(max(0, column.entitled // whole - column.before), column.cap)
    _take_back(columns, -_left(columns, claim_fen))
    _hand_out_by_deadline(columns, _left(columns, claim_fen))
    capped = tuple(column.party.funder for column in columns if column.wants_but_cannot())
    rest_fen = _left(columns, claim_fen)
    if rest_fen:
        _fall_back(columns, rest_fen, fallback)
    shares = tuple(Share(column.party.funder, column.given) for column in columns)
    return Split(shares=shares, capped=capped if rest_fen else ())


@dataclass(slots=True, kw_only=True)
class _Column:
    """One party's column on the working sheet of a split.

    Amounts that need a fraction are kept in units of one fen / `whole`, so everything is a
    whole number.
    """

    party: FunderWeight
    before: int
    cap: int
    entitled: int
    whole: int
    given: int = 0

    def surplus(self) -> int:
        """How far this party is above its exact share of the new total."""
        return (self.before + self.given) * self.whole - self.entitled

    def wants_one(self) -> bool:
        """Whether one fen more stays inside the upper quota."""
        return (self.before + self.given) * self.whole < self.entitled

    def wants_but_cannot(self) -> bool:
        return self.wants_one() and self.given == self.cap

    def deadline(self) -> int:
        """The running total by which this party must have taken its next fen."""
        return -(-(self.before + self.given + 1) * self.whole // self.party.weight_bps)

    def precedence(self) -> tuple[int, int]:
        return (-self.party.weight_bps, self.party.priority)


def _left(columns: Sequence[_Column], claim_fen: int) -> int:
    return claim_fen - sum(column.given for column in columns)


def _hand_out_by_deadline(columns: Sequence[_Column], left_fen: int) -> None:
    """Ends after a few rounds: at most one fen per party remains inside the upper quota."""
    for _ in range(max(0, left_fen)):
        takers = [column for column in columns if column.wants_one() and column.given < column.cap]
        if not takers:
            return
        min(takers, key=lambda column: (column.deadline(), *column.precedence())).given += 1


def _take_back(columns: Sequence[_Column], excess_fen: int) -> None:
    """Take `excess_fen` back, always from whoever is then furthest above its exact share.

    Done by search for the level and not fen by fen: arrears of a million yuan are a hundred
    million fen.
    """
    if excess_fen <= 0:
        return
    tops = [column.surplus() for column in columns]

    def units_above(level: int, at: int) -> int:
        column = columns[at]
        return min(column.given, max(0, -(-(tops[at] - level) // column.whole)))

    low = (
        min(top - column.given * column.whole for top, column in zip(tops, columns, strict=True))
        - 1
    )
    high = max(tops)
    while high - low > 1:
        level = (low + high) // 2
        if sum(units_above(level, at) for at in range(len(columns))) > excess_fen:
            low = level
        else:
            high = level
    taken = [units_above(high, at) for at in range(len(columns))]
    rest_fen = excess_fen - sum(taken)
    lightest_first = sorted(
        range(len(columns)), key=lambda at: columns[at].precedence(), reverse=True
    )
    for at in lightest_first:
        one_more = min(rest_fen, units_above(low, at) - taken[at])
        taken[at] += one_more
        rest_fen -= one_more
    for column, units in zip(columns, taken, strict=True):
        column.given -= units


def _fall_back(columns: Sequence[_Column], rest_fen: int, order: Sequence[str]) -> None:
    by_name = {column.party.funder: column for column in columns}
    for funder in order:
        taken = min(rest_fen, by_name[funder].cap - by_name[funder].given)
        by_name[funder].given += taken
        rest_fen -= taken
    if rest_fen:
        raise CommitmentExhausted(missing_fen=rest_fen)


def _check_term(weights: Sequence[FunderWeight]) -> None:
    names = [party.funder for party in weights]
    if len(set(names)) != len(names) or any(party.weight_bps < 0 for party in weights):
        raise TermsMalformed(funders=names)
    if sum(party.weight_bps for party in weights) <= 0:
        raise TermsMalformed(funders=names, weight_bps=0)


def _check_amounts(
    claim_fen: int,
    weights: Sequence[FunderWeight],
    cumulative: Mapping[str, int],
    total_before_fen: int,
    caps: Mapping[str, int],
    fallback: Sequence[str],
) -> None:
    strangers = {*cumulative, *caps, *fallback} - {party.funder for party in weights}
    if strangers:
        raise TermsMalformed(unknown_funders=sorted(strangers))
    if min(claim_fen, total_before_fen, *cumulative.values(), *caps.values()) < 0:
        raise TermsMalformed(claim_fen=claim_fen, total_before_fen=total_before_fen)
    if sum(cumulative.values()) > total_before_fen:
        raise TermsMalformed(borne_fen=sum(cumulative.values()), total_before_fen=total_before_fen)
