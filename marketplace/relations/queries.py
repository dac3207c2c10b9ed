"""What the relations room can answer."""

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from marketplace.kit.database import ReadSession
from marketplace.relations.errors import EdgeUnknown, PartyUnknown, TiedToItself
from marketplace.relations.rules import relations
from marketplace.relations.rules.relations import (
    CONTROL_KINDS,
    CONTROLLING_BPS,
    DEPTH_MAX,
    OFFICER_KINDS,
    Edge,
    EdgeKind,
    Relation,
)
from marketplace.relations.tables import OwnershipEdge, Party, StandingCheck

IN_MAX = 500
"""Ids in one statement: databases limit how many they take."""


def edge_of(row: OwnershipEdge) -> Edge:
    """Read a stored tie as the value that the rules know."""
    return Edge(
        id=row.id,
        holder=row.holder_id,
        target=row.target_id,
        kind=row.kind,
        share_bps=row.share_bps,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


async def relation(session: ReadSession, a: UUID, b: UUID, *, on: dt.date) -> Relation | None:
    """Find the shortest proof that two organisations were related on a day.

    Shape    `a` and `b` are ids of organisations; the path speaks of parties.
    Refuses  TiedToItself, ChainTooLong.
    """
    if a == b:
        raise TiedToItself(organization_id=str(a))
    ends = await _parties_of(session, (a, b))
    if len(ends) < 2:
        return None
    edges, state = await _surroundings(session, set(ends.values()), on)
    return relations.related(ends[a], ends[b], edges, on=on, state=state)


async def control_chains(
    session: ReadSession, organizations: Collection[UUID], *, on: dt.date
) -> dict[frozenset[UUID], str]:
    """Find which pairs of organisations stood on one chain of control on a day, and its ground."""
    ends = await _parties_of(session, organizations)
    edges, state = await _surroundings(session, set(ends.values()), on)
    found = {}
    for a, b in itertools.combinations(sorted(ends), 2):
        chain = relations.control_chain(ends[a], ends[b], edges, on=on, state=state)
        if chain is not None:
            found[frozenset({a, b})] = chain.ground.value
    return found


async def unit_heads(
    session: ReadSession, organizations: Collection[UUID], *, on: dt.date
) -> dict[UUID, frozenset[UUID]]:
    """Name the parties that headed each of some organisations on a day."""
    ends = await _parties_of(session, organizations)
    heads: dict[UUID, frozenset[UUID]] = {}
    for organization_id, party_id in ends.items():
        rows = await session.exec(
            select(OwnershipEdge.holder_id)
            .where(OwnershipEdge.target_id == party_id)
            .where(OwnershipEdge.kind == EdgeKind.UNIT_HEAD)
            .where(*_holds_on(on))
        )
        heads[organization_id] = frozenset(rows.all())
    return heads


async def _parties_of(session: ReadSession, organizations: Collection[UUID]) -> dict[UUID, UUID]:
    found = await session.exec(
        select(Party.organization_id, Party.id).where(col(Party.organization_id).in_(organizations))
    )
    return {organization: party for organization, party in found.all() if organization is not None}


async def tied_organizations(
    session: ReadSession, organizations: Collection[UUID]
) -> frozenset[UUID]:
    """Name those of some organisations of which any tie was ever recorded: no other is related."""
    return frozenset(await _parties_of(session, organizations))


async def _surroundings(
    session: ReadSession, ends: set[UUID], on: dt.date
) -> tuple[list[Edge], set[UUID]]:
    """Gather what the rule will look at: officers of both ends, and everybody who controls them.

    One step more than the rule follows, so that it can tell where a chain was cut.
    """
    edges: list[Edge] = []
    state: set[UUID] = set()
    seen, frontier = set(ends), set(ends)
    for step in range(DEPTH_MAX + 1):
        found = await _edges_above(session, frontier, on, officers=step == 0)
        edges += [edge for edge, _ in found]
        state |= {edge.holder for edge, is_state in found if is_state}
        # The rule passes neither officers nor the state, so nothing above them matters.
        up = {edge.holder for edge, is_state in found if edge.controls and not is_state}
        frontier = up - seen
        seen |= frontier
        if not frontier:
            break
    return edges, state


async def _edges_above(
    session: ReadSession, targets: Collection[UUID], on: dt.date, *, officers: bool
) -> list[tuple[Edge, bool]]:
    """List the ties of control (and of officers) that lead up from parties on a day."""
    kinds = CONTROL_KINDS | OFFICER_KINDS if officers else CONTROL_KINDS
    found: list[tuple[Edge, bool]] = []
    for ids in _portions(targets):
        rows = await session.exec(
            select(OwnershipEdge, Party.is_state)
            .where(col(OwnershipEdge.target_id).in_(ids))
            .where(_matters(kinds))
            .where(*_holds_on(on))
            .where(OwnershipEdge.holder_id == Party.id)
        )
        found += [(edge_of(row), is_state) for row, is_state in rows.all()]
    return found


def _matters(kinds: Collection[EdgeKind]) -> ColumnElement[bool]:
    majority = and_(
        col(OwnershipEdge.kind) == EdgeKind.SHAREHOLDER,
        col(OwnershipEdge.share_bps) > CONTROLLING_BPS,
    )
    return or_(col(OwnershipEdge.kind).in_(kinds), majority)


def _holds_on(day: dt.date) -> tuple[ColumnElement[bool], ...]:
    end = col(OwnershipEdge.valid_to)
    return col(OwnershipEdge.valid_from) <= day, or_(end.is_(None), end > day)


def _portions(ids: Collection[UUID]) -> list[list[UUID]]:
    ordered = sorted(ids)
    return [ordered[first : first + IN_MAX] for first in range(0, len(ordered), IN_MAX)]


async def edge(session: ReadSession, edge_id: UUID, *, lock: bool = False) -> OwnershipEdge:
    """Find one tie; `lock` keeps others from ending it until this transaction is over."""
    statement = select(OwnershipEdge).where(OwnershipEdge.id == edge_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise EdgeUnknown(edge_id=str(edge_id))
    return row


async def edges_at(
    session: ReadSession, organization_id: UUID, *, on: dt.date | None, after: UUID, limit: int
) -> Sequence[OwnershipEdge]:
    """List the ties that lead to or from an organisation, by id; `on` leaves out what did not hold
    on that day.
    """
    ends = await _parties_of(session, (organization_id,))
    if not ends:
        return []
    party_id = ends[organization_id]
    statement = (
        select(OwnershipEdge)
        .where(
            or_(
                col(OwnershipEdge.holder_id) == party_id,
                col(OwnershipEdge.target_id) == party_id,
            )
        )
        .where(col(OwnershipEdge.id) > after)
    )
    if on is not None:
        statement = statement.where(*_holds_on(on))
    return (await session.exec(statement.order_by(col(OwnershipEdge.id)).limit(limit))).all()


async def edges_by_id(session: ReadSession, ids: Collection[UUID]) -> Mapping[UUID, OwnershipEdge]:
    """Find the ties of a path, with everything that was recorded about them."""
    found = await session.exec(select(OwnershipEdge).where(col(OwnershipEdge.id).in_(ids)))
    return {row.id: row for row in found.all()}


async def parties_of_edges(
    session: ReadSession, rows: Collection[OwnershipEdge]
) -> Mapping[UUID, Party]:
    """Find who stands at the ends of ties."""
    ids = {row.holder_id for row in rows} | {row.target_id for row in rows}
    parties: dict[UUID, Party] = {}
    for portion in _portions(ids):
        found = await session.exec(select(Party).where(col(Party.id).in_(portion)))
        parties |= {row.id: row for row in found.all()}
    return parties


async def party(session: ReadSession, party_id: UUID) -> Party:
    """Find one party."""
    row = await session.get(Party, party_id)
    if row is None:
        raise PartyUnknown(party_id=str(party_id))
    return row


async def party_of_organization(session: ReadSession, organization_id: UUID) -> Party | None:
    """Find the party that an organisation is, if any tie of it was ever recorded."""
    found = await session.exec(select(Party).where(Party.organization_id == organization_id))
    return found.first()


async def standing_checks(
    session: ReadSession, organization_id: UUID, *, after: UUID, limit: int
) -> Sequence[StandingCheck]:
    """List the checks of an organisation by id, those of bids that were not opened left out."""
    found = await session.exec(
        select(StandingCheck)
        .where(StandingCheck.organization_id == organization_id)
        .where(col(StandingCheck.sealed).is_(False))
        .where(col(StandingCheck.id) > after)
        .order_by(col(StandingCheck.id))
        .limit(limit)
    )
    return found.all()
