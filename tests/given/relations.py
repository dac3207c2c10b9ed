"""Ties between parties, recorded by the relations room's own actions."""

import datetime as dt
from uuid import UUID

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.database import Database
from marketplace.relations.actions import ties
from marketplace.relations.actions.ties import PartyNamed, Tie
from marketplace.relations.rules.relations import EdgeKind
from marketplace.relations.tables import OwnershipEdge
from tests.conftest import START

DAY = START.date()
LONG_AGO = dt.date(2020, 1, 1)


def organization(organization_id: UUID, *, is_state: bool = False) -> PartyNamed:
    """An organisation of the register as an end of a tie."""
    return PartyNamed(organization_id=organization_id, is_state=is_state)


async def a_tie(
    database: Database,
    holder: PartyNamed,
    target: PartyNamed,
    kind: EdgeKind = EdgeKind.SHAREHOLDER,
    *,
    share_bps: int | None = None,
) -> OwnershipEdge:
    """A tie that has held for years; a shareholder has 60 % unless told otherwise."""
    share = 6_000 if kind is EdgeKind.SHAREHOLDER and share_bps is None else share_bps
    tie = Tie(
        holder=holder,
        target=target,
        kind=kind,
        share_bps=share,
        valid_from=LONG_AGO,
        source="公示系统摘录",
    )
    async with database.writing() as session:
        return await ties.record_edge(session, SYSTEM, tie, now=START)
