"""Running a pilot: money first, phases in order, the right hands, and nothing left at the end."""

import datetime as dt

import pytest

from marketplace.awards import queries as awards
from marketplace.awards.rules.lifecycle import AwardState
from marketplace.events import queries as events
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted, SameHands
from marketplace.identity.rules.access import SYSTEM, Actor, Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.lifecycle import MoveNotAllowed
from marketplace.ledger import actions as ledger
from marketplace.ledger.errors import FundsInsufficient
from marketplace.ledger.rules.accounts import AccountKind
from marketplace.ledger.rules.entries import Cause, entry_of
from marketplace.pilots import queries
from marketplace.pilots.actions import milestones, running
from marketplace.pilots.actions.milestones import Verdict
from marketplace.pilots.errors import (
    AwardNotStanding,
    ClaimsOpen,
    FindingIncomplete,
    NotYourPart,
    PartiesNotDistinct,
    PhaseNotOpenForClaims,
    PhaseOutOfOrder,
    PhasesUnfinished,
    PhaseUnderfunded,
    StopNoticeMissing,
)
from marketplace.pilots.rules.findings import Answer, Point
from marketplace.pilots.rules.lifecycle import PilotState
from marketplace.pilots.rules.settlement import Outcome
from tests.conftest import START
from tests.given.awards import a_ranked_call, a_standing_award
from tests.given.identity import someone
from tests.given.ledger import YEAR
from tests.given.pilots import ALL_FIVE, DIGEST, OpenPilot, a_line, an_open_pilot

RESERVED = AccountKind.RESERVED
COMMITTED = {
    "P0": [21_000_000, 0, 9_000_000],
    "P1": [45_000_000, 18_000_000, 27_000_000],
    "P2": [18_000_000, 42_000_000, 0],
}
"""Of gov, poster and solver: the larger of two shares of each ceiling, the solver the rest."""


async def test_opening_commits_every_part_of_every_phase(
    database: Database, clock: FixedClock
) -> None:
    """After opening, each phase is paid for, the pools are lower, and the award is contracted."""
    pilot = await an_open_pilot(database, clock)

    assert {phase: await pilot.held(phase, RESERVED) for phase in COMMITTED} == COMMITTED
    assert await pilot.pool(pilot.call.gov_id) == 200_000_000 - 84_000_000
    solver_id = pilot.people.solvers[0].organization_id
    assert await pilot.pool(solver_id, AccountKind.TREASURY) == -36_000_000
    async with database.reading() as session:
        award = await awards.award(session, pilot.award_id)
        said = await events.about(session, pilot.id)
    assert award.state is AwardState.CONTRACTED
    assert said[0].data["committed_fen"] == {
        "gov": 84_000_000,
        "poster": 60_000_000,
        "solver": 36_000_000,
    }
    await pilot.check()


async def test_a_pilot_without_money_is_not_opened(database: Database, clock: FixedClock) -> None:
    """A district one fen short is told what it has; nothing is opened and nothing is reserved."""
    with pytest.raises(FundsInsufficient) as refused:
        await an_open_pilot(database, clock, gov_fen=84_000_000 - 1)

    assert refused.value.facts["available_fen"] == 83_999_999


async def test_an_award_opens_one_pilot(database: Database, clock: FixedClock) -> None:
    """A contracted award does not open a second pilot."""
    pilot = await an_open_pilot(database, clock)
    contract = running.Contract(gov_id=pilot.call.gov_id, year=YEAR, sha256=DIGEST)

    with pytest.raises(AwardNotStanding):
        async with database.writing() as session:
            await running.open_pilot(
                session,
                pilot.people.officer.actor,
                pilot.award_id,
                contract=contract,
                clock=clock,
            )


async def test_the_three_parties_are_three(database: Database, clock: FixedClock) -> None:
    """Nobody is district and poster, or poster and solver, of one pilot."""
    call = await a_ranked_call(database)
    award = await a_standing_award(database, call, clock)

    for gov_id in (call.people.poster.organization_id, award.solver_id):
        contract = running.Contract(gov_id=gov_id, year=YEAR, sha256=DIGEST)
        with pytest.raises(PartiesNotDistinct):
            async with database.writing() as session:
                await running.open_pilot(
                    session, call.people.officer.actor, award.id, contract=contract, clock=clock
                )


async def test_phases_run_in_order_and_one_at_a_time(database: Database, clock: FixedClock) -> None:
    """P1 waits for P0 to pass; a passed phase is not started again."""
    pilot = await an_open_pilot(database, clock)

    with pytest.raises(PhaseOutOfOrder):
        await pilot.start("P1")
    await pilot.start("P0")
    with pytest.raises(PhaseOutOfOrder):
        await pilot.start("P1")
    await pilot.submit()
    with pytest.raises(MoveNotAllowed):
        await pilot.start("P1")
    await pilot.end(Outcome.PASSED)
    with pytest.raises(PhaseOutOfOrder):
        await pilot.start("P0")

    await pilot.start("P1")
    assert (await pilot.row()).state is PilotState.RUNNING


async def test_a_phase_whose_funder_left_is_not_started(
    database: Database, clock: FixedClock
) -> None:
    """One fen taken out of a commitment stops the phase until the gap is closed."""
    pilot = await an_open_pilot(database, clock)
    async with database.writing() as session:
        row = await queries.pilot(session, pilot.id)
        said = (await events.about(session, pilot.id))[0]
        purse = queries.purse(row, "P0", "gov")
        back = ((purse.account(RESERVED), -1), (purse.pool(AccountKind.AVAILABLE), 1))
        cause = Cause(event_type=said.type, event_id=said.id)
        left = await ledger.post(session, entry_of("left", cause, back), now=START)

    with pytest.raises(PhaseUnderfunded) as refused:
        await pilot.start("P0")
    assert refused.value.facts["committed_fen"] == 29_999_999

    async with database.writing() as session:
        await ledger.reverse(session, left.id, cause=cause, now=START)
    await pilot.start("P0")


async def _judged(pilot: OpenPilot, actor: Actor, verdict: Verdict) -> None:
    async with pilot.database.writing() as session:
        await milestones.record_milestone(session, actor, pilot.id, verdict=verdict, now=START)


BLAMELESS = Verdict(outcome=Outcome.FAILED_BLAMELESS, ground="report", answers=ALL_FIVE)


async def test_no_fault_is_not_found_by_the_handler(database: Database, clock: FixedClock) -> None:
    """Even with the right to find, the person who handles the pilot may not find it blameless."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    handler = pilot.people.officer.actor
    promoted = Actor(
        person_id=handler.person_id,
        organization_id=handler.organization_id,
        roles=frozenset({Role.BUREAU_OFFICER, Role.BUREAU_APPROVER}),
    )

    with pytest.raises(SameHands):
        await _judged(pilot, promoted, BLAMELESS)

    await _judged(pilot, pilot.people.approver.actor, BLAMELESS)
    async with database.reading() as session:
        phase = await queries.phase(session, pilot.id, "P0")
    assert phase.finding is not None
    assert set(phase.finding) == {point.value for point in Point}


async def test_no_fault_needs_all_five_points(database: Database, clock: FixedClock) -> None:
    """One point without evidence, and the phase stays undecided."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    answers = {**ALL_FIVE, Point.LOSS_MITIGATED: Answer(True, "")}
    verdict = Verdict(outcome=Outcome.FAILED_BLAMELESS, ground="report", answers=answers)

    with pytest.raises(FindingIncomplete) as refused:
        await _judged(pilot, pilot.people.approver.actor, verdict)

    assert refused.value.facts["points"] == ["loss_mitigated"]
    assert (await pilot.row()).state is PilotState.RUNNING


async def test_a_stop_needs_the_day_of_its_notice(database: Database, clock: FixedClock) -> None:
    """Stopping without a notice is refused, and so is a notice on anything but a stop."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")

    for outcome, notice_on in (
        (Outcome.STOPPED, None),
        (Outcome.FAILED_BY_FAULT, START.date()),
    ):
        verdict = Verdict(outcome=outcome, ground="report", stop_notice_on=notice_on)
        with pytest.raises(StopNoticeMissing):
            await _judged(pilot, pilot.people.approver.actor, verdict)


async def test_every_step_is_in_its_own_hands(database: Database, clock: FixedClock) -> None:
    """Strangers, the wrong party and the platform itself are refused at each step."""
    pilot = await an_open_pilot(database, clock)
    people = pilot.people
    stranger = (await someone(database, Role.SOLVER)).actor
    passed = Verdict(outcome=Outcome.PASSED, ground="report")

    for actor in (stranger, people.solvers[1].actor, people.solvers[0].actor, SYSTEM):
        with pytest.raises(NotYourPart):
            async with database.writing() as session:
                await running.start_phase(session, actor, pilot.id, "P0", now=START)
    await pilot.start("P0")
    with pytest.raises(NotYourPart):
        async with database.writing() as session:
            await milestones.submit_milestone(
                session, people.poster.actor, pilot.id, report_sha256=DIGEST, now=START
            )
    await pilot.submit()
    for actor, refusal in (
        (people.solvers[0].actor, NotYourPart),
        (people.poster.actor, NotYourPart),
        (SYSTEM, NotYourPart),
        (people.finance.actor, NotPermitted),
    ):
        with pytest.raises(refusal):
            await _judged(pilot, actor, passed)
    with pytest.raises(NotPermitted):
        await _judged(pilot, people.officer.actor, BLAMELESS)


async def test_a_pilot_that_passes_is_accepted_paid_and_closed(
    database: Database, clock: FixedClock
) -> None:
    """The whole way: three phases, acceptance, claims paid, the rest released, nothing held."""
    pilot = await an_open_pilot(database, clock)
    await pilot.run("P0", Outcome.PASSED)
    with pytest.raises(PhasesUnfinished):
        await _request(pilot)
    await pilot.run("P1", Outcome.PASSED)
    await pilot.run("P2", Outcome.PASSED)
    await _request(pilot)
    with pytest.raises(NotYourPart):
        await _accept(pilot, pilot.people.solvers[0].actor)
    await _accept(pilot, pilot.people.poster.actor)

    claim = await pilot.settled("P2", 50_000_000)
    with pytest.raises(ClaimsOpen):
        await pilot.close()
    await pilot.pay(claim.id)
    closed = await pilot.close()

    assert (closed.state, closed.final_state) == (PilotState.CLOSED, PilotState.ACCEPTED)
    for phase in COMMITTED:
        assert await pilot.held(phase, RESERVED) == [0, 0, 0]
    assert await pilot.pool(pilot.call.gov_id) == 200_000_000 - 15_000_000
    assert await pilot.pool(pilot.people.poster.organization_id) == 200_000_000 - 35_000_000
    assert (await _last_event(pilot)).data["released_fen"] == {
        "gov": 69_000_000,
        "poster": 25_000_000,
        "solver": 36_000_000,
    }
    await pilot.check()


async def test_what_is_left_after_the_year_has_lapsed(
    database: Database, clock: FixedClock
) -> None:
    """Closing in January does not put last year's money back into use."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    await pilot.end(Outcome.FAILED_BY_FAULT)

    # 16:30 on the last day in UTC is the first day of the next year in Shenzhen.
    await pilot.close(now=dt.datetime(YEAR, 12, 31, 16, 30, tzinfo=dt.UTC))

    gov_id = pilot.call.gov_id
    assert await pilot.pool(gov_id) == 200_000_000 - 84_000_000
    assert await pilot.pool(gov_id, AccountKind.LAPSED) == 84_000_000
    await pilot.check()


async def test_a_running_pilot_is_not_closed(database: Database, clock: FixedClock) -> None:
    """Closing comes after an end, and not twice."""
    pilot = await an_open_pilot(database, clock)
    await pilot.start("P0")
    with pytest.raises(MoveNotAllowed):
        await pilot.close()
    await pilot.end(Outcome.FAILED_BY_FAULT)
    await pilot.close()
    with pytest.raises(MoveNotAllowed):
        await pilot.close()
    with pytest.raises(PhaseNotOpenForClaims):
        await pilot.claim("P0", a_line(1))


async def _request(pilot: OpenPilot) -> None:
    async with pilot.database.writing() as session:
        await running.request_acceptance(
            session, pilot.people.solvers[0].actor, pilot.id, now=START
        )


async def _accept(pilot: OpenPilot, actor: Actor) -> None:
    async with pilot.database.writing() as session:
        await running.accept_pilot(session, actor, pilot.id, now=START)


async def _last_event(pilot: OpenPilot) -> EventRow:
    async with pilot.database.reading() as session:
        return (await events.about(session, pilot.id))[-1]
