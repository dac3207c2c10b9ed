"""What the relations room can do: record ties and end them, and stop related parties."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.relations import OwnershipEdgeEnded, OwnershipEdgeRecorded
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.ids import new_id
from marketplace.relations import queries
from marketplace.relations.errors import EdgeEnded, PartyAmbiguous, RelatedParties
from marketplace.relations.rules.relations import (
    Edge,
    EdgeKind,
    check_edge,
    check_end,
    steps_of,
)
from marketplace.relations.tables import OwnershipEdge, Party


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyNamed:
    """Somebody at the end of a tie: exactly one of an organisation, a known party, a new name.

    `is_state` counts when the party is first recorded; later it is only ever set, never taken back.
    """

    organization_id: UUID | None = None
    party_id: UUID | None = None
    name: str | None = None
    is_state: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """What is to be recorded about two parties."""

    holder: PartyNamed
    target: PartyNamed
    kind: EdgeKind
    share_bps: int | None = None
    valid_from: dt.date
    valid_to: dt.date | None = None
    source: str


async def record_edge(
    session: WriteSession, actor: Actor, tie: Tie, *, now: dt.datetime
) -> OwnershipEdge:
    """Record that one party holds, controls or serves another, and where that is written.

    Refuses  PartyAmbiguous, PartyUnknown, OrganizationUnknown, TiedToItself, ShareMisplaced,
             EndsBeforeItBegins.
    """
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    edge = Edge(
        id=new_id(),
        holder=(await _party(session, tie.holder, now=now)).id,
        target=(await _party(session, tie.target, now=now)).id,
        kind=tie.kind,
        share_bps=tie.share_bps,
        valid_from=tie.valid_from,
        valid_to=tie.valid_to,
    )
    check_edge(edge)
    row = OwnershipEdge(
        id=edge.id,
        holder_id=edge.holder,
        target_id=edge.target,
        kind=edge.kind,
        share_bps=edge.share_bps,
        valid_from=edge.valid_from,
        source=tie.source,
        recorded_at=now,
        recorded_by=_hand(actor),
    )
    session.add(row)
    if tie.valid_to is not None:
        _end(row, actor, tie.valid_to, now)
    await session.flush()
    said = OwnershipEdgeRecorded(
        ownership_edge_id=row.id,
        holder_party_id=row.holder_id,
        target_party_id=row.target_id,
        kind=row.kind.value,
        share_bps=row.share_bps,
        valid_from=str(row.valid_from),
        valid_to=None if row.valid_to is None else str(row.valid_to),
    )
    await events.record(session, said, by=actor.kind, now=now)
    return row


async def end_edge(
    session: WriteSession, actor: Actor, edge_id: UUID, *, valid_to: dt.date, now: dt.datetime
) -> OwnershipEdge:
    """End a tie; `valid_to` is the first day on which it no longer holds.

    Refuses  EdgeUnknown, EdgeEnded for a second end, EndsBeforeItBegins.
    """
    access.require(actor, Permission.ORGANIZATIONS_VERIFY)
    row = await queries.edge(session, edge_id, lock=True)
    if row.valid_to is not None:
        raise EdgeEnded(edge_id=str(edge_id), valid_to=str(row.valid_to))
    check_end(queries.edge_of(row), valid_to)
    _end(row, actor, valid_to, now)
    await session.flush()
    said = OwnershipEdgeEnded(ownership_edge_id=row.id, valid_to=str(valid_to))
    await events.record(session, said, by=actor.kind, now=now)
    return row


async def check_unrelated(session: ReadSession, a: UUID, b: UUID, *, on: dt.date) -> None:
    """Pass two organisations that were not related on a day; stop everybody else, with the proof.

    Refuses  RelatedParties with ground and path, TiedToItself for one organisation twice,
             ChainTooLong where the records allow no answer.
    """
    found = await queries.relation(session, a, b, on=on)
    if found is not None:
        raise RelatedParties(
            a=str(a), b=str(b), on=str(on), ground=found.ground.value, path=steps_of(found)
        )


def _end(row: OwnershipEdge, actor: Actor, valid_to: dt.date, now: dt.datetime) -> None:
    row.valid_to = valid_to
    row.ended_at = now
    row.ended_by = _hand(actor)


def _hand(actor: Actor) -> UUID | None:
    return None if actor.is_system else actor.person_id


async def _party(session: WriteSession, named: PartyNamed, *, now: dt.datetime) -> Party:
    """Find the party that is meant; record an organisation or a new name that has none yet."""
    ways = (named.organization_id, named.party_id, named.name)
    if sum(way is not None for way in ways) != 1:
        raise PartyAmbiguous()
    if named.party_id is not None:
        row = await queries.party(session, named.party_id)
    elif named.organization_id is not None:
        row = await _party_of_organization(session, named.organization_id, now=now)
    else:
        row = Party(name=named.name or "", recorded_at=now)
        session.add(row)
    row.is_state = row.is_state or named.is_state
    await session.flush()
    return row


async def _party_of_organization(
    session: WriteSession, organization_id: UUID, *, now: dt.datetime
) -> Party:
    organization = await identity.organization(session, organization_id)
    # Two officers may record the first ties of one organisation at the same moment.
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    connection = await session.connection()
    await connection.execute(
        insert(Party)
        .values(
            id=new_id(),
            organization_id=organization_id,
            name=organization.name_zh,
            is_state=False,
            recorded_at=now,
        )
        .on_conflict_do_nothing(index_elements=[col(Party.organization_id)])
    )
    row = await queries.party_of_organization(session, organization_id)
    assert row is not None
    return row
