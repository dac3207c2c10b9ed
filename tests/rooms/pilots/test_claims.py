"""Claims: four pairs of hands, each cost once, each payment once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.pilots import queries
from marketplace.pilots.actions import claims
from marketplace.pilots.errors import (
    BankReferenceUsed,
    CostLineUsed,
    DeclarationMissing,
    LinesMalformed,
    NotYourPart,
    PhaseNotOpenForClaims,
    VerifiedAboveClaimed,
)
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.lines import Line
from marketplace.pilots.rules.settlement import Outcome
from marketplace.pilots.tables import Claim
from tests.conftest import START
from tests.given.pilots import OpenPilot, a_line, an_open_pilot


@pytest.fixture
async def pilot(database: Database, clock: FixedClock) -> OpenPilot:
    """A pilot whose first phase has passed: gov 70 %, solver 30 %."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    return pilot


def with_roles(actor: Actor, *roles: Role) -> Actor:
    """The same person, with the rights to do everything."""
    return Actor(
        person_id=actor.person_id,
        organization_id=actor.organization_id,
        roles=frozenset({*actor.roles, *roles}),
    )


async def test_a_cost_is_claimed_once_on_the_whole_platform(pilot: OpenPilot) -> None:
    """The same invoice, however written, is refused; the refusal does not tell whose it was."""
    await pilot.claim("P0", a_line(1_000_000, "fp-2026-77"))

    with pytest.raises(CostLineUsed) as refused:
        await pilot.claim("P0", a_line(5, "other"), a_line(9, " FP-2026-77 "))

    assert refused.value.facts == {"keys": ["FP-2026-77"]}


async def test_a_rejected_claim_frees_its_costs(pilot: OpenPilot) -> None:
    """After a rejection the same invoice may be claimed again."""
    claim = await pilot.claim("P0", a_line(1_000_000))
    async with pilot.database.writing() as session:
        rejected = await claims.reject_claim(
            session, pilot.people.approver.actor, claim.id, reason="wrong invoice", now=START
        )

    again = await pilot.claim("P0", a_line(1_000_000))

    assert rejected.state is ClaimState.REJECTED
    assert again.number == 2


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (a_line(0),),
        (a_line(-5),),
        (a_line(5, "  "),),
        (a_line(5, "a-1"), a_line(6, "A-1")),
    ],
    ids=["none", "zero", "negative", "no key", "a key twice"],
)
async def test_lines_that_are_none_are_refused(pilot: OpenPilot, lines: tuple[Line, ...]) -> None:
    """A claim has lines, each with a key of its own and an amount above zero."""
    with pytest.raises(LinesMalformed):
        await pilot.claim("P0", *lines)


async def test_who_claims_declares_and_is_the_solver(pilot: OpenPilot) -> None:
    """Without the declaration, by another solver, or for a phase not started: refused."""

    async def claim(actor: Actor, phase: str, *, declared_true: bool) -> Claim:
        async with pilot.database.writing() as session:
            return await claims.submit_claim(
                session,
                actor,
                pilot.id,
                phase,
                lines=[a_line(5)],
                declared_true=declared_true,
                now=START,
            )

    winner, other = (someone.actor for someone in pilot.people.solvers[:2])
    with pytest.raises(DeclarationMissing):
        await claim(winner, "P0", declared_true=False)
    with pytest.raises(NotYourPart):
        await claim(other, "P0", declared_true=True)
    with pytest.raises(PhaseNotOpenForClaims):
        await claim(winner, "P1", declared_true=True)
    with pytest.raises(NotPermitted):
        await claim(pilot.people.officer.actor, "P0", declared_true=True)


@pytest.mark.parametrize(
    "found",
    [
        {"A": 101, "B": 50},
        {"A": 100},
        {"A": 100, "B": 50, "C": 1},
        {"A": -1, "B": 5},
        {"A": 0, "B": 0},
    ],
    ids=["more", "a line missing", "a line too many", "negative", "nothing"],
)
async def test_verifying_goes_line_by_line_and_never_above(
    pilot: OpenPilot, found: dict[str, int]
) -> None:
    """Every line is answered, at most at what was claimed, and not all at nothing."""
    claim = await pilot.claim("P0", a_line(100, "A"), a_line(50, "B"))

    with pytest.raises(VerifiedAboveClaimed):
        await pilot.verify(claim.id, found)


async def test_a_claim_is_verified_below_what_was_claimed(pilot: OpenPilot) -> None:
    """What the verifier takes off is neither shared nor borne: it is no cost."""
    claim = await pilot.claim("P0", a_line(100, "A"), a_line(50, "B"))
    await pilot.verify(claim.id, {"a": 80, "b": 0})
    approved = await pilot.approve(claim.id)

    assert (approved.verified_fen, approved.payable_fen) == (80, 56)
    assert await pilot.held("P0", AccountKind.BORNE) == [0, 0, 24]
    await pilot.check()


async def test_no_one_person_takes_a_claim_further_than_one_step(pilot: OpenPilot) -> None:
    """Whoever submitted cannot verify or approve; whoever verified can neither approve nor pay."""
    people = pilot.people
    every = (Role.SOLVER, Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.FINANCE)
    submitter = with_roles(people.solvers[0].actor, *every)
    verifier = with_roles(people.officer.actor, *every)
    claim = await pilot.claim("P0", a_line(100))

    await _refused(
        pilot,
        lambda s: claims.verify_claim(
            s, submitter, claim.id, verified_fen={"FP-1": 100}, now=START
        ),
    )
    await pilot.verify(claim.id, {"FP-1": 100})
    for actor in (submitter, verifier):
        await _refused(pilot, lambda s, a=actor: claims.approve_claim(s, a, claim.id, now=START))
    await pilot.approve(claim.id)
    for actor in (submitter, verifier):
        await _refused(
            pilot,
            lambda s, a=actor: claims.pay_claim(s, a, claim.id, bank_reference="x", now=START),
        )

    async with pilot.database.reading() as session:
        standing = await queries.claim(session, claim.id)
    assert standing.state is ClaimState.APPROVED
    assert (standing.paid_by, standing.bank_reference) == (None, None)


async def _refused(pilot: OpenPilot, act: Callable[..., Awaitable[Claim]]) -> None:
    with pytest.raises(SameHands):
        async with pilot.database.writing() as session:
            await act(session)


async def test_steps_cannot_be_skipped_or_repeated(pilot: OpenPilot) -> None:
    """Approving what is not verified, verifying twice, approving twice: not in the table."""
    claim = await pilot.claim("P0", a_line(100))
    with pytest.raises(MoveNotAllowed):
        await pilot.approve(claim.id)
    await pilot.verify(claim.id, {"FP-1": 100})
    with pytest.raises(MoveNotAllowed):
        await pilot.verify(claim.id, {"FP-1": 100})
    with pytest.raises(MoveNotAllowed):
        await pilot.pay(claim.id)
    await pilot.approve(claim.id)
    with pytest.raises(MoveNotAllowed):
        await pilot.approve(claim.id)


async def test_a_payment_repeated_is_one_payment(pilot: OpenPilot) -> None:
    """The same bank reference again changes nothing; for another claim it is refused."""
    first = await pilot.settled("P0", 100, "A")
    second = await pilot.settled("P0", 100, "B")

    await pilot.pay(first.id, "bank-1")
    await pilot.pay(first.id, "bank-1")

    assert await pilot.held("P0", AccountKind.DISBURSED) == [70, 0, 0]
    with pytest.raises(BankReferenceUsed):
        await pilot.pay(second.id, "bank-1")
    with pytest.raises(MoveNotAllowed):
        await pilot.pay(first.id, "bank-2")
    await pilot.check()


@pytest.mark.postgres
async def test_claims_approved_at_once_share_one_running_total(
    database: Database, clock: FixedClock
) -> None:
    """Eight claims approved at the same moment settle as if one after another."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    waiting = []
    for at in range(8):
        claim = await pilot.claim("P0", a_line(5_000_001, f"FP-{at}"))
        await pilot.verify(claim.id, {f"FP-{at}": 5_000_001})
        waiting.append(claim.id)

    await asyncio.gather(*(pilot.approve(claim_id) for claim_id in waiting))

    async with database.reading() as session:
        phase = await queries.phase(session, pilot.id, "P0")
    assert phase.settled_fen == 30_000_000
    assert await pilot.held("P0", AccountKind.PAYABLE) == [21_000_000, 0, 0]
    assert await pilot.held("P0", AccountKind.BORNE) == [0, 0, 19_000_008]
    await pilot.check()


@pytest.mark.postgres
async def test_one_cost_claimed_twice_at_once_is_taken_once(
    database: Database, clock: FixedClock
) -> None:
    """Of two claims with the same invoice at the same moment one is taken."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")

    async def attempt() -> str:
        try:
            await pilot.claim("P0", a_line(5))
        except MarketplaceError as refused:
            return refused.code
        return "taken"

    results = await asyncio.gather(attempt(), attempt())

    assert sorted(results) == ["pilots.cost_line_used", "taken"]
