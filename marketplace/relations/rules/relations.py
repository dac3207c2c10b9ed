"""Who is related to whom: control, common control and shared officers on a graph of dated edges.

A path is walked from the one party to the other: up from a company to who controls it or serves it
as officer, then down to another that the same party controls or serves.  A state party may stand
at an end of a path and never in its middle.

Source   Company Law, article 265: a controlling shareholder holds more than half, or decides
         without a majority (2); an actual controller decides by investment, agreement or otherwise
         (3); controllers, directors, supervisors and senior managers are related to what they
         control, and two companies are not related merely because the state controls both (4).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from marketplace.relations.errors import (
    ChainTooLong,
    EndsBeforeItBegins,
    ShareMisplaced,
    TiedToItself,
)

CONTROLLING_BPS: Final = 5_000
"""A shareholder with more than this controls; a smaller one only where another edge says so."""
DEPTH_MAX: Final = 20
"""Longest chain of control that is followed; longer ones are errors in the data, or an attack."""


class EdgeKind(StrEnum):
    """How one party is tied to another."""

    SHAREHOLDER = "shareholder"
    """Holds `share_bps` of it."""
    ACTUAL_CONTROLLER = "actual_controller"
    """Decides in it without a majority, by investment, agreement or otherwise."""
    AGREEMENT = "agreement"
    """Controls it by contract."""
    OFFICER = "officer"
    """Is director, supervisor or senior manager of it."""
    UNIT_HEAD = "unit_head"
    """Is its legal representative or head (单位负责人); an officer of it as well."""


CONTROL_KINDS: Final = frozenset({EdgeKind.ACTUAL_CONTROLLER, EdgeKind.AGREEMENT})
"""Ties that give control whatever the share."""

OFFICER_KINDS: Final = frozenset({EdgeKind.OFFICER, EdgeKind.UNIT_HEAD})
"""Ties by which somebody serves, and controls nothing."""


class Ground(StrEnum):
    """Why two parties are related; of proofs of one length the ground named first is given."""

    DIRECT_CONTROL = "direct_control"
    """The one controls the other."""
    INDIRECT_CONTROL = "indirect_control"
    """The one controls the other through others."""
    COMMON_CONTROL = "common_control"
    """A third party, not the state, controls both."""
    SHARED_OFFICER = "shared_officer"
    """Somebody is an officer of both."""
    OFFICER_CONTROLS = "officer_controls"
    """An officer of the one controls the other."""


Rank: TypeAlias = tuple[UUID, UUID, str, UUID]
GROUND_ORDER: Final = {ground: place for place, ground in enumerate(Ground)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One tie with its first day and its end; `holder` holds, controls or serves `target`."""

    id: UUID
    holder: UUID
    target: UUID
    kind: EdgeKind
    share_bps: int | None = None
    valid_from: dt.date
    valid_to: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        """Tell whether the tie was there on a day; the day it ends does not count."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @property
    def controls(self) -> bool:
        """Tell whether the tie gives control."""
        if self.kind is EdgeKind.SHAREHOLDER:
            return self.share_bps is not None and self.share_bps > CONTROLLING_BPS
        return self.kind in CONTROL_KINDS

    @property
    def rank(self) -> Rank:
        """The place of the tie among others, so that equal proofs never depend on chance."""
        return (self.holder, self.target, self.kind.value, self.id)


Path: TypeAlias = tuple[Edge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """That two parties are related, and the path that proves it."""

    ground: Ground
    path: Path
    """Edges in the order in which they are walked from the one to the other."""
    through: UUID | None = None
    """The common controller, or the officer."""


def steps_of(found: Relation) -> list[dict[str, str]]:
    """Write the path of a proof as facts: every tie in the order in which it is walked."""
    return [
        {
            "edge_id": str(edge.id),
            "holder_id": str(edge.holder),
            "target_id": str(edge.target),
            "kind": edge.kind.value,
        }
        for edge in found.path
    ]


@dataclass(frozen=True, slots=True)
class Climb:
    """What lies above one party: the shortest path up to everybody who controls it."""

    paths: Mapping[UUID, Path]
    officers: Mapping[UUID, Path]
    cut: bool
    """Whether somebody controls it from farther away than is followed."""


def check_edge(edge: Edge) -> None:
    """Refuse a tie that says nothing or contradicts itself.

    Refuses  TiedToItself, ShareMisplaced, EndsBeforeItBegins.
    """
    if edge.holder == edge.target:
        raise TiedToItself(party_id=str(edge.holder))
    shared = edge.share_bps is not None and edge.share_bps > 0
    if shared != (edge.kind is EdgeKind.SHAREHOLDER) or (edge.share_bps == 0):
        raise ShareMisplaced(kind=edge.kind.value, share_bps=edge.share_bps)
    check_end(edge, edge.valid_to)


def check_end(edge: Edge, day: dt.date | None) -> None:
    """Refuse an end before the beginning; an end on the first day says that it never held.

    Refuses  EndsBeforeItBegins.
    """
    if day is not None and day < edge.valid_from:
        raise EndsBeforeItBegins(valid_from=str(edge.valid_from), valid_to=str(day))


def related(
    a: UUID, b: UUID, edges: Iterable[Edge], *, on: dt.date, state: Set[UUID]
) -> Relation | None:
    """Find the shortest proof that two parties were related on a day; None: they were not.

    Shape    `edges` in any order; those that did not hold on the day are passed over. `state` names
             the parties that are the state.
    Refuses  TiedToItself for a party and itself; ChainTooLong when no proof was found and a chain
             of control goes on beyond DEPTH_MAX, so that "not related" would be a guess.
    Source   Company Law, article 265; how equal proofs are told apart is this project's own rule.

    >>> one, two, boss = UUID(int=1), UUID(int=2), UUID(int=3)
    >>> day = dt.date(2026, 3, 2)
    >>> ties = [
    ...     Edge(id=UUID(int=8), holder=boss, target=one, kind=EdgeKind.AGREEMENT, valid_from=day),
    ...     Edge(id=UUID(int=9), holder=boss, target=two, kind=EdgeKind.AGREEMENT, valid_from=day),
    ... ]
    >>> related(one, two, ties, on=day, state=frozenset()).ground.value
    'common_control'
    >>> related(one, two, ties, on=day, state={boss}) is None
    True
    """
    if a == b:
        raise TiedToItself(party_id=str(a))
    above: dict[UUID, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.holds_on(on):
            above[edge.target].append(edge)
    # Both directions are answered from one side, so that either answer is the other one reversed.
    low, high = sorted((a, b))
    climbs = climb(low, above, state), climb(high, above, state)
    best = min(_proofs(low, high, *climbs, state), key=_length_then_ground, default=None)
    if best is None:
        if any(one.cut for one in climbs):
            raise ChainTooLong(depth_max=DEPTH_MAX, a=str(a), b=str(b))
        return None
    path = best.path if a == low else best.path[::-1]
    return Relation(ground=best.ground, path=path, through=best.through)


def control_chain(
    a: UUID, b: UUID, edges: Iterable[Edge], *, on: dt.date, state: Set[UUID]
) -> Relation | None:
    """Find whether one of two parties controlled the other on a day, directly or through others.

    Shape    None also where a chain goes on beyond what is followed: a disorder in the records
             proves nothing against anybody.
    Source   政府采购法实施条例 (implementing regulation of the Government Procurement Law), 18.
    """
    above: dict[UUID, list[Edge]] = defaultdict(list)
    for edge in edges:
        if edge.holds_on(on):
            above[edge.target].append(edge)
    for low, high in ((a, b), (b, a)):
        path = climb(low, above, state).paths.get(high)
        if path:
            ground = Ground.DIRECT_CONTROL if len(path) == 1 else Ground.INDIRECT_CONTROL
            return Relation(ground=ground, path=path)
    return None


def climb(start: UUID, above: Mapping[UUID, list[Edge]], state: Set[UUID]) -> Climb:
    """Walk up from a party, breadth first, along ties that give control.

    A state party is reached and not passed; cycles end where they meet what was seen.
    """
    paths: dict[UUID, Path] = {start: ()}
    frontier = [start]
    for _ in range(DEPTH_MAX):
        reached = []
        for party in frontier:
            for edge in _control(above, party):
                if edge.holder not in paths:
                    paths[edge.holder] = (*paths[party], edge)
                    reached.append(edge.holder)
        frontier = [party for party in reached if party not in state]
    beyond = (edge for party in frontier for edge in _control(above, party))
    cut = any(edge.holder not in paths for edge in beyond)
    del paths[start]
    officers: dict[UUID, Path] = {}
    for edge in sorted(above.get(start, ()), key=lambda one: one.rank):
        if edge.kind in OFFICER_KINDS:
            officers.setdefault(edge.holder, (edge,))
    return Climb(paths=paths, officers=officers, cut=cut)


def _control(above: Mapping[UUID, list[Edge]], party: UUID) -> list[Edge]:
    return sorted(
        (edge for edge in above.get(party, ()) if edge.controls), key=lambda one: one.rank
    )


def _proofs(low: UUID, high: UUID, one: Climb, two: Climb, state: Set[UUID]) -> Iterator[Relation]:
    """List a shortest proof for every ground and every party that it could go through."""
    for path in (one.paths.get(high), _down(two.paths.get(low))):
        if path:
            ground = Ground.DIRECT_CONTROL if len(path) == 1 else Ground.INDIRECT_CONTROL
            yield Relation(ground=ground, path=path)
    ways = (
        (Ground.COMMON_CONTROL, one.paths, two.paths),
        (Ground.SHARED_OFFICER, one.officers, two.officers),
        (Ground.OFFICER_CONTROLS, one.officers, two.paths),
        (Ground.OFFICER_CONTROLS, one.paths, two.officers),
    )
    for ground, up, down in ways:
        for middle in (up.keys() & down.keys()) - state - {low, high}:
            path = (*up[middle], *down[middle][::-1])
            yield Relation(ground=ground, path=path, through=middle)


def _down(path: Path | None) -> Path:
    return () if path is None else path[::-1]


def _length_then_ground(proof: Relation) -> tuple[int, int, tuple[Rank, ...]]:
    ranks = tuple(edge.rank for edge in proof.path)
    return len(proof.path), GROUND_ORDER[proof.ground], ranks
