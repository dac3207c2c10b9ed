"""Settling claims: the worked example to the fen, every outcome, documents that compute again."""

import datetime as dt

import pytest
from sqlalchemy import text

from marketplace.events import queries as events
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import canonical_json
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.pilots import queries
from marketplace.pilots.errors import NothingOwed, PhaseUndecided
from marketplace.pilots.rules.claims import ClaimState
from marketplace.pilots.rules.lifecycle import PilotState
from marketplace.pilots.rules.settlement import Outcome, document_of, recompute
from tests.conftest import START
from tests.given.pilots import a_line, an_open_pilot

RESERVED, PAYABLE = AccountKind.RESERVED, AccountKind.PAYABLE
DISBURSED, BORNE = AccountKind.DISBURSED, AccountKind.BORNE


async def test_a_passed_phase_settles_as_worked_out(database: Database, clock: FixedClock) -> None:
    """1,000,000.00 against a ceiling of 900,000.00: the books show 450, 180 and 370 thousand."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    await pilot.run("P1", Outcome.PASSED)

    claim = await pilot.settled("P1", 100_000_000)

    assert claim.payable_fen == 63_000_000
    assert await pilot.held("P1", PAYABLE) == [45_000_000, 18_000_000, 0]
    assert await pilot.held("P1", RESERVED) == [0, 0, 0]
    assert await pilot.held("P1", BORNE) == [0, 0, 37_000_000]
    await pilot.check()

    await pilot.pay(claim.id)
    assert await pilot.held("P1", DISBURSED) == [45_000_000, 18_000_000, 0]
    assert await pilot.held("P1", PAYABLE) == [0, 0, 0]
    await pilot.check()


async def test_a_blameless_failure_settles_as_worked_out(
    database: Database, clock: FixedClock
) -> None:
    """333,333.33 at 40/10/50; the pilot ends as failed without fault, and the rest goes back."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    await pilot.run("P1", Outcome.FAILED_BLAMELESS)

    claim = await pilot.settled("P1", 33_333_333)
    await pilot.pay(claim.id)

    assert await pilot.held("P1", DISBURSED) == [13_333_333, 3_333_333, 0]
    assert await pilot.held("P1", BORNE) == [0, 0, 16_666_667]
    assert (await pilot.row()).state is PilotState.FAILED_BLAMELESS
    await pilot.close()
    assert await pilot.pool(pilot.call.gov_id) == 200_000_000 - 13_333_333
    assert await pilot.held("P1", RESERVED) == [0, 0, 0]
    await pilot.check()


async def test_fault_costs_the_funders_nothing(database: Database, clock: FixedClock) -> None:
    """After a failure by fault nothing is payable; the whole cost is borne by the solver."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.FAILED_BY_FAULT)

    claim = await pilot.settled("P0", 33_333_333)

    assert await pilot.held("P0", PAYABLE) == [0, 0, 0]
    assert await pilot.held("P0", BORNE) == [0, 0, 33_333_333]
    with pytest.raises(NothingOwed):
        await pilot.pay(claim.id)
    closed = await pilot.close()
    assert closed.final_state is PilotState.TERMINATED_FAULT
    assert await pilot.pool(pilot.call.gov_id) == 200_000_000
    await pilot.check()


async def test_a_stopped_phase_shares_what_came_before_the_notice(
    database: Database, clock: FixedClock
) -> None:
    """Cost after the day of the notice is the solver's, except for winding down."""
    pilot = await an_open_pilot(database, clock)
    notice_on = START.date()
    later = notice_on + dt.timedelta(days=1)
    await pilot.start("P0")
    await pilot.end(Outcome.STOPPED, notice_on=notice_on)
    claim = await pilot.claim(
        "P0",
        a_line(10_000_000, "in-time", on=notice_on),
        a_line(5_000_000, "too-late", on=later),
        a_line(1_000_000, "winding-down", on=later, winding_down=True),
    )

    await pilot.verify(
        claim.id, {"in-time": 10_000_000, "too-late": 4_000_000, "winding-down": 1_000_000}
    )
    await pilot.approve(claim.id)

    assert await pilot.held("P0", PAYABLE) == [7_700_000, 0, 0]
    assert await pilot.held("P0", BORNE) == [0, 0, 3_300_000 + 4_000_000]
    await pilot.check()


async def test_a_claim_that_is_wholly_late_shares_nothing_and_disturbs_nobody(
    database: Database, clock: FixedClock
) -> None:
    """A late claim settled first leaves the next one its full share, and the books in order."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    await pilot.end(Outcome.STOPPED, notice_on=START.date())
    late = await pilot.claim("P0", a_line(500, "late", on=START.date() + dt.timedelta(days=1)))
    await pilot.verify(late.id, {"late": 500})
    await pilot.approve(late.id)

    await pilot.settled("P0", 1_000, "in-time")

    assert await pilot.held("P0", PAYABLE) == [700, 0, 0]
    assert await pilot.held("P0", BORNE) == [0, 0, 800]
    await pilot.check()


async def test_claims_of_one_phase_share_one_ceiling_and_do_not_drift(
    database: Database, clock: FixedClock
) -> None:
    """Seven odd claims: together as if they were one, and the last meets the ceiling."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    amounts = [1, 3, 333, 7_777_777, 10_000_001, 12_221_885]
    assert sum(amounts) == 30_000_000

    for at, amount_fen in enumerate([*amounts, 5_000]):
        await pilot.settled("P0", amount_fen, f"FP-{at}")

    async with database.reading() as session:
        phase = await queries.phase(session, pilot.id, "P0")
        last = (await queries.claims_of(session, pilot.id))[-1]
        stored = await queries.settlement(session, last.id)
    assert phase.settled_fen == 30_000_000
    assert phase.cumulative_fen == {"gov": 21_000_000, "poster": 0, "solver": 9_000_000}
    assert (stored["bound_by"], stored["over_ceiling_fen"]) == ("ceiling", 5_000)
    await pilot.check()


async def test_cost_is_not_shared_before_the_outcome_is_known(
    database: Database, clock: FixedClock
) -> None:
    """A claim may be submitted and verified while a phase runs, but not approved."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    claim = await pilot.claim("P0", a_line(1_000_000))
    await pilot.verify(claim.id, {"FP-1": 1_000_000})

    with pytest.raises(PhaseUndecided):
        await pilot.approve(claim.id)

    await pilot.submit()
    await pilot.end(Outcome.PASSED)
    assert (await pilot.approve(claim.id)).state is ClaimState.APPROVED


async def test_an_old_claim_computes_again_after_the_terms_have_changed(
    database: Database, clock: FixedClock
) -> None:
    """The stored document gives itself again whatever the phase says today."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    claim = await pilot.settled("P0", 12_345_679)

    async with database.writing() as session:
        phase = await queries.phase(session, pilot.id, "P0")
        phase.ok_bps = {"gov": 4000, "poster": 0, "solver": 6000}
        phase.ceiling_fen = 1
    async with database.reading() as session:
        stored = await queries.settlement(session, claim.id)

    assert canonical_json(document_of(recompute(stored))) == claim.settlement
    assert stored["shares_fen"] == {"gov": 8_641_976, "poster": 0, "solver": 3_703_703}
    await pilot.check()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        (
            "UPDATE claim SET settlement = "
            "CAST(replace(CAST(settlement AS TEXT), '8641976', '8641977') AS BLOB)",
            {"claims compute again"},
        ),
        ("UPDATE claim SET settlement = CAST('{}' AS BLOB)", {"claims compute again"}),
        ("UPDATE claim SET settlement_sha256 = 'x'", {"claims are as digested"}),
        ("UPDATE claim SET verified_fen = verified_fen - 1", {"claims add up"}),
        ("UPDATE cost_line SET verified_fen = verified_fen - 1", {"claims add up"}),
        (
            "UPDATE pilot_phase SET settled_fen = 1 WHERE code = 'P0'",
            {"claims continue one another"},
        ),
        (
            "UPDATE journal_entry SET key = 'gone' WHERE key LIKE 'claim:%:pay:gov'",
            {"claims move money once"},
        ),
    ],
    ids=[
        "a share moved",
        "a settlement emptied",
        "a digest changed",
        "a cost lowered",
        "a line lowered",
        "a total forgotten",
        "a payment hidden",
    ],
)
async def test_a_change_behind_our_back_is_named(
    database: Database, clock: FixedClock, statement: str, broken: set[str]
) -> None:
    """Each tampering with a paid claim is found under its name."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    claim = await pilot.settled("P0", 12_345_679)
    await pilot.pay(claim.id)
    async with database.writing() as session:
        connection = await session.connection()
        assert (await connection.execute(text(statement))).rowcount > 0

    async with database.reading() as session:
        findings = await queries.broken_promises(session)

    assert {finding.promise for finding in findings} == broken


async def test_what_is_approved_and_paid_is_said(database: Database, clock: FixedClock) -> None:
    """The events of a claim tell its steps in order, with the shares and the digest."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    claim = await pilot.settled("P0", 10_000_000)
    await pilot.pay(claim.id)

    async with database.reading() as session:
        said = await events.about(session, claim.id)

    assert [one.type for one in said] == [
        "claim.submitted",
        "claim.verified",
        "claim.approved",
        "claim.paid",
    ]
    assert said[2].data["shares_fen"] == {"gov": 7_000_000, "poster": 0, "solver": 3_000_000}
    assert said[2].data["settlement_sha256"] == claim.settlement_sha256
    assert said[3].data["paid_fen"] == {"gov": 7_000_000}
