"""Recording ties: who may, what is refused, what a check answers and that nothing is edited."""

import asyncio
import datetime as dt
from uuid import UUID

import pytest

from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import OrganizationUnknown
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.relations import queries
from marketplace.relations.actions import ties
from marketplace.relations.actions.ties import PartyNamed, Tie
from marketplace.relations.errors import (
    ChainTooLong,
    EdgeEnded,
    EdgeUnknown,
    EndsBeforeItBegins,
    PartyAmbiguous,
    PartyUnknown,
    RelatedParties,
    TiedToItself,
)
from marketplace.relations.rules.relations import DEPTH_MAX, EdgeKind
from tests.conftest import START
from tests.given.identity import an_organization, someone
from tests.given.relations import DAY, LONG_AGO, a_tie, organization

ONE_DAY = dt.timedelta(days=1)
NIL = UUID(int=0)


@pytest.mark.postgres
async def test_related_organisations_are_stopped_with_the_proof(database: Database) -> None:
    """The hook for bids and claims names the ground and every tie of the path, in order."""
    buyer, seller = await an_organization(database), await an_organization(database)
    boss = PartyNamed(name="李某(示例)")
    first = await a_tie(database, boss, organization(buyer), EdgeKind.OFFICER)
    known = PartyNamed(party_id=first.holder_id)
    shell = await a_tie(database, known, PartyNamed(name="壳公司(示例)"))
    last = await a_tie(database, PartyNamed(party_id=shell.target_id), organization(seller))

    async with database.reading() as session:
        with pytest.raises(RelatedParties) as stopped:
            await ties.check_unrelated(session, buyer, seller, on=DAY)
        facts = stopped.value.facts
        other = await queries.relation(session, seller, buyer, on=DAY)

    path = [str(row.id) for row in (first, shell, last)]
    assert facts["ground"] == "officer_controls"
    steps = facts["path"]
    assert isinstance(steps, list)
    assert [step["edge_id"] for step in steps] == path
    assert other is not None
    assert [str(edge.id) for edge in other.path] == path[::-1]


@pytest.mark.postgres
async def test_an_end_counts_from_its_day_and_the_past_stays_as_it_was(database: Database) -> None:
    """A tie that ended today relates nobody today, and still did yesterday."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    parent, child = await an_organization(database), await an_organization(database)
    row = await a_tie(database, organization(parent), organization(child))

    async with database.writing() as session:
        await ties.end_edge(session, officer.actor, row.id, valid_to=DAY, now=START)

    async with database.reading() as session:
        await ties.check_unrelated(session, parent, child, on=DAY)
        with pytest.raises(RelatedParties):
            await ties.check_unrelated(session, parent, child, on=DAY - ONE_DAY)
        kept = await queries.edge(session, row.id)
        today = await queries.edges_at(session, child, on=DAY, after=NIL, limit=10)
        ever = await queries.edges_at(session, child, on=None, after=NIL, limit=10)
    assert (kept.ended_by, kept.ended_at) == (officer.actor.person_id, START)
    assert (len(today), len(ever)) == (0, 1)

    async with database.writing() as session:
        with pytest.raises(EdgeEnded):
            await ties.end_edge(session, officer.actor, row.id, valid_to=DAY, now=START)


@pytest.mark.postgres
async def test_state_ownership_alone_is_no_relation(database: Database) -> None:
    """Two companies below one state party pass; one of them and the state party do not."""
    state = await an_organization(database)
    one, two = await an_organization(database), await an_organization(database)
    for company in (one, two):
        await a_tie(database, organization(state, is_state=True), organization(company))

    async with database.reading() as session:
        await ties.check_unrelated(session, one, two, on=DAY)
        with pytest.raises(RelatedParties):
            await ties.check_unrelated(session, state, two, on=DAY)


@pytest.mark.postgres
async def test_two_officers_may_record_the_first_ties_of_one_organisation_at_once(
    database: Database,
) -> None:
    """An organisation is one party, whoever records it first."""
    child = await an_organization(database)
    rows = await asyncio.gather(
        *(
            a_tie(database, PartyNamed(name=f"股东{number}"), organization(child), share_bps=1_000)
            for number in range(4)
        )
    )

    assert len({row.target_id for row in rows}) == 1


@pytest.mark.postgres
async def test_a_chain_beyond_the_limit_is_refused_and_not_passed(database: Database) -> None:
    """Where the records go on farther than is followed, "not related" would be a guess."""
    one, two = await an_organization(database), await an_organization(database)
    await a_tie(database, PartyNamed(name="旁人"), organization(two))
    row = await a_tie(database, PartyNamed(name="上级"), organization(one))
    for _ in range(DEPTH_MAX - 1):
        row = await a_tie(database, PartyNamed(name="上级"), PartyNamed(party_id=row.holder_id))
    async with database.reading() as session:
        await ties.check_unrelated(session, one, two, on=DAY)

    await a_tie(database, PartyNamed(name="上级"), PartyNamed(party_id=row.holder_id))

    async with database.reading() as session:
        with pytest.raises(ChainTooLong):
            await ties.check_unrelated(session, one, two, on=DAY)


async def test_only_who_verifies_organisations_records_and_ends_ties(database: Database) -> None:
    """A solver cannot write its own clean record."""
    solver = await someone(database, Role.SOLVER)
    row = await a_tie(database, PartyNamed(name="甲"), organization(solver.organization_id))
    tie = Tie(
        holder=PartyNamed(name="乙"),
        target=organization(solver.organization_id),
        kind=EdgeKind.AGREEMENT,
        valid_from=LONG_AGO,
        source="自述",
    )

    async with database.writing() as session:
        with pytest.raises(NotPermitted):
            await ties.record_edge(session, solver.actor, tie, now=START)
        with pytest.raises(NotPermitted):
            await ties.end_edge(session, solver.actor, row.id, valid_to=DAY, now=START)


async def test_what_cannot_be_meant_is_refused(database: Database) -> None:
    """Unknown and ambiguous parties, ends before beginnings and self-checks are named as such."""
    one = organization(await an_organization(database))
    row = await a_tie(database, PartyNamed(name="甲"), one)

    for holder, refusal in (
        (PartyNamed(), PartyAmbiguous),
        (PartyNamed(name="甲", party_id=row.holder_id), PartyAmbiguous),
        (PartyNamed(party_id=new_id()), PartyUnknown),
        (organization(new_id()), OrganizationUnknown),
        (one, TiedToItself),
    ):
        with pytest.raises(refusal):
            await a_tie(database, holder, one)
    async with database.writing() as session:
        with pytest.raises(EdgeUnknown):
            await ties.end_edge(session, SYSTEM, new_id(), valid_to=DAY, now=START)
        with pytest.raises(EndsBeforeItBegins):
            early = LONG_AGO - ONE_DAY
            await ties.end_edge(session, SYSTEM, row.id, valid_to=early, now=START)
        assert one.organization_id is not None
        with pytest.raises(TiedToItself):
            await ties.check_unrelated(session, one.organization_id, one.organization_id, on=DAY)
