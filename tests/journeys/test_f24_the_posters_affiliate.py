"""F24 and F17: who controls the other may be paid by it, but not from a public purse."""

from uuid import UUID

import httpx
import pytest

from marketplace.identity.rules.access import SYSTEM
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.pilots.actions import running
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.settlement import Outcome
from marketplace.relations import queries
from marketplace.relations.actions import ties
from marketplace.relations.actions.ties import PartyNamed
from marketplace.relations.errors import RelatedParties
from tests.conftest import START
from tests.given.awards import RankedCall, a_ranked_call, a_standing_award
from tests.given.ledger import YEAR
from tests.given.pilots import DIGEST, OpenPilot, a_line, an_open_pilot
from tests.given.relations import DAY, a_tie, organization

pytestmark = pytest.mark.postgres
AMOUNT_FEN = 1_000_000
NIL = UUID(int=0)


async def poster_controls_solver(database: Database, call: RankedCall) -> str:
    """The poster holds most of the winner through a shell; the ids of both ties, in order."""
    winner = organization(call.people.solvers[0].organization_id)
    last = await a_tie(database, PartyNamed(name="壳公司(示例)"), winner)
    shell = PartyNamed(party_id=last.holder_id)
    first = await a_tie(database, organization(call.people.poster.organization_id), shell)
    return f"{first.id} {last.id}"


def _last(proof: str) -> UUID:
    return UUID(proof.rsplit(maxsplit=1)[-1])


def path_of(refused: RelatedParties) -> str:
    """The ids of the ties that a refusal proves itself with, from the poster's end."""
    path = refused.facts["path"]
    assert isinstance(path, list)
    return " ".join(step["edge_id"] for step in reversed(path))


async def company_pilot(database: Database, clock: FixedClock, *, public_share: bool) -> OpenPilot:
    """A pilot whose poster is a company."""
    call = await a_ranked_call(
        database, poster_kind=OrganizationKind.COMPANY, public_share=public_share
    )
    return await an_open_pilot(database, clock, call=call)


async def test_control_that_begins_between_filing_and_payment_stops_the_public_share(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Clean at the contract and at the filing; at every later step the proof is in the refusal, no
    money moves, an officer keeps it as evidence, and the end of the tie lets the payment pass.
    """
    pilot = await company_pilot(database, clock, public_share=True)
    officer, solver = pilot.people.officer, pilot.people.solvers[0]
    await pilot.run("P0", Outcome.PASSED)
    first = await pilot.settled("P0", AMOUNT_FEN, "FP-1")
    second = await pilot.claim("P0", a_line(AMOUNT_FEN, "FP-2"))
    third = await pilot.claim("P0", a_line(AMOUNT_FEN, "FP-3"))
    await pilot.verify(third.id, {"FP-3": AMOUNT_FEN})
    owed = await pilot.held("P0", AccountKind.PAYABLE)
    assert owed[0] > 0
    proof = await poster_controls_solver(database, pilot.call)

    with pytest.raises(RelatedParties) as at_payment:
        await pilot.pay(first.id)
    with pytest.raises(RelatedParties) as at_verification:
        await pilot.verify(second.id, {"FP-2": AMOUNT_FEN})
    with pytest.raises(RelatedParties) as at_approval:
        await pilot.approve(third.id)

    for refused in (at_payment, at_verification, at_approval):
        assert refused.value.facts["ground"] == "indirect_control"
        assert path_of(refused.value) == proof
    assert await pilot.held("P0", AccountKind.PAYABLE) == owed
    checks = f"/v1/organizations/{solver.organization_id}/standing-checks"
    kept = await client.post(
        checks,
        json={
            "stage": "payment",
            "subject_type": "claim",
            "subject_id": str(first.id),
            "counterpart_id": str(pilot.people.poster.organization_id),
        },
        headers=officer.headers,
    )
    assert kept.status_code == 201, kept.text
    listed = (await client.get(checks, headers=officer.headers)).json()["items"]
    earlier = [one["related"] for one in listed if one["counterpart_id"]][:-1]
    assert set(earlier) == {False}
    assert (listed[-1]["related"], listed[-1]["ground"]) == (True, "indirect_control")
    assert len(listed[-1]["path"]) == 2

    async with database.writing() as session:
        await ties.end_edge(session, SYSTEM, _last(proof), valid_to=DAY, now=START)
    assert (await pilot.pay(first.id)).state is ClaimState.PAID
    await pilot.check()


async def test_an_affiliate_may_be_contracted_and_paid_privately(
    database: Database, clock: FixedClock
) -> None:
    """Without a public share the contract is signed and the claim paid; that they are related is
    kept with each step.
    """
    call = await a_ranked_call(database, poster_kind=OrganizationKind.COMPANY, public_share=False)
    await poster_controls_solver(database, call)
    pilot = await an_open_pilot(database, clock, call=call)
    for phase in ("P0", "P1"):
        await pilot.run(phase, Outcome.PASSED)
    claim = await pilot.settled("P1", AMOUNT_FEN)

    paid = await pilot.pay(claim.id)

    assert paid.state is ClaimState.PAID
    assert (await pilot.held("P1", AccountKind.DISBURSED))[0] == 0
    await pilot.check()
    async with database.reading() as session:
        solver_id = call.people.solvers[0].organization_id
        kept = await queries.standing_checks(session, solver_id, after=NIL, limit=20)
    assert [one.related for one in kept] == [True] * 5


@pytest.mark.parametrize("poster_kind", [OrganizationKind.COMPANY, OrganizationKind.GOVERNMENT])
async def test_an_affiliate_signs_no_contract_with_a_public_share(
    database: Database, clock: FixedClock, poster_kind: OrganizationKind
) -> None:
    """The district's money, and a government poster's own, is refused before anything is signed."""
    public = poster_kind is OrganizationKind.COMPANY
    call = await a_ranked_call(database, poster_kind=poster_kind, public_share=public)
    award = await a_standing_award(database, call, clock)
    proof = await poster_controls_solver(database, call)
    contract = running.Contract(gov_id=call.gov_id, year=YEAR, sha256=DIGEST)

    async with database.writing() as session:
        with pytest.raises(RelatedParties) as refused:
            await running.open_pilot(
                session, call.people.officer.actor, award.id, contract=contract, clock=clock
            )

    assert path_of(refused.value) == proof
